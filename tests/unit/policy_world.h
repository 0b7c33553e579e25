/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop transport: messages go straight to a VM's policy, the VM is a child
 * process with threads named as QEMU's, and what holds is what the kernel's
 * sched_getattr says of them.
 */
#ifndef TESTS_POLICY_WORLD_H
#define TESTS_POLICY_WORLD_H

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
static unsigned int budget_period_us; /* 0 = the kernel's */
static bool io_boost;

static inline int set_up(void **state)
{
	(void)state;
	fake_process_start(&p, 2);
	record = record_open(NULL, NULL);
	sequence = 0;
	budget_period_us = 0;
	io_boost = false;
	vm = NULL;
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	if (vm)
		vm_remove(vm);
	record_close(record);
	fake_process_end(&p);
	return 0;
}

static inline void connect_vm(const char *policy, enum vm_role role)
{
	const struct vm_config config = {
		.name = "loop",
		.socket = "/nowhere",
		.role = role,
		.ceiling = CEILING,
		.budget_permille = BUDGET,
		.budget_period_us = budget_period_us,
		.io_boost = io_boost,
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

static inline void send_to(unsigned int vcpu, enum rs_kind kind, unsigned int ring,
			   unsigned int prio)
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

static inline void send(enum rs_kind kind, unsigned int ring, unsigned int prio)
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

static inline void assert_all_normal(void)
{
	assert_sched(p.pid, SCHED_OTHER, 0);
	assert_sched(p.worker, SCHED_OTHER, 0);
	for (unsigned int i = 0; i < p.vcpus; i++)
		assert_sched(p.vcpu[i], SCHED_OTHER, 0);
}

static inline void choose(const char *policy)
{
	assert_int_equal(vm_choose_policy(vm, policy_find(policy, NULL), NULL), 0);
}

/* False, and said why, where nothing of this can be tested. */
static inline bool realtime_permitted(void)
{
	struct sched_state own;

	if (sched_read(0, &own) || sched_apply_fifo(0, 1, NULL)) {
		fprintf(stderr, "skipped: real-time scheduling is not permitted here\n");
		return false;
	}
	sched_restore(0, &own, NULL);
	return true;
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
