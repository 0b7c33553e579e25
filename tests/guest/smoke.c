// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs in the guest: what ringsched.ko promises to processes, checked with
 * real ones. The exit status is 0 only if every check passed. Needs no
 * ringsched device: the ring engine works without one.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/lib/ringsched.h"
#include "tests/guest/expect.h"
#include "tests/guest/rig.h"

#define ALL 0xffffffffu

/*
 * Every period that is in the log had all its turns, in order, the first and
 * the last marked as such. `last` is the slot whose turn ends a period.
 */
static int check_order(const struct rig *rig, unsigned int ring, unsigned int last)
{
	unsigned int used = atomic_load(&rig->shared->used), next = 0, periods = 0, i;
	unsigned long long sequence = 0;

	EXPECT(used <= RIG_LOG_MAX);
	for (i = 0; i < used; i++) {
		const struct rig_entry *entry = &rig->shared->log[i];

		if (entry->ring != ring)
			continue;
		EXPECT(entry->home == ring && entry->slot == next);
		EXPECT(!!(entry->flags & RS_TURN_FIRST) == (next == 0));
		EXPECT(!!(entry->flags & RS_TURN_LAST) == (next == last));
		EXPECT(next == 0 ? !periods || entry->sequence > sequence :
				   entry->sequence == sequence);
		sequence = entry->sequence;
		if (next == 0)
			periods++;
		next = next == last ? 0 : next + 1;
	}
	EXPECT(periods >= 20);
	return 0;
}

static int one_ring(struct rig *rig, unsigned int members)
{
	long long periods = rig_stat("periods");

	TRY(rig_add(rig, 3, 50, members, 20, NULL));
	TRY(rig_start(rig));
	TRY(rig_wait(rig, 3, members - 1, 40));
	TRY(rig_stop(rig));
	TRY(check_order(rig, 3, members - 1));
	EXPECT(periods >= 0 && rig_stat("periods") >= periods + 40);
	return 0;
}

static int ring_of_1(struct rig *rig)
{
	return one_ring(rig, 1);
}

static int ring_of_4(struct rig *rig)
{
	return one_ring(rig, 4);
}

static int ring_of_16(struct rig *rig)
{
	return one_ring(rig, 16);
}

static int several_rings(struct rig *rig)
{
	TRY(rig_add(rig, 0, 30, 4, 10, NULL));
	TRY(rig_add(rig, 7, 20, 4, 20, NULL));
	TRY(rig_add(rig, 15, 10, 4, 40, NULL));
	TRY(rig_start(rig));
	TRY(rig_wait(rig, 15, 3, 30));
	TRY(rig_stop(rig));
	TRY(check_order(rig, 0, 3));
	TRY(check_order(rig, 7, 3));
	TRY(check_order(rig, 15, 3));
	return 0;
}

static int killed_member(struct rig *rig)
{
	long long left = rig_stat("members_left");
	pid_t victim;

	TRY(rig_add(rig, 1, 40, 4, 20, NULL));
	TRY(rig_start(rig));
	TRY(rig_wait(rig, 1, 3, 20));
	victim = rig_pid(rig, 1, 2);
	EXPECT(victim > 0 && !kill(victim, SIGKILL));
	TRY(rig_wait(rig, 1, 3, 20));
	TRY(rig_wait(rig, 1, 0, 20));
	TRY(rig_stop(rig));
	EXPECT(rig_stat("members_left") == left + 1);
	return 0;
}

/* Slot 1 keeps the turn it has the tenth time, asleep, until it is killed. */
static void hang_once(struct rig_member *member, const struct rs_turn *turn)
{
	if (member->slot == 1 && turn->sequence >= 10)
		pause();
}

static int hung_member(struct rig *rig)
{
	long long skipped = rig_stat("turns_skipped");

	/* The deadline is 10 periods: the others go on after 100 ms. */
	TRY(rig_add(rig, 2, 40, 3, 10, hang_once));
	TRY(rig_start(rig));
	TRY(rig_wait(rig, 2, 2, 20));
	EXPECT(rig_stat("turns_skipped") > skipped);
	EXPECT(!kill(rig_pid(rig, 2, 1), SIGKILL));
	TRY(rig_wait(rig, 2, 2, 20));
	TRY(rig_stop(rig));
	return 0;
}

/* What came of the visits, in rig_shared.result. */
enum visit_result { VISIT_OK, VISIT_AGAIN, VISIT_MISSING, VISIT_OWN, VISIT_COUNT };

static void visit_once(struct rig_member *member, const struct rs_turn *turn)
{
	if (member->ring != 4 || member->slot != 1 || turn->sequence < 10 ||
	    atomic_load(&member->shared->result[VISIT_COUNT]))
		return;
	atomic_store(&member->shared->result[VISIT_MISSING], ringsched_change(member->fd, 9));
	atomic_store(&member->shared->result[VISIT_OWN], ringsched_change(member->fd, 4));
	atomic_store(&member->shared->result[VISIT_OK], ringsched_change(member->fd, 5));
	atomic_store(&member->shared->result[VISIT_AGAIN], ringsched_change(member->fd, 5));
	atomic_store(&member->shared->result[VISIT_COUNT], 1);
}

/* Entries with these flags of the visitor, the process in slot 1 of ring 4. */
static unsigned int count_flags(const struct rig *rig, unsigned int ring, unsigned int flags)
{
	unsigned int used = atomic_load(&rig->shared->used), i, count = 0;

	for (i = 0; i < used && i < RIG_LOG_MAX; i++) {
		const struct rig_entry *entry = &rig->shared->log[i];

		if (entry->ring == ring && entry->home == 4 && entry->slot == 1 &&
		    (entry->flags & flags) == flags)
			count++;
	}
	return count;
}

static int ring_change(struct rig *rig)
{
	atomic_int *result = rig->shared->result;

	TRY(rig_add(rig, 4, 45, 3, 20, visit_once));
	TRY(rig_add(rig, 5, 35, 2, 30, NULL));
	TRY(rig_start(rig));
	TRY(rig_wait(rig, 4, 1, 30));
	TRY(rig_wait(rig, 5, 1, 10));
	TRY(rig_stop(rig));
	EXPECT(atomic_load(&result[VISIT_OK]) == 0);
	EXPECT(atomic_load(&result[VISIT_AGAIN]) == -EBUSY);
	EXPECT(atomic_load(&result[VISIT_MISSING]) == -ENOENT);
	EXPECT(atomic_load(&result[VISIT_OWN]) == -EINVAL);
	/* One turn there, as the last of a period; then back. */
	EXPECT(count_flags(rig, 5, RS_TURN_VISIT) == 1);
	EXPECT(count_flags(rig, 5, RS_TURN_VISIT | RS_TURN_LAST) == 1);
	EXPECT(count_flags(rig, 4, RS_TURN_RETURNED) == 1);
	return 0;
}

/* A visit to a ring without a free place. */
static void visit_full(struct rig_member *member, const struct rs_turn *turn)
{
	if (member->ring == 4 && turn->sequence >= 2 &&
	    !atomic_load(&member->shared->result[VISIT_OK]))
		atomic_store(&member->shared->result[VISIT_OK], ringsched_change(member->fd, 6));
}

static int full_ring(struct rig *rig)
{
	TRY(rig_add(rig, 4, 45, 1, 50, visit_full));
	TRY(rig_add(rig, 6, 35, RS_MEMBER_MAX, 50, NULL));
	TRY(rig_start(rig));
	TRY(rig_wait(rig, 4, 0, 6));
	TRY(rig_stop(rig));
	EXPECT(atomic_load(&rig->shared->result[VISIT_OK]) == -ENOSPC);
	return 0;
}

static int refusals(struct rig *rig)
{
	struct rs_ring_params ring = { .ring_id = 8,
				       .ring_prio = 60,
				       .members = 2,
				       .vcpu = -1,
				       .period_ns = 20 * MS,
				       .deadline_ns = 20 * MS };
	struct rs_ring_params other = ring;
	struct rs_turn turn;

	EXPECT(ringsched_join(rig->fd, &ring, 0) == -ENOENT);
	EXPECT(ringsched_wait(rig->fd, &turn) == -ENOTCONN);
	TRY(ringsched_create(rig->fd, &ring));
	EXPECT(ringsched_create(rig->fd, &ring) == -EEXIST);
	other.ring_id = 9;
	EXPECT(ringsched_create(rig->fd, &other) == -EEXIST); /* its priority is taken */
	EXPECT(ringsched_start(rig->fd, 8, 0) == -EAGAIN);
	EXPECT(ringsched_start(rig->fd, 9, 0) == -ENOENT);
	EXPECT(ringsched_join(rig->fd, &ring, 2) == -ENOSPC);
	other.ring_id = ALL;
	EXPECT(ringsched_create(rig->fd, &other) == -EINVAL);
	TRY(ringsched_destroy(rig->fd, 8));
	EXPECT(ringsched_destroy(rig->fd, 8) == -ENOENT);
	return 0;
}

/* A ring ends with the process that made it, so its id is free again. */
static int creators_end(struct rig *rig)
{
	struct rs_ring_params ring = { .ring_id = 8,
				       .ring_prio = 60,
				       .members = 1,
				       .vcpu = -1,
				       .period_ns = 20 * MS,
				       .deadline_ns = 20 * MS };
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd = ringsched_open();

		_exit(fd < 0 || ringsched_create(fd, &ring));
	}
	EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	TRY(ringsched_create(rig->fd, &ring));
	TRY(ringsched_destroy(rig->fd, 8));
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct rig *rig);
} checks[] = {
	{ "refusals", refusals },	    { "creators_end", creators_end },
	{ "ring_of_1", ring_of_1 },	    { "ring_of_4", ring_of_4 },
	{ "ring_of_16", ring_of_16 },	    { "several_rings", several_rings },
	{ "killed_member", killed_member }, { "hung_member", hung_member },
	{ "ring_change", ring_change },	    { "full_ring", full_ring },
};

int main(void)
{
	unsigned int i, bad = 0;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct rig rig;
		int error = rig_open(&rig);

		if (!error)
			error = checks[i].run(&rig);
		rig_close(&rig);
		printf("smoke: %s %s\n", checks[i].name, error ? "FAILED" : "ok");
		fflush(stdout);
		bad += !!error;
	}
	return bad ? 1 : 0;
}
