// SPDX-License-Identifier: GPL-2.0-or-later
/* The reserved memory of a ring's samples and the CSV made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest/control/csv.c"
#include "guest/control/sample.c"

#define ARENA_SIZE 65536u

struct text {
	char data[32768];
	size_t length;
	int fail_after; /* calls until the sink fails; 0 = never */
};

static int append(void *to, const char *data, size_t length)
{
	struct text *text = to;

	if (text->fail_after && !--text->fail_after)
		return -EPIPE;
	assert_true(text->length + length < sizeof(text->data));
	memcpy(text->data + text->length, data, length);
	text->length += length;
	text->data[text->length] = '\0';
	return 0;
}

static struct rsc_arena arena;

static int set_up(void **state)
{
	(void)state;
	return rsc_arena_open(&arena, ARENA_SIZE);
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(arena.base, arena.size);
}

static void turn(struct rsc_log *log, uint32_t column, uint64_t sequence, uint64_t start,
		 uint64_t end)
{
	struct rs_turn t = { .sequence = sequence, .release_ns = 1000 * (sequence + 1) };

	rsc_log_begin(log, column, &t, start);
	if (end)
		rsc_log_end(log, column, sequence, end);
}

static void check_csv(const struct rsc_log *log, const struct rsc_log_notes *notes,
		      const char *expected)
{
	static struct text text;

	text = (struct text){ 0 };
	assert_int_equal(rsc_log_csv(log, notes, append, &text), 0);
	assert_string_equal(text.data, expected);
}

static void csv_is_as_the_contract_says(void **state)
{
	struct rsc_log *log = rsc_log_take(&arena, 2, 8, 500);

	(void)state;
	turn(log, 0, 0, 1010, 1100);
	turn(log, 1, 0, 1110, 1300);
	/* Period 1 was skipped; in period 2 the second process had no turn. */
	turn(log, 0, 2, 3005, 3050);
	check_csv(log, &(struct rsc_log_notes){ 0 },
		  "sequence,release_ns,flags,start0_ns,end0_ns,start1_ns,end1_ns\n"
		  "0,1000,0,1010,1100,1110,1300\n"
		  "2,3000,0,3005,3050,0,0\n");
}

static void an_interrupts_time_is_a_column(void **state)
{
	struct rsc_log *log = rsc_log_take(&arena, 2, 8, 500);
	struct rs_turn t = { .sequence = 3, .release_ns = 1000, .raised_ns = 77000 };

	(void)state;
	log->by_interrupt = true;
	rsc_log_begin(log, 0, &t, 1010);
	rsc_log_end(log, 0, 3, 1020);
	check_csv(log, &(struct rsc_log_notes){ 0 },
		  "sequence,release_ns,flags,raised_ns,start0_ns,end0_ns,start1_ns,end1_ns\n"
		  "3,1000,0,77000,1010,1020,0,0\n");
}

static void no_period_is_only_a_header(void **state)
{
	struct rsc_log *log = rsc_log_take(&arena, 1, 4, 500);

	(void)state;
	check_csv(log, &(struct rsc_log_notes){ 0 },
		  "sequence,release_ns,flags,start0_ns,end0_ns\n");
}

static void cut_off_turns_are_flagged(void **state)
{
	struct rsc_log *log = rsc_log_take(&arena, 2, 8, 500);

	(void)state;
	/* Longer than 500: cut off at 1510, where the next one begins. */
	turn(log, 0, 0, 1010, 1900);
	turn(log, 1, 0, 1520, 1600);
	/* The process was killed in its turn. */
	turn(log, 0, 1, 2010, 0);
	/* The second: given at the first one's end, not at the release. */
	turn(log, 0, 2, 3010, 3400);
	turn(log, 1, 2, 3410, 3899);
	turn(log, 0, 3, 4010, 4400);
	turn(log, 1, 3, 4410, 4900);
	/* The first never took its turn: the second had to wait for 500. */
	turn(log, 1, 4, 5510, 5600);
	/* The vCPU stood still: late, but not cut off. */
	turn(log, 0, 6, 7900, 8390);
	/* The first is dead, the second's turn is given at once. */
	turn(log, 1, 5, 6010, 6100);
	check_csv(log, &(struct rsc_log_notes){ 0 },
		  "sequence,release_ns,flags,start0_ns,end0_ns,start1_ns,end1_ns\n"
		  "0,1000,1,1010,1900,1520,1600\n"
		  "1,2000,1,2010,0,0,0\n"
		  "2,3000,0,3010,3400,3410,3899\n"
		  "3,4000,1,4010,4400,4410,4900\n"
		  "4,5000,1,0,0,5510,5600\n"
		  "5,6000,0,0,0,6010,6100\n"
		  "6,7000,0,7900,8390,0,0\n");
}

static void beyond_the_memory_is_lost_and_counted(void **state)
{
	struct rsc_log *log = rsc_log_take(&arena, 2, 2, 500);
	struct rs_turn far = { .sequence = UINT64_MAX, .release_ns = 1 };

	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		turn(log, 0, i, 1000 * (i + 1) + 10, 1000 * (i + 1) + 20);
		turn(log, 1, i, 1000 * (i + 1) + 30, 1000 * (i + 1) + 40);
	}
	assert_false(rsc_log_begin(log, 0, &far, 1));
	rsc_log_end(log, 0, UINT64_MAX, 1);
	/* A column that is not there is nobody's. */
	assert_false(rsc_log_begin(log, 2, &(struct rs_turn){ .release_ns = 1 }, 1));
	check_csv(log, &(struct rsc_log_notes){ .handover_errors = 3, .handover_gaps = 7 },
		  "sequence,release_ns,flags,start0_ns,end0_ns,start1_ns,end1_ns\n"
		  "0,1000,0,1010,1020,1030,1040\n"
		  "1,2000,0,2010,2020,2030,2040\n"
		  "# handover errors 3\n# lost 4\n");
}

static void a_visitor_gets_the_last_column(void **state)
{
	struct rsc_log *log = rsc_log_take(&arena, 1, 2, 500);

	(void)state;
	assert_int_equal(rsc_log_widen(&arena, log), 0);
	turn(log, 0, 0, 1010, 1100);
	turn(log, 1, 0, 1110, 1200);
	turn(log, 0, 1, 2010, 2100);
	check_csv(log, &(struct rsc_log_notes){ 0 },
		  "sequence,release_ns,flags,start0_ns,end0_ns,start1_ns,end1_ns\n"
		  "0,1000,0,1010,1100,1110,1200\n"
		  "1,2000,0,2010,2100,0,0\n");
	while (log->columns < RS_MEMBER_MAX)
		assert_int_equal(rsc_log_widen(&arena, log), 0);
	assert_int_equal(rsc_log_widen(&arena, log), -ENOSPC);
}

static void the_arena_has_an_end(void **state)
{
	size_t mark;

	(void)state;
	assert_null(rsc_log_take(&arena, 4, UINT64_MAX / 2, 1));
	rsc_arena_rewind(&arena, 0);
	assert_non_null(rsc_arena_take(&arena, 100));
	mark = arena.used;
	memset(rsc_arena_take(&arena, 200), 0xff, 200);
	rsc_arena_rewind(&arena, mark);
	/* What is taken again is zero again. */
	assert_int_equal(*(char *)rsc_arena_take(&arena, 1), 0);
	assert_null(rsc_arena_take(&arena, ARENA_SIZE));
	assert_non_null(rsc_arena_take(&arena, arena.size - arena.used));
	assert_null(rsc_arena_take(&arena, 1));
}

/* What a forked process writes is what the agent reads. */
static void other_processes_write_into_it(void **state)
{
	struct rsc_log *log = rsc_log_take(&arena, 1, 2, 500);
	int status;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		turn(log, 0, 1, 2010, 2020);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	check_csv(log, &(struct rsc_log_notes){ 0 },
		  "sequence,release_ns,flags,start0_ns,end0_ns\n1,2000,0,2010,2020\n");
}

static void a_failing_line_ends_the_csv(void **state)
{
	struct rsc_log *log = rsc_log_take(&arena, 2, 600, 500);
	static struct text text;

	(void)state;
	for (uint64_t i = 0; i < 600; i++)
		turn(log, 0, i, 1, 1000000000000000000ull);
	text = (struct text){ .fail_after = 1 };
	assert_int_equal(rsc_log_csv(log, &(struct rsc_log_notes){ 0 }, append, &text), -EPIPE);
	/* And without a failure it is longer than the writer's own buffer. */
	text = (struct text){ 0 };
	assert_int_equal(rsc_log_csv(log, &(struct rsc_log_notes){ 0 }, append, &text), 0);
	assert_true(text.length > 16384);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(csv_is_as_the_contract_says),	   T(no_period_is_only_a_header),
		T(an_interrupts_time_is_a_column), T(no_period_is_only_a_header),
		T(cut_off_turns_are_flagged),	   T(beyond_the_memory_is_lost_and_counted),
		T(a_visitor_gets_the_last_column), T(the_arena_has_an_end),
		T(other_processes_write_into_it),  T(a_failing_line_ends_the_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
