// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/reaper.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 5

/*
 * Did `pid` come to us as an orphan? A QEMU that went into the background
 * began a session. Children of our own, which others here wait for, stay in
 * ours: so does the daemon.
 */
static bool is_orphan(pid_t pid)
{
	pid_t session = getsid(pid);

	return session > 0 && session != getsid(0);
}

struct waiting {
	pid_t pid;
	unsigned int ms; /* since it was seen dead */
};

/* One look; a child that another waits for hides those behind it until then. */
static bool collect(struct waiting *w, unsigned int patience_ms)
{
	siginfo_t ended = { 0 };

	if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 || !ended.si_pid ||
	    !is_orphan(ended.si_pid))
		return false;
	if (w->pid != ended.si_pid)
		*w = (struct waiting){ .pid = ended.si_pid };
	w->ms += STEP_MS;
	return w->ms > patience_ms && waitpid(w->pid, NULL, WNOHANG) == w->pid;
}

static void *run_reaper(void *arg)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000 };
	struct waiting waiting = { 0 };
	struct reaper *r = arg;

	while (!atomic_load(&r->stop))
		if (!collect(&waiting, r->patience_ms))
			nanosleep(&step, NULL);
	return NULL;
}

void reaper_begin(struct reaper *r, unsigned int patience_ms)
{
	sigset_t all, before;

	atomic_init(&r->stop, false);
	r->patience_ms = patience_ms;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r->running = pthread_create(&r->thread, NULL, run_reaper, r) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void reaper_end(struct reaper *r)
{
	if (!r->running)
		return;
	atomic_store(&r->stop, true);
	pthread_join(r->thread, NULL);
	r->running = false;
}
