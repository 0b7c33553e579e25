// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's commands: what a line may be, and the whole program spoken to
 * over pipes as the harness speaks to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "guest/control/arguments.c"
#include "guest/control/child.c"
#include "guest/control/command.c"
#include "guest/control/csv.c"
#include "guest/control/exec.c"
#include "guest/control/handover.c"
#include "guest/control/load.c"
#define main rs_control_main
int rs_control_main(int argc, char **argv);
#include "guest/control/main.c"
#undef main
#include "guest/control/member.c"
#include "guest/control/orders.c"
#include "guest/control/port.c"
#include "guest/control/resource.c"
#include "guest/control/ring.c"
#include "guest/control/rogue.c"
#include "guest/control/sample.c"
#include "guest/control/stats.c"
#include "guest/control/work.c"
#include "guest/lib/ringsched.c"

#define GOOD_RING                                                                                \
	"RING id=3 prio=80 period_us=20000 deadline_us=20000 offset_us=500 vcpu=-1 processes=2 " \
	"work_us=1000,3000 share=1 samples=4000 interrupt=-1"

static const struct rsc_command *parse(const char *text, struct rsc_arguments *arguments, int *code)
{
	static char line[RSC_LINE_MAX + 1];
	struct rsc_reason why = { "" };
	const struct rsc_command *command;

	snprintf(line, sizeof(line), "%s", text);
	command = rsc_command_parse(line, strlen(line), arguments, code, &why);
	/* A refusal always says why. */
	assert_true(command ? *code == 0 : *code > 0 && why.sentence[0]);
	return command;
}

static void a_ring_line_is_understood(void **state)
{
	struct rsc_arguments a;
	int code;

	(void)state;
	assert_non_null(parse(GOOD_RING, &a, &code));
	assert_int_equal(a.id, 3);
	assert_int_equal(a.prio, 80);
	assert_int_equal(a.period_us, 20000);
	assert_int_equal(a.deadline_us, 20000);
	assert_int_equal(a.offset_us, 500);
	assert_int_equal(a.vcpu, -1);
	assert_int_equal(a.processes, 2);
	assert_int_equal(a.work_count, 2);
	assert_int_equal(a.work_us[0], 1000);
	assert_int_equal(a.work_us[1], 3000);
	assert_int_equal(a.share, 1);
	assert_int_equal(a.samples, 4000);
}

static void shell_commands_stay_whole(void **state)
{
	struct rsc_arguments a;
	int code;

	(void)state;
	assert_non_null(parse("EXEC seconds=5 FOO=1  echo \"a  b\" =", &a, &code));
	assert_int_equal(a.seconds, 5);
	assert_string_equal(a.rest, "FOO=1  echo \"a  b\" =");
	assert_non_null(parse("LOAD stress-ng --cpu 2", &a, &code));
	assert_string_equal(a.rest, "stress-ng --cpu 2");
}

static void bad_lines_are_refused(void **state)
{
	static const struct {
		const char *line;
		int code;
	} bad[] = {
		{ "", ENOSYS },
		{ " ", ENOSYS },
		{ "clock", ENOSYS },
		{ "CLOCKS", ENOSYS },
		{ "CLOCK ", EINVAL },
		{ "CLOCK ms=1", EINVAL },
		{ "CLOCK\r", EINVAL },
		{ "CLOCK\x7f", EINVAL },
		{ "CLOCK \xc3\xa9", EINVAL },
		{ "CALIBRATE", EINVAL },
		{ "CALIBRATE ms", EINVAL },
		{ "CALIBRATE ms=", ERANGE },
		{ "CALIBRATE ms=9", ERANGE },
		{ "CALIBRATE ms=60001", ERANGE },
		{ "CALIBRATE ms=-100", ERANGE },
		{ "CALIBRATE ms=+100", ERANGE },
		{ "CALIBRATE ms=0x64", ERANGE },
		{ "CALIBRATE ms=100ms", ERANGE },
		{ "CALIBRATE ms=1e2", ERANGE },
		{ "CALIBRATE ms=99999999999999999999999999", ERANGE },
		{ "CALIBRATE ms=18446744073709551716", ERANGE },
		{ "CALIBRATE  ms=100", EINVAL },
		{ "CALIBRATE ms=100 ", EINVAL },
		{ "CALIBRATE ms=100 ms=100", EINVAL },
		{ "CALIBRATE MS=100", EINVAL },
		{ "CALIBRATE =100", EINVAL },
		{ "SAMPLES id=16", ERANGE },
		{ "SAMPLES id=-1", ERANGE },
		{ "EXEC", EINVAL },
		{ "EXEC seconds=5", EINVAL },
		{ "EXEC seconds=5 ", EINVAL },
		{ "EXEC echo hi", EINVAL },
		{ "EXEC seconds=0 true", ERANGE },
		{ "LOAD", EINVAL },
		{ "LOAD ", EINVAL },
		{ "RING id=3", EINVAL },
		{ GOOD_RING " extra=1", EINVAL },
		{ GOOD_RING " id=3", EINVAL },
		{ "CHANGE id=1 slot=32 to=2 every=10", ERANGE },
		{ "CHANGE id=1 slot=0 to=2 every=0", ERANGE },
		{ "RESOURCE owner=1 user=2 use_us=9 every=1 lock_us=0", EINVAL },
		{ "RESOURCE owner=1 user=16 use_us=9 every=1 lock_us=1 change_us=1", ERANGE },
		{ "RESOURCE owner=1 user=2 use_us=9 every=0 lock_us=1 change_us=1", ERANGE },
		{ "RESOURCE owner=1 user=2 use_us=9 every=1 lock_us=-1 change_us=1", ERANGE },
		{ "USES", EINVAL },
	};
	struct rsc_arguments a;
	int code;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i].line, &a, &code))
			fail_msg("accepted: \"%s\"", bad[i].line);
		if (code != bad[i].code)
			fail_msg("\"%s\": errno %d, not %d", bad[i].line, code, bad[i].code);
	}
}

/* Each key of RING in turn: left out, then beyond either end of its range. */
static void ring_keys_are_needed_and_bounded(void **state)
{
	static const char *const ends[][3] = {
		{ "id=3", "id=-1", "id=16" },
		{ "prio=80", "prio=0", "prio=100" },
		{ "period_us=20000", "period_us=99", "period_us=60000001" },
		{ "deadline_us=20000", "deadline_us=0", "deadline_us=600000001" },
		{ "offset_us=500", "offset_us=-1", "offset_us=60000001" },
		{ "vcpu=-1", "vcpu=-2", "vcpu=64" },
		{ "processes=2", "processes=0", "processes=33" },
		{ "work_us=1000,3000", "work_us=1000,-1", "work_us=1000,60000001" },
		{ "work_us=1000,3000", "work_us=1000,", "work_us=,1000" },
		{ "work_us=1000,3000", "work_us=",
		  "work_us=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1" },
		{ "share=1", "share=-1", "share=2" },
		{ "samples=4000", "samples=0", "samples=100000001" },
		{ "interrupt=-1", "interrupt=-2", "interrupt=16" },
	};
	struct rsc_arguments a;
	char line[512];
	int code;

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *at = strstr(GOOD_RING, ends[i][0]);
		size_t length = strlen(ends[i][0]);
		int before = (int)(at - GOOD_RING);

		for (int end = 1; end < 3; end++) {
			snprintf(line, sizeof(line), "%.*s%s%s", before, GOOD_RING, ends[i][end],
				 at + length);
			assert_null(parse(line, &a, &code));
			assert_int_equal(code, ERANGE);
		}
		snprintf(line, sizeof(line), "%.*s%s", before - 1, GOOD_RING, at + length);
		assert_null(parse(line, &a, &code));
		assert_int_equal(code, EINVAL);
	}
}

static void nul_bytes_are_refused(void **state)
{
	char line[] = "CLOCK\0 ms=100";
	struct rsc_arguments a;
	struct rsc_reason why = { "" };
	int code;

	(void)state;
	assert_null(rsc_command_parse(line, sizeof(line) - 1, &a, &code, &why));
	assert_int_equal(code, EINVAL);
	assert_non_null(strstr(why.sentence, "0x00"));
}

/* The program behind two pipes; a test sends all it has, then reads all. */
struct session {
	int to, from;
	pid_t pid;
};

static void begin(struct session *s)
{
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (!s->pid) {
		char *argv[] = { "rs-control", "--stdio", "--role", "test", "--reserve", "1", NULL };

		dup2(in[0], 0);
		dup2(out[1], 1);
		close_range(3, ~0u, 0);
		_exit(rs_control_main(6, argv));
	}
	close(in[0]);
	close(out[1]);
	s->to = in[1];
	s->from = out[0];
}

static void say(struct session *s, const void *data, size_t length)
{
	assert_int_equal(write(s->to, data, length), length);
}

/* Ends the agent's input, returns all it said; it must exit with 0. */
static char *finish(struct session *s, size_t *length)
{
	static char said[4 << 20];
	size_t used = 0;
	ssize_t n;
	int status;

	close(s->to);
	while ((n = read(s->from, said + used, sizeof(said) - 1 - used)) > 0)
		used += (size_t)n;
	said[used] = '\0';
	close(s->from);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	if (length)
		*length = used;
	return said;
}

static char *converse(const char *text)
{
	struct session s;

	begin(&s);
	say(&s, text, strlen(text));
	return finish(&s, NULL);
}

static unsigned int count_of(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void it_says_hello_first(void **state)
{
	char *said = converse("HELLO\nQUIT\n");
	unsigned int vcpus, module;
	char kernel[65];
	int end = 0;

	(void)state;
	assert_int_equal(sscanf(said,
				"HELLO revision=2 role=test kernel=%64s uptime_us=%*u vcpus=%u "
				"module=%u\n%n",
				kernel, &vcpus, &module, &end),
			 3);
	assert_true(vcpus >= 1 && module <= 1);
	assert_ptr_equal(strstr(said + end, "HELLO revision=2"), said + end);
	assert_non_null(strstr(said + end, "\nOK\nOK\n"));
}

static void hostile_bytes_do_not_end_it(void **state)
{
	static char noise[20000];
	struct session s;
	char *said;

	(void)state;
	memset(noise, 'A', sizeof(noise));
	noise[sizeof(noise) - 1] = '\n';
	begin(&s);
	say(&s, noise, sizeof(noise)); /* one line of 19999 bytes */
	say(&s, noise + sizeof(noise) - 1025, 1025); /* 1024 bytes: one too many */
	say(&s, noise + sizeof(noise) - 1024, 1024); /* 1023: a line, no command */
	say(&s, "\n\0\0\n", 4);
	say(&s, "CLOCK\nCLO", 9); /* half a line at the end is no command */
	said = finish(&s, NULL);
	assert_int_equal(count_of(said, "ERR errno=90 "), 2);
	assert_int_equal(count_of(said, "ERR errno=38 "), 2);
	assert_int_equal(count_of(said, "ERR errno=22 "), 1);
	assert_int_equal(count_of(said, "OK ns="), 1);
	assert_int_equal(count_of(said, "\n"), 7);
}

static void order_of_commands_is_checked(void **state)
{
	char *said = converse("START\nSAMPLES id=0\nCHANGE id=0 slot=0 to=1 every=5\n"
			      "RESOURCE owner=0 user=1 use_us=1 every=1 lock_us=1 change_us=1\n"
			      "USES id=0\nSTOP\nSAMPLES id=0\nUSES id=0\nSTART\n");

	(void)state;
	said = strchr(said, '\n') + 1;
	assert_ptr_equal(strstr(said, "ERR errno=2 there is no ring to start"), said);
	assert_int_equal(count_of(said, "ERR errno=16 "), 3); /* early SAMPLES, USES; late START */
	assert_int_equal(count_of(said, "ERR errno=2 "), 5);
	assert_int_equal(count_of(said, "OK\n"), 1);
}

static void a_ring_needs_the_device_and_agreement(void **state)
{
	char *said;

	(void)state;
	if (access("/dev/ringsched", F_OK) == 0)
		skip();
	said = converse(GOOD_RING
			"\nRING id=3 prio=80 period_us=20000 deadline_us=200001 "
			"offset_us=0 vcpu=-1 processes=1 work_us=1 share=0 samples=1 "
			"interrupt=-1\n"
			"RING id=3 prio=80 period_us=20000 deadline_us=20000 offset_us=0 "
			"vcpu=-1 processes=3 work_us=1 share=0 samples=1 interrupt=-1\nCLOCK\n");
	assert_int_equal(count_of(said, "ERR errno=2 opening /dev/ringsched"), 1);
	assert_int_equal(count_of(said, "ERR errno=22 deadline_us=200001"), 1);
	assert_int_equal(count_of(said, "ERR errno=22 work_us has 1 figures for 3"), 1);
	assert_int_equal(count_of(said, "OK ns="), 1);
}

static void commands_are_run_to_their_end(void **state)
{
	char *said = converse("EXEC seconds=20 printf 'one\\ntwo'; echo three >&2; exit 7\n"
			      "EXEC seconds=20 kill -9 $$\n"
			      "EXEC seconds=20 sleep 100 & echo left\n"
			      "EXEC seconds=1 echo begun; sleep 100\nCLOCK\n");

	(void)state;
	assert_non_null(strstr(said, "DATA bytes=13\none\ntwothree\nOK status=7\n"));
	assert_non_null(strstr(said, "DATA bytes=0\nOK status=137\n"));
	assert_non_null(strstr(said, "DATA bytes=5\nleft\nOK status=0\n"));
	assert_non_null(strstr(said, "DATA bytes=6\nbegun\nERR errno=110 "));
	assert_non_null(strstr(said, "OK ns="));
}

static void long_output_is_bounded(void **state)
{
	struct session s;
	size_t length;
	char *said;

	(void)state;
	begin(&s);
	said = "EXEC seconds=60 head -c 1500000 /dev/zero\nQUIT\n";
	say(&s, said, strlen(said));
	said = finish(&s, &length);
	assert_non_null(strstr(said, "DATA bytes=1048576\n"));
	/* The zeros are in between: the answer is looked for from the end. */
	assert_string_equal(said + length - strlen("OK status=0 dropped=451424\nOK\n"),
			    "OK status=0 dropped=451424\nOK\n");
}

static bool alive(pid_t pid)
{
	return kill(pid, 0) == 0;
}

/* The shell ignores SIGTERM and what it started is a process of its own. */
static void loads_end_with_all_they_started(void **state)
{
	char *said = converse("LOAD trap '' TERM; sleep 1000 & echo $! >/tmp/.rs-load-$PPID; wait\n"
			      "LOAD exec sleep 1000\n"
			      "EXEC seconds=10 until [ -s /tmp/.rs-load-$PPID ]; do :; done; "
			      "cat /tmp/.rs-load-$PPID; rm /tmp/.rs-load-$PPID\n"
			      "UNLOAD\nCLOCK\n");
	int first, second, bytes, child;
	char *ok = strstr(said, "OK pid=");

	(void)state;
	assert_non_null(ok);
	assert_int_equal(sscanf(ok, "OK pid=%d\nOK pid=%d\nDATA bytes=%d\n%d\nOK status=0", &first,
				&second, &bytes, &child),
			 4);
	assert_non_null(strstr(ok, "\nOK ended=0\n"));
	assert_false(alive(first));
	assert_false(alive(second));
	/* Nobody reaps it here if its own parent is gone, but it has been killed. */
	for (int i = 0; i < 200 && alive(child); i++)
		poll(NULL, 0, 10);
	assert_false(alive(child));
}

/* A mistyped load is over at once; the harness must hear of it. */
static void a_load_that_failed_is_told(void **state)
{
	char *said = converse(
		"LOAD echo $$ >/tmp/.rs-gone-$PPID; exit 3\n"
		"LOAD exec sleep 1000\n"
		"EXEC seconds=10 until [ -s /tmp/.rs-gone-$PPID ]; do :; done; "
		"p=$(cat /tmp/.rs-gone-$PPID); rm /tmp/.rs-gone-$PPID; "
		"while [ -d /proc/$p ] && ! grep -q '^State:.Z' /proc/$p/status; do :; done\n"
		"UNLOAD\n");

	(void)state;
	assert_non_null(strstr(said, "\nOK ended=1\n"));
}

static void statistics_are_pairs(void **state)
{
	char *said = converse("CALIBRATE ms=20\nSTATS\n");
	char *data = strstr(said, "DATA bytes=");
	unsigned long bytes;
	int end;

	(void)state;
	assert_non_null(strstr(said, "OK iterations_per_ms="));
	assert_non_null(data);
	assert_int_equal(sscanf(data, "DATA bytes=%lu\n%n", &bytes, &end), 1);
	assert_string_equal(data + end + bytes, "OK\n");
	assert_null(strstr(said, "agent_iterations_per_ms 0\n"));
}

static void unknown_options_are_refused(void **state)
{
	char *bad[][4] = {
		{ "rs-control", "--reserve", "0", NULL },
		{ "rs-control", "--reserve", "1x", NULL },
		{ "rs-control", "--role", "two words", NULL },
		{ "rs-control", "--role", "", NULL },
		{ "rs-control", "--stdio", "more", NULL },
	};
	struct options options;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		optind = 0; /* getopt starts over */
		assert_int_equal(parse_options(3, bad[i], &options), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_line_is_understood),
		cmocka_unit_test(shell_commands_stay_whole),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(ring_keys_are_needed_and_bounded),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(it_says_hello_first),
		cmocka_unit_test(hostile_bytes_do_not_end_it),
		cmocka_unit_test(order_of_commands_is_checked),
		cmocka_unit_test(a_ring_needs_the_device_and_agreement),
		cmocka_unit_test(commands_are_run_to_their_end),
		cmocka_unit_test(long_output_is_bounded),
		cmocka_unit_test(loads_end_with_all_they_started),
		cmocka_unit_test(a_load_that_failed_is_told),
		cmocka_unit_test(statistics_are_pairs),
		cmocka_unit_test(unknown_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
