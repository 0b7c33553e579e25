// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched status` (build/ringsched) beside a daemon with fake VMs. Other
 * daemons may run on this machine: what is looked at has this test's names. */
#include <json-c/json.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/fake/world.h"

static char said[65536];

/* Its exit code; what it printed is in `said`. */
static int status(const char *options)
{
	char command[64];
	FILE *from;
	size_t n;
	int end;

	snprintf(command, sizeof(command), "build/ringsched status %s 2>&1", options);
	from = popen(command, "r");
	assert_non_null(from);
	n = fread(said, 1, sizeof(said) - 1, from);
	said[n] = '\0';
	end = pclose(from);
	assert_true(WIFEXITED(end));
	return WEXITSTATUS(end);
}

/* The line that begins with the word has all of these. */
static void line_has(const char *word, const char *const words[])
{
	char line[512], *end;
	const char *at = strstr(said, word);

	if (!at)
		fail_msg("no '%s' in:\n%s", word, said);
	snprintf(line, sizeof(line), "%s", at);
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	for (unsigned int i = 0; words[i]; i++)
		if (!strstr(line, words[i]))
			fail_msg("no '%s' in: %s", words[i], line);
}

static void daemon_line(const struct world *w, char text[64])
{
	snprintf(text, 64, "ringschedd, pid %d", (int)w->daemon.pid);
}

static void pin(pid_t tid, int core)
{
	cpu_set_t cores;

	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	assert_int_equal(sched_setaffinity(tid, sizeof(cores), &cores), 0);
}

static void test_vms_as_they_are(void **state)
{
	const struct sched_state own = { .policy = SCHED_OTHER };
	const struct fake_vm_options options = { .own = &own };
	struct world *w = *state;
	struct frontend *control, *neighbour;
	char of_daemon[64];

	world_start(w, "ring_boot");
	control = world_boot(w, 0, "st-control", 0, NULL, &options);
	neighbour = world_boot(w, 1, "st-neighbour", 0, NULL, &options);
	pin(control->vm.tid[0], 0);
	pin(neighbour->vm.tid[0], 0);
	world_notify(control, RS_KIND_START, 1, 60);
	assert_int_equal(status(""), 0);
	daemon_line(w, of_daemon);
	line_has(of_daemon, (const char *const[]){ "policy ring_boot", w->daemon.control, NULL });
	line_has("  st-control", (const char *const[]){ "ring_boot", "  0  ", "FIFO 60, boosted",
							"1 (priority 60)", NULL });
	line_has("  st-neighbour", (const char *const[]){ "IDLE, low", "  -", NULL });
	line_has("core 0: shared by", (const char *const[]){ "st-control", "st-neighbour", NULL });

	/* The boost goes, and nothing is shared: so it says. */
	world_notify(control, RS_KIND_END, 1, 60);
	check_sched(control->vm.tid[0], SCHED_OTHER, 0, "END");
	world_notify(neighbour, RS_KIND_START, 2, 40);
	check_sched(neighbour->vm.tid[0], SCHED_FIFO, 40, "START");
	assert_int_equal(status(""), 0);
	line_has("  st-control", (const char *const[]){ "OTHER ", "  -", NULL });
	line_has("  st-neighbour",
		 (const char *const[]){ "FIFO 40, boosted", "2 (priority 40)", NULL });
	ff_disconnect(neighbour);
	check_becomes(&w->daemon, "st-neighbour", "connected", 0);
	assert_int_equal(status(""), 0);
	line_has("  st-neighbour", (const char *const[]){ "not connected", NULL });
}

/* This daemon's entry of --json; the caller's. */
static struct json_object *entry(const struct world *w, struct json_object *root)
{
	struct json_object *list = json_object_object_get(root, "daemons");

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (json_object_get_int(json_object_object_get(o, "pid")) == w->daemon.pid)
			return o;
	}
	fail_msg("the daemon is not there:\n%s", said);
	return NULL;
}

static void test_as_json(void **state)
{
	struct world *w = *state;
	struct json_object *root, *daemon, *answer;
	struct frontend *f;

	world_start(w, "ring");
	f = world_boot(w, 0, "st-json", 0, NULL, NULL);
	world_notify(f, RS_KIND_START, 3, 20);
	assert_int_equal(status("--json"), 0);
	root = json_tokener_parse(said);
	assert_non_null(root);
	daemon = entry(w, root);
	assert_string_equal(json_object_get_string(json_object_object_get(daemon, "control")),
			    w->daemon.control);
	assert_null(json_object_object_get(daemon, "run"));
	assert_null(json_object_object_get(daemon, "error"));
	answer = json_object_object_get(daemon, "status");
	assert_int_equal(json_object_array_length(json_object_object_get(answer, "vms")), 1);
	assert_true(
		json_object_is_type(json_object_object_get(root, "shared_cores"), json_type_array));
	json_object_put(root);
}

static void test_no_vm_yet(void **state)
{
	struct world *w = *state;
	char of_daemon[64];

	world_start(w, "ring");
	assert_int_equal(status(""), 0);
	daemon_line(w, of_daemon);
	line_has(of_daemon, (const char *const[]){ ": no VM", NULL });
}

/* A daemon that does not answer is named, and nobody waits for it for long. */
static void test_one_that_hangs(void **state)
{
	struct world *w = *state;
	char of_daemon[64];
	int64_t begin = now_ms();

	world_start(w, "ring");
	assert_int_equal(kill(w->daemon.pid, SIGSTOP), 0);
	assert_int_equal(status(""), 1);
	assert_true(now_ms() - begin < 20000);
	assert_int_equal(kill(w->daemon.pid, SIGCONT), 0);
	daemon_line(w, of_daemon);
	line_has(of_daemon, (const char *const[]){ "could not be asked", "did not answer", NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_vms_as_they_are),
		WORLD_TEST(test_as_json),
		WORLD_TEST(test_no_vm_yet),
		WORLD_TEST(test_one_that_hangs),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
