// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The loop transport: messages go straight to a VM's policy, the VM is a child
 * process with threads named as QEMU's, and what holds is what the kernel's
 * sched_getattr says of them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "host/budget.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/record.h"
#include "host/vm.h"
#include "tests/unit/fake_process.h"

#define CEILING 70
/* Permille: small, for the machine may run VMs that have most of the core. */
#define BUDGET 4

/*
 * Stands before the C library's, so that a sched_setattr(2) can be swallowed:
 * a kernel that says yes and does nothing, which a real one does only when
 * somebody else changes the thread in the same microsecond.
 */
static bool swallow_setattr;

long syscall(long number, ...)
{
	register long r10 __asm__("r10");
	register long r8 __asm__("r8");
	long a[5], ret;
	va_list args;

	va_start(args, number);
	for (size_t i = 0; i < 5; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (swallow_setattr && number == SYS_sched_setattr)
		return 0;
	r10 = a[3];
	r8 = a[4];
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	if (ret < 0 && ret > -4096) {
		errno = (int)-ret;
		return -1;
	}
	return ret;
}

static struct fake_process p;
static struct record *record;
static struct vm *vm;
static uint32_t sequence;

static int set_up(void **state)
{
	(void)state;
	fake_process_start(&p, 2);
	record = record_open(NULL, NULL);
	sequence = 0;
	vm = NULL;
	return 0;
}

static void remove_groups(void);

static int tear_down(void **state)
{
	(void)state;
	if (vm)
		vm_remove(vm);
	record_close(record);
	fake_process_end(&p);
	remove_groups();
	return 0;
}

static void connect_vm(const char *policy, enum vm_role role)
{
	const struct vm_config config = {
		.name = "loop",
		.socket = "/nowhere",
		.role = role,
		.ceiling = CEILING,
		.budget_permille = BUDGET,
		.policy = policy_find(policy, NULL),
		.record = record,
	};
	struct rs_error *err = NULL;

	vm = vm_add(&config, NULL);
	assert_non_null(vm);
	assert_int_equal(vm_connect(vm, p.pid, NULL), 0);
	if (vm_prepare(vm, &err))
		fail_msg("%s", err ? err->message : "vm_prepare failed");
}

static void send_to(unsigned int vcpu, enum rs_kind kind, unsigned int ring, unsigned int prio)
{
	const struct message m = {
		.kind = kind,
		.ring_prio = (uint8_t)prio,
		.ring_id = (uint16_t)ring,
		.vcpu = (uint16_t)vcpu,
		.sequence = sequence + 1,
	};

	sequence++;
	pthread_mutex_lock(&vm->lock);
	vm_message(vm, &m, 0);
	pthread_mutex_unlock(&vm->lock);
	while (vm_finish(vm)) /* what main does when it is woken */
		;
}

static void send(enum rs_kind kind, unsigned int ring, unsigned int prio)
{
	send_to(0, kind, ring, prio);
}

#define assert_sched(tid, wanted_policy, wanted_priority)         \
	do {                                                      \
		struct sched_state _now;                          \
		assert_int_equal(sched_read(tid, &_now), 0);      \
		assert_int_equal(_now.policy, wanted_policy);     \
		assert_int_equal(_now.priority, wanted_priority); \
	} while (0)

static void assert_all_normal(void)
{
	assert_sched(p.pid, SCHED_OTHER, 0);
	assert_sched(p.worker, SCHED_OTHER, 0);
	for (unsigned int i = 0; i < p.vcpus; i++)
		assert_sched(p.vcpu[i], SCHED_OTHER, 0);
}

static void choose(const char *policy)
{
	assert_int_equal(vm_choose_policy(vm, policy_find(policy, NULL), NULL), 0);
}

static void test_none_changes_nothing(void **state)
{
	(void)state;
	connect_vm("none", VM_ROLE_CONTROL);
	send(RS_KIND_START, 1, 50);
	assert_all_normal();
	send(RS_KIND_END, 1, 50);
	assert_all_normal();
	assert_int_equal(vm->counters.boosts, 0);
	assert_int_equal(vm->counters.messages[RS_KIND_START], 1);
}

static void test_static_by_role(void **state)
{
	(void)state;
	connect_vm("static", VM_ROLE_CONTROL);
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	assert_sched(p.vcpu[1], SCHED_FIFO, CEILING);
	assert_sched(p.worker, SCHED_OTHER, 0);
	vm_remove(vm);
	assert_all_normal();
	connect_vm("static", VM_ROLE_NEIGHBOUR);
	assert_all_normal();
}

/* Figure 1: the VM's priority is that of its highest active ring. */
static void test_ring_follows_highest(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	assert_all_normal();
	send(RS_KIND_START, 1, 20);
	assert_sched(p.vcpu[0], SCHED_FIFO, 20);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	send(RS_KIND_START, 2, 60);
	assert_sched(p.vcpu[0], SCHED_FIFO, 60);
	send(RS_KIND_START, 3, 40); /* a lower one within changes nothing */
	assert_sched(p.vcpu[0], SCHED_FIFO, 60);
	assert_int_equal(vm->counters.boosts, 2);
	send(RS_KIND_END, 2, 60);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	send(RS_KIND_END, 1, 20);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	send(RS_KIND_END, 3, 40);
	assert_all_normal();
	assert_int_equal(vm->counters.demotions, 1);
	assert_int_equal(vm->counters.lost, 0);
	assert_int_equal(vm->handling.count, 6);
}

static void test_ceiling(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_START, 1, 99);
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	send(RS_KIND_END, 1, 99);
	assert_all_normal();
}

static void test_rings_of_two_vcpus(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send_to(0, RS_KIND_START, 1, 20);
	send_to(1, RS_KIND_START, 2, 30);
	assert_sched(p.vcpu[0], SCHED_FIFO, 20);
	assert_sched(p.vcpu[1], SCHED_FIFO, 30);
	/* The ring's last process may run elsewhere than its first: what was
	 * boosted is what START named. */
	send_to(1, RS_KIND_END, 1, 20);
	assert_sched(p.vcpu[0], SCHED_OTHER, 0);
	assert_sched(p.vcpu[1], SCHED_FIFO, 30);
	send_to(0, RS_KIND_START, 2, 30); /* started again, on the other vCPU */
	assert_sched(p.vcpu[0], SCHED_FIFO, 30);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	assert_int_equal(vm->counters.restarts, 1);
}

static void test_bye_reset_and_stray_ends(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_END, 4, 40);
	assert_int_equal(vm->counters.stray_ends, 1);
	send(RS_KIND_START, 1, 40);
	send(RS_KIND_BYE, 0, 0);
	assert_all_normal();
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	pthread_mutex_lock(&vm->lock);
	vm_rings_clear(vm); /* the guest was reset */
	pthread_mutex_unlock(&vm->lock);
	assert_all_normal();
	send(RS_KIND_START, 1, 40);
	send(RS_KIND_ATTACH, 0, 0); /* a driver that says it is new */
	assert_all_normal();
}

static void test_sequence_gaps(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_ATTACH, 0, 0);
	sequence += 3;
	send(RS_KIND_START, 1, 40);
	assert_int_equal(vm->counters.lost, 3);
	sequence -= 2;
	send(RS_KIND_END, 1, 40);
	assert_int_equal(vm->counters.reordered, 1);
	sequence = UINT32_MAX - 1; /* a jump, and then it wraps */
	send(RS_KIND_START, 1, 40);
	assert_int_equal(vm->counters.reordered, 2);
	assert_int_equal(vm->counters.lost, 3);
}

static void test_unknown_vcpu_is_refused(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send_to(2, RS_KIND_START, 1, 40);
	send_to(63, RS_KIND_START, 1, 40);
	assert_all_normal();
	assert_int_equal(vm->counters.rejects[REJECT_VCPU], 2);
	assert_int_equal(vm->counters.messages[RS_KIND_START], 0);
}

static void test_ring_boot_low_then_lifted(void **state)
{
	pid_t made_low, made_after;

	(void)state;
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	assert_sched(p.pid, SCHED_IDLE, 0);
	assert_sched(p.worker, SCHED_IDLE, 0);
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);
	assert_sched(p.vcpu[1], SCHED_IDLE, 0);
	made_low = fake_process_order(&p, 'w'); /* inherits it */
	assert_sched(made_low, SCHED_IDLE, 0);
	send(RS_KIND_ATTACH, 0, 0);
	send(RS_KIND_END, 1, 40);
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);

	send(RS_KIND_START, 1, 40); /* P13: its control process starts */
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
	assert_sched(p.pid, SCHED_OTHER, 0);
	assert_sched(p.worker, SCHED_OTHER, 0);
	assert_sched(made_low, SCHED_OTHER, 0);
	made_after = fake_process_order(&p, 'w');
	assert_sched(made_after, SCHED_OTHER, 0);
	send(RS_KIND_END, 1, 40);
	assert_all_normal();
	assert_false(vm->process_low);
	assert_int_equal(record_used(record), 2); /* the vCPUs', until it disconnects */
}

static void test_ring_boot_stops_before_start(void **state)
{
	(void)state;
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	assert_sched(p.worker, SCHED_IDLE, 0);
	vm_remove(vm);
	vm = NULL;
	assert_all_normal();
	assert_int_equal(record_used(record), 0);
}

static void test_switching_policies(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_START, 1, 40);
	choose("static");
	assert_sched(p.vcpu[0], SCHED_FIFO, CEILING);
	assert_sched(p.vcpu[1], SCHED_FIFO, CEILING);
	choose("none");
	assert_all_normal();
	choose("ring"); /* the guest was silent in between: nothing is active */
	assert_all_normal();
	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	choose("ring_boot"); /* it has run: its ring goes on, it is not pushed low */
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_sched(p.worker, SCHED_OTHER, 0);
	choose("none");
	assert_all_normal();
	choose("ring_boot");
	assert_all_normal();
}

static void test_thread_that_exited(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send_to(1, RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[1], SCHED_FIFO, 40);
	fake_process_order(&p, 'x');
	send_to(1, RS_KIND_END, 1, 40);
	assert_int_equal(vm->counters.threads_gone, 1);
	assert_int_equal(vm->counters.policy_errors, 1);
	send_to(0, RS_KIND_START, 2, 30); /* the other vCPU is served on */
	assert_sched(p.vcpu[0], SCHED_FIFO, 30);
}

/* The number of a vCPU that exited now belongs to somebody else: the held
 * file is of the thread that is gone, the number of a live one. */
static void test_reused_thread_id(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	fake_process_order(&p, 'x');
	vm->vcpus[1].ref.tid = p.worker;
	send_to(1, RS_KIND_START, 1, 40);
	assert_sched(p.worker, SCHED_OTHER, 0);
	assert_int_equal(vm->counters.threads_gone, 1);
	assert_int_equal(vm->counters.boosts, 0);
}

/* Someone else changes the thread: seen when the VM is settled, put right,
 * and on stop it gets that someone's scheduling. */
static void test_changed_by_someone_else(void **state)
{
	const struct sched_param own = { .sched_priority = 3 };

	(void)state;
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);
	assert_int_equal(sched_setscheduler(p.vcpu[0], SCHED_RR, &own), 0);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);
	choose("none");
	assert_sched(p.vcpu[0], SCHED_RR, 3);
	assert_sched(p.vcpu[1], SCHED_OTHER, 0);
}

static void test_failed_apply_is_counted(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	vm->ceiling = 120; /* no real-time priority: the kernel says EINVAL */
	send(RS_KIND_START, 1, 110);
	assert_int_equal(vm->counters.apply_failed, 1);
	assert_int_equal(vm->counters.policy_errors, 1);
	assert_all_normal();
}

static void test_readback_mismatch_is_counted(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	swallow_setattr = true;
	send(RS_KIND_START, 1, 40);
	swallow_setattr = false;
	assert_all_normal();
	assert_int_equal(vm->counters.readback_mismatch, 1);
	assert_int_equal(vm->counters.boosts, 0);
	send(RS_KIND_START, 2, 30); /* the level is not believed: it is tried again */
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
}

/* A thread that could not be given its scheduling back stays in the record. */
static void test_failed_restore_stays_in_the_record(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	send(RS_KIND_START, 1, 40);
	swallow_setattr = true;
	vm_disconnect(vm);
	swallow_setattr = false;
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(vm->counters.record_kept, 1);
	assert_int_equal(record_used(record), 1);
	record_restore_in_signal(record);
	assert_all_normal();
}

/* The same of the process-wide half: the worker stays low. */
static void test_failed_raise_stays_in_the_record(void **state)
{
	(void)state;
	connect_vm("ring_boot", VM_ROLE_CONTROL);
	assert_sched(p.worker, SCHED_IDLE, 0);
	swallow_setattr = true;
	vm_disconnect(vm);
	swallow_setattr = false;
	/* Two vCPU threads, the worker and the main thread. */
	assert_int_equal(vm->counters.record_kept, 4);
	assert_int_equal(record_used(record), 4);
	record_restore_in_signal(record);
	assert_sched(p.worker, SCHED_OTHER, 0);
	assert_all_normal();
}

/* A ring that is reported before budgets are granted is boosted afterwards. */
static void test_start_before_settle(void **state)
{
	(void)state;
	connect_vm("ring", VM_ROLE_CONTROL);
	vm->realtime_deferred = true;
	send(RS_KIND_START, 1, 40);
	assert_all_normal();
	assert_int_equal(vm->counters.starts_deferred, 1);
	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(vm->counters.starts_deferred, 1);
}

static void test_identity_by_vring(void **state)
{
	(void)state;
	connect_vm("none", VM_ROLE_CONTROL);
	vm->vring_user_address = 0x7f0000001000;
	assert_ptr_equal(vm_find_by_vring(p.pid, 0x7f0000001000), vm);
	assert_null(vm_find_by_vring(p.pid + 1, 0x7f0000001000));
	assert_null(vm_find_by_vring(p.pid, 0x7f0000002000));
}

static void test_process_dies(void **state)
{
	(void)state;
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	fake_process_end(&p);
	vm_disconnect(vm);
	assert_false(vm->connected);
	assert_int_equal(vm->vcpu_count, 0);
	assert_int_equal(record_used(record), 0);
}

/* ---- with libvirt's kind of cgroups ---- */

#define CPU "/sys/fs/cgroup/cpu"

/* Named after this process: others may run the same test. */
enum group { MACHINE, DOMAIN, VCPU0, VCPU1, EMULATOR, GROUPS };
static const char *const below[GROUPS] = { "", "/domain", "/domain/vcpu0", "/domain/vcpu1",
					   "/domain/emulator" };
static char groups[GROUPS][128];

static void write_knob(const char *dir, const char *knob, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	assert_int_equal(cgroup_write(dir, knob, text, NULL), 0);
}

static long long knob(const char *dir, const char *name)
{
	long long value = -99;

	assert_int_equal(cgroup_read_number(dir, name, &value, NULL), 0);
	return value;
}

static void remove_groups(void)
{
	for (int i = GROUPS; i-- > 0;)
		rmdir(groups[i]);
}

/* What the root group still has to give, us of a second. */
static long long free_budget(void)
{
	long long left = knob(CPU, "cpu.rt_runtime_us");
	cleanup_dir DIR *d = opendir(CPU);
	const struct dirent *e;
	long long taken;
	char path[300];

	while (d && (e = readdir(d)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.') {
			snprintf(path, sizeof(path), CPU "/%s", e->d_name);
			if (!cgroup_read_number(path, "cpu.rt_runtime_us", &taken, NULL))
				left -= taken;
		}
	return left;
}

static void make_groups(void)
{
	if (!cgroup_has(CPU, "cpu.rt_runtime_us") || !cgroup_has(CPU, "cpu.shares") ||
	    free_budget() < BUDGET * 1000)
		skip(); /* cgroup v1 with RT_GROUP_SCHED, and something of it left, only */
	for (int i = 0; i < GROUPS; i++) {
		snprintf(groups[i], sizeof(groups[i]), CPU "/ringsched-test-%d-libvirt%s", getpid(),
			 below[i]);
		assert_int_equal(mkdir(groups[i], 0755), 0);
	}
	write_knob(groups[DOMAIN], "cpu.shares", 512);
	write_knob(groups[EMULATOR], "cgroup.procs", p.pid);
}

static void test_cgroups(void **state)
{
	(void)state;
	make_groups();
	connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
	/* Before libvirt is done: threads are low, no knob is touched. */
	assert_sched(p.vcpu[0], SCHED_IDLE, 0);
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 0);
	assert_int_equal(knob(groups[MACHINE], "cpu.rt_runtime_us"), 0);
	write_knob(groups[VCPU0], "tasks", p.vcpu[0]);
	write_knob(groups[VCPU1], "tasks", p.vcpu[1]);

	assert_int_equal(vm_settle(vm, NULL), 0);
	assert_int_equal(vm->counters.grant_failed, 0);
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 1);
	assert_int_equal(knob(groups[VCPU0], "cpu.rt_runtime_us"), BUDGET * 500);
	assert_int_equal(knob(groups[VCPU1], "cpu.rt_runtime_us"), BUDGET * 500);
	assert_int_equal(knob(groups[DOMAIN], "cpu.rt_runtime_us"), BUDGET * 1000);
	assert_int_equal(knob(groups[MACHINE], "cpu.rt_runtime_us"), BUDGET * 1000);

	send(RS_KIND_START, 1, 40);
	assert_sched(p.vcpu[0], SCHED_FIFO, 40);
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 0);
	assert_int_equal(knob(groups[DOMAIN], "cpu.shares"), 512);

	vm_remove(vm); /* with the ring active: thread first, then its budget */
	vm = NULL;
	assert_all_normal();
	for (int i = 0; i < GROUPS; i++)
		assert_int_equal(knob(groups[i], "cpu.rt_runtime_us"), 0);
	assert_int_equal(record_used(record), 0);
}

/* The daemon is killed in that state: the record undoes the knobs too. */
static void test_cgroups_after_kill(void **state)
{
	char path[64];
	unsigned int count;
	int status;
	pid_t child;

	(void)state;
	make_groups();
	write_knob(groups[VCPU0], "tasks", p.vcpu[0]);
	write_knob(groups[VCPU1], "tasks", p.vcpu[1]);
	snprintf(path, sizeof(path), "/tmp/ringsched-loop-%d", getpid());
	child = fork();
	if (!child) {
		record = record_open(path, NULL);
		connect_vm("ring_boot", VM_ROLE_NEIGHBOUR);
		_exit(vm_settle(vm, NULL) ? 1 : raise(SIGKILL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 1);
	assert_int_equal(record_restore(path, &count, NULL), 0);
	assert_true(count >= 8);
	assert_all_normal();
	assert_int_equal(knob(groups[DOMAIN], "cpu.idle"), 0);
	assert_int_equal(knob(groups[DOMAIN], "cpu.shares"), 512);
	for (int i = 0; i < GROUPS; i++)
		assert_int_equal(knob(groups[i], "cpu.rt_runtime_us"), 0);
}

static void test_budget_refused_is_explained(void **state)
{
	struct budget_leaf leaf = { .place = { .version = 1, .mount = CPU }, .permille = 2000 };
	cleanup_error struct rs_error *err = NULL;

	(void)state;
	make_groups();
	snprintf(leaf.place.dir, sizeof(leaf.place.dir), "%s", groups[VCPU0]);
	assert_true(budget_set(&leaf, &leaf, 1, record, &err) < 0);
	assert_non_null(strstr(err->message, "budget"));
	assert_int_equal(budget_set(&leaf, NULL, 0, record, NULL), 0);
	assert_int_equal(record_used(record), 0);
}

static void test_table_of_policies(void **state)
{
	cleanup_error struct rs_error *err = NULL;

	(void)state;
	for (size_t i = 0; policies[i]; i++)
		assert_ptr_equal(policy_find(policies[i]->name, NULL), policies[i]);
	assert_null(policy_find("best", &err));
	assert_non_null(strstr(err->message, "none, static, ring, ring_boot"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		T(test_none_changes_nothing),
		T(test_static_by_role),
		T(test_ring_follows_highest),
		T(test_ceiling),
		T(test_rings_of_two_vcpus),
		T(test_bye_reset_and_stray_ends),
		T(test_sequence_gaps),
		T(test_unknown_vcpu_is_refused),
		T(test_ring_boot_low_then_lifted),
		T(test_ring_boot_stops_before_start),
		T(test_switching_policies),
		T(test_thread_that_exited),
		T(test_reused_thread_id),
		T(test_changed_by_someone_else),
		T(test_failed_apply_is_counted),
		T(test_readback_mismatch_is_counted),
		T(test_failed_restore_stays_in_the_record),
		T(test_failed_raise_stays_in_the_record),
		T(test_start_before_settle),
		T(test_identity_by_vring),
		T(test_process_dies),
		T(test_cgroups),
		T(test_cgroups_after_kill),
		T(test_budget_refused_is_explained),
		cmocka_unit_test(test_table_of_policies),
	};
	struct sched_state own;

	if (sched_read(0, &own) || sched_apply_fifo(0, 1, NULL)) {
		fprintf(stderr, "skipped: real-time scheduling is not permitted here\n");
		return 77;
	}
	sched_restore(0, &own, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
