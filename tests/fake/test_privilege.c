// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the running daemon may do, read from the kernel, and whose threads it
 * touches: those of a process that connected, and that its VM's configuration
 * allows.
 */
#include <errno.h>
#include <grp.h>
#include <json-c/json.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/notify.h"
#include "host/record.h"
#include "tests/fake/world.h"

#define OTHER_USER "nobody"
#define SYS_NICE (1ull << 23)
#define IPC_LOCK (1ull << 14) /* kept where memory that is locked has a limit */
#define DAC_OVERRIDE (1ull << 1)

enum visitor { /* what became of a process that asks over the control socket */
	       VISITOR_TOLD_STATUS,
	       VISITOR_NOT_LET_IN,
	       VISITOR_FAILED,
};

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

/* A number of /proc/PID/task/TID/status, in the base it is written in. */
static unsigned long long status_of(pid_t pid, pid_t tid, const char *key, int base)
{
	char path[64], line[256];
	size_t length = strlen(key);
	cleanup_file FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, length) && line[length] == ':')
			return strtoull(line + length + 1, NULL, base);
	fail_msg("%s has no %s", path, key);
	return 0;
}

static void check_thread(pid_t pid, pid_t tid, uint64_t capabilities)
{
	assert_true(tid > 0);
	assert_int_equal(status_of(pid, tid, "CapEff", 16), capabilities);
	assert_int_equal(status_of(pid, tid, "CapPrm", 16), capabilities);
	assert_int_equal(status_of(pid, tid, "CapInh", 16), 0);
	assert_int_equal(status_of(pid, tid, "CapBnd", 16), 0);
	assert_int_equal(status_of(pid, tid, "NoNewPrivs", 10), 1);
	assert_int_equal(status_of(pid, tid, "Seccomp", 10), 2);
}

static bool has_memory_limit(const struct daemon *d)
{
	char path[64], line[256], soft[32] = "";
	cleanup_file FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%d/limits", d->pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Max locked memory %31s", soft) == 1)
			return strcmp(soft, "unlimited") != 0;
	fail_msg("%s does not tell of locked memory", path);
	return false;
}

static void check_daemon(const struct daemon *d, uint64_t capabilities)
{
	if (has_memory_limit(d))
		capabilities |= IPC_LOCK;
	check_thread(d->pid, d->pid, capabilities);
	check_thread(d->pid, thread_find(d->pid, NOTIFY_THREAD), capabilities);
}

/* The child that puts back after a SIGKILL stays root, for its record is root's,
 * and needs no filter: it waits. */
static void check_guardian(const struct daemon *d)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;

	assert_true(d->guardian > 0);
	/* It is on its own from its first moment on, and so may be later. */
	while (!status_of(d->guardian, d->guardian, "NoNewPrivs", 10) && now_ms() < end)
		short_pause();
	assert_int_equal(status_of(d->guardian, d->guardian, "CapEff", 16) & ~IPC_LOCK, SYS_NICE);
	assert_int_equal(status_of(d->guardian, d->guardian, "CapBnd", 16), 0);
	assert_int_equal(status_of(d->guardian, d->guardian, "NoNewPrivs", 10), 1);
}

static void start_with(struct world *w, const char *const *extra)
{
	struct rs_error *err = NULL;

	check_ok(daemon_start(&w->daemon, "ring_boot", extra, &err), &err);
}

/* A text of "confinement" in status. */
static void check_confinement(struct daemon *d, const char *key, const char *expected)
{
	struct json_object *status = control_client_command(d->client, "status", NULL);
	struct json_object *o = status ? json_object_object_get(status, "confinement") : NULL;
	const char *value = o ? json_object_to_json_string_ext(json_object_object_get(o, key),
							       JSON_C_TO_STRING_PLAIN) :
				NULL;

	if (!value || strcmp(value, expected))
		fail_msg("confinement.%s is %s, expected %s", key, value ? value : "missing",
			 expected);
	json_object_put(status);
}

static int64_t refused(struct daemon *d)
{
	struct json_object *status = control_client_command(d->client, "status", NULL);
	int64_t value = json_object_get_int64(json_object_object_get(status, "requests_refused"));

	json_object_put(status);
	return value;
}

/* One request as it is written; false: refused, with the daemon's words. */
static bool __attribute__((format(printf, 4, 5)))
request(struct daemon *d, char *words, size_t size, const char *format, ...)
{
	struct json_object *question, *answer;
	struct rs_error *err = NULL;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	question = json_tokener_parse(text);
	assert_non_null(question);
	answer = control_client_request(d->client, question, &err);
	json_object_put(question);
	snprintf(words, size, "%s", err ? err->message : "");
	rs_error_free(&err);
	json_object_put(answer);
	return answer != NULL;
}

/* ---- what it may do ---- */

static void test_root_keeps_what_it_needs(void **state)
{
	struct world *w = *state;

	need_root();
	start_with(w, (const char *const[]){ "--user", "root", NULL });
	check_daemon(&w->daemon, SYS_NICE);
	assert_int_equal(status_of(w->daemon.pid, w->daemon.pid, "Uid", 10), 0);
	check_confinement(&w->daemon, "user", "\"root\"");
	check_confinement(&w->daemon, "capabilities",
			  has_memory_limit(&w->daemon) ? "[\"ipc_lock\",\"sys_nice\"]" :
							 "[\"sys_nice\"]");
	check_confinement(&w->daemon, "no_new_privs", "true");
	check_confinement(&w->daemon, "seccomp", "true");
}

static void check_modes(struct world *w, mode_t mode, uid_t uid)
{
	struct stat st;
	char path[DAEMON_PATH_MAX];

	assert_int_equal(stat(w->daemon.control, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_uid, uid);
	daemon_vm_socket(&w->daemon, "a", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, getegid());
}

/* All that policies do, as another user, to root's threads. */
static void test_another_user_does_it_all(void **state)
{
	const struct sched_state nice_five = { .policy = SCHED_OTHER, .nice = 5 };
	struct world *w = *state;
	struct rs_error *err = NULL;
	struct frontend *f;
	int status;

	need_root();
	start_with(w, (const char *const[]){ "--user", OTHER_USER, NULL });
	check_daemon(&w->daemon, SYS_NICE | DAC_OVERRIDE);
	check_guardian(&w->daemon);
	assert_int_not_equal(status_of(w->daemon.pid, w->daemon.pid, "Uid", 10), 0);
	check_confinement(&w->daemon, "user", "\"" OTHER_USER "\"");
	check_confinement(&w->daemon, "capabilities",
			  has_memory_limit(&w->daemon) ?
				  "[\"dac_override\",\"ipc_lock\",\"sys_nice\"]" :
				  "[\"dac_override\",\"sys_nice\"]");
	f = world_boot(w, 0, "a", 0, NULL, &(struct fake_vm_options){ .own = &nice_five });
	check_modes(w, 0660, (uid_t)status_of(w->daemon.pid, w->daemon.pid, "Uid", 10));
	check_sched(f->vm.tid[0], SCHED_IDLE, 0, "while it boots");
	check_sched(f->vm.pid, SCHED_IDLE, 0, "its other threads as well");
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "in its ring");
	world_notify(f, RS_KIND_END, 1, 50);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after its ring");
	world_notify(f, RS_KIND_START, 1, 50);
	status = daemon_end(&w->daemon, SIGTERM, &err);
	check_ok(status, &err);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after the daemon");
	assert_int_not_equal(access(w->daemon.record, F_OK), 0);
	assert_int_not_equal(access(w->daemon.control, F_OK), 0);
}

/* It is root's again to undo what the user's daemon could not. */
static void test_another_users_record(void **state)
{
	struct world *w = *state;
	struct rs_error *err = NULL;
	unsigned int count = 0;
	struct frontend *f;

	need_root();
	start_with(w, (const char *const[]){ "--user", OTHER_USER, NULL });
	f = world_boot(w, 0, "a", 0, "ring", NULL);
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "in its ring");
	check_ok(daemon_end(&w->daemon, SIGKILL, &err), &err);
	check_ok(record_restore(w->daemon.record, &count, &err), &err);
	assert_true(count >= 1);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after the record was restored");
}

static void test_crash_restores(void **state)
{
	struct world *w = *state;
	struct rs_error *err = NULL;
	struct frontend *f;
	int status;

	need_root();
	start_with(w, (const char *const[]){ "--user", OTHER_USER, NULL });
	f = world_boot(w, 0, "a", 0, "ring", NULL);
	world_notify(f, RS_KIND_START, 1, 50);
	check_sched(f->vm.tid[0], SCHED_FIFO, 50, "in its ring");
	/* What a call of the list `never` ends in. */
	status = daemon_end(&w->daemon, SIGSYS, &err);
	check_ok(status, &err);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after SIGSYS");
}

static void test_sockets_of_a_group(void **state)
{
	struct world *w = *state;
	struct rs_error *err = NULL;
	struct stat st;
	char path[DAEMON_PATH_MAX];

	need_root();
	start_with(w, (const char *const[]){ "--user", "root", "--socket-group", "12345", NULL });
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
	daemon_vm_socket(&w->daemon, "a", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_gid, 12345);
}

/* What a process of that user and group is told; the child's exit code. */
static int ask_as(const struct daemon *d, uid_t uid, gid_t gid)
{
	struct rs_error *err = NULL;
	struct control_client *client;
	struct json_object *answer;

	/* From within: who may pass through the folders above is no matter here. */
	if (chdir(d->folder) < 0 || setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
		return VISITOR_FAILED;
	client = control_client_connect("control", STEP_LIMIT_MS, &err);
	if (!client)
		return err->code == EACCES ? VISITOR_NOT_LET_IN : VISITOR_FAILED;
	answer = control_client_command(client, "status", &err);
	if (!answer || !json_object_object_get(answer, "vms"))
		return VISITOR_FAILED;
	answer = control_client_command(client, "shutdown", &err);
	return !answer && strstr(err->message, "status alone") ? VISITOR_TOLD_STATUS :
								 VISITOR_FAILED;
}

static int ask_in_a_child(const struct daemon *d, uid_t uid, gid_t gid)
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (!pid)
		_exit(ask_as(d, uid, gid));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : VISITOR_FAILED;
}

static void test_status_for_a_group(void **state)
{
	struct world *w = *state;
	struct stat st;

	need_root();
	start_with(w,
		   (const char *const[]){ "--user", OTHER_USER, "--status-group", "12345", NULL });
	assert_int_equal(chmod(w->daemon.folder, 0755), 0);
	assert_int_equal(stat(w->daemon.control, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_gid, 12345);
	assert_int_equal(ask_in_a_child(&w->daemon, 4321, 12345), VISITOR_TOLD_STATUS);
	assert_int_equal(ask_in_a_child(&w->daemon, 4321, 4321), VISITOR_NOT_LET_IN);
	assert_int_equal(refused(&w->daemon), 1);
	assert_true(daemon_alive(&w->daemon));
}

static void test_sockets_of_one_user(void **state)
{
	struct world *w = *state;
	struct rs_error *err = NULL;

	need_root();
	start_with(w, (const char *const[]){ "--user", "root", NULL });
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
	check_modes(w, 0600, 0);
}

static void test_sockets_in_its_folders_only(void **state)
{
	struct world *w = *state;
	char words[256];

	need_root();
	start_with(w, (const char *const[]){ "--user", "root", NULL });
	assert_false(request(&w->daemon, words, sizeof(words),
			     "{\"command\":\"add-vm\",\"name\":\"a\","
			     "\"socket\":\"/etc/ringsched-test.sock\"}"));
	assert_non_null(strstr(words, "--folder"));
}

static void test_a_user_that_is_not_there(void **state)
{
	struct world *w = *state;
	struct rs_error *err = NULL;

	need_root();
	assert_true(daemon_start(&w->daemon, "ring",
				 (const char *const[]){ "--user", "no-such-user", NULL },
				 &err) < 0);
	rs_error_free(&err);
}

/* ---- whose threads it touches ---- */

static void add_vm_of_user(struct world *w, const char *name, uid_t uid)
{
	char path[DAEMON_PATH_MAX], words[256];

	daemon_vm_socket(&w->daemon, name, path);
	if (!request(&w->daemon, words, sizeof(words),
		     "{\"command\":\"add-vm\",\"name\":\"%s\",\"socket\":\"%s\",\"uid\":%u,"
		     "\"budget_by\":\"kernel\"}",
		     name, path, uid))
		fail_msg("%s", words);
}

static void test_process_of_the_wrong_user(void **state)
{
	struct world *w = *state;
	struct frontend *f = &w->vm[0];
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];

	start_with(w, NULL);
	add_vm_of_user(w, "a", geteuid() + 4321);
	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_create(f, NULL, &err), &err);
	check_ok(ff_connect(f, path, &err), &err);
	assert_true(ff_closed(f, STEP_LIMIT_MS));
	check_number(&w->daemon, "a", "peers_refused", 1);
	check_number(&w->daemon, "a", "connected", 0);
	check_number(&w->daemon, "a", "vcpus.0.tid", INT64_MIN);
	/* ring_boot would have made it low at once. */
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "not of the VM's user");
}

static void test_process_of_the_right_user(void **state)
{
	struct world *w = *state;
	struct frontend *f = &w->vm[0];
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];

	start_with(w, NULL);
	add_vm_of_user(w, "a", geteuid());
	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_boot(f, NULL, path, &err), &err);
	check_number(&w->daemon, "a", "peers_refused", 0);
	check_sched(f->vm.tid[0], SCHED_IDLE, 0, "while it boots");
}

/* Threads are asked for where no process has connected, or another one than
 * whoever asks knows of. Nothing is touched, and it is counted. */
static void test_threads_of_others_are_refused(void **state)
{
	struct world *w = *state;
	struct frontend *bystander = &w->vm[1];
	struct rs_error *err = NULL;
	struct frontend *f;
	char words[256];
	int64_t before;

	start_with(w, NULL);
	/* A process with threads of the right names, which never connects. */
	check_ok(ff_create(bystander, NULL, &err), &err);
	check_ok(daemon_add_vm(&w->daemon, "b", 0, NULL, &err), &err);
	before = refused(&w->daemon);
	assert_false(request(&w->daemon, words, sizeof(words),
			     "{\"command\":\"settle\",\"name\":\"b\",\"pid\":%d}",
			     bystander->vm.pid));
	assert_int_equal(refused(&w->daemon), before + 1);
	assert_non_null(strstr(words, "not connected"));

	f = world_boot(w, 0, "a", 0, "ring", NULL);
	assert_false(request(&w->daemon, words, sizeof(words),
			     "{\"command\":\"settle\",\"name\":\"a\",\"pid\":%d}",
			     bystander->vm.pid));
	check_number(&w->daemon, "a", "peers_refused", 1);
	assert_int_equal(refused(&w->daemon), before + 2);
	assert_true(request(&w->daemon, words, sizeof(words),
			    "{\"command\":\"settle\",\"name\":\"a\",\"pid\":%d}", f->vm.pid));
	check_number(&w->daemon, "a", "vcpus.0.tid", f->vm.tid[0]);
	check_sched(bystander->vm.tid[0], SCHED_OTHER, 0, "the process that never connected");
}

/* A guest names a vCPU that only another process has. */
static void test_vcpus_of_others_are_refused(void **state)
{
	struct world *w = *state;
	struct frontend *a, *b;
	struct rs_message m;

	start_with(w, NULL);
	a = world_boot(w, 0, "a", 0, "ring", NULL);
	b = world_boot(w, 1, "b", 0, "ring", &(struct fake_vm_options){ .vcpus = 2 });
	m = ff_message(a, RS_KIND_START, 1, 50);
	m.vcpu = 1;
	ff_post(a, &m, sizeof(m), true);
	assert_true(ff_drained(a, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
	check_number(&w->daemon, "a", "rejects.vcpu", 1);
	check_sched(b->vm.tid[1], SCHED_OTHER, 0, "another VM's vCPU");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_root_keeps_what_it_needs),
		WORLD_TEST(test_another_user_does_it_all),
		WORLD_TEST(test_another_users_record),
		WORLD_TEST(test_crash_restores),
		WORLD_TEST(test_sockets_of_a_group),
		WORLD_TEST(test_status_for_a_group),
		WORLD_TEST(test_sockets_of_one_user),
		WORLD_TEST(test_sockets_in_its_folders_only),
		WORLD_TEST(test_a_user_that_is_not_there),
		WORLD_TEST(test_process_of_the_wrong_user),
		WORLD_TEST(test_process_of_the_right_user),
		WORLD_TEST(test_threads_of_others_are_refused),
		WORLD_TEST(test_vcpus_of_others_are_refused),
	};

	return cmocka_run_group_tests_name("the daemon's privileges", tests, NULL, NULL) ? 1 : 0;
}
