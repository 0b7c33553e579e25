// SPDX-License-Identifier: GPL-2.0-or-later
/* What the rows of the paper's claims come to for numbers that are known. */
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>

#include "harness/jsonread.h"
#include "tests/unit/paper_world.h"

/* ---- paths ---- */

static void test_paths(void **state)
{
	cleanup_json struct json_object *json = json_tokener_parse(
		"{\"a\":{\"b\":2.5,\"none\":null,\"text\":\"x\",\"list\":[3,null,1,2]},"
		"\"rings\":{\"control/1\":{\"n\":1},\"control/2\":{\"n\":10},\"other/1\":{\"n\":100}},"
		"\"holes\":{\"x/1\":{\"n\":1},\"x/2\":{}},"
		"\"points\":[{\"n\":7},{\"n\":8},{\"n\":9}],\"empty\":[]}");

	(void)state;
	assert_true(paper_number(json, "a.b") == 2.5);
	assert_true(paper_number(json, "a.list") == 2); /* the median, null left out */
	assert_true(paper_number(json, "rings.control/*.n") == 11);
	assert_true(paper_number(json, "rings.*.n") == 111);
	assert_true(paper_number(json, "points.first.n") == 7);
	assert_true(paper_number(json, "points.last.n") == 9);
	assert_true(isnan(paper_number(json, "a.none")));
	assert_true(isnan(paper_number(json, "a.text")));
	assert_true(isnan(paper_number(json, "a.b.c")));
	assert_true(isnan(paper_number(json, "a")));
	assert_true(isnan(paper_number(json, "missing.b")));
	assert_true(isnan(paper_number(json, "rings.nobody/*.n")));
	assert_true(isnan(paper_number(json, "holes.*.n"))); /* a part is no sum */
	assert_true(isnan(paper_number(json, "points.second.n")));
	assert_true(isnan(paper_number(json, "empty.first.n")));
	assert_true(isnan(paper_number(json, "empty")));
	assert_true(isnan(paper_number(NULL, "a.b")));
	assert_true(isnan(paper_number(json, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a")));
}

/* ---- rows ---- */

static struct paper_reading read_row(const struct paper_row *row)
{
	struct paper *p = open_folder();
	struct paper_reading r;

	paper_read(p, row, &r);
	paper_close(p);
	return r;
}

#define assert_reading(row_, state_, text_)                \
	do {                                               \
		const struct paper_row _row = row_;        \
		struct paper_reading _r = read_row(&_row); \
		assert_int_equal(_r.state, state_);        \
		assert_string_equal(_r.measured, text_);   \
	} while (0)
#define ROW(...) ((struct paper_row){ .what = "w", __VA_ARGS__ })
#define BOOT .source = "boot-interference"

static void test_numbers(void **state)
{
	(void)state;
	assert_reading(ROW(BOOT, .value = "policies.none.interference", .relation = PAPER_AT_LEAST,
			   .bound = 2),
		       PAPER_HOLDS, "3.70; boots: 6");
	assert_reading(ROW(BOOT, .value = "policies.ring.interference", .relation = PAPER_AT_MOST,
			   .bound = 1.1),
		       PAPER_FAILS, "1.15; boots: 6");
	assert_reading(ROW(BOOT, .value = "policies.ring.neighbour_boot_s",
			   .over = "policies.none.neighbour_boot_s", .unit = " s"),
		       PAPER_NOT_JUDGED, "1.18 (48.5 s ÷ 41 s); boots: 6");
	assert_reading(ROW(BOOT, .value = "policies.ring.phases.boot.cost.control_cpu_share",
			   .scale = 100, .unit = " %", .relation = PAPER_BELOW, .bound = 35),
		       PAPER_FAILS, "35 %; boots: 6");
}

static void test_between(void **state)
{
	struct paper_row row = ROW(BOOT, .value = "policies.ring.kicks_per_period",
				   .relation = PAPER_BETWEEN, .bound = 1.9, .high = 2);

	(void)state;
	assert_int_equal(read_row(&row).state, PAPER_HOLDS);
	assert_string_equal(read_row(&row).bound, "1.9 to 2");
	row.high = 1.99;
	assert_int_equal(read_row(&row).state, PAPER_FAILS);
	row.bound = 2.01;
	row.high = 3;
	assert_int_equal(read_row(&row).state, PAPER_FAILS);
}

/* Each reason why there is no number is said. */
static void test_what_is_missing(void **state)
{
	(void)state;
	assert_reading(ROW(.source = "boot-storm", .value = "policies.ring.boots"), PAPER_UNKNOWN,
		       "not measured: `boot-storm` was not run");
	assert_reading(ROW(.source = "background", .value = "policies.ring.boots"), PAPER_UNKNOWN,
		       "not measured: `background/summary.json` cannot be read");
	assert_reading(ROW(BOOT, .value = "policies.rq_scan.interference",
			   .relation = PAPER_AT_MOST, .bound = 9),
		       PAPER_UNKNOWN,
		       "not measured: `boot-interference` was not run with policy `rq_scan`");
	assert_reading(ROW(BOOT, .value = "policies.ring.neighbour_boot_s",
			   .over = "policies.deadline.neighbour_boot_s"),
		       PAPER_UNKNOWN,
		       "not measured: `boot-interference` was not run with policy `deadline`");
	assert_reading(ROW(BOOT, .value = "policies.ring.handling_us.p999",
			   .relation = PAPER_AT_MOST, .bound = 100),
		       PAPER_UNKNOWN,
		       "not measured: no such number, or too few samples for it, in "
		       "`boot-interference`");
}

/* A file of its own for what a test changes; `json` is then put. */
static struct paper_reading read_changed(struct json_object *json, const struct paper_row *row)
{
	cleanup_free char *dir = folder_path(folder, "changed");
	cleanup_free char *path = folder_path(dir, "summary.json");
	struct paper_reading r;

	assert_int_equal(folder_make(dir, 0755, NULL), 0);
	assert_int_equal(json_write(json, path, NULL), 0);
	json_object_put(json);
	r = read_row(row);
	assert_int_equal(folder_remove(dir, NULL), 0);
	return r;
}

#define CHANGED .source = "changed"

static void test_division_by_nothing(void **state)
{
	const struct paper_row row = ROW(CHANGED, .value = "policies.a.x", .over = "policies.b.x",
					 .relation = PAPER_AT_MOST, .bound = 1);
	struct paper_reading r =
		read_changed(json_tokener_parse("{\"policies\":{\"a\":{\"boots\":1,\"x\":0},"
						"\"b\":{\"boots\":1,\"x\":0}}}"),
			     &row);

	(void)state;
	assert_int_equal(r.state, PAPER_UNKNOWN);
	r = read_changed(json_tokener_parse("{\"policies\":{\"a\":{\"boots\":1,\"x\":null},"
					    "\"b\":{\"boots\":1,\"x\":1}}}"),
			 &row);
	assert_int_equal(r.state, PAPER_UNKNOWN);
}

static struct json_object *missed_json(const char *ring, const char *lost, const char *missing)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"policies\":{\"p\":{\"boots\":2,\"boots_missing\":%s,\"samples_lost\":%s,"
		 "\"rings\":{\"c/1\":{\"phases\":{\"boot\":{%s}}}}}}}",
		 missing, lost, ring);
	return json_tokener_parse(text);
}

#define MISSED_ROW                                                                    \
	ROW(CHANGED, .kind = PAPER_MISSED, .value = "policies.p.rings.*.phases.boot", \
	    .relation = PAPER_AT_MOST, .bound = 0)

static void test_missed_deadlines(void **state)
{
	static const char none[] = "\"periods\":50,\"missed\":2,\"missed_unstained\":0";
	static const char one[] = "\"periods\":50,\"missed\":2,\"missed_unstained\":1";
	static const char nothing[] = "\"periods\":0,\"missed\":0,\"missed_unstained\":0";
	const struct paper_row row = MISSED_ROW;
	struct paper_reading r = read_changed(missed_json(none, "0", "0"), &row);

	(void)state;
	assert_int_equal(r.state, PAPER_HOLDS);
	assert_string_equal(r.measured, "0 of 50 periods (2 more in stained windows); boots: 2");
	assert_int_equal(read_changed(missed_json(one, "0", "0"), &row).state, PAPER_FAILS);
	/* Nothing ran, or nobody knows: that is no proof. */
	r = read_changed(missed_json(nothing, "0", "0"), &row);
	assert_int_equal(r.state, PAPER_UNKNOWN);
	assert_string_equal(r.measured, "no period ran");
	r = read_changed(missed_json(none, "3", "0"), &row);
	assert_int_equal(r.state, PAPER_UNKNOWN);
	assert_string_equal(r.measured, "periods were not sampled");
	/* Boots to come may miss one; what is missed stays missed. */
	assert_int_equal(read_changed(missed_json(none, "0", "4"), &row).state, PAPER_UNKNOWN);
	assert_int_equal(read_changed(missed_json(one, "0", "4"), &row).state, PAPER_FAILS);
}

static void test_time_inside_a_guest(void **state)
{
	const struct paper_row row = ROW(CHANGED, .value = "policies.p.send_us",
					 .relation = PAPER_AT_MOST, .bound = 10,
					 .guest_time = true);
	static const char text[] = "{\"accel\":\"%s\",\"policies\":{\"p\":{\"boots\":1,"
				   "\"send_us\":3}}}";
	char tcg[128], kvm[128];

	(void)state;
	snprintf(tcg, sizeof(tcg), text, "tcg");
	snprintf(kvm, sizeof(kvm), text, "kvm");
	assert_int_equal(read_changed(json_tokener_parse(tcg), &row).state, PAPER_NOT_HERE);
	assert_int_equal(read_changed(json_tokener_parse(kvm), &row).state, PAPER_HOLDS);
}

static struct json_object *series_json(const char *a, const char *b, const char *c)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"series\":{\"s\":{\"points\":[" POINT("1", "%s") "," POINT("2", "%s") "," POINT(
			 "3", "%s") "]}}}",
		 a, b, c);
	return json_tokener_parse(text);
}

static void test_rising_line(void **state)
{
	const struct paper_row row = ROW(CHANGED, .kind = PAPER_LINE, .value = "series.s",
					 .relation = PAPER_AT_LEAST, .bound = 0.9);
	struct paper_reading r = read_changed(series_json("10", "20", "30"), &row);

	(void)state;
	assert_int_equal(r.state, PAPER_HOLDS);
	assert_true(fabs(r.value - 1) < 1e-9);
	/* y = 10, 20, 21: slope 5.5, R² = 30.25 * 2 / 74 = 0.8176. */
	r = read_changed(series_json("10", "20", "21"), &row);
	assert_int_equal(r.state, PAPER_FAILS);
	assert_true(fabs(r.value - 60.5 / 74) < 1e-9);
	/* It falls; it is flat. */
	assert_true(read_changed(series_json("30", "20", "10"), &row).value == 0);
	assert_int_equal(read_changed(series_json("5", "5", "5"), &row).state, PAPER_UNKNOWN);
	assert_int_equal(read_changed(json_tokener_parse("{\"series\":{}}"), &row).state,
			 PAPER_UNKNOWN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_division_by_nothing),
		cmocka_unit_test(test_missed_deadlines),
		cmocka_unit_test(test_time_inside_a_guest),
		cmocka_unit_test(test_rising_line),
	};

	return cmocka_run_group_tests_name("paper_value", tests, make_folder, remove_folder);
}
