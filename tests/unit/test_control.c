// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control socket from both ends: the daemon's loop and server in a child
 * process, the harness's client here; hostile lines by hand.
 */
#include <errno.h>
#include <json-c/json.h>
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
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/control.h"
#include "host/control_client.h"
#include "host/error.h"
#include "host/loop.h"
#include "host/record.h"
#include "host/server.h"

#define TIMEOUT_MS 5000

static char folder[64], path[96], vm_path[96];
static pid_t daemon_pid;
static struct control_client *client;

static void serve(int ready)
{
	struct record *record = record_open(NULL, NULL);
	bool failed;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!record || loop_init(NULL) || server_init(policies[0], record, NULL) ||
	    control_init(path, NULL) || write(ready, "r", 1) != 1)
		_exit(1);
	failed = loop_run(NULL);
	server_free();
	control_free();
	loop_free();
	record_close(record);
	_exit(failed ? 2 : 0);
}

static int set_up(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/ringsched-control-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/control", folder);
	snprintf(vm_path, sizeof(vm_path), "%s/vm", folder);
	assert_int_equal(pipe(ready), 0);
	daemon_pid = fork();
	if (!daemon_pid)
		serve(ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	client = control_client_connect(path, TIMEOUT_MS, NULL);
	assert_non_null(client);
	return 0;
}

/* It ends as asked, with nothing left behind, whatever the test did to it. */
static int tear_down(void **state)
{
	struct json_object *answer;
	int status;

	(void)state;
	answer = control_client_command(client, "shutdown", NULL);
	assert_non_null(answer);
	json_object_put(answer);
	control_client_close(client);
	assert_int_equal(waitpid(daemon_pid, &status, 0), daemon_pid);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(folder), 0); /* the sockets are gone */
	return 0;
}

/* Sends the text as a request; the answer, NULL with the sentence in *err. */
static struct json_object *ask(const char *text, struct rs_error **err)
{
	struct json_object *request = json_tokener_parse(text), *answer;

	assert_non_null(request);
	answer = control_client_request(client, request, err);
	json_object_put(request);
	return answer;
}

static void ask_ok(const char *text)
{
	struct rs_error *err = NULL;
	struct json_object *answer = ask(text, &err);

	if (!answer)
		fail_msg("%s: %s", text, err->message);
	json_object_put(answer);
}

static void ask_refused(const char *text, const char *because)
{
	cleanup_error struct rs_error *err = NULL;

	assert_null(ask(text, &err));
	assert_int_equal(err->code, EREMOTEIO);
	if (!strstr(err->message, because))
		fail_msg("%s: '%s' does not say '%s'", text, err->message, because);
}

static void add_vm(const char *name, const char *rest)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"command\":\"add-vm\",\"name\":\"%s\",\"socket\":\"%s-%s\"%s}", name, vm_path,
		 name, rest);
	ask_ok(text);
}

/* One value out of the first VM's status. */
static const char *first_vm(struct json_object *status, const char *key)
{
	struct json_object *vms, *value;

	assert_true(json_object_object_get_ex(status, "vms", &vms));
	assert_true(json_object_array_length(vms) > 0);
	assert_true(json_object_object_get_ex(json_object_array_get_idx(vms, 0), key, &value));
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
}

static void test_status_of_a_new_vm(void **state)
{
	static const char *const expected[][2] = {
		{ "name", "\"a\"" },
		{ "connected", "false" },
		{ "policy", "\"ring\"" },
		{ "ceiling", "55" },
		{ "role", "\"neighbour\"" },
		{ "vcpus", "[]" },
		{ "active_rings", "[]" },
		{ "kicks", "0" },
		{ "lost", "0" },
		{ "boosts", "0" },
		{ "grants", "[]" },
		{ "low", "false" },
		{ "handling_us", "{\"count\":0,\"min\":null,\"p50\":null,\"p90\":null,"
				 "\"p99\":null,\"p999\":null,\"max\":null}" },
		{ "messages", "{\"attach\":0,\"start\":0,\"end\":0,\"switch\":0,"
			      "\"ring_change\":0,\"bye\":0,\"scan\":0}" },
	};
	struct json_object *status;

	(void)state;
	add_vm("a", ",\"ceiling\":55,\"role\":\"neighbour\",\"policy\":\"ring\"");
	status = control_client_command(client, "status", NULL);
	assert_non_null(status);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_string_equal(first_vm(status, expected[i][0]), expected[i][1]);
	json_object_put(status);
}

static void test_sockets_are_private(void **state)
{
	char vm_socket[128];
	struct stat st;

	(void)state;
	add_vm("a", "");
	snprintf(vm_socket, sizeof(vm_socket), "%s-a", vm_path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(vm_socket, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	ask_ok("{\"command\":\"remove-vm\",\"name\":\"a\"}");
	assert_int_equal(stat(vm_socket, &st), -1);
}

static void test_policies(void **state)
{
	struct json_object *status;

	(void)state;
	add_vm("a", "");
	add_vm("b", ",\"policy\":\"static\"");
	ask_ok("{\"command\":\"policy\",\"name\":\"ring\"}");
	status = control_client_command(client, "status", NULL);
	assert_string_equal(first_vm(status, "policy"), "\"ring\"");
	json_object_put(status);
	/* b brought its own: the daemon's change passes it by. */
	ask_ok("{\"command\":\"remove-vm\",\"name\":\"a\"}");
	status = control_client_command(client, "status", NULL);
	assert_string_equal(first_vm(status, "policy"), "\"static\"");
	json_object_put(status);
	ask_ok("{\"command\":\"policy\",\"name\":\"ring_boot\",\"vm\":\"b\"}");
	status = control_client_command(client, "status", NULL);
	assert_string_equal(first_vm(status, "policy"), "\"ring_boot\"");
	json_object_put(status);
}

static void test_refusals(void **state)
{
	static const char *const rows[][2] = {
		{ "{}", "lacks \"command\"" },
		{ "{\"command\":7}", "not a string" },
		{ "{\"command\":\"stat\\u0000us\"}", "zero byte" },
		{ "{\"command\":\"explode\"}", "no command 'explode'" },
		{ "{\"command\":\"add-vm\",\"name\":\"x\"}", "lacks \"socket\"" },
		{ "{\"command\":\"add-vm\",\"name\":\"\",\"socket\":\"/tmp/x\"}", "1 to 63 bytes" },
		{ "{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"/tmp/x\",\"ceiling\":0}",
		  "ceiling 0" },
		{ "{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"/tmp/x\",\"ceiling\":90}",
		  "ceiling 90" },
		{ "{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"/tmp/x\",\"ceiling\":-1}",
		  "\"ceiling\" is -1" },
		{ "{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"/tmp/x\","
		  "\"rt_budget_permille\":951}",
		  "951" },
		{ "{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"/tmp/x\",\"role\":\"boss\"}",
		  "boss" },
		{ "{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"/tmp/x\",\"policy\":\"p\"}",
		  "none, static, ring, ring_boot" },
		{ "{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"/nonexistent/x\"}",
		  "/nonexistent/x" },
		{ "{\"command\":\"add-vm\",\"name\":\"x\",\"socket\":\"/tmp\"}", "no socket" },
		{ "{\"command\":\"remove-vm\",\"name\":\"x\"}", "no VM named x" },
		{ "{\"command\":\"policy\",\"name\":\"ring\",\"vm\":\"x\"}", "no VM named x" },
		{ "{\"command\":\"settle\",\"name\":\"x\"}", "no VM named x" },
	};
	struct json_object *status, *vms;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ask_refused(rows[i][0], rows[i][1]);
	add_vm("a", "");
	ask_refused("{\"command\":\"add-vm\",\"name\":\"a\",\"socket\":\"/tmp/y\"}",
		    "VM named a already");
	ask_refused("{\"command\":\"settle\",\"name\":\"a\"}", "not connected");
	/* None of the refused ones has left a VM. */
	status = control_client_command(client, "status", NULL);
	assert_true(json_object_object_get_ex(status, "vms", &vms));
	assert_int_equal(json_object_array_length(vms), 1);
	json_object_put(status);
}

static int raw_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static size_t raw_ask(int fd, const char *text, char *answer, size_t size)
{
	size_t have = 0;
	ssize_t n;

	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	while ((!have || answer[have - 1] != '\n') &&
	       (n = recv(fd, answer + have, size - 1 - have, 0)) > 0)
		have += (size_t)n;
	answer[have] = '\0';
	return have;
}

static void test_garbage_lines(void **state)
{
	static const char *const lines[] = {
		"\n",
		"nonsense\n",
		"[1,2]\n",
		"{\"command\":\"status\"\n",
		"null\n",
		"\"status\"\n",
		"{\"command\":\"status\"} trailing\n",
		"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]\n",
	};
	int fd = raw_connect();
	char answer[512];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_true(raw_ask(fd, lines[i], answer, sizeof(answer)) > 0);
		if (!strstr(answer, "\"ok\":false"))
			fail_msg("%s was answered with %s", lines[i], answer);
	}
	/* Two requests in one packet: two answers, in order. */
	assert_true(raw_ask(fd, "{\"command\":\"reset\"}\n{\"command\":\"no\"}", answer,
			    sizeof(answer)) > 0);
	assert_non_null(strstr(answer, "\"ok\":true"));
	assert_true(raw_ask(fd, "\n", answer, sizeof(answer)) > 0);
	assert_non_null(strstr(answer, "\"ok\":false"));
	close(fd);
}

static void test_line_without_end(void **state)
{
	static char junk[CONTROL_REQUEST_MAX];
	int fd = raw_connect();
	char byte;

	(void)state;
	memset(junk, 'x', sizeof(junk));
	assert_int_equal(send(fd, junk, sizeof(junk), MSG_NOSIGNAL), sizeof(junk));
	assert_int_equal(recv(fd, &byte, 1, 0), 0); /* it hangs up */
	close(fd);
	ask_ok("{\"command\":\"status\"}"); /* and serves the others */
}

static void test_trace_is_empty_and_reset_works(void **state)
{
	struct json_object *answer = control_client_command(client, "trace", NULL), *events;

	(void)state;
	assert_non_null(answer);
	assert_true(json_object_object_get_ex(answer, "events", &events));
	assert_int_equal(json_object_array_length(events), 0);
	json_object_put(answer);
	ask_ok("{\"command\":\"reset\"}");
}

static void test_second_daemon_is_refused(void **state)
{
	cleanup_error struct rs_error *err = NULL;

	(void)state;
	assert_int_equal(control_init(path, &err), -EADDRINUSE);
	assert_non_null(strstr(err->message, path));
}

static void test_client_errors(void **state)
{
	cleanup_error struct rs_error *err = NULL;
	struct control_client *impatient = control_client_connect(path, 50, NULL);

	(void)state;
	assert_null(control_client_connect("/nonexistent/socket", 100, &err));
	assert_int_equal(err->code, ENOENT);
	rs_error_free(&err);
	/* A daemon that hangs. */
	assert_int_equal(kill(daemon_pid, SIGSTOP), 0);
	assert_null(control_client_command(impatient, "status", &err));
	assert_int_equal(err->code, ETIMEDOUT);
	assert_int_equal(kill(daemon_pid, SIGCONT), 0);
	control_client_close(impatient);
	control_client_close(NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		T(test_status_of_a_new_vm),
		T(test_sockets_are_private),
		T(test_policies),
		T(test_refusals),
		T(test_garbage_lines),
		T(test_line_without_end),
		T(test_trace_is_empty_and_reset_works),
		T(test_second_daemon_is_refused),
		T(test_client_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
