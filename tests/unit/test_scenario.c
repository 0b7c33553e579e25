// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scenarios: the sentences about mistakes (golden/NN-name.yaml with its
 * .expected; RS_GOLDEN_UPDATE=1 writes these anew, to be read before they
 * are committed), defaults, the round trip, and hostile files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/manpage.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/policy.h"
#include "host/prng.h"
#include "host/suggest.h"

#define GOLDEN_MIN 40 /* fewer means that the folder was not found whole */

static char default_path[PATH_MAX]; /* of scenarios/boot-interference.yaml */

static char *read_file(const char *path)
{
	cleanup_file FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!f)
		return NULL;
	if (getdelim(&text, &size, 0, f) < 0) {
		free(text);
		return strdup("");
	}
	return text;
}

static void write_file(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

/* A scenario from text, through a file of its own. */
static struct scenario *load_text(const char *text, size_t size, struct rs_error **err)
{
	char path[] = "/tmp/ringsched-test-XXXXXX.yaml";
	struct scenario *s;
	int fd = mkstemps(path, 5);

	assert_true(fd >= 0);
	close(fd);
	write_file(path, text, size);
	s = scenario_load(path, err);
	unlink(path);
	return s;
}

static char *written(const struct scenario *s, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);

	assert_non_null(f);
	assert_int_equal(scenario_write(s, f, NULL), 0);
	fclose(f);
	return text;
}

static int is_yaml(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".yaml");
}

/* The list of all policies is the table's business, not each mistake's: where
 * it stands in full, the files say so. */
static void hide_policies(char *text)
{
	static const char word[] = "@POLICIES@";
	char list[512] = "", *at;

	for (size_t i = 0; policies[i]; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "",
			 policies[i]->name);
	while ((at = strstr(text, list))) {
		memmove(at + strlen(word), at + strlen(list), strlen(at + strlen(list)) + 1);
		memcpy(at, word, strlen(word));
	}
}

static bool golden_one(const char *name)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_free char *expected = NULL, *got = NULL;
	char expected_path[PATH_MAX];

	snprintf(expected_path, sizeof(expected_path), "%.*s.expected", (int)strlen(name) - 5,
		 name);
	if (scenario_load(name, &err)) {
		print_error("%s: no mistake was found\n", name);
		return false;
	}
	assert_non_null(err);
	assert_true(asprintf(&got, "%s\n", err->message) > 0);
	hide_policies(got);
	if (getenv("RS_GOLDEN_UPDATE"))
		write_file(expected_path, got, strlen(got));
	expected = read_file(expected_path);
	if (expected && !strcmp(expected, got))
		return true;
	print_error("%s differs\n--- expected\n%s--- got\n%s", name,
		    expected ? expected : "(no file)\n", got);
	return false;
}

static void test_golden(void **state)
{
	struct dirent **entries;
	int count = scandir(".", &entries, is_yaml, alphasort), wrong = 0, i;

	(void)state;
	assert_true(count >= GOLDEN_MIN);
	for (i = 0; i < count; i++) {
		wrong += !golden_one(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	assert_int_equal(wrong, 0);
}

static void test_default_scenario(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_scenario struct scenario *s = scenario_load(default_path, &err);

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->name, "boot-interference");
	assert_string_equal(s->question, "Does a neighbour's boot disturb a control VM on the "
					 "same core, and do rings stop it?");
	assert_int_equal(s->shared_core_count, 1);
	assert_int_equal(s->shared_cores[0], 1);
	assert_int_equal(s->policy_count, 4);
	assert_string_equal(s->policies[3], "ring_boot");
	assert_int_equal(s->boots, 0);
	assert_true(s->solo_s == 7 && s->shared_s == 6.5 && s->boot_timeout_s == 180);
	assert_int_equal(s->vm_count, 2);
	assert_int_equal(s->vms[0].role, VM_ROLE_CONTROL);
	assert_int_equal(s->vms[0].kernel, VM_KERNEL_RT);
	assert_int_equal(s->vms[0].memory_mib, 256);
	assert_int_equal(s->vms[0].rings[0].deadline_us, 20000);
	assert_int_equal(s->vms[0].rings[0].work_us[3], 2000);
	assert_int_equal(s->vms[0].rings[0].vcpu, -1);
	assert_int_equal(s->vms[1].kernel, VM_KERNEL_STANDARD);
	assert_true(s->vms[0].image == VM_IMAGE_SMALL && s->vms[1].image == VM_IMAGE_DEBIAN);
	assert_true(!scenario_has_disk(&s->vms[0]) && scenario_has_disk(&s->vms[1]));
	assert_int_equal(s->vms[1].read_bytes_sec, 200 << 20);
	assert_int_equal(s->vms[1].memory_limit_mib, 1536);
	assert_null(s->vms[1].load.fio);
	assert_true(s->limits.interference_max == 1.1 && s->limits.missed_max == 0);
	assert_true(s->limits.handling_p99_us_max == 100);
}

/* Each of the project's own asks something, and is the same after it was
 * written out. */
static void test_own_scenarios(void **state)
{
	char copy[PATH_MAX], path[PATH_MAX + 300];
	struct dirent **entries;
	const char *dir;
	int count, i;

	(void)state;
	strcpy(copy, default_path);
	dir = dirname(copy);
	count = scandir(dir, &entries, is_yaml, alphasort);
	assert_true(count >= 2);
	for (i = 0; i < count; i++) {
		cleanup_error struct rs_error *err = NULL;
		cleanup_scenario struct scenario *s = NULL, *again = NULL;
		cleanup_free char *first = NULL, *second = NULL;
		size_t size;

		snprintf(path, sizeof(path), "%s/%.255s", dir, entries[i]->d_name);
		free(entries[i]);
		s = scenario_load(path, &err);
		if (!s)
			fail_msg("%s", err->message);
		if (!strchr(s->question, '?'))
			fail_msg("%s: its first comment asks nothing", path);
		first = written(s, &size);
		again = load_text(first, size, &err);
		if (!again)
			fail_msg("%s: %s", path, err->message);
		second = written(again, &size);
		assert_string_equal(first, second);
	}
	free(entries);
}

static const char full[] =
	"# SPDX-License-Identifier: GPL-2.0-or-later\n"
	"#\n"
	"# Is every key read and written? \xc3\xa4\n"
	"cores: {shared: [2, 3], housekeeping: [0, 1]}\n"
	"policies: [ring, none]\n"
	"boots: 7\n"
	"phases: {warmup: 250ms, solo: 1.5s, shared: 0.1s, boot: together,\n"
	"  boot_timeout: 90s}\n"
	"limits: {interference: 1.0625, missed: 3, handling_p99: 62.5us}\n"
	"vms:\n"
	"- name: c-1\n"
	"  role: control\n"
	"  kernel: standard\n"
	"  vcpus: 2\n"
	"  memory: 0.5GiB\n"
	"  cpu_quota: 50ms\n"
	"  cpu_period: 200ms\n"
	"  rt_budget_permille: 450\n"
	"  longest_boost: 250ms\n"
	"  notify_rate: 12345\n"
	"  cyclictest: \"-m -p 90 \\\"x\\\\y\\\"\"\n"
	"  rings:\n"
	"  - {id: 0, priority: 9, period: 1.001ms, deadline: 2ms, offset: 1s, processes: 3,\n"
	"     work: [1us, 2us, 30us], vcpu: 1, share: true}\n"
	"- name: n\n"
	"  role: neighbour\n"
	"  kernel: rt\n"
	"  image: small\n"
	"  write_bandwidth: 100.5KiB\n"
	"  read_iops: 100\n"
	"  write_iops: 90\n"
	"  load: {stress_ng: --cpu 1, fio: '--rw=randread # \xc3\xa4'}\n";

static void test_round_trip(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_scenario struct scenario *s = load_text(full, strlen(full), &err);
	cleanup_scenario struct scenario *again = NULL;
	cleanup_free char *first = NULL, *second = NULL;
	size_t size;

	(void)state;
	if (!s)
		fail_msg("%s", err->message);
	first = written(s, &size);
	again = load_text(first, size, &err);
	if (!again)
		fail_msg("%s\n%s", err->message, first);
	second = written(again, &size);
	assert_string_equal(first, second);
	assert_string_equal(again->question, "Is every key read and written? \xc3\xa4");
	assert_string_equal(again->verdict_policy, "none");
	assert_true(again->warmup_s == 0.25 && again->solo_s == 1.5 && again->shared_s == 0.1);
	assert_true(again->limits.interference_max == 1.0625);
	assert_true(again->limits.handling_p99_us_max == 62.5);
	assert_int_equal(again->boots, 7);
	assert_int_equal(again->vms[0].memory_mib, 512);
	assert_int_equal(again->vms[0].kernel, VM_KERNEL_STANDARD);
	assert_int_equal(again->vms[0].cpu_quota_us, 50000);
	assert_int_equal(again->vms[1].read_iops_sec, 100);
	assert_string_equal(again->vms[0].cyclictest, "-m -p 90 \"x\\y\"");
	assert_memory_equal(again->vms[0].rings, s->vms[0].rings, sizeof(s->vms[0].rings));
	assert_int_equal(again->vms[0].rings[0].period_us, 1001);
	assert_int_equal(again->vms[0].rings[0].work_us[2], 30);
	assert_true(again->vms[0].rings[0].share);
	assert_int_equal(again->vms[1].kernel, VM_KERNEL_RT);
	assert_int_equal(again->vms[1].image, VM_IMAGE_SMALL);
	assert_int_equal(again->boot_order, BOOT_TOGETHER);
	assert_int_equal(again->vms[1].write_bytes_sec, 102912);
	assert_string_equal(again->vms[1].load.fio, "--rw=randread # \xc3\xa4");
}

/* What ringsched-scenario(5) shows. */
static void test_example_of_the_manual(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_scenario struct scenario *s =
		load_text(manpage_scenario_example, strlen(manpage_scenario_example), &err);

	(void)state;
	if (!s)
		fail_msg("%s", err->message);
	assert_non_null(strchr(s->question, '?'));
	assert_int_equal(s->vm_count, 2);
	assert_true(scenario_has_limits(s));
}

/* No neighbour: nothing boots, and that too survives being written. */
static void test_control_alone(void **state)
{
	static const char text[] = "cores: {shared: [1], housekeeping: [0]}\npolicies: [ring]\n"
				   "vms: [{name: a, role: control, rings: [{id: 1, priority: 1, "
				   "period: 1ms, work: 10us}]}]\n";
	cleanup_error struct rs_error *err = NULL;
	cleanup_scenario struct scenario *s = load_text(text, strlen(text), &err);
	cleanup_scenario struct scenario *again = NULL;
	cleanup_free char *first = NULL;
	size_t size;

	(void)state;
	assert_non_null(s);
	assert_true(s->boot_timeout_s == 0 && s->shared_s == 0);
	assert_true(isnan(s->limits.missed_max) && isnan(s->limits.interference_max));
	assert_string_equal(s->question, "");
	first = written(s, &size);
	again = load_text(first, size, &err);
	assert_non_null(again);
	assert_true(isnan(again->limits.handling_p99_us_max));
}

static void expect_refused(const char *text, size_t size, const char *because)
{
	cleanup_error struct rs_error *err = NULL;
	cleanup_scenario struct scenario *s = load_text(text, size, &err);

	assert_null(s);
	assert_non_null(err);
	if (!strstr(err->message, because))
		fail_msg("'%s' is not in: %.300s", because, err->message);
}

/* `unit` over and over, up to just below `size` bytes. */
static void expect_repeated_refused(const char *unit, size_t size, const char *because)
{
	size_t length = strlen(unit), used = 0;
	cleanup_free char *text = malloc(size);

	assert_non_null(text);
	for (; used + length <= size; used += length)
		memcpy(text + used, unit, length);
	expect_refused(text, used, because);
}

static void test_hostile(void **state)
{
	cleanup_error struct rs_error *err = NULL;

	(void)state;
	expect_repeated_refused("[", 200000, "");
	expect_repeated_refused("- ", 200000, "");
	expect_repeated_refused("? ", 200000, "");
	expect_repeated_refused("{a: ", 200000, "");
	expect_repeated_refused("a: 1\n", 200000, "too many values");
	expect_repeated_refused("cores: 1\n", 9000, "more mistakes");
	expect_repeated_refused("# comment\n", 200000, "empty");
	expect_repeated_refused("x", 262144, "no scenario");
	expect_repeated_refused("x", 262145, "larger than");
	expect_repeated_refused("\xff", 100, "UTF-8");
	expect_repeated_refused("\xf4\x90\x80\x80", 100, "UTF-8"); /* past U+10FFFF */
	expect_repeated_refused("\xed\xa0\x80", 99, "UTF-8"); /* a surrogate */
	expect_refused("\xc3", 1, "UTF-8");
	expect_refused("a\0b", 3, "0x00");
	expect_refused("\xff\xfe"
		       "a\0",
		       4, "UTF-8"); /* UTF-16 */
	assert_null(scenario_load("/tmp", &err));
	assert_non_null(strstr(err->message, "not a regular file"));
	rs_error_free(&err);
	assert_null(scenario_load("/nonexistent/x.yaml", &err));
	assert_int_equal(err->code, ENOENT);
	rs_error_free(&err);
	assert_null(scenario_load("/nonexistent/x.yaml", NULL));
}

/*
 * Whatever is done to a right file, loading it ends with a scenario that
 * survives its round trip, or with an error. Repeatable: the seed is fixed.
 */
static void test_mutations(void **state)
{
	static const char bytes[] = "[]{}:,-#&*!|>'\"%@`?\\ \t\n\r\xc3\xa4\x01"
				    "0a~.";
	struct prng prng = { 20240229 };
	size_t size, round, i, accepted = 0;
	char text[sizeof(full)];

	(void)state;
	for (round = 0; round < 2000; round++) {
		cleanup_error struct rs_error *err = NULL;
		cleanup_scenario struct scenario *s = NULL, *again = NULL;
		cleanup_free char *first = NULL;

		memcpy(text, full, sizeof(full));
		for (i = 0; i <= round % 4; i++)
			text[prng_below(&prng, sizeof(full) - 1)] =
				bytes[prng_below(&prng, sizeof(bytes) - 1)];
		size = round % 8 ? sizeof(full) - 1 : prng_below(&prng, sizeof(full));
		s = load_text(text, size, &err);
		assert_true(!s == !!err);
		if (!s)
			continue;
		accepted++;
		first = written(s, &size);
		again = load_text(first, size, &err);
		if (!again)
			fail_msg("%s\n%s\n%.*s", err->message, first, (int)sizeof(text), text);
	}
	assert_in_range(accepted, 20, 1900);
}

static void test_suggest(void **state)
{
	struct suggestion s = { .word = "perod" };

	(void)state;
	assert_int_equal(edit_distance("", ""), 0);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("preiod", "period"), 1);
	assert_int_equal(edit_distance("abc", ""), 3);
	suggest_offer(&s, "cores");
	assert_null(s.best);
	suggest_offer(&s, "period");
	assert_string_equal(s.best, "period");
	suggest_offer(&s, "method");
	assert_string_equal(s.best, "period");
}

/* __FILE__ is as the compiler was given it: from the top of the tree. */
static int enter_golden(void **state)
{
	char here[PATH_MAX] = __FILE__, path[PATH_MAX];
	const char *dir = dirname(here);

	(void)state;
	snprintf(path, sizeof(path), "%.2000s/../../scenarios/boot-interference.yaml", dir);
	if (!realpath(path, default_path)) {
		print_error("%s is not here: run the test from the top of the tree\n", path);
		return -1;
	}
	snprintf(path, sizeof(path), "%.2000s/golden", dir);
	return chdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_default_scenario),
		cmocka_unit_test(test_own_scenarios),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_example_of_the_manual),
		cmocka_unit_test(test_control_alone),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_suggest),
	};

	return cmocka_run_group_tests_name("scenario", tests, enter_golden, NULL);
}
