// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"

#define START_LIMIT_MS 5000
#define END_LIMIT_MS 5000
#define ANSWER_LIMIT_MS 5000
#define LONGEST_BOOST_US 60000000
#define HIGHEST_RATE 1000000
#define ARGUMENTS_MAX 32

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

void short_pause(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

const char *daemon_binary(void)
{
	const char *path = getenv("RINGSCHEDD");

	return path ? path : "build/ringschedd";
}

static int make_folder(struct daemon *d, struct rs_error **err)
{
	const char *base = getenv("TMPDIR");

	if (d->folder[0])
		return 0;
	/* A socket's path is short: a long TMPDIR cannot be used. */
	if (!base || strlen(base) > 20)
		base = "/tmp";
	snprintf(d->folder, sizeof(d->folder), "%s/ringsched-test-XXXXXX", base);
	if (!mkdtemp(d->folder)) {
		d->folder[0] = 0;
		return rs_fail_errno(err, errno, "making a folder in %s", base);
	}
	snprintf(d->control, sizeof(d->control), "%s/control", d->folder);
	snprintf(d->record, sizeof(d->record), "%s/record", d->folder);
	snprintf(d->log, sizeof(d->log), "%s/log", d->folder);
	return 0;
}

/* Runs in the child; does not return. */
static void become_daemon(struct daemon *d, const char *policy, const char *const *extra, int out)
{
	const char *args[ARGUMENTS_MAX] = { daemon_binary(), "--control", d->control, "--policy",
					    policy,	     "--record",  d->record };
	int n = 7;
	int log = open(d->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	for (; extra && *extra && n < ARGUMENTS_MAX - 1; extra++)
		args[n++] = *extra;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close_range(3, ~0u, 0);
	execv(args[0], (char *const *)args);
	dprintf(STDERR_FILENO, "%s: %s\n", args[0], strerror(errno));
	_exit(127);
}

static int wait_ready(int out, struct rs_error **err)
{
	int64_t end = now_ms() + START_LIMIT_MS;
	char text[64] = "";
	size_t have = 0;

	while (!strstr(text, "ready\n")) {
		struct pollfd p = { .fd = out, .events = POLLIN };
		int left = (int)(end - now_ms());
		ssize_t n;

		if (left <= 0 || poll(&p, 1, left) <= 0)
			return rs_fail(err, ETIMEDOUT, "no \"ready\" within %d ms", START_LIMIT_MS);
		n = read(out, text + have, sizeof(text) - 1 - have);
		if (n <= 0)
			return rs_fail(err, ECHILD, "it ended, or wrote something else: \"%s\"",
				       text);
		have += (size_t)n;
	}
	return 0;
}

static int find_guardian(struct daemon *d, struct rs_error **err)
{
	struct json_object *status = control_client_command(d->client, "status", err);

	if (!status)
		return rs_fail_wrap(err, "daemon");
	d->guardian = (pid_t)json_object_get_int(json_object_object_get(status, "guardian"));
	json_object_put(status);
	return 0;
}

int daemon_start(struct daemon *d, const char *policy, const char *const *extra,
		 struct rs_error **err)
{
	cleanup_close int in = -1, out = -1;
	int ends[2];

	if (make_folder(d, err))
		return rs_fail_wrap(err, "starting the daemon");
	if (pipe2(ends, O_CLOEXEC))
		return rs_fail_errno(err, errno, "pipe");
	in = ends[0];
	out = ends[1];
	d->pid = fork();
	if (d->pid < 0) {
		d->pid = 0;
		return rs_fail_errno(err, errno, "fork");
	}
	if (!d->pid)
		become_daemon(d, policy, extra, out);
	close(steal_fd(&out)); /* so that its end is seen */
	if (wait_ready(in, err))
		return rs_fail_wrap(err, "starting %s", daemon_binary());
	control_client_close(d->client);
	d->client = control_client_connect(d->control, ANSWER_LIMIT_MS, err);
	return d->client ? find_guardian(d, err) : rs_fail_wrap(err, "daemon");
}

static bool reap(struct daemon *d, int limit_ms, int *status)
{
	int64_t end = now_ms() + limit_ms;

	while (waitpid(d->pid, status, WNOHANG) == 0) {
		if (now_ms() > end)
			return false;
		short_pause();
	}
	d->pid = 0;
	control_client_close(d->client);
	d->client = NULL;
	return true;
}

static int end(struct daemon *d, int signal, struct rs_error **err)
{
	int status = 0;

	if (!d->pid)
		return rs_fail(err, ESRCH, "the daemon does not run");
	kill(d->pid, signal);
	if (!reap(d, END_LIMIT_MS, &status))
		return rs_fail(err, ETIMEDOUT, "the daemon did not end on signal %d", signal);
	return status;
}

/* The daemon that collects it lives: until then the pid is its own. */
static void kill_guardian(struct daemon *d)
{
	if (d->pid && d->guardian > 0)
		kill(d->guardian, SIGKILL);
	d->guardian = 0;
}

int daemon_end(struct daemon *d, int signal, struct rs_error **err)
{
	if (signal == SIGKILL)
		kill_guardian(d);
	return end(d, signal, err);
}

int daemon_kill(struct daemon *d, struct rs_error **err)
{
	return end(d, SIGKILL, err);
}

static void print_log(const char *path)
{
	cleanup_file FILE *f = fopen(path, "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		fprintf(stderr, "  ringschedd: %s", line);
}

static void remove_folder(const char *path)
{
	cleanup_dir DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(dir), e->d_name, 0);
	rmdir(path);
}

void daemon_clean(struct daemon *d, bool show_log)
{
	int status;

	if (d->pid) {
		kill(d->pid, SIGTERM);
		if (!reap(d, END_LIMIT_MS, &status)) {
			kill(d->pid, SIGKILL);
			reap(d, END_LIMIT_MS, &status);
		}
	}
	if (show_log && d->folder[0])
		print_log(d->log);
	control_client_close(d->client);
	if (d->folder[0])
		remove_folder(d->folder);
	*d = (struct daemon){ 0 };
}

bool daemon_alive(struct daemon *d)
{
	cleanup_error struct rs_error *err = NULL;
	struct json_object *answer;

	if (!d->client || kill(d->pid, 0))
		return false;
	answer = control_client_command(d->client, "status", &err);
	if (err)
		fprintf(stderr, "status: %s\n", err->message);
	json_object_put(answer);
	return answer;
}

void daemon_vm_socket(const struct daemon *d, const char *name, char path[DAEMON_PATH_MAX])
{
	snprintf(path, DAEMON_PATH_MAX, "%s/%.40s.sock", d->folder, name);
}

/* Takes the request. */
static int send_request(struct daemon *d, struct json_object *request, struct rs_error **err)
{
	struct json_object *answer;

	if (!d->client) {
		json_object_put(request);
		return rs_fail(err, ENOTCONN, "the daemon does not run");
	}
	answer = control_client_request(d->client, request, err);
	json_object_put(request);
	if (!answer)
		return rs_fail_wrap(err, "daemon");
	json_object_put(answer);
	return 0;
}

static void set_text(struct json_object *o, const char *key, const char *value)
{
	if (value)
		json_object_object_add(o, key, json_object_new_string(value));
}

static void set_number(struct json_object *o, const char *key, unsigned int value)
{
	if (value)
		json_object_object_add(o, key, json_object_new_int((int)value));
}

static struct json_object *add_request(struct daemon *d, const char *name, unsigned int ceiling,
				       const char *policy)
{
	struct json_object *request = json_object_new_object();
	char path[DAEMON_PATH_MAX];

	daemon_vm_socket(d, name, path);
	set_text(request, "command", "add-vm");
	set_text(request, "name", name);
	set_text(request, "socket", path);
	set_text(request, "policy", policy);
	set_number(request, "ceiling", ceiling);
	return request;
}

int daemon_add_vm(struct daemon *d, const char *name, unsigned int ceiling, const char *policy,
		  struct rs_error **err)
{
	struct json_object *request = add_request(d, name, ceiling, policy);

	/* A guest that waits for the test inside its ring would use them up. */
	set_text(request, "budget_by", "kernel");
	set_number(request, "longest_boost_us", LONGEST_BOOST_US);
	return send_request(d, request, err);
}

int daemon_add_vm_budget(struct daemon *d, const char *name, unsigned int permille,
			 unsigned int period_us, struct rs_error **err)
{
	struct json_object *request = add_request(d, name, 0, NULL);

	set_text(request, "budget_by", "daemon");
	set_number(request, "rt_budget_permille", permille);
	set_number(request, "rt_budget_period_us", period_us);
	/* So that it is the budget alone that bounds it. */
	set_number(request, "longest_boost_us", LONGEST_BOOST_US);
	set_number(request, "notify_rate", HIGHEST_RATE);
	return send_request(d, request, err);
}

int daemon_add_vm_bounded(struct daemon *d, const char *name, unsigned int longest_boost_us,
			  unsigned int notify_rate, struct rs_error **err)
{
	struct json_object *request = add_request(d, name, 0, NULL);

	set_text(request, "budget_by", "kernel");
	set_number(request, "longest_boost_us", longest_boost_us);
	set_number(request, "notify_rate", notify_rate);
	return send_request(d, request, err);
}

int daemon_add_vm_scanned(struct daemon *d, const char *name, unsigned int interval_us,
			  struct rs_error **err)
{
	struct json_object *request = add_request(d, name, 0, "rq_scan");

	set_number(request, "scan_interval_us", interval_us);
	set_number(request, "longest_boost_us", LONGEST_BOOST_US);
	return send_request(d, request, err);
}

int daemon_command(struct daemon *d, const char *command, const char *name, const char *vm,
		   struct rs_error **err)
{
	struct json_object *request = json_object_new_object();

	set_text(request, "command", command);
	set_text(request, "name", name);
	set_text(request, "vm", vm);
	return send_request(d, request, err);
}

/* Borrowed from `at`; NULL where a key or an index is missing. */
static struct json_object *follow(struct json_object *at, const char *path)
{
	char key[64];

	while (at && *path) {
		size_t n = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)n, path);
		path += n + (path[n] == '.');
		if (json_object_is_type(at, json_type_array))
			at = json_object_array_get_idx(at, (size_t)atoi(key));
		else
			at = json_object_object_get(at, key);
	}
	return at;
}

/* Owned; NULL when the daemon does not answer. *found is borrowed from it. */
static struct json_object *vm_status(struct daemon *d, const char *vm, struct json_object **found)
{
	cleanup_error struct rs_error *err = NULL;
	struct json_object *status = control_client_command(d->client, "status", &err);
	struct json_object *vms = status ? json_object_object_get(status, "vms") : NULL;

	*found = NULL;
	if (err)
		fprintf(stderr, "status: %s\n", err->message);
	for (size_t i = 0; vms && i < json_object_array_length(vms); i++) {
		struct json_object *v = json_object_array_get_idx(vms, i);
		struct json_object *name = json_object_object_get(v, "name");

		if (name && !strcmp(json_object_get_string(name), vm))
			*found = v;
	}
	return status;
}

int64_t daemon_number(struct daemon *d, const char *vm, const char *path)
{
	struct json_object *at, *status = vm_status(d, vm, &at);
	int64_t value = INT64_MIN;

	at = follow(at, path);
	if (json_object_is_type(at, json_type_int) || json_object_is_type(at, json_type_boolean))
		value = json_object_get_int64(at);
	json_object_put(status);
	return value;
}

bool daemon_text(struct daemon *d, const char *vm, const char *path, char *text, size_t size)
{
	struct json_object *at, *status = vm_status(d, vm, &at);
	bool found;

	at = follow(at, path);
	found = json_object_is_type(at, json_type_string);
	snprintf(text, size, "%s", found ? json_object_get_string(at) : "");
	json_object_put(status);
	return found;
}

int64_t daemon_rejects(struct daemon *d, const char *vm)
{
	struct json_object *at, *status = vm_status(d, vm, &at);
	int64_t sum = 0;

	at = follow(at, "rejects");
	if (json_object_is_type(at, json_type_object)) {
		json_object_object_foreach(at, key, value) {
			(void)key;
			sum += json_object_get_int64(value);
		}
	}
	json_object_put(status);
	return sum;
}

bool daemon_wait_number(struct daemon *d, const char *vm, const char *path, int64_t wanted,
			int limit_ms)
{
	int64_t end = now_ms() + limit_ms;

	while (daemon_number(d, vm, path) < wanted) {
		if (now_ms() > end)
			return false;
		short_pause();
	}
	return true;
}

bool thread_wait_sched(pid_t tid, uint32_t policy, uint32_t priority, int limit_ms,
		       struct sched_state *last)
{
	int64_t end = now_ms() + limit_ms;

	for (;;) {
		*last = (struct sched_state){ .policy = ~0u };
		if (!sched_read(tid, last) && last->policy == policy && last->priority == priority)
			return true;
		if (now_ms() > end)
			return false;
		short_pause();
	}
}

pid_t thread_find(pid_t pid, const char *name)
{
	char path[64], comm[32];
	cleanup_dir DIR *dir = NULL;
	struct dirent *e;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		cleanup_file FILE *f = NULL;

		snprintf(path, sizeof(path), "/proc/%d/task/%.12s/comm", (int)pid, e->d_name);
		f = fopen(path, "re");
		if (!f || !fgets(comm, sizeof(comm), f))
			continue;
		comm[strcspn(comm, "\n")] = 0;
		if (!strcmp(comm, name))
			return atoi(e->d_name);
	}
	return 0;
}
