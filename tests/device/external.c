// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs in the guest: a ring of two processes that an external interrupt of the
 * host releases (P14c), until it was released as often as agreed. What its
 * processes are told must be about these interrupts and nothing else.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest/lib/ringsched.h"
#include "tests/device/agent.h"
#include "tests/guest/rig.h"

#define MEMBERS 2
#define LIMIT_S 90

struct shared {
	atomic_uint turns, wrong;
	unsigned long long raised[EXTERNAL_COUNT]; /* by sequence, as the first process saw */
};

static struct shared *shared;
static const struct rs_ring_params ring = {
	.ring_id = RING_EXTERNAL,
	.ring_prio = PRIO_EXTERNAL,
	.members = MEMBERS,
	.vcpu = 0,
	.period_ns = 20 * MS,
	.deadline_ns = 200 * MS,
	.trigger = RS_TRIGGER_INTERRUPT,
	.interrupt = INTERRUPT_BOUND,
};

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec;
}

/* Both processes are told of the same interrupt; a later one came later. */
static void check_turn(const struct rs_turn *turn, unsigned int slot)
{
	bool wrong = turn->sequence >= EXTERNAL_COUNT || !turn->raised_ns ||
		     turn->release_ns > now_ns() || turn->ring_id != RING_EXTERNAL ||
		     !(turn->flags & (slot ? RS_TURN_LAST : RS_TURN_FIRST));

	if (!wrong && !slot) {
		shared->raised[turn->sequence] = turn->raised_ns;
		wrong = turn->sequence && shared->raised[turn->sequence - 1] >= turn->raised_ns;
	} else if (!wrong) {
		wrong = shared->raised[turn->sequence] != turn->raised_ns;
	}
	shared->wrong += wrong;
	shared->turns++;
}

static _Noreturn void live(unsigned int slot)
{
	int fd = ringsched_open(), error = fd < 0 ? fd : ringsched_join(fd, &ring, slot);
	struct rs_turn turn;

	while (!error) {
		error = ringsched_wait(fd, &turn);
		if (!error)
			check_turn(&turn, slot);
	}
	_exit(error == -ESHUTDOWN ? 0 : 1);
}

/* All have joined once it starts. */
static int start_ring(int owner)
{
	int error;

	do {
		usleep(10000);
		error = ringsched_start(owner, RING_EXTERNAL, 0);
	} while (error == -EAGAIN);
	/* The host waits for this before it raises anything. */
	if (!error)
		error = g_sched_notify_start(RING_READY, PRIO_READY);
	return error ? error : g_sched_notify_end(RING_READY, PRIO_READY);
}

static int fail(const char *what, long long value)
{
	printf("device: FAILED: %s (%lld)\n", what, value);
	return 1;
}

int main(void)
{
	unsigned long long end = now_ns() + LIMIT_S * 1000000000ull;
	int owner = ringsched_open(), error, status, bad = 0;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	error = ringsched_create(owner, &ring);
	if (error)
		return fail("the ring is refused", error);
	for (unsigned int slot = 0; slot < MEMBERS; slot++)
		if (fork() == 0)
			live(slot);
	error = start_ring(owner);
	if (error)
		return fail("the ring does not start", error);
	while (shared->turns < MEMBERS * EXTERNAL_COUNT && now_ns() < end)
		usleep(10000);
	ringsched_stop(owner, RING_EXTERNAL);
	while (wait(&status) > 0)
		bad += status != 0;
	if (shared->turns != MEMBERS * EXTERNAL_COUNT)
		return fail("turns", shared->turns);
	if (shared->wrong || bad)
		return fail("turns that are not of their interrupt", shared->wrong);
	if (rig_stat("interrupts_unbound") != UNBOUND_COUNT)
		return fail("interrupts_unbound", rig_stat("interrupts_unbound"));
	if (rig_stat("events_refused") || rig_stat("periods_skipped"))
		return fail("events_refused", rig_stat("events_refused"));
	puts("device: external interrupts ok");
	return 0;
}
