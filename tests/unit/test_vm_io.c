// SPDX-License-Identifier: GPL-2.0-or-later
/* io_boost: I/O priorities of a VM's threads, read back from the kernel. */
#include <glob.h>
#include <unistd.h>

#include "tests/unit/policy_world.h"

static int disk = -1; /* inherited by the fake process, which "has it open" */
static char disk_path[64];

/* In the working directory: what is built on a disk, unlike /tmp at times. */
static int open_disk(int flags)
{
	snprintf(disk_path, sizeof(disk_path), "ringsched-test-disk-%d", getpid());
	disk = open(disk_path, O_CREAT | O_CLOEXEC | flags, 0600);
	assert_true(disk >= 0);
	return 0;
}

static int set_up_io(void **state)
{
	open_disk(O_RDWR);
	set_up(state);
	io_boost = true;
	return 0;
}

static int tear_down_io(void **state)
{
	int ret = tear_down(state);

	close(disk);
	unlink(disk_path);
	return ret;
}

static void connect_able(void)
{
	struct ioprio_device device;

	assert_int_equal(ioprio_find_device(p.pid, &device, NULL), 0);
	if (!device.heeds) {
		print_message("device '%s' with scheduler '%s' heeds no I/O priority\n",
			      device.name, device.scheduler);
		skip();
	}
	connect_vm("ring", VM_ROLE_CONTROL);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_true(vm->io.able);
}

static void assert_io(int main_thread, int worker)
{
	assert_int_equal(ioprio_read(p.pid), main_thread);
	assert_int_equal(ioprio_read(p.worker), worker);
	assert_int_equal(ioprio_read(p.vcpu[0]), IOPRIO_NONE);
}

static void test_follows_the_rings(void **state)
{
	(void)state;
	connect_able();
	assert_io(IOPRIO_NONE, IOPRIO_NONE);
	send(RS_KIND_START, 1, 40);
	assert_io(IOPRIO_BOOST, IOPRIO_BOOST);
	send(RS_KIND_START, 2, 50);
	send(RS_KIND_END, 1, 40);
	assert_io(IOPRIO_BOOST, IOPRIO_BOOST);
	send(RS_KIND_END, 2, 50);
	assert_io(IOPRIO_NONE, IOPRIO_NONE);
	assert_int_equal(vm->counters.io_boosts, 1);
	assert_int_equal(vm->counters.io_failed, 0);
}

static void test_workers_come_and_go(void **state)
{
	pid_t born_boosted, born_after;

	(void)state;
	connect_able();
	send(RS_KIND_START, 1, 40);
	born_boosted = fake_process_order(&p, 'w');
	assert_int_equal(ioprio_read(born_boosted), IOPRIO_BOOST); /* inherited */
	send(RS_KIND_END, 1, 40);
	assert_int_equal(ioprio_read(born_boosted), IOPRIO_BOOST); /* nobody knows it yet */
	assert_true(vm_io_refresh(vm));
	assert_int_equal(ioprio_read(born_boosted), IOPRIO_NONE);
	born_after = fake_process_order(&p, 'w');
	assert_true(vm_io_refresh(vm));
	send(RS_KIND_START, 1, 40);
	assert_int_equal(ioprio_read(born_boosted), IOPRIO_BOOST);
	assert_int_equal(ioprio_read(born_after), IOPRIO_BOOST);
	send(RS_KIND_END, 1, 40);
}

static void test_more_threads_than_room(void **state)
{
	pid_t tid[VM_IO_THREADS + 2];

	(void)state;
	connect_able();
	for (unsigned int i = 0; i < VM_IO_THREADS + 2; i++)
		tid[i] = fake_process_order(&p, 'w');
	vm_io_refresh(vm);
	assert_true(vm->counters.io_threads_over > 0);
	send(RS_KIND_START, 1, 40);
	vm_io_refresh(vm);
	assert_int_equal(ioprio_read(tid[VM_IO_THREADS + 1]), IOPRIO_BOOST);
	vm_remove(vm);
	vm = NULL;
	for (unsigned int i = 0; i < VM_IO_THREADS + 2; i++)
		assert_int_equal(ioprio_read(tid[i]), IOPRIO_NONE);
}

/* What somebody chose for one of QEMU's threads is theirs. */
static void test_others_choice_is_left(void **state)
{
	(void)state;
	assert_int_equal(ioprio_apply(p.worker, IOPRIO(2, 7)), 0);
	connect_able();
	send(RS_KIND_START, 1, 40);
	assert_io(IOPRIO_BOOST, IOPRIO(2, 7));
	send(RS_KIND_END, 1, 40);
	assert_io(IOPRIO_NONE, IOPRIO(2, 7));
}

static void test_restored_on_every_way_out(void **state)
{
	pid_t born;

	(void)state;
	connect_able();
	send(RS_KIND_START, 1, 40);
	choose("none");
	assert_io(IOPRIO_NONE, IOPRIO_NONE);
	choose("ring");
	send(RS_KIND_START, 1, 40);
	assert_io(IOPRIO_BOOST, IOPRIO_BOOST);
	pthread_mutex_lock(&vm->lock);
	vm_rings_clear(vm);
	pthread_mutex_unlock(&vm->lock);
	assert_io(IOPRIO_NONE, IOPRIO_NONE);
	send(RS_KIND_START, 1, 40);
	born = fake_process_order(&p, 'w');
	vm_remove(vm);
	vm = NULL;
	assert_io(IOPRIO_NONE, IOPRIO_NONE);
	assert_int_equal(ioprio_read(born), IOPRIO_NONE);
	assert_int_equal(record_used(record), 0);
}

static void test_restored_after_kill(void **state)
{
	unsigned int count;
	char path[64];
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(ioprio_apply(p.pid, IOPRIO(2, 6)), 0);
	assert_int_equal(ioprio_apply(p.worker, IOPRIO(2, 6)), 0);
	snprintf(path, sizeof(path), "/tmp/ringsched-io-%d", getpid());
	child = fork();
	if (!child) {
		record = record_open(path, NULL);
		connect_vm("ring", VM_ROLE_CONTROL);
		if (vm_settle(vm, NULL) || !vm->io.able)
			_exit(77);
		send(RS_KIND_START, 1, 40);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		unlink(path);
		skip();
	}
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_io(IOPRIO_BOOST, IOPRIO_BOOST);
	assert_int_equal(record_restore(path, &count, NULL), 0);
	assert_io(IOPRIO(2, 6), IOPRIO(2, 6));
	assert_all_normal();
}

/* It says so, and the rest goes on. */
static void test_without_a_disk(void **state)
{
	(void)state;
	io_boost = true;
	connect_vm("ring", VM_ROLE_CONTROL);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_false(vm->io.able);
	assert_non_null(strstr(vm->io.why, "no block device"));
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_io(IOPRIO_NONE, IOPRIO_NONE);
	assert_int_equal(vm->counters.io_boosts, 0);
	assert_false(vm_io_refresh(vm));
}

/* A block device that serves requests in whatever order; skips where all heed. */
static void find_heedless(char *path, size_t size)
{
	struct ioprio_device device;
	glob_t found = { 0 };
	bool is = false;

	glob("/sys/block/*", 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc && !is; i++) {
		snprintf(path, size, "/dev/%s", strrchr(found.gl_pathv[i], '/') + 1);
		is = !ioprio_device_of(path, &device, NULL) && *device.name && !device.heeds;
	}
	globfree(&found);
	if (!is)
		skip();
}

/* The disk is known, and its device's scheduler takes no notice. */
static void test_device_that_does_not_heed(void **state)
{
	struct vm_config config = {
		.name = "loop",
		.socket = "/nowhere",
		.role = VM_ROLE_CONTROL,
		.ceiling = CEILING,
		.budget_permille = BUDGET,
		.io_boost = true,
		.policy = policy_find("ring", NULL),
		.record = record,
	};
	char path[280];

	(void)state;
	find_heedless(path, sizeof(path));
	config.disk = path;
	vm = vm_add(&config, NULL);
	assert_non_null(vm);
	assert_int_equal(vm_connect(vm, p.pid, NULL), 0);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_string_equal(vm->io.device.name, strrchr(path, '/') + 1);
	assert_false(vm->io.able);
	assert_non_null(strstr(vm->io.why, "takes no notice of priorities"));
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_io(IOPRIO_NONE, IOPRIO_NONE);
	assert_int_equal(vm->counters.io_boosts, 0);
	assert_int_equal(record_used(record), 2); /* the vCPUs' scheduling alone */
}

#define IO(name) cmocka_unit_test_setup_teardown(name, set_up_io, tear_down_io)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IO(test_follows_the_rings),
		IO(test_workers_come_and_go),
		IO(test_more_threads_than_room),
		IO(test_others_choice_is_left),
		IO(test_restored_on_every_way_out),
		IO(test_restored_after_kill),
		T(test_without_a_disk),
		T(test_device_that_does_not_heed),
	};

	if (!realtime_permitted())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
