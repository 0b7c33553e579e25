// SPDX-License-Identifier: GPL-2.0-or-later
/* What docs/control-socket.md promises of the socket itself. */
#include <json-c/json.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fake/world.h"

#define LINE_MAX_BYTES 65536

/* A connection of its own, for bytes that a well-behaved client never sends. */
static int raw_connect(struct world *w)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = STEP_LIMIT_MS / 1000 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, w->daemon.control, strlen(w->daemon.control) + 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
}

/* One answer line, parsed; NULL where the daemon closed instead. */
static struct json_object *raw_answer(int fd)
{
	char *line = calloc(1, LINE_MAX_BYTES);
	struct json_object *answer;
	size_t n = 0;

	while (n < LINE_MAX_BYTES - 1 && read(fd, line + n, 1) == 1 && line[n] != '\n')
		n++;
	answer = line[n] == '\n' ? json_tokener_parse(line) : NULL;
	free(line);
	return answer;
}

/* A refusal has a sentence. */
static void expect_refused(struct json_object *answer)
{
	struct json_object *okay, *sentence;

	assert_non_null(answer);
	assert_true(json_object_object_get_ex(answer, "ok", &okay));
	assert_false(json_object_get_boolean(okay));
	assert_true(json_object_object_get_ex(answer, "error", &sentence));
	assert_true(json_object_get_string_len(sentence) > 0);
	json_object_put(answer);
}

static const char *const refused[] = {
	"\n",
	"no JSON\n",
	"[]\n",
	"1\n",
	"{\"command\":\n",
	"{}\n",
	"{\"command\":1}\n",
	"{\"command\":\"dance\"}\n",
	"{\"command\":\"add-vm\"}\n",
	"{\"command\":\"add-vm\",\"name\":\"x\"}\n",
	"{\"command\":\"add-vm\",\"name\":\"\",\"socket\":\"/tmp/x\"}\n",
	"{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"/nonexistent/folder/x\"}\n",
	"{\"command\":\"add-vm\",\"name\":7,\"socket\":\"/nonexistent/x\"}\n",
	"{\"command\":\"remove-vm\",\"name\":\"nobody\"}\n",
	"{\"command\":\"remove-vm\"}\n",
	"{\"command\":\"policy\",\"name\":\"nothing\"}\n",
	"{\"command\":\"policy\",\"name\":\"ring\",\"vm\":\"nobody\"}\n",
	"{\"command\":\"policy\"}\n",
};

static void test_bad_requests_are_refused(void **state)
{
	struct world *w = *state;
	int fd;

	world_start(w, "ring");
	fd = raw_connect(w);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		ssize_t size = (ssize_t)strlen(refused[i]);

		assert_int_equal(send(fd, refused[i], (size_t)size, MSG_NOSIGNAL), size);
		print_message("  %s", refused[i]);
		expect_refused(raw_answer(fd));
	}
	close(fd);
	assert_true(daemon_alive(&w->daemon));
}

static void test_bounds_of_add_vm(void **state)
{
	static const char *const keys[] = { "\"ceiling\":0",
					    "\"ceiling\":90",
					    "\"ceiling\":-1",
					    "\"ceiling\":\"high\"",
					    "\"ceiling\":4294967376",
					    "\"rt_budget_permille\":-1",
					    "\"rt_budget_permille\":1001",
					    "\"policy\":\"nothing\"" };
	struct world *w = *state;
	char request[256];
	int fd;

	world_start(w, "ring");
	fd = raw_connect(w);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int n = snprintf(request, sizeof(request),
				 "{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"%s/x\",%s}\n",
				 w->daemon.folder, keys[i]);

		assert_int_equal(send(fd, request, (size_t)n, MSG_NOSIGNAL), n);
		print_message("  %s\n", keys[i]);
		expect_refused(raw_answer(fd));
	}
	close(fd);
	check_number(&w->daemon, "x", "ceiling", INT64_MIN);
}

static void test_name_taken(void **state)
{
	struct world *w = *state;
	struct rs_error *err = NULL;

	world_start(w, "ring");
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
	assert_true(daemon_add_vm(&w->daemon, "a", 0, NULL, &err) < 0);
	rs_error_free(&err);
	check_ok(daemon_command(&w->daemon, "remove-vm", "a", NULL, &err), &err);
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
}

/* Two requests in one write, and one request in many. */
static void test_lines_not_packets(void **state)
{
	const char *two = "{\"command\":\"status\"}\n{\"command\":\"reset\"}\n";
	struct world *w = *state;
	struct json_object *answer;
	int fd;

	world_start(w, "ring");
	fd = raw_connect(w);
	assert_true(send(fd, two, strlen(two), MSG_NOSIGNAL) > 0);
	for (int i = 0; i < 2; i++) {
		answer = raw_answer(fd);
		assert_non_null(answer);
		assert_true(json_object_get_boolean(json_object_object_get(answer, "ok")));
		json_object_put(answer);
	}
	for (const char *c = "{\"command\":\"status\"}\n"; *c; c++)
		assert_int_equal(send(fd, c, 1, MSG_NOSIGNAL), 1);
	answer = raw_answer(fd);
	assert_non_null(answer);
	json_object_put(answer);
	close(fd);
}

/* A line without end is refused or cut off, and others are served meanwhile. */
static void test_endless_line(void **state)
{
	struct world *w = *state;
	char block[4096];
	int fd;

	world_start(w, "ring");
	fd = raw_connect(w);
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 4096; i++)
		if (send(fd, block, sizeof(block), MSG_NOSIGNAL) < 0)
			break;
	assert_true(daemon_alive(&w->daemon));
	close(fd);
	assert_true(daemon_alive(&w->daemon));
}

/* Half a request and then nothing: another client does not wait for it. */
static void test_slow_client_holds_up_nobody(void **state)
{
	struct world *w = *state;
	int fd;

	world_start(w, "ring");
	fd = raw_connect(w);
	assert_int_equal(send(fd, "{\"comm", 6, MSG_NOSIGNAL), 6);
	assert_true(daemon_alive(&w->daemon));
	close(fd);
}

static void expect_mode(const char *path, mode_t mode)
{
	struct stat s;

	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 07777, mode);
}

static void test_modes_of_sockets(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	char path[DAEMON_PATH_MAX];

	world_start(w, "ring");
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
	daemon_vm_socket(&w->daemon, "a", path);
	expect_mode(w->daemon.control, 0600);
	expect_mode(path, 0600);
	expect_mode(w->daemon.record, 0600);
	check_ok(daemon_command(&w->daemon, "remove-vm", "a", NULL, &err), &err);
	assert_int_not_equal(access(path, F_OK), 0);
}

static struct json_object *ask(struct world *w, const char *command)
{
	struct rs_error *err = NULL;
	struct json_object *answer = control_client_command(w->daemon.client, command, &err);

	check_ok(answer ? 0 : -1, &err);
	return answer;
}

static void test_reset_zeroes(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);

	world_notify(f, RS_KIND_START, 1, 50);
	world_notify(f, RS_KIND_START, 99, 50);
	assert_true(daemon_number(&w->daemon, "a", "handling_us.count") >= 1);
	json_object_put(ask(w, "reset"));
	check_number(&w->daemon, "a", "kicks", 0);
	check_number(&w->daemon, "a", "messages.start", 0);
	check_number(&w->daemon, "a", "handling_us.count", 0);
	assert_int_equal(daemon_rejects(&w->daemon, "a"), 0);
	/* Counters only: the ring is still active. */
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "after reset");
	world_notify(f, RS_KIND_END, 1, 50);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after the ring");
}

static void expect_text(struct json_object *o, const char *key, const char *text)
{
	assert_string_equal(json_object_get_string(json_object_object_get(o, key)), text);
}

static int64_t number(struct json_object *o, const char *key)
{
	return json_object_get_int64(json_object_object_get(o, key));
}

static void test_trace(void **state)
{
	static const char *const extra[] = { "--trace", "100", NULL };
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct json_object *answer, *events, *e;
	struct frontend *f;
	int64_t before = now_ms() * 1000000;

	check_ok(daemon_start(&w->daemon, "ring", extra, &err), &err);
	f = world_boot(w, 0, "a", 0, NULL, NULL);
	world_notify(f, RS_KIND_START, 3, 50);
	world_notify(f, RS_KIND_END, 3, 50);
	check_becomes(&w->daemon, "a", "handling_us.count", 3);
	answer = ask(w, "trace");
	events = json_object_object_get(answer, "events");
	assert_int_equal(json_object_array_length(events), 3);
	e = json_object_array_get_idx(events, 1);
	expect_text(e, "vm", "a");
	expect_text(e, "kind", "START");
	expect_text(e, "policy", "SCHED_FIFO");
	assert_int_equal(number(e, "priority"), 50);
	assert_int_equal(number(e, "ring_id"), 3);
	assert_int_equal(number(e, "ring_prio"), 50);
	assert_int_equal(number(e, "sequence"), 2);
	assert_true(number(e, "t") >= before);
	assert_true(number(e, "t") <= now_ms() * 1000000 + 1000000);
	assert_true(number(e, "handled_ns") > 0);
	e = json_object_array_get_idx(events, 2);
	expect_text(e, "kind", "END");
	expect_text(e, "policy", "SCHED_OTHER");
	json_object_put(answer);
	answer = ask(w, "trace");
	assert_int_equal(json_object_array_length(json_object_object_get(answer, "events")), 0);
	json_object_put(answer);
}

/* More events than there is room for: the first ones stay, nothing breaks. */
static void test_trace_overflow(void **state)
{
	static const char *const extra[] = { "--trace", "4", NULL };
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct json_object *answer;
	struct frontend *f;

	check_ok(daemon_start(&w->daemon, "ring", extra, &err), &err);
	f = world_boot(w, 0, "a", 0, NULL, NULL);
	for (int i = 0; i < 20; i++)
		world_notify(f, i & 1 ? RS_KIND_END : RS_KIND_START, 3, 50);
	answer = ask(w, "trace");
	assert_in_range(json_object_array_length(json_object_object_get(answer, "events")), 1, 5);
	json_object_put(answer);
	check_number(&w->daemon, "a", "messages.start", 10);
}

static void test_quantiles_need_samples(void **state)
{
	struct world *w = *state;
	struct frontend *f = world_simple(w);
	struct json_object *answer, *vm, *h, *p99;

	world_notify(f, RS_KIND_START, 1, 50);
	answer = ask(w, "status");
	assert_int_equal(number(answer, "revision"), RS_REVISION);
	vm = json_object_array_get_idx(json_object_object_get(answer, "vms"), 0);
	assert_true(json_object_object_get_ex(vm, "handling_us", &h));
	assert_true(json_object_object_get_ex(h, "p99", &p99));
	assert_null(p99); /* two samples say nothing of a 99th percentile */
	json_object_put(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_bad_requests_are_refused),
		WORLD_TEST(test_bounds_of_add_vm),
		WORLD_TEST(test_name_taken),
		WORLD_TEST(test_lines_not_packets),
		WORLD_TEST(test_endless_line),
		WORLD_TEST(test_slow_client_holds_up_nobody),
		WORLD_TEST(test_modes_of_sockets),
		WORLD_TEST(test_reset_zeroes),
		WORLD_TEST(test_trace),
		WORLD_TEST(test_trace_overflow),
		WORLD_TEST(test_quantiles_need_samples),
	};

	return cmocka_run_group_tests_name("control socket", tests, NULL, NULL) ? 1 : 0;
}
