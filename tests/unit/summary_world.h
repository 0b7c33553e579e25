/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run folder whose numbers are known, in a folder of each test's own: of
 * test_summary.c, test_verdict.c and test_report.c.
 */
#ifndef TESTS_SUMMARY_WORLD_H
#define TESTS_SUMMARY_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <json-c/json.h>
#include <math.h>

#include "harness/folder.h"
#include "harness/jsonread.h"
#include "harness/report.h"
#include "harness/summary.h"
#include "harness/verdict.h"
#include "host/error.h"
#include "tests/unit/synthetic_run.h"

static const char *const two_policies[] = { "none", "ring_boot", NULL };
static const char *const four_policies[] = { "none", "static", "ring", "ring_boot", NULL };

/* ---- runs with known numbers ---- */

/*
 * Solo: 400 periods with response 5001, 5002, … 5400 us, so the nearest-rank
 * p99 is number 396 of them: 5396 us; the median is number 200: 5200 us.
 * Boot: the same times 3 (none) or 1.05 (ring_boot), times boot / 2 + 0.5,
 * and with `none` period 10 misses (21 ms), 20 and 21 are skipped, and the
 * last turn of period 30 never ends.
 */
static inline struct synth_period known_period(const char *policy, unsigned int boot,
					       enum phase phase, unsigned int i)
{
	bool none = !strcmp(policy, "none");
	struct synth_period p = { .wakeup_us = 100 + i % 7, .response_us = 5001 + i };

	if (phase != PHASE_BOOT)
		return p;
	p.response_us *= (none ? 3 : 1.05) * (0.5 + 0.5 * boot) / 1.5;
	if (!none)
		return p;
	if (i == 10)
		p.response_us = 21000;
	if (i == 20 || i == 21)
		p.skip = true;
	if (i == 30)
		p.response_us = -1;
	return p;
}

/* In boot 2 s for `none`, 60 ms for the others, over 400 periods each. */
static inline uint64_t known_wait(const char *policy, enum phase phase)
{
	if (phase != PHASE_BOOT)
		return 4000000;
	return !strcmp(policy, "none") ? 2000000000 : 60000000;
}

static const struct synth known = {
	.preset = "demo",
	.policies = two_policies,
	.boots = 2,
	.planned = 2,
	.periods = { 400, 400, 100 },
	.period = known_period,
	.wait_ns = known_wait,
	.stalls = "[]",
	.speed = "[]",
};

static char folder[64];

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringsched-summary-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int drop_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct summary *read_summary(struct run **run)
{
	cleanup_error struct rs_error *err = NULL;
	struct summary *s;

	*run = run_read(folder, &err);
	if (!*run)
		fail_msg("%s", err->message);
	s = summary_make(*run, &err);
	if (!s)
		fail_msg("%s", err->message);
	return s;
}

/* A number at a path of keys, NaN where it is null or absent. */
static inline double at(struct json_object *json, const char *path)
{
	char copy[128], *key, *next;

	snprintf(copy, sizeof(copy), "%s", path);
	for (key = copy; (next = strchr(key, '.')); key = next + 1) {
		*next = '\0';
		json = json_dict(json, key);
	}
	return json_double(json, key);
}

static inline void assert_number(struct json_object *json, const char *path, double expected)
{
	double value = at(json, path);

	if (!(fabs(value - expected) <= 1e-6 * fmax(1, fabs(expected))))
		fail_msg("%s is %.9g, not %.9g", path, value, expected);
}

static inline void assert_json_null(struct json_object *json, const char *path)
{
	if (!isnan(at(json, path)))
		fail_msg("%s is %.9g, not null", path, at(json, path));
}

static inline char *read_text(const char *name)
{
	static char text[1 << 20];
	char path[256];
	size_t length;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is not there", path);
	length = fread(text, 1, sizeof(text) - 1, f);
	text[length] = '\0';
	fclose(f);
	return text;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

#endif
