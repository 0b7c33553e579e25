// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs that are killed at random moments, and taken up again. RESUME_SEED=N
 * repeats the moments of an earlier time.
 */
#include <signal.h>

#include "host/prng.h"
#include "tests/resume/resume_world.h"

#define KILLS 20

static uint64_t kill_seed(void)
{
	const char *given = getenv("RESUME_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	print_message("RESUME_SEED=%ju\n", (uintmax_t)seed);
	return seed;
}

/* Length of an undisturbed run, in us. */
static uint64_t whole_run(const char *out, const char *seed)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	run_to_end(out, seed);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (uint64_t)((b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
}

static void each_boot_once(const char *out, unsigned int boots)
{
	cleanup_json struct json_object *s = read_file(out, "summary.json");

	json_object_object_foreach(json_dict(s, "policies"), name, policy) {
		struct json_object *rows = json_array(policy, "per_boot");

		(void)name;
		assert_int_equal(json_count(rows), boots);
		for (unsigned int i = 0; i < boots; i++)
			assert_int_equal((int)json_double(json_row(rows, i), "boot"), i + 1);
	}
}

/*
 * A kill falls anywhere in the time that is left, so that later ones come
 * closer together, and the first ones into the making of the folder as well.
 */
static void test_killed_at_random_moments(void **state)
{
	struct prng prng = { .state = kill_seed() };
	cleanup_free char *whole = folder_path(tmp, "whole"), *out = folder_path(tmp, "killed");
	unsigned int kills = 0, runs = 0;
	struct finished f = { 0 };
	uint64_t length;
	int code;

	(void)state;
	setenv("QUICK_BOOTS", "15", 1);
	length = whole_run(whole, "7");
	/* A list that is made is never lost; before that there is none. */
	while (kills < KILLS || f.count < 15 * POLICIES) {
		cleanup_free char *db = folder_path(out, "run.db");
		struct stat st;
		bool listed = stat(db, &st) == 0 && st.st_size;
		pid_t pid;

		if (!listed) {
			assert_int_equal(folder_remove(out, NULL), 0);
			memset(&f, 0, sizeof(f));
			runs++;
		}
		pid = listed ? begin("resume", out, NULL, NULL) : begin("run", scenario, out, "7");
		if (kills < KILLS) {
			sleep_us(prng_below(&prng, length / 8));
			kill(pid, SIGKILL);
		}
		code = reap(pid);
		kills += code == 128 + SIGKILL;
		if (code != 128 + SIGKILL)
			ended(code, 0);
		look(out, &f);
		/* Finished before it was killed often enough: another one. */
		if (code == 0 && kills < KILLS) {
			same_summary(whole, out);
			assert_int_equal(folder_remove(out, NULL), 0);
		}
	}
	unsetenv("QUICK_BOOTS");
	same_summary(whole, out);
	each_boot_once(out, 15);
	print_message("%u kills over %u run(s)\n", kills, runs);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_at_random_moments),
	};

	assert_int_equal(argc, 2);
	snprintf(program, sizeof(program), "%s", argv[1]);
	return cmocka_run_group_tests(tests, make_world, remove_world);
}
