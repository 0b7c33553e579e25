// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/journal.h"
#include "harness/process.h"
#include "harness/schedstat.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/control_client.h"
#include "host/error.h"
#include "host/notify.h"
#include "host/record.h"

#define READY_S 10 /* from its start to "ready" */
#define STOP_MS 10000 /* to restore all and end */
#define REQUEST_MS 15000

struct daemon {
	pid_t pid;
	struct process proc;
	int pidfd; /* watched by every wait */
	pid_t notify; /* its notification thread */
	char *record, *control_socket; /* owned */
	struct control_client *client;
};

#define ARGUMENTS_MAX (12 + DAEMON_SOCKETS_MAX)

/* Its command line; the strings behind `owned` are ours to free. */
struct arguments {
	char trace[16], cpu[16];
	const char *list[ARGUMENTS_MAX];
	char *owned[DAEMON_SOCKETS_MAX];
};

int daemon_config_socket(struct daemon_config *c, const char *path, struct rs_error **err)
{
	if (c->socket_count == DAEMON_SOCKETS_MAX)
		return rs_fail(err, ENOSPC, "more than %d sockets for interrupts",
			       DAEMON_SOCKETS_MAX);
	c->sockets[c->socket_count++] = path;
	return 0;
}

static void free_arguments(struct arguments *a)
{
	for (unsigned int i = 0; i < DAEMON_SOCKETS_MAX; i++)
		free(a->owned[i]);
}

static int make_arguments(const struct daemon_config *c, struct arguments *a, struct rs_error **err)
{
	const char *fixed[] = { c->program, "--control", c->control_socket, "--policy", c->policy,
				"--cpu",    a->cpu,	 "--record",	    c->record,	"--trace",
				a->trace };
	unsigned int n = sizeof(fixed) / sizeof(fixed[0]);

	snprintf(a->trace, sizeof(a->trace), "%u", c->trace_events);
	snprintf(a->cpu, sizeof(a->cpu), "%d", c->cpu);
	memcpy(a->list, fixed, sizeof(fixed));
	for (unsigned int i = 0; i < c->socket_count; i++) {
		const char *slash = strrchr(c->sockets[i], '/');
		int length = slash ? (int)(slash - c->sockets[i]) : 0;

		if (asprintf(&a->owned[i], "--folder=%.*s", length ? length : 1, c->sockets[i]) <
		    0) {
			a->owned[i] = NULL;
			return rs_fail(err, ENOMEM, "out of memory");
		}
		a->list[n++] = a->owned[i];
	}
	return 0;
}

/* In the child, between fork and exec: system calls only. */
static void become_daemon(const struct daemon_config *c, const struct arguments *a, int ready,
			  pid_t parent)
{
	int log = open(c->log, O_WRONLY | O_CREAT | O_APPEND, 0644);

	/* Ctrl-C is for the run, which then ends the daemon in its own time. Not
	 * a session: by that harness/reaper.c tells our children from orphans. */
	setpgid(0, 0);
	/* If the run is killed the daemon restores all scheduling by itself. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || log < 0)
		_exit(127);
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(ready, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	execv(c->program, (char *const *)a->list);
	dprintf(STDERR_FILENO, "%s: %s\n", c->program, strerror(errno));
	_exit(127);
}

static pid_t spawn(const struct daemon_config *c, const struct arguments *a, int *ready,
		   struct rs_error **err)
{
	pid_t pid, parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return rs_fail_errno(err, errno, "creating a pipe");
	pid = fork();
	if (pid == 0)
		become_daemon(c, a, ends[1], parent);
	close(ends[1]);
	*ready = ends[0];
	return pid < 0 ? rs_fail_errno(err, errno, "starting %s", c->program) : pid;
}

static int wait_ready(int ready, struct rs_error **err)
{
	int64_t deadline = wait_deadline(READY_S);
	char text[64];
	size_t used = 0;
	ssize_t got;
	int ret;

	for (;;) {
		ret = wait_fd(ready, POLLIN, deadline, err);
		if (ret < 0)
			return ret;
		got = read(ready, text + used, sizeof(text) - 1 - used);
		if (got <= 0)
			return rs_fail(err, EIO, "it ended before it was ready");
		used += (size_t)got;
		text[used] = '\0';
		if (!strcmp(text, "ready\n"))
			return 0;
		if (used == sizeof(text) - 1 || strchr(text, '\n'))
			return rs_fail(err, EPROTO, "it printed '%s' where 'ready' is due", text);
	}
}

static int bring_up(struct daemon *d, const struct daemon_config *c, struct journal *j,
		    struct rs_error **err)
{
	struct arguments arguments = { 0 };
	cleanup_close int ready = -1;
	int ret = journal_add(j, err, "record %s", c->record);

	if (ret >= 0)
		ret = make_arguments(c, &arguments, err);
	if (ret >= 0)
		d->pid = spawn(c, &arguments, &ready, err);
	free_arguments(&arguments);
	if (ret < 0)
		return ret;
	if (d->pid < 0)
		return d->pid;
	d->proc = process_of(d->pid);
	ret = journal_add(j, err, "daemon %d %llu", (int)d->pid, (unsigned long long)d->proc.start);
	if (ret < 0)
		return ret;
	ret = wait_ready(ready, err);
	if (ret < 0)
		return ret;
	d->pidfd = process_open(&d->proc, err);
	if (d->pidfd < 0)
		return d->pidfd;
	ret = wait_watch(d->pidfd, "ringschedd", err);
	if (ret < 0)
		return ret;
	d->notify = process_thread(d->pid, NOTIFY_THREAD);
	d->client = control_client_connect(c->control_socket, REQUEST_MS, err);
	return d->client ? 0 : -EIO;
}

static void free_daemon(struct daemon *d)
{
	free(d->record);
	free(d->control_socket);
	free(d);
}

struct daemon *daemon_start(const struct daemon_config *config, struct journal *j,
			    struct rs_error **err)
{
	struct daemon *d = calloc(1, sizeof(*d));

	if (d) {
		d->record = strdup(config->record);
		d->control_socket = strdup(config->control_socket);
	}
	if (!d || !d->record || !d->control_socket) {
		if (d)
			free_daemon(d);
		rs_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	d->pidfd = -1;
	d->pid = -1;
	if (bring_up(d, config, j, err) < 0) {
		rs_fail_wrap(err, "ringschedd (its log: %s)", config->log);
		daemon_stop(d, NULL);
		return NULL;
	}
	return d;
}

int daemon_cpu(const struct daemon *d, struct daemon_cpu *cpu, struct rs_error **err)
{
	struct schedstat thread;
	struct timespec used;
	clockid_t clock;
	int ret = clock_getcpuclockid(d->pid, &clock);

	if (ret == 0 && clock_gettime(clock, &used) < 0)
		ret = errno;
	if (ret)
		return rs_fail_errno(err, ret, "reading the CPU time of ringschedd");
	cpu->process_ns = (uint64_t)used.tv_sec * 1000000000ull + (uint64_t)used.tv_nsec;
	ret = schedstat_read(d->pid, d->notify, &thread, err);
	cpu->notify_ns = ret < 0 ? 0 : thread.run_ns;
	return ret;
}

struct control_client *daemon_client(const struct daemon *d)
{
	return d->client;
}

bool daemon_alive(const struct daemon *d)
{
	return !d || process_alive(&d->proc);
}

/* Its exit status once it is gone; SIGKILL where it does not go. */
static int reap(struct daemon *d)
{
	struct pollfd gone = { .fd = d->pidfd, .events = POLLIN };
	int status = -1;

	if (d->pidfd < 0 || poll(&gone, 1, STOP_MS) != 1)
		kill(d->pid, SIGKILL); /* our child and not waited for: the pid is its own */
	while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int explain_end(int status, unsigned int restored, struct rs_error **err)
{
	if (WIFSIGNALED(status) && restored)
		return rs_fail(err, ECHILD,
			       "ringschedd was killed by SIG%s; %u things it had changed were "
			       "put back by its record",
			       sigabbrev_np(WTERMSIG(status)), restored);
	if (WIFSIGNALED(status)) /* its guardian was faster, and told its log */
		return rs_fail(err, ECHILD,
			       "ringschedd was killed by SIG%s; nothing it had changed is left: "
			       "see ringschedd.log",
			       sigabbrev_np(WTERMSIG(status)));
	if (status)
		return rs_fail(err, ECHILD, "ringschedd ended with exit code %d",
			       WEXITSTATUS(status));
	return 0;
}

int daemon_stop(struct daemon *d, struct rs_error **err)
{
	unsigned int restored = 0;
	int status = 0, ret = 0;

	if (!d)
		return 0;
	if (d->pidfd >= 0)
		wait_unwatch(d->pidfd);
	control_client_close(d->client);
	if (d->pid > 0) {
		kill(d->pid, SIGTERM);
		status = reap(d);
		ret = record_restore(d->record, &restored, err);
		if (ret == 0)
			ret = explain_end(status, restored, err);
	}
	if (d->pidfd >= 0)
		close(d->pidfd);
	unlink(d->control_socket); /* there still if it was killed */
	free_daemon(d);
	return ret;
}
