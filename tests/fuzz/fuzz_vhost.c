// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A whole session of one VM, by the steps of program.h: requests with any files,
 * its memory shrunk, replaced and changed under the reader, kicks in between.
 * Everything goes through the daemon's own connection; only the threads are one,
 * so that an input does the same again.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/error.h"
#include "host/record.h"
#include "host/vhost_user.h"
#include "host/vm.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/program.h"

#define PAGE 4096u

static struct {
	struct vm *vm;
	struct vhost_user *conn; /* NULL: the daemon closed it */
	int peer; /* our end */
	int files[FILE_KINDS]; /* FILE_SOCKET is another each time */
	int pipe_end;
	uint64_t now_ns; /* this input's clock */
} f;

/* ---- policies that only look ---- */

static int begin(struct vm *vm, struct rs_error **err)
{
	(void)vm;
	(void)err;
	return 0;
}

static void end(struct vm *vm)
{
	(void)vm;
}

/* All that policies may rely on. */
static int event(struct vm *vm, const struct message *msg)
{
	FUZZ_CHECK(vm == f.vm && msg->kind > 0 && msg->kind < RS_KIND_COUNT);
	FUZZ_CHECK(msg->ring_id < RS_RING_MAX && msg->ring_prio <= RS_PRIO_MAX);
	FUZZ_CHECK(msg->vcpu < RS_VCPU_MAX);
	FUZZ_CHECK(!msg->period_ns ||
		   (msg->period_ns >= RS_PERIOD_MIN_NS && msg->period_ns <= RS_PERIOD_MAX_NS));
	FUZZ_CHECK(msg->next_start_ns <= RS_PERIOD_MAX_NS);
	FUZZ_CHECK(msg->kind != RS_KIND_RING_CHANGE || msg->arg0 < RS_RING_MAX);
	return 0;
}

static const struct policy looks = { .name = "looks",
				     .needs = RS_SOURCE_RING,
				     .start = begin,
				     .event = event,
				     .stop = end };
static const struct policy scans = { .name = "scans",
				     .needs = RS_SOURCE_SCAN,
				     .start = begin,
				     .event = event,
				     .stop = end };

/* ---- the world ---- */

/* What the daemon takes for a vCPU thread. */
static void *vcpu(void *arg)
{
	prctl(PR_SET_NAME, "CPU 0/KVM");
	pthread_barrier_wait(arg);
	for (;;)
		pause();
	return NULL;
}

static void start_vcpu(void)
{
	static pthread_barrier_t named;
	pthread_t thread;

	FUZZ_CHECK(!pthread_barrier_init(&named, NULL, 2));
	FUZZ_CHECK(!pthread_create(&thread, NULL, vcpu, &named));
	pthread_barrier_wait(&named);
}

static void open_files(void)
{
	int ends[2];

	f.files[FILE_MEMORY] = memfd_create("guest", MFD_CLOEXEC);
	f.files[FILE_EVENT] = eventfd(0, EFD_CLOEXEC);
	f.files[FILE_SEALED] = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	FUZZ_CHECK(!ftruncate(f.files[FILE_SEALED], PAGE));
	FUZZ_CHECK(!fcntl(f.files[FILE_SEALED], F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
	f.files[FILE_NULL] = open("/dev/null", O_RDWR | O_CLOEXEC);
	FUZZ_CHECK(!pipe2(ends, O_CLOEXEC));
	f.files[FILE_PIPE] = ends[0];
	f.pipe_end = ends[1];
	f.files[FILE_FULL] = eventfd(0, EFD_CLOEXEC);
	f.files[FILE_FOLDER] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct vm_config config = {
		.name = "fuzz",
		.socket = "/nowhere",
		.ceiling = VM_CEILING_DEFAULT,
		.budget_permille = VM_BUDGET_DEFAULT,
		.notify_rate = PROGRAM_RATE,
		.policy = &looks,
		.own_policy = true,
		.record = record_open(NULL, NULL),
	};

	(void)argc;
	(void)argv;
	start_vcpu();
	open_files();
	f.vm = vm_add(&config, NULL);
	FUZZ_CHECK(f.vm);
	return 0;
}

static void connect_vm(void)
{
	int ends[2];

	FUZZ_CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
	f.peer = f.files[FILE_SOCKET] = ends[1];
	f.conn = vhost_user_open(f.vm, ends[0], NULL);
	FUZZ_CHECK(f.conn);
}

static void disconnect(void)
{
	fuzz_flip(NULL, 0);
	if (f.conn)
		vhost_user_close(f.conn);
	f.conn = NULL;
	close(f.peer);
}

/* ---- steps ---- */

static void serve(void)
{
	struct rs_error *err = NULL;
	char answers[4096];

	if (f.conn && vhost_user_read(f.conn, &err)) {
		vhost_user_close(f.conn);
		f.conn = NULL;
		fuzz_flip(NULL, 0);
	}
	rs_error_free(&err);
	while (recv(f.peer, answers, sizeof(answers), MSG_DONTWAIT) > 0)
		;
}

static void send_bytes(const void *bytes, size_t size, const int *fds, unsigned int count)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * PROGRAM_FILES_MAX)];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		control.align = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS,
						  .cmsg_len = CMSG_LEN(sizeof(int) * count) };
		memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * count);
	}
	sendmsg(f.peer, &msg, MSG_DONTWAIT | MSG_NOSIGNAL); /* the daemon may have closed it */
	serve();
}

static void request(struct fuzz_input *in)
{
	struct {
		uint32_t request, flags, size;
		uint8_t payload[1024];
	} r;
	int fds[PROGRAM_FILES_MAX];
	unsigned int count;

	r.request = fuzz_u8(in);
	r.flags = fuzz_u8(in);
	count = fuzz_u8(in) % (PROGRAM_FILES_MAX + 1);
	for (unsigned int i = 0; i < count; i++)
		fds[i] = f.files[fuzz_u8(in) % FILE_KINDS];
	r.size = fuzz_u16(in) % sizeof(r.payload);
	fuzz_bytes(in, r.payload, r.size);
	send_bytes(&r, offsetof(__typeof__(r), payload) + r.size, fds, count);
}

static void raw(struct fuzz_input *in)
{
	uint8_t bytes[256], size = fuzz_u8(in);

	fuzz_bytes(in, bytes, size);
	send_bytes(bytes, size, NULL, 0);
}

static void write_memory(struct fuzz_input *in)
{
	uint16_t offset = fuzz_u16(in);
	uint8_t bytes[256], size = fuzz_u8(in);

	fuzz_bytes(in, bytes, size);
	FUZZ_CHECK(pwrite(f.files[FILE_MEMORY], bytes, size, offset) == size);
}

static void kick(struct fuzz_input *in)
{
	unsigned int queue = fuzz_u8(in) % RS_QUEUE_COUNT;
	const uint64_t one = 1;

	FUZZ_CHECK(write(f.files[FILE_EVENT], &one, sizeof(one)) == sizeof(one));
	pthread_mutex_lock(&f.vm->lock);
	if (f.conn)
		vhost_queue_kick(f.conn, queue, f.now_ns);
	pthread_mutex_unlock(&f.vm->lock);
}

static void drain(struct fuzz_input *in)
{
	(void)in;
	pthread_mutex_lock(&f.vm->lock);
	if (f.conn)
		vhost_queue_drain(f.conn, f.now_ns);
	pthread_mutex_unlock(&f.vm->lock);
}

static void raise_interrupt(struct fuzz_input *in)
{
	unsigned int number = fuzz_u8(in) % RS_INTERRUPT_MAX;
	uint32_t sequence;

	pthread_mutex_lock(&f.vm->lock);
	if (f.vm->raise)
		f.vm->raise(f.vm, number, f.now_ns, &sequence);
	pthread_mutex_unlock(&f.vm->lock);
}

static void finish(struct fuzz_input *in)
{
	(void)in;
	f.vm->scan.next_look_ns = 0; /* time does not matter here */
	vm_finish(f.vm);
}

static void scan(struct fuzz_input *in)
{
	int priority[RS_VCPU_MAX];

	(void)in;
	pthread_mutex_lock(&f.vm->lock);
	vm_scan(f.vm, priority);
	pthread_mutex_unlock(&f.vm->lock);
	for (unsigned int i = 0; i < RS_VCPU_MAX; i++)
		FUZZ_CHECK(priority[i] >= VM_SCAN_UNKNOWN && priority[i] <= RS_PRIO_MAX);
}

static void resize(struct fuzz_input *in)
{
	FUZZ_CHECK(!ftruncate(f.files[FILE_MEMORY], fuzz_u8(in) % 32 * PAGE));
}

static void pass(struct fuzz_input *in)
{
	f.now_ns += fuzz_u8(in) * PROGRAM_PASS_NS;
	if (!f.conn)
		return; /* there is no timer; the next connection has one */
	pthread_mutex_lock(&f.vm->lock);
	vm_bounds_expired(f.vm, f.now_ns);
	FUZZ_CHECK(!vm_bounds_held(f.vm) || f.now_ns < f.vm->bounds.held_until_ns);
	pthread_mutex_unlock(&f.vm->lock);
}

static void tell(struct fuzz_input *in)
{
	(void)in;
	pthread_mutex_lock(&f.vm->lock);
	if (f.conn)
		vhost_queue_tell_source(f.conn);
	pthread_mutex_unlock(&f.vm->lock);
}

static uint8_t settings;

static void flip(void)
{
	if (settings & PROGRAM_FLIPS && f.conn)
		fuzz_flip(&f.conn->memory, settings);
}

static void reconnect(struct fuzz_input *in)
{
	(void)in;
	disconnect();
	connect_vm();
	flip();
}

static void (*const steps[STEP_COUNT])(struct fuzz_input *) = {
	[STEP_REQUEST] = request,     [STEP_RAW] = raw,
	[STEP_WRITE] = write_memory,  [STEP_KICK] = kick,
	[STEP_DRAIN] = drain,	      [STEP_RAISE] = raise_interrupt,
	[STEP_FINISH] = finish,	      [STEP_SCAN] = scan,
	[STEP_RESIZE] = resize,	      [STEP_TELL] = tell,
	[STEP_RECONNECT] = reconnect, [STEP_PASS] = pass,
};

/* A VM that is held stays so through all that a session can do: no input behind
 * the first that floods would have a queue of it read. */
static void reset_bounds(void)
{
	f.now_ns = 1;
	f.vm->bounds.held_until_ns = 0;
	bound_rate_init(&f.vm->bounds.rate, PROGRAM_RATE);
}

/* As the one before left them, an input would not do the same again. */
static void reset_files(void)
{
	static const enum file_kind counters[] = { FILE_EVENT, FILE_FULL };
	const uint64_t full = UINT64_MAX - 1;
	uint64_t value;

	FUZZ_CHECK(!ftruncate(f.files[FILE_MEMORY], 0));
	FUZZ_CHECK(!ftruncate(f.files[FILE_MEMORY], PROGRAM_MEMORY));
	for (unsigned int i = 0; i < 2; i++) {
		fcntl(f.files[counters[i]], F_SETFL, O_NONBLOCK);
		if (read(f.files[counters[i]], &value, sizeof(value)) < 0)
			continue; /* it is empty */
	}
	FUZZ_CHECK(write(f.files[FILE_FULL], &full, sizeof(full)) == sizeof(full));
	fcntl(f.files[FILE_FULL], F_SETFL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int files = fuzz_count_files(); /* while nothing is connected */
	struct fuzz_input in = { data, size };
	static bool mends;

	if (!mends) /* after libFuzzer's own handlers */
		fuzz_mend_faults();
	mends = true;
	settings = fuzz_u8(&in);
	reset_files();
	FUZZ_CHECK(!vm_choose_policy(f.vm, settings & PROGRAM_SCANS ? &scans : &looks, NULL));
	vm_counters_reset(f.vm);
	f.vm->next_look_ns = 0;
	reset_bounds();
	connect_vm();
	flip();
	while (in.left)
		steps[fuzz_u8(&in) % STEP_COUNT](&in);
	disconnect();
	FUZZ_CHECK(fuzz_count_files() == files);
	return 0;
}
