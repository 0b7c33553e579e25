// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A resource of two rings: who has it when, in each of the two ways, and what
 * is written down of it. Processes, not threads: the mutex is between those.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest/control/csv.c"
#include "guest/control/resource.c"
#include "guest/control/sample.c"

#define MS 1000000ull
#define STOP_HERE 77 /* iterations: the process stops in the middle of its work */

uint64_t rsc_work(uint64_t iterations)
{
	if (iterations == STOP_HERE)
		raise(SIGSTOP);
	return iterations;
}

static struct rsc_arena arena;
static struct rsc_resource *resource;
static struct rsc_uses *uses;
static struct rsc_claim claim;

/* 3 ms of lock, 2 ms of change, and so on. */
static int fresh(void **state)
{
	(void)state;
	if (!arena.base && rsc_arena_open(&arena, 1 << 20))
		return -1;
	rsc_arena_rewind(&arena, 0);
	resource = rsc_arena_take(&arena, sizeof(*resource));
	uses = rsc_uses_take(&arena, 8);
	claim = (struct rsc_claim){ .role = RSC_CLAIM_USER, .resource = resource, .uses = uses };
	return rsc_resource_init(resource, 3 * MS, 2 * MS);
}

/* A process in the middle of the owner's turn, stopped there. */
static pid_t owner_at_work(uint64_t elapsed_ns)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* stopped, it would outlive a failure */
		rsc_resource_hold(resource, elapsed_ns, STOP_HERE);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	return pid;
}

static void end_of(pid_t pid)
{
	int status;

	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* Lets the owner go on once this process sleeps: in the lock. */
static pid_t release_when_asleep(pid_t owner)
{
	pid_t pid = fork();
	char state = 0;

	assert_true(pid >= 0);
	while (!pid && state != 'S') {
		char path[32];
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)getppid());
		f = fopen(path, "re");
		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 'S';
		if (f)
			fclose(f);
		usleep(1000);
	}
	if (pid)
		return pid;
	kill(owner, SIGCONT);
	_exit(0);
}

static void the_owner_changes_the_way(void **state)
{
	(void)state;
	assert_int_equal(rsc_resource_way(resource), RSC_WAY_LOCK);
	rsc_resource_hold(resource, 2 * MS, 1);
	assert_int_equal(rsc_resource_way(resource), RSC_WAY_LOCK);
	rsc_resource_hold(resource, 3 * MS, 1);
	assert_int_equal(rsc_resource_way(resource), RSC_WAY_CHANGE);
	rsc_resource_hold(resource, 5 * MS - 1, 1);
	assert_int_equal(rsc_resource_way(resource), RSC_WAY_CHANGE);
	rsc_resource_hold(resource, 1000005 * MS, 1);
	assert_int_equal(rsc_resource_way(resource), RSC_WAY_LOCK);
	assert_int_equal(resource->holds, 4);
	assert_int_equal(resource->collisions, 0);
}

static void one_way_alone_is_for_good(void **state)
{
	(void)state;
	assert_int_equal(rsc_resource_init(resource, 0, 2 * MS), 0);
	assert_int_equal(rsc_resource_way(resource), RSC_WAY_CHANGE);
	assert_int_equal(way_at(resource, 0), RSC_WAY_CHANGE);
	assert_int_equal(way_at(resource, 2 * MS - 1), RSC_WAY_CHANGE);
	assert_int_equal(rsc_resource_init(resource, 3 * MS, 0), 0);
	assert_int_equal(way_at(resource, 3 * MS - 1), RSC_WAY_LOCK);
	assert_int_equal(way_at(resource, 3 * MS), RSC_WAY_LOCK);
}

static void a_locked_use_waits_for_the_owner(void **state)
{
	pid_t owner = owner_at_work(0), helper = release_when_asleep(owner);

	(void)state;
	rsc_resource_use(&claim, 5);
	end_of(owner);
	end_of(helper);
	assert_int_equal(resource->locked, 1);
	assert_int_equal(resource->waits, 1);
	assert_int_equal(resource->collisions, 0);
	assert_true(uses->cell[5 * RSC_USES_COLUMNS + COLUMN_WAIT] > 0);
	assert_true(uses->cell[5 * RSC_USES_COLUMNS + COLUMN_USE] >=
		    uses->cell[5 * RSC_USES_COLUMNS + COLUMN_WAIT]);
	rsc_resource_use(&claim, 6);
	assert_int_equal(resource->locked, 2);
	assert_int_equal(resource->waits, 1);
	assert_int_equal(uses->cell[6 * RSC_USES_COLUMNS + COLUMN_WAIT], 0);
}

/* A user that read the way before it changed is kept apart all the same. */
static void the_first_turn_of_change_holds_the_lock(void **state)
{
	pid_t owner = owner_at_work(3 * MS), helper = release_when_asleep(owner);

	(void)state;
	assert_int_equal(rsc_resource_way(resource), RSC_WAY_CHANGE);
	rsc_resource_use(&claim, 0);
	end_of(owner);
	end_of(helper);
	assert_int_equal(resource->waits, 1);
	assert_int_equal(resource->collisions, 0);
	owner = owner_at_work(4 * MS);
	assert_int_equal(pthread_mutex_trylock(&resource->mutex), 0); /* from here on free */
	unlock(resource);
	end_of(owner);
}

/* Out of turn, without the mutex: it has to be found out. */
static void two_at_once_are_counted(void **state)
{
	pid_t owner;

	(void)state;
	assert_int_equal(rsc_resource_init(resource, 0, 1 * MS), 0);
	owner = owner_at_work(0);
	rsc_resource_asked(&claim, 1);
	rsc_resource_visit(&claim);
	end_of(owner);
	assert_true(resource->collisions > 0);
}

static void a_visit_is_timed_from_its_request(void **state)
{
	uint64_t begin = rsc_clock_ns(CLOCK_MONOTONIC), took;

	(void)state;
	rsc_resource_hold(resource, 3 * MS, 1);
	rsc_resource_asked(&claim, 2);
	usleep(2000);
	rsc_resource_visit(&claim);
	took = rsc_clock_ns(CLOCK_MONOTONIC) - begin;
	assert_in_range(uses->cell[2 * RSC_USES_COLUMNS + COLUMN_USE], 2 * MS, took);
	assert_int_equal(resource->visited, 1);
	assert_int_equal(resource->unserved, 0);
	/* Asked, and back without a turn there: asked again. */
	rsc_resource_asked(&claim, 4);
	rsc_resource_asked(&claim, 6);
	rsc_resource_visit(&claim);
	assert_int_equal(resource->visited, 2);
	assert_int_equal(resource->unserved, 1);
	assert_int_equal(uses->cell[4 * RSC_USES_COLUMNS + COLUMN_USE], 0);
	assert_true(uses->cell[6 * RSC_USES_COLUMNS + COLUMN_USE] > 0);
}

static void a_killed_owner_leaves_no_lock(void **state)
{
	pid_t owner = owner_at_work(0);

	(void)state;
	kill(owner, SIGKILL);
	end_of(owner);
	rsc_resource_use(&claim, 0);
	assert_int_equal(resource->locked, 1);
	rsc_resource_hold(resource, 0, 1);
	assert_int_equal(resource->holds, 2);
}

static char text[512];

static int keep(void *to, const char *data, size_t length)
{
	(void)to;
	assert_true(length < sizeof(text));
	memcpy(text, data, length);
	text[length] = '\0';
	return 0;
}

static void uses_are_written_out(void **state)
{
	(void)state;
	rsc_uses_turn(uses, 1, RSC_WAY_LOCK, 70);
	rsc_uses_turn(uses, 1, RSC_WAY_CHANGE, 5); /* the first turn says the way */
	rsc_uses_turn(uses, 7, RSC_WAY_CHANGE, 9);
	note_use(&claim, 7, 0, 1234);
	/* Beyond the room: left out, nothing is overwritten. */
	rsc_uses_turn(uses, 8, RSC_WAY_LOCK, 1);
	note_use(&claim, 8, 1, 1);
	assert_int_equal(rsc_uses_csv(uses, keep, NULL), 0);
	assert_string_equal(text, "sequence,way,own_ns,wait_ns,use_ns\n"
				  "1,0,75,0,0\n"
				  "7,1,9,0,1234\n");
	assert_null(rsc_uses_take(&arena, 1 << 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_owner_changes_the_way, fresh),
		cmocka_unit_test_setup(one_way_alone_is_for_good, fresh),
		cmocka_unit_test_setup(a_locked_use_waits_for_the_owner, fresh),
		cmocka_unit_test_setup(the_first_turn_of_change_holds_the_lock, fresh),
		cmocka_unit_test_setup(two_at_once_are_counted, fresh),
		cmocka_unit_test_setup(a_visit_is_timed_from_its_request, fresh),
		cmocka_unit_test_setup(a_killed_owner_leaves_no_lock, fresh),
		cmocka_unit_test_setup(uses_are_written_out, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
