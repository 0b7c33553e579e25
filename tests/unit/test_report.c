// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the report writes, and what it reads of cell.json that nobody vouches for.
 *
 * `test_report DIR` makes a realistic run in DIR instead and reports it: to
 * look at the figures with nothing measured.
 */
#include "harness/report_internal.h"
#include "host/cleanup.h"
#include "host/prng.h"
#include "tests/unit/summary_world.h"

/* A file name of cell.json must not lead out of the cell's folder. */
static void test_hostile_file_name(void **state)
{
	cleanup_run struct run *run = NULL;
	struct synth s = known;
	char command[512];

	(void)state;
	s.boots = s.planned = 1;
	synth_run(&s, folder);
	snprintf(command, sizeof(command),
		 "sed -i 's|samples-control-1|../../x|' %s/cells/001-ring_boot-1/cell.json",
		 folder);
	assert_int_equal(system(command), 0);
	run = run_read(folder, NULL);
	assert_non_null(run);
	assert_int_equal(run->failure_count, 1);
	assert_non_null(strstr(run->failures[0].why, "plain file name"));
}

/* Names stand in scripts that gnuplot runs: one that ends a text there must not
 * get so far. */
static void test_hostile_names(void **state)
{
	static const char *const edits[] = {
		"s|\"policy\":\"ring_boot\"|\"policy\":\"x'; system('touch /tmp/x') #\"|",
		"s|\"vm\":\"control\",\"ring_id\"|\"vm\":\"`touch /tmp/x`\",\"ring_id\"|",
	};
	struct synth s = known;

	(void)state;
	s.boots = s.planned = 1;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		cleanup_run struct run *run = NULL;
		char path[128], command[512];

		synth_run(&s, folder);
		snprintf(path, sizeof(path), "%s/edit", folder);
		assert_int_equal(folder_write(path, edits[i], NULL), 0);
		snprintf(command, sizeof(command),
			 "sed -i -f %s %s/cells/001-ring_boot-1/cell.json", path, folder);
		assert_int_equal(system(command), 0);
		run = run_read(folder, NULL);
		assert_non_null(run);
		assert_int_equal(run->failure_count, 1);
		assert_non_null(strstr(run->failures[0].why, "no plain name"));
	}
}

/* The folder holds all that docs/run-folder.md says, pictures included. */
static void test_report_files(void **state)
{
	static const char *const names[] = { "response-time", "ccdf", "boots", "priority", "cost" };
	cleanup_error struct rs_error *err = NULL;
	struct report_verdict verdict;
	char name[64], *text;

	(void)state;
	synth_run(&known, folder);
	assert_int_equal(report_make(folder, &verdict, &err), 0);
	assert_int_equal(verdict.result, REPORT_PASS);
	assert_int_equal(report_exit_code(verdict.result), 0);
	assert_non_null(strstr(verdict.table, "ring_boot"));
	report_verdict_clear(&verdict);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "figures/%s.png", names[i]);
		assert_memory_equal(read_text(name), "\x89PNG", 4);
		snprintf(name, sizeof(name), "figures/%s.svg", names[i]);
		assert_non_null(strstr(read_text(name), "<svg"));
	}
	text = read_text("report.md");
	assert_non_null(strstr(text, "This is a demonstration"));
	assert_non_null(strstr(text, "](figures/priority.png)"));
	assert_non_null(strstr(text, "none in 2, so at most 77.6 %"));
	text = read_text("histograms.csv");
	assert_non_null(strstr(text, "policy,phase,metric,upper_us,count\n"));
	assert_non_null(strstr(text, "ring_boot,boot,response,"));
	assert_non_null(strstr(read_text("summary.json"), "\"schema\": 1"));
}

/* A VM's `io_boost`, as the daemon answered when it settled the VM. */
static const char settled[] =
	"\"settled\":{\"control\":{\"io_boost\":{\"wanted\":false,\"able\":false}},"
	"\"diskless\":{\"io_boost\":{\"wanted\":true,\"able\":false,\"device\":\"\","
	"\"scheduler\":\"\",\"why_not\":\"there is none\"}},"
	"\"heedless\":{\"io_boost\":{\"wanted\":true,\"able\":false,\"device\":\"vdb\","
	"\"scheduler\":\"none\",\"why_not\":\"it takes no notice\"}},"
	"\"heeding\":{\"io_boost\":{\"wanted\":true,\"able\":true,\"device\":\"vda\","
	"\"scheduler\":\"bfq\",\"why_not\":null}}},";

/* What has no effect on this machine, the reader of the report is told. */
static void test_io_boost_is_told(void **state)
{
	cleanup_run struct run *run = NULL;
	cleanup_summary struct summary *s = NULL;
	cleanup_free char *text = NULL;
	char command[1024];
	size_t size;
	FILE *to;

	(void)state;
	synth_run(&known, folder);
	snprintf(command, sizeof(command), "sed -i '1s/^{/{%s/' %s/cells/*/cell.json", settled,
		 folder);
	assert_int_equal(system(command), 0);
	s = read_summary(&run);
	to = open_memstream(&text, &size);
	assert_non_null(to);
	report_write_environment(s, to);
	fclose(to);
	assert_non_null(strstr(text, "| `io_boost` of VM diskless | no effect: there is none |\n"));
	assert_non_null(strstr(text, "| `io_boost` of VM heedless | no effect: it takes no notice; "
				     "device vdb |\n"));
	assert_non_null(
		strstr(text, "| `io_boost` of VM heeding | heeded by device vda (bfq) |\n"));
	assert_null(strstr(text, "of VM control"));
}

/* ---- a run as one would measure it, for the eye ---- */

static double noise(struct prng *p)
{
	return prng_unit(p) + prng_unit(p) + prng_unit(p) - 1.5;
}

static struct synth_period real_period(const char *policy, unsigned int boot, enum phase phase,
				       unsigned int i)
{
	static struct prng random = { 7 };
	double drift = 1 + 0.06 * sin((double)i / 170 + boot);
	struct synth_period p = { .wakeup_us = 450 + 200 * noise(&random) };
	double work = (8000 + 350 * noise(&random)) * drift;

	if (prng_unit(&random) < 0.01)
		work += 1500 * prng_unit(&random);
	if (phase == PHASE_BOOT && !strcmp(policy, "none")) {
		p.wakeup_us += 4000 * prng_unit(&random);
		work = work * (1.5 + prng_unit(&random)) + 1500;
		p.skip = i % 2 && prng_unit(&random) < 0.15;
		if (prng_unit(&random) < 0.01)
			work += 25000;
	}
	if (phase == PHASE_BOOT && !strcmp(policy, "ring") && prng_unit(&random) < 0.4)
		p.wakeup_us += 4000 * prng_unit(&random);
	p.response_us = p.wakeup_us + work;
	return p;
}

static uint64_t real_wait(const char *policy, enum phase phase)
{
	if (phase != PHASE_BOOT)
		return 9000000;
	if (!strcmp(policy, "none"))
		return 16500000000;
	return !strcmp(policy, "ring") ? 1900000000 : 110000000;
}

static int make_realistic(const char *dir)
{
	static char stalls[1024];
	const struct synth s = {
		.preset = "demo",
		.policies = four_policies,
		.boots = 3,
		.planned = 3,
		.periods = { 500, 2100, 400 },
		.period = real_period,
		.wait_ns = real_wait,
		.stalls = stalls,
		.speed = "[[2100000000000,1010],[2130000000000,430],[2130100000000,990]]",
	};
	struct report_verdict verdict;
	struct rs_error *err = NULL;
	size_t used = 0;

	for (unsigned int i = 1; i <= 12; i++) /* one early in each cell's boot phase */
		used += (size_t)snprintf(
			stalls + used, sizeof(stalls) - used, "%s[%ju,%u]", i > 1 ? "," : "[",
			(uintmax_t)(SYNTH_FIRST_NS + i * SYNTH_CELL_NS + (12 + i) * 1000000000ull),
			1500000 + i * 200000);
	snprintf(stalls + used, sizeof(stalls) - used, "]");
	synth_run(&s, dir);
	if (report_make(dir, &verdict, &err) < 0) {
		fprintf(stderr, "%s\n", err->message);
		rs_error_free(&err);
		return 1;
	}
	report_print(&verdict, stdout);
	report_verdict_clear(&verdict);
	return 0;
}

/* Each sentence says what to do; nothing is written. */
static void cannot_be_reported(const char *words)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_free char *page = folder_path(folder, "report.md");
	struct report_verdict verdict;

	assert_true(report_make(folder, &verdict, &err) < 0);
	if (!strstr(err->message, words))
		fail_msg("'%s' is not in: %s", words, err->message);
	assert_int_equal(access(page, F_OK), -1);
}

static void put(const char *name, const char *text)
{
	cleanup_free char *path = folder_path(folder, "%s", name);

	assert_int_equal(folder_write(path, text, NULL), 0);
}

static void test_what_is_no_run(void **state)
{
	(void)state;
	cannot_be_reported("is no run's folder (it has no run.json): give the one that");
	put("run.json", "");
	cannot_be_reported("it ends in the middle, after 0 bytes");
	put("run.json", "{ \"schema\": 1,");
	cannot_be_reported("it ends in the middle");
	put("run.db", "");
	cannot_be_reported("makes run.json again");
	put("run.json", "{ \"schema\": 9, \"version\": \"v9-later\" }");
	cannot_be_reported("with the version that wrote it (v9-later)");
	put("run.json", "{ \"schema\": 1 }");
	cannot_be_reported("scenario.yaml");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_hostile_file_name), IN_FOLDER(test_hostile_names),
		IN_FOLDER(test_report_files),	   IN_FOLDER(test_io_boost_is_told),
		IN_FOLDER(test_what_is_no_run),
	};

	if (argc > 1)
		return make_realistic(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
