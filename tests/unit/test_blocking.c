// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocking by a resource of two rings: the file it is read from, right and
 * otherwise, and the numbers of a run's folder in which they are known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <json-c/json.h>
#include <math.h>
#include <unistd.h>

#include "harness/jsonread.h"
#include "harness/summary.h"
#include "harness/uses.h"
#include "harness/verdict.h"
#include "host/error.h"
#include "tests/unit/synthetic_run.h"

#define HEADER "sequence,way,own_ns,wait_ns,use_ns\n"
#define HALF 200 /* periods of phase solo with a lock; then as many with changes */

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringsched-blocking-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct uses *load(const char *text, struct rs_error **err)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/uses.csv", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return uses_load(path, err);
}

static void a_right_file_is_read(void **state)
{
	struct uses *u = load(HEADER "3,0,1000,200,5000\n7,1,900,0,0\n", NULL);

	(void)state;
	assert_non_null(u);
	assert_int_equal(u->count, 2);
	assert_null(uses_find(u, 2));
	assert_null(uses_find(u, 5));
	assert_int_equal(uses_find(u, 3)->wait_ns, 200);
	assert_int_equal(uses_find(u, 3)->use_ns, 5000);
	assert_int_equal(uses_find(u, 7)->way, WAY_CHANGE);
	assert_int_equal(uses_find(u, 7)->own_ns, 900);
	uses_free(u);
	u = load(HEADER, NULL);
	assert_non_null(u);
	assert_null(uses_find(u, 0));
	uses_free(u);
}

static void wrong_files_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"sequence,way,own_ns,wait_ns\n",
		HEADER "1,0,1,1\n",
		HEADER "1,0,1,1,1,1\n",
		HEADER "1,2,1,1,1\n", /* no such way */
		HEADER "1,0,1,-1,1\n",
		HEADER "1,0,1,1,99999999999999999999\n",
		HEADER "2,0,1,1,1\n2,0,1,1,1\n", /* does not rise */
		HEADER "2,0,1,1,1\n1,0,1,1,1\n",
		HEADER "1,0,1,1,1", /* no end of line */
		HEADER "# lost 3\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cleanup_error struct rs_error *err = NULL;

		if (load(wrong[i], &err))
			fail_msg("accepted: %s", wrong[i]);
		assert_non_null(err);
	}
}

/*
 * Own work is 1 ms in each period. With a lock: response 5 ms, period 50
 * 19 ms, so its blocking is 18 ms, and period 60 19.5 ms. With changes: 2 ms,
 * and 4.6 ms in period 300.
 */
static struct synth_period known_period(const char *policy, unsigned int boot, enum phase phase,
					unsigned int i)
{
	struct synth_period p = { .wakeup_us = 100, .response_us = i < HALF ? 5000 : 2000 };

	(void)policy;
	(void)boot;
	if (phase != PHASE_SOLO)
		p.response_us = 19900; /* does not count */
	else if (i == 50)
		p.response_us = 19000;
	else if (i == 60)
		p.response_us = 19500;
	else if (i == 300)
		p.response_us = 4600;
	return p;
}

/* Period 101 is skipped: it is there when 102 has ended, 25 ms after its release. */
static struct synth_period skipping_period(const char *policy, unsigned int boot, enum phase phase,
					   unsigned int i)
{
	struct synth_period p = known_period(policy, boot, phase, i);

	p.skip = phase == PHASE_SOLO && i == 101;
	return p;
}

static uint64_t no_wait(const char *policy, enum phase phase)
{
	(void)policy;
	(void)phase;
	return 0;
}

static const char *const ring_only[] = { "ring", NULL };

static const struct synth known = {
	.preset = "demo",
	.policies = ring_only,
	.boots = 1,
	.planned = 1,
	.periods = { 2 * HALF, 50, 50 },
	.period = known_period,
	.wait_ns = no_wait,
	.stalls = "[]",
	.speed = "[]",
};

/* Every second period uses it; with a lock it waits for 9 ms of 10. */
static void write_uses(const char *cell, bool waits)
{
	char path[256];
	gzFile f;

	snprintf(path, sizeof(path), "%s/uses-control-1.csv.gz", cell);
	f = gzopen(path, "wb");
	gzputs(f, HEADER);
	for (unsigned int i = 0; i < SYNTH_WARMUP + 2 * HALF + 100; i++) {
		bool lock = i < SYNTH_WARMUP + HALF;

		if (i % 2)
			gzprintf(f, "%u,%d,1000000,0,0\n", i, !lock);
		else
			gzprintf(f, "%u,%d,1000000,%u,%u\n", i, !lock, lock && waits ? 9000000 : 0,
				 lock ? 10000000 : 70000000);
	}
	gzclose(f);
}

/* The ring of the control VM gets what the synthetic run does not know of. */
static void add_uses(bool waits)
{
	cleanup_json struct json_object *cell = NULL;
	char dir[160], path[256];

	snprintf(dir, sizeof(dir), "%s/cells/001-ring-1", folder);
	snprintf(path, sizeof(path), "%s/cell.json", dir);
	write_uses(dir, waits);
	cell = json_read(path, NULL);
	assert_non_null(cell);
	json_object_object_add(json_row(json_array(cell, "rings"), 0), "uses",
			       json_object_new_string("uses-control-1.csv.gz"));
	assert_int_equal(json_write(cell, path, NULL), 0);
}

static void write_scenario(void)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/scenario.yaml", folder);
	f = fopen(path, "w");
	fputs("# Is the inversion gone?\n"
	      "cores:\n  shared: [1]\n  housekeeping: [0]\npolicies: [ring]\n"
	      "vms:\n  - name: control\n    role: control\n    rings:\n"
	      "      - {id: 1, priority: 80, period: 20ms, processes: 4, work: 1ms}\n"
	      "      - {id: 2, priority: 40, period: 20ms, work: 1ms}\n"
	      "    resource: {ring: 2, user: 1, use: 1ms, every: 2}\n"
	      "limits:\n  blocking_ratio: 0.5\n",
	      f);
	fclose(f);
}

static struct summary *summarise(const struct synth *synth, bool waits, struct run **run)
{
	cleanup_error struct rs_error *err = NULL;
	struct summary *s;

	synth_run(synth, folder);
	write_scenario();
	add_uses(waits);
	*run = run_read(folder, &err);
	if (!*run)
		fail_msg("%s", err->message);
	s = summary_make(*run, &err);
	if (!s)
		fail_msg("%s", err->message);
	return s;
}

static void assert_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-3))
		fail_msg("%.6f is not %.6f", value, expected);
}

static void known_numbers(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = summarise(&known, true, &run);
	const struct ring_change *r = &s->policies[0].boots[0].ring_change;
	const struct blocking *lock = &r->ways[WAY_LOCK], *change = &r->ways[WAY_CHANGE];
	struct verdict v;

	(void)state;
	assert_true(r->present);
	assert_int_equal(lock->periods, HALF);
	assert_int_equal(change->periods, HALF);
	assert_int_equal(lock->uses, HALF / 2);
	assert_int_equal(lock->waits, HALF / 2);
	assert_int_equal(change->uses, HALF / 2);
	assert_int_equal(change->waits, 0);
	assert_near(lock->longest_us, 18500);
	assert_near(lock->longest_any_us, 18500);
	assert_near(lock->longest_begun_us, 18400);
	assert_near(lock->longest_wait_us, 9000);
	assert_near(change->longest_us, 3600);
	assert_near(change->longest_wait_us, 0);
	assert_near(r->ratio, 3600.0 / 18500);
	assert_near(s->policies[0].blocking_ratio, 3600.0 / 18500);
	verdict_make(&v, s);
	assert_int_equal(v.limit_count, 1);
	assert_int_equal(v.limits[0].state, STATE_HOLDS);
}

/* A stall in period 60: it does not decide, and is not forgotten. */
static void stained_periods_do_not_decide(void **state)
{
	uint64_t release = SYNTH_FIRST_NS + SYNTH_CELL_NS + SYNTH_PERIOD_NS / 2;
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	const struct blocking *lock;
	struct synth synth = known;
	char stalls[64];

	(void)state;
	snprintf(stalls, sizeof(stalls), "[[%ju,2000000]]",
		 (uintmax_t)(release + 60 * SYNTH_PERIOD_NS + 5000000));
	synth.stalls = stalls;
	s = summarise(&synth, true, &run);
	lock = &s->policies[0].boots[0].ring_change.ways[WAY_LOCK];
	assert_near(lock->longest_us, 18000);
	assert_near(lock->longest_any_us, 18500);
	assert_int_equal(lock->blocked.count, HALF);
}

static void a_skipped_period_was_blocked(void **state)
{
	struct synth synth = known;
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	const struct blocking *lock;

	(void)state;
	synth.period = skipping_period;
	s = summarise(&synth, true, &run);
	lock = &s->policies[0].boots[0].ring_change.ways[WAY_LOCK];
	assert_int_equal(lock->periods, HALF);
	assert_near(lock->longest_us, 25000 - 1000);
	assert_near(lock->longest_begun_us, 25000 - 1000);
}

/* No wait for the lock: no inversion was there, so nothing was shown. */
static void without_inversion_nothing_is_judged(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = summarise(&known, false, &run);
	cleanup_json struct json_object *json = NULL;
	struct verdict v;

	(void)state;
	assert_true(isnan(s->policies[0].blocking_ratio));
	verdict_make(&v, s);
	assert_int_equal(v.limits[0].state, STATE_UNKNOWN);
	assert_int_equal(v.result, REPORT_UNDECIDED);
	json = policy_change_json(&s->policies[0]);
	assert_true(isnan(json_double(json, "ratio")));
	assert_near(json_double(json_dict(json, "lock"), "longest_blocking_us"), 18500);
}

static void a_worse_ratio_misses_the_limit(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	struct verdict v;

	(void)state;
	s = summarise(&known, true, &run);
	run->scenario->limits.blocking_ratio_max = 0.19;
	verdict_make(&v, s);
	assert_int_equal(v.limits[0].state, STATE_FAILS);
	assert_int_equal(v.result, REPORT_MISSED);
}

/* Other runs have no such object, and no error. */
static void without_a_resource_there_is_nothing(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;

	(void)state;
	synth_run(&known, folder);
	write_scenario();
	run = run_read(folder, NULL);
	assert_non_null(run);
	s = summary_make(run, NULL);
	assert_non_null(s);
	assert_false(s->policies[0].boots[0].ring_change.present);
	assert_null(policy_change_json(&s->policies[0]));
	assert_null(boot_change_json(&s->policies[0].boots[0]));
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_right_file_is_read),
		WITH_FOLDER(wrong_files_are_refused),
		WITH_FOLDER(known_numbers),
		WITH_FOLDER(stained_periods_do_not_decide),
		WITH_FOLDER(a_skipped_period_was_blocked),
		WITH_FOLDER(without_inversion_nothing_is_judged),
		WITH_FOLDER(a_worse_ratio_misses_the_limit),
		WITH_FOLDER(without_a_resource_there_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
