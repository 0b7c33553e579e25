// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "guest/control/child.h"
#include "guest/control/clock.h"
#include "guest/control/member.h"
#include "guest/control/work.h"
#include "guest/lib/ringsched.h"

#define STACK_TOUCH 65536u /* bytes; far more than a turn uses */

enum step { STEP_LOCK, STEP_PRIORITY, STEP_OPEN, STEP_JOIN, STEP_COUNT };

static const char *const step_names[STEP_COUNT] = {
	[STEP_LOCK] = "locking its memory",
	[STEP_PRIORITY] = "taking the ring's SCHED_FIFO priority",
	[STEP_OPEN] = "opening /dev/ringsched",
	[STEP_JOIN] = "pinning to the vCPU and joining",
};

const char *rsc_member_step(uint32_t step)
{
	return step < STEP_COUNT ? step_names[step] : "an unknown step";
}

/* The pages a turn will stand on are there before the first turn. */
static __attribute__((noinline)) void touch_stack(void)
{
	volatile char stack[STACK_TOUCH];

	for (size_t i = 0; i < sizeof(stack); i += 1024)
		stack[i] = 0;
}

static int lock_memory(const struct rsc_member *m)
{
	(void)m;
	/* Also maps the arena's pages here: fork() does not for shared ones. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		return -errno;
	touch_stack();
	return 0;
}

static int take_priority(const struct rsc_member *m)
{
	struct sched_param param = { .sched_priority = (int)m->params.ring_prio };

	return sched_setscheduler(0, SCHED_FIFO, &param) ? -errno : 0;
}

static int open_device(const struct rsc_member *m)
{
	(void)m;
	return ringsched_open();
}

/* Returns the descriptor that is the membership, or -errno with *step set. */
static int set_up(const struct rsc_member *m, uint32_t *step)
{
	static int (*const before[])(const struct rsc_member *) = {
		[STEP_LOCK] = lock_memory,
		[STEP_PRIORITY] = take_priority,
		[STEP_OPEN] = open_device,
	};
	int fd = -1, err;

	for (*step = 0; *step < STEP_JOIN; ++*step) {
		fd = before[*step](m);
		if (fd < 0)
			return fd;
	}
	err = ringsched_join(fd, &m->params, m->slot);
	return err ? err : fd;
}

static void check_page(const struct rsc_member *m, const struct rs_turn *turn)
{
	switch (rsc_handover_check(m->page, turn->sequence, m->slot)) {
	case RSC_HANDOVER_GOOD:
		break;
	case RSC_HANDOVER_GAP:
		m->seat->handover_gaps++;
		break;
	case RSC_HANDOVER_BAD:
		m->seat->handover_errors++;
		break;
	}
}

static bool change_ring(struct rsc_seat *seat, int fd)
{
	bool refused = ringsched_change(fd, seat->change_to) != 0;

	seat->changes_refused += refused;
	return !refused;
}

/* The controlling ring's turn on the resource is its whole work. */
static void hold_resource(const struct rsc_member *m, const struct rs_turn *turn)
{
	uint64_t elapsed = turn->sequence * m->params.period_ns + m->params.offset_ns;

	rsc_resource_hold(m->seat->claim.resource, elapsed, m->iterations);
}

static void use_resource(struct rsc_seat *seat, int fd, const struct rs_turn *turn,
			 enum rsc_way way)
{
	if (way == RSC_WAY_LOCK)
		rsc_resource_use(&seat->claim, turn->sequence);
	else if (change_ring(seat, fd))
		rsc_resource_asked(&seat->claim, turn->sequence);
}

/* A turn in the own ring, up to where its end is taken. */
static void home_turn(const struct rsc_member *m, int fd, const struct rs_turn *turn)
{
	struct rsc_seat *seat = m->seat;
	const struct rsc_claim *claim = &seat->claim;
	uint64_t own = claim->uses ? rsc_clock_ns(CLOCK_THREAD_CPUTIME_ID) : 0;
	enum rsc_way way = claim->uses ? rsc_resource_way(claim->resource) : RSC_WAY_LOCK;
	uint64_t turns = 0;

	seat->turns++;
	if (m->page) {
		turns = m->page->turns;
		check_page(m, turn);
	}
	if (claim->role == RSC_CLAIM_OWNER)
		hold_resource(m, turn);
	else
		rsc_work(m->iterations);
	if (m->page && !rsc_handover_pass(m->page, turns, turn->sequence, m->slot))
		seat->handover_late++;
	if (claim->role == RSC_CLAIM_USER && seat->turns % claim->every == 0)
		use_resource(seat, fd, turn, way);
	if (seat->change_every && seat->turns % seat->change_every == 0)
		change_ring(seat, fd);
	if (claim->uses)
		rsc_uses_turn(claim->uses, turn->sequence, way,
			      rsc_clock_ns(CLOCK_THREAD_CPUTIME_ID) - own);
}

static void visit_turn(const struct rsc_member *m)
{
	struct rsc_seat *seat = m->seat;

	seat->visits++;
	if (seat->claim.role == RSC_CLAIM_USER)
		rsc_resource_visit(&seat->claim);
	else
		rsc_work(m->iterations);
}

/* Nothing here may allocate, print or touch a page for the first time. */
static int loop(const struct rsc_member *m, int fd)
{
	struct rsc_seat *seat = m->seat;

	for (;;) {
		struct rs_turn turn;
		struct rsc_log *log = m->log;
		uint32_t column = m->slot;
		int err = ringsched_wait(fd, &turn);
		uint64_t start = rsc_clock_ns(CLOCK_MONOTONIC);

		if (err == -EINTR)
			continue;
		if (err)
			return err;
		if (turn.flags & RS_TURN_VISIT) {
			log = seat->change_log;
			column = seat->change_column;
		}
		rsc_log_begin(log, column, &turn, start);
		if (turn.flags & RS_TURN_VISIT)
			visit_turn(m);
		else
			home_turn(m, fd, &turn);
		rsc_log_end(log, column, turn.sequence, rsc_clock_ns(CLOCK_MONOTONIC));
	}
}

_Noreturn void rsc_member_run(const struct rsc_member *member)
{
	struct rsc_member_report report = { 0 };
	char name[16];
	int err, fd;

	snprintf(name, sizeof(name), "rs-ring%u.%u", member->params.ring_id, member->slot);
	prctl(PR_SET_NAME, name);
	fd = set_up(member, &report.step);
	report.error = fd < 0 ? -fd : 0;
	if (write(RSC_CHILD_FD, &report, sizeof(report)) != sizeof(report))
		_exit(1); /* nobody waits for this process */
	close(RSC_CHILD_FD);
	if (fd < 0)
		_exit(1);
	err = loop(member, fd);
	member->seat->error = err == -ESHUTDOWN ? 0 : -err;
	_exit(err == -ESHUTDOWN ? 0 : 1);
}
