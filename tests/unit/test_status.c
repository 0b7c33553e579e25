// SPDX-License-Identifier: GPL-2.0-or-later
/* What `ringsched status` makes of the daemons' answers, and of their command
 * lines; tests/fake asks a real daemon. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "harness/process.h"
#include "harness/status.h"
#include "host/cleanup.h"

static const char two_vms[] =
	"{\"policy\":\"ring\",\"vms\":["
	"{\"name\":\"a\",\"role\":\"control\",\"policy\":\"ring\",\"connected\":true,"
	"\"vcpus\":[{\"index\":0,\"policy\":\"SCHED_FIFO\",\"priority\":7,\"cores\":\"1-3\"},"
	"{\"index\":1,\"policy\":\"SCHED_OTHER\",\"priority\":0,\"cores\":\"5\"}],"
	"\"active_rings\":[{\"ring_id\":1,\"ring_prio\":7,\"vcpu\":0},"
	"{\"ring_id\":2,\"ring_prio\":5,\"vcpu\":0}],"
	"\"budget\":{\"by\":\"daemon\",\"needed\":true,\"permille\":405,\"cut\":true}},"
	"{\"name\":\"b\",\"role\":\"neighbour\",\"policy\":\"ring\",\"connected\":true,\"low\":true,"
	"\"vcpus\":[{\"index\":0,\"policy\":\"SCHED_IDLE\",\"priority\":0,\"cores\":\"2-3,5\"}],"
	"\"active_rings\":[],\"budget\":{\"by\":\"nobody\",\"needed\":false}},"
	"{\"name\":\"c\",\"connected\":false,\"vcpus\":[]}]}";

static char *printed(const struct status *s)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	status_print(s, to);
	fclose(to);
	return text;
}

static void test_nothing_runs(void **state)
{
	struct status s = { 0 };
	cleanup_free char *text = printed(&s);
	struct json_object *json = status_json(&s);

	(void)state;
	assert_string_equal(text, "no ringschedd runs on this machine, so no VM is looked after\n");
	assert_int_equal(json_object_array_length(json_object_object_get(json, "daemons")), 0);
	json_object_put(json);
}

static void test_table(void **state)
{
	char control[] = "/run/ringsched/0a1b2c3d/control";
	struct status_daemon d = { .pid = 12, .control = control, .run = "0a1b2c3d" };
	struct status s = { .daemons = &d, .count = 1, .runs_dead = 1 };
	cleanup_free char *text = NULL;

	(void)state;
	d.answer = json_tokener_parse(two_vms);
	text = printed(&s);
	json_object_put(d.answer);
	assert_string_equal(text, "ringschedd, pid 12, of run 0a1b2c3d, policy ring, "
				  "/run/ringsched/0a1b2c3d/control\n"
				  "  VM  ROLE       POLICY  VCPU  CORES  NOW              "
				  "ACTIVE RINGS                    BUDGET\n"
				  "  a   control    ring    0     1-3    FIFO 7, boosted  "
				  "1 (priority 7), 2 (priority 5)  40.5 % by daemon, used up\n"
				  "  a   control    ring    1     5      OTHER            "
				  "-                               40.5 % by daemon, used up\n"
				  "  b   neighbour  ring    0     2-3,5  IDLE, low        "
				  "-                               -\n"
				  "  c   ?          ?                    not connected\n"
				  "cores 2-3,5: shared by a, b\n"
				  "1 run was killed and left something: `ringsched cleanup`\n");
}

static void keep_shared(const char *cores, const char *vms, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 256 - strlen(text), "%s: %s; ", cores, vms);
}

/* Sets of cores, not single ones; the highest core there can be, too. */
static void test_shared_cores(void **state)
{
	static const char answer[] =
		"{\"vms\":[{\"name\":\"a\",\"vcpus\":[{\"cores\":\"0-1,4,1023\"}]},"
		"{\"name\":\"b\",\"vcpus\":[{\"cores\":\"1-4\"}]},"
		"{\"name\":\"c\",\"vcpus\":[{\"cores\":\"4\"},{\"cores\":\"1023\"}]},"
		"{\"name\":\"d\",\"vcpus\":[{\"cores\":\"nonsense\"},{}]}]}";
	struct status_daemon d = { .pid = 1 };
	struct status s = { .daemons = &d, .count = 1 };
	char text[256] = "";

	(void)state;
	d.answer = json_tokener_parse(answer);
	status_each_shared(&s, keep_shared, text);
	json_object_put(d.answer);
	assert_string_equal(text, "1: a, b; 4: a, b, c; 1023: a, c; ");
}

/* Whatever a socket answers: no more than a table with gaps. */
static void test_answers_of_another_kind(void **state)
{
	static const char *const answers[] = {
		"{}", "[]", "7", "{\"vms\":7}", "{\"vms\":[7,{},{\"vcpus\":7},{\"vcpus\":[7,{}]}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		char control[] = "x";
		struct status_daemon d = { .pid = 1, .control = control };
		struct status s = { .daemons = &d, .count = 1 };
		cleanup_free char *text = NULL;

		d.answer = json_tokener_parse(answers[i]);
		text = printed(&s);
		assert_non_null(strstr(text, "ringschedd, pid 1"));
		json_object_put(status_json(&s));
		json_object_put(d.answer);
	}
}

/* ---- a daemon that ends while it is asked ---- */

static pid_t daemon_pid;

/* Takes the connection of who asks, and ends the daemon instead of an answer. */
static void *end_when_asked(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);

	kill(daemon_pid, SIGKILL);
	while (process_of(daemon_pid).pid) /* a zombie is none */
		usleep(1000);
	close(fd);
	return NULL;
}

/* A shell that is called ringschedd and names the control socket; it stops. */
static void begin_daemon(const char *program, const char *control)
{
	int end;

	daemon_pid = fork();
	assert_true(daemon_pid >= 0);
	if (daemon_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also of a test that failed */
		execl(program, "ringschedd", "-ec", "kill -STOP $$", "sh", "--control", control,
		      (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(daemon_pid, &end, WUNTRACED), daemon_pid);
	assert_true(WIFSTOPPED(end));
}

static bool is_told(const struct status *s, pid_t pid)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->daemons[i].pid == pid)
			return true;
	return false;
}

static void test_ended_while_asked(void **state)
{
	char dir[] = "/tmp/rs-status-XXXXXX", program[64];
	struct sockaddr_un control = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct status s;
	pthread_t thread;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(program, sizeof(program), "%s/ringschedd", dir);
	snprintf(control.sun_path, sizeof(control.sun_path), "%s/control", dir);
	assert_int_equal(symlink("/bin/sh", program), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&control, sizeof(control)), 0);
	assert_int_equal(listen(listener, 1), 0);
	begin_daemon(program, control.sun_path);
	assert_int_equal(pthread_create(&thread, NULL, end_when_asked, &listener), 0);
	assert_int_equal(status_read(&s, NULL), 0);
	assert_false(is_told(&s, daemon_pid));
	status_clear(&s);
	pthread_join(thread, NULL);
	waitpid(daemon_pid, NULL, 0);
	close(listener);
	unlink(control.sun_path);
	unlink(program);
	rmdir(dir);
}

/* ---- command lines ---- */

static char *option_of(const char *a, const char *b)
{
	pid_t pid = fork();
	char *value = NULL;
	int end;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir("/proc") == 0)
			execl("/bin/sh", "sh", "-c", "kill -STOP $$", "sh", "--other", a, b,
			      (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &end, WUNTRACED), pid);
	assert_true(WIFSTOPPED(end));
	value = process_option(pid, "control", 'k');
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return value;
}

static void test_options_of_processes(void **state)
{
	static const struct {
		const char *a, *b, *value;
	} lines[] = {
		{ "--control", "/a/b", "/a/b" },
		{ "--control=/a/b", "x", "/a/b" },
		{ "-k", "/a", "/a" },
		{ "-k/a", NULL, "/a" },
		{ "--control=a", NULL, "/proc/a" },
		{ "--controls", "/a", NULL },
		{ "x", "--control", NULL },
		{ "--contro", "/a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cleanup_free char *value = option_of(lines[i].a, lines[i].b);

		if (!value != !lines[i].value || (value && strcmp(value, lines[i].value)))
			fail_msg("%s %s: '%s'", lines[i].a, lines[i].b ? lines[i].b : "",
				 value ? value : "(none)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_runs),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_shared_cores),
		cmocka_unit_test(test_answers_of_another_kind),
		cmocka_unit_test(test_ended_while_asked),
		cmocka_unit_test(test_options_of_processes),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
