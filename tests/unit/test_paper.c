// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of the paper's claims, what its rows come to for numbers that are
 * known, and the page (golden/paper.md; RS_GOLDEN_UPDATE=1 writes it again).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/jsonread.h"
#include "harness/paper.h"
#include "host/cleanup.h"
#include "host/error.h"

#define BOUNDS 8 /* seven, one of them of two rows */

static char folder[64];

/* ---- the table ---- */

static void test_claims_are_all_there(void **state)
{
	unsigned int last = 0, musts = 0;

	(void)state;
	for (const struct paper_claim *c = paper_claims; c->title; c++) {
		assert_true(c->number == last || c->number == last + 1);
		last = c->number;
		assert_non_null(c->said);
		assert_non_null(c->here);
		assert_non_null(c->figures[0].file);
		for (const struct paper_row *r = c->rows; r->what; r++) {
			assert_true(r < c->rows + PAPER_ROWS_MAX - 1);
			assert_non_null(r->source);
			assert_non_null(r->value);
			/* A bar would end the cell of a table. */
			assert_null(strchr(r->what, '|'));
			assert_true(r->relation != PAPER_BETWEEN || r->high > r->bound);
			musts += r->must;
		}
	}
	assert_int_equal(last, 14);
	assert_int_equal(musts, BOUNDS);
}

/* What is measured is on the page, and what is on the page is measured. */
static void test_list_of_scenarios(void **state)
{
	static const char path[] = "scenarios/paper.list";
	cleanup_file FILE *list = fopen(path, "re");
	char line[256], name[64];
	unsigned int listed = 0, sources = 0;

	(void)state;
	assert_non_null(list);
	while (fgets(line, sizeof(line), list)) {
		bool found = false;

		if (line[0] == '#' || sscanf(line, "%63s", name) != 1)
			continue;
		listed++;
		for (unsigned int i = 0; paper_source(i); i++)
			found |= !strcmp(paper_source(i), name);
		if (!found)
			fail_msg("no claim reads %s of %s", name, path);
	}
	while (paper_source(sources))
		sources++;
	assert_int_equal(sources, listed);
}

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

/* ---- runs whose numbers are known ---- */

#define RUN(accel, policies)                                                                                \
	"{\"preset\":\"smoke\",\"accel\":\"" accel "\",\"accel_why\":\"asked for\","                        \
	"\"version\":\"1.0\",\"environment\":{\"cpu\":\"a processor\",\"cores\":2},\"policies\":{" policies \
	"}}"
#define POLICY(name, rest) \
	"\"" name "\":{\"boots\":6,\"boots_missing\":0,\"samples_lost\":0," rest "}"
#define MISSED(ring, phase, missed)                                                               \
	"\"rings\":{\"" ring "\":{\"phases\":{\"" phase "\":{\"periods\":1000,\"missed\":" missed \
	",\"missed_unstained\":" missed "}}}}"
#define BOOTING(interference, wait, boot_s, missed)                                              \
	"\"interference\":" interference ",\"kicks_per_period\":2,\"send_us\":21.5,"             \
	"\"handling_us\":{\"count\":4000,\"p99\":60},\"neighbour_boot_s\":[" boot_s "],"         \
	"\"phases\":{\"solo\":{\"cost\":{\"daemon_cpu_us_per_s\":900,\"reads_per_period\":0,"    \
	"\"guest_extra_us_per_period\":30,\"guest_overhead_us_per_period\":400}},"               \
	"\"boot\":{\"periods\":1000,\"missed_unstained\":" missed ","                            \
	"\"vcpu_wait_us_per_period\":" wait ",\"cost\":{\"notifications_per_period\":2,"         \
	"\"reads_per_period\":0,\"daemon_cpu_us_per_s\":950,\"priority_changes_per_s\":100,"     \
	"\"neighbour_cpu_share\":0.4,\"control_cpu_share\":0.35}}}," MISSED("control/1", "boot", \
									    missed)
#define RING_SIZE(at_16)                                                                   \
	"\"samples_rejected\":0,\"rings\":{\"control/1\":{\"notifications_per_period\":2," \
	"\"phases\":{\"solo\":{\"periods\":80,\"missed\":1,\"missed_unstained\":0}}},"     \
	"\"control/15\":{\"notifications_per_period\":" at_16 ",\"phases\":{\"solo\":"     \
	"{\"periods\":80,\"missed\":0,\"missed_unstained\":0}}}}"
#define POINT(vms, cost) "{\"vms\":" vms ",\"cost\":{\"median\":" cost "}}"

static const struct {
	const char *source, *file, *text;
} files[] = {
	{ "boot-interference", "summary.json",
	  RUN("tcg",
	      POLICY("none", BOOTING("3.7", "7000", "40,null,42", "500")) "," POLICY(
		      "ring",
		      BOOTING("1.15", "1200", "48,49",
			      "0")) "," POLICY("ring_boot",
					       BOOTING("1.02", "180", "48,50",
						       "0")) "," POLICY("dedicated",
									BOOTING("1.3", "180", "60",
										"3"))) },
	{ "ring-size", "summary.json",
	  RUN("tcg",
	      POLICY("ring", RING_SIZE("2.001")) "," POLICY("per_switch", RING_SIZE("17"))) },
	{ "ring-change", "summary.json",
	  RUN("tcg",
	      POLICY("ring", "\"ring_change\":{\"ratio\":0.08,\"lock\":{\"longest_blocking_us\":"
			     "40000,\"use_us\":{\"p50\":14000}},\"change\":{"
			     "\"longest_blocking_us\":3200,\"use_us\":{\"p50\":75000}}}")) },
	{ "rogue-guest", "summary.json",
	  RUN("tcg", POLICY("ring_boot", MISSED("control/1", "shared", "0"))) },
	{ "two-rings", "summary.json",
	  RUN("tcg", POLICY("ring", MISSED("higher/1", "solo", "0"))) },
	{ "background", "summary.json", "{ this is no JSON" },
	{ "scale", "scale.json",
	  "{\"version\":\"1.0\",\"series\":{\"ring\":{\"ratio_most_to_fewest\":{\"median\":0.9}},"
	  "\"rq_scan\":{\"ratio_most_to_fewest\":{\"median\":20},\"points\":[" POINT(
		  "1", "2000") "," POINT("4",
					 "5100") "," POINT("16",
							   "16900") "," POINT("64",
									      "65000") "]}}}" },
};

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/rs-paper.XXXXXX");
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_free char *dir = folder_path(folder, "%s", files[i].source);
		cleanup_free char *path = folder_path(dir, "%s", files[i].file);

		assert_int_equal(mkdir(dir, 0755), 0);
		assert_int_equal(folder_write(path, files[i].text, NULL), 0);
	}
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return folder_remove(folder, NULL);
}

static struct paper *open_folder(void)
{
	struct paper *p = paper_open(folder, NULL);

	assert_non_null(p);
	return p;
}

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

static const struct paper_claim *claim(unsigned int number, const char *part)
{
	for (const struct paper_claim *c = paper_claims; c->title; c++)
		if (c->number == number && !strcmp(c->part ? c->part : "", part))
			return c;
	fail();
	return NULL;
}

static void test_verdicts(void **state)
{
	struct paper *p = open_folder();

	(void)state;
	assert_int_equal(paper_judge(p, claim(1, "")), PAPER_FAILS); /* dedicated missed 3 */
	assert_int_equal(paper_judge(p, claim(3, "")), PAPER_HOLDS);
	assert_int_equal(paper_judge(p, claim(4, "")), PAPER_UNKNOWN);
	assert_int_equal(paper_judge(p, claim(6, "")), PAPER_HOLDS);
	assert_int_equal(paper_judge(p, claim(10, "")), PAPER_PARTLY); /* no lower ring */
	assert_int_equal(paper_judge(p, claim(11, "")), PAPER_UNKNOWN);
	assert_int_equal(paper_judge(p, claim(14, "a")), PAPER_NOT_HERE);
	/* Its budget holds; of I/O priority nothing is measured. */
	assert_int_equal(paper_judge_rows(p, claim(14, "b")), PAPER_HOLDS);
	assert_int_equal(paper_judge(p, claim(14, "b")), PAPER_PARTLY);
	paper_close(p);
}

/* ---- the page ---- */

static const char golden[] = "tests/unit/golden/paper.md"; /* from the top of the tree */

static void test_page(void **state)
{
	cleanup_free char *made = folder_path(folder, "paper.md");
	cleanup_file FILE *a = NULL, *b = NULL;
	char x[1024], y[1024];
	enum paper_state all;
	unsigned int line = 0;

	(void)state;
	assert_int_equal(paper_make(folder, &all, NULL), 0);
	assert_int_equal(all, PAPER_FAILS);
	if (getenv("RS_GOLDEN_UPDATE")) {
		assert_int_equal(folder_copy(made, golden, NULL), 0);
		return;
	}
	a = fopen(made, "re");
	b = fopen(golden, "re");
	assert_non_null(a);
	assert_non_null(b);
	while (line++, fgets(x, sizeof(x), a)) {
		assert_non_null(fgets(y, sizeof(y), b));
		if (strcmp(x, y))
			fail_msg("line %u is %snot %s", line, x, y);
	}
	assert_null(fgets(y, sizeof(y), b));
}

static void test_empty_folder(void **state)
{
	cleanup_free char *dir = folder_path(folder, "empty");
	cleanup_error struct rs_error *err = NULL;
	enum paper_state all;

	(void)state;
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(paper_make(dir, &all, NULL), 0);
	assert_int_equal(all, PAPER_PARTLY);
	assert_true(paper_make("/nonexistent", &all, &err) < 0);
	assert_non_null(err);
}

/* No page is left in a folder that was not meant. */
static void test_other_folder(void **state)
{
	cleanup_free char *dir = folder_path(folder, "other");
	cleanup_free char *file = folder_path(dir, "notes.txt");
	cleanup_free char *page = folder_path(dir, "paper.md");
	cleanup_error struct rs_error *err = NULL;
	enum paper_state all;

	(void)state;
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(folder_write(file, "mine", NULL), 0);
	assert_int_equal(paper_make(dir, &all, &err), -ENOENT);
	assert_non_null(strstr(err->message, "--sources"));
	assert_int_equal(access(page, F_OK), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims_are_all_there),
		cmocka_unit_test(test_list_of_scenarios),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_division_by_nothing),
		cmocka_unit_test(test_missed_deadlines),
		cmocka_unit_test(test_time_inside_a_guest),
		cmocka_unit_test(test_rising_line),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_empty_folder),
		cmocka_unit_test(test_other_folder),
	};

	return cmocka_run_group_tests_name("paper", tests, make_folder, remove_folder);
}
