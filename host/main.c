// SPDX-License-Identifier: GPL-2.0-or-later
/* ringschedd: the daemon's command line and life. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/confine.h"
#include "host/control.h"
#include "host/daemon_line.h"
#include "host/error.h"
#include "host/guardian.h"
#include "host/log.h"
#include "host/loop.h"
#include "host/memory.h"
#include "host/notify.h"
#include "host/record.h"
#include "host/server.h"
#include "host/trace.h"
#include "host/vmlist.h"

#define FILES_WANTED ((rlim_t)16 * VM_MAX)

/* ---- the ends it can come to ---- */

static struct record *fatal_record;

static void on_fatal(int number_of_signal)
{
	/* SA_RESETHAND: the signal raised again ends us, its code the right one. */
	if (fatal_record)
		record_restore_in_signal(fatal_record);
	raise(number_of_signal);
}

/* A VM's process may shorten the file behind its guest's memory. */
static void on_bus(int number_of_signal, siginfo_t *info, void *context)
{
	(void)context;
	if (memory_mend(info->si_addr))
		return;
	signal(number_of_signal, SIG_DFL);
	on_fatal(number_of_signal);
}

/* A system call that an intruder makes, or that confine_calls.c should know. */
static void on_call(int number_of_signal, siginfo_t *info, void *context)
{
	char text[] = "system call       is none of this daemon's: ending\n";
	int n = info->si_syscall;

	(void)context;
	for (char *digit = text + 16; n > 0; n /= 10) /* printf() is not for handlers */
		*digit-- = (char)('0' + n % 10);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		n = 0; /* nobody to tell */
	signal(number_of_signal, SIG_DFL);
	on_fatal(number_of_signal);
}

static int catch_fatal(struct rs_error **err)
{
	static const int fatal[] = { SIGSEGV, SIGABRT, SIGILL, SIGFPE };
	struct sigaction call = { .sa_sigaction = on_call, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction bus = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sigaction action = { .sa_handler = on_fatal, .sa_flags = SA_RESETHAND | SA_NODEFER };

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		if (sigaction(fatal[i], &action, NULL) < 0)
			return rs_fail_errno(err, errno, "catching signal %d", fatal[i]);
	if (sigaction(SIGSYS, &call, NULL) < 0)
		return rs_fail_errno(err, errno, "catching SIGSYS");
	if (sigaction(SIGBUS, &bus, NULL) < 0)
		return rs_fail_errno(err, errno, "catching SIGBUS");
	return 0;
}

static void on_signal(void *arg, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(*(int *)arg, &info, sizeof(info)) != sizeof(info))
		return;
	log_line("signal %u: ending", info.ssi_signo);
	loop_quit();
}

static struct loop_watch *signal_watch;

/* Blocked before any thread starts, so that all threads have it so. */
static int catch_signals(int *fd, struct rs_error **err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return rs_fail_errno(err, errno, "blocking signals");
	signal(SIGPIPE, SIG_IGN);
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*fd < 0)
		return rs_fail_errno(err, errno, "waiting for signals");
	signal_watch = loop_add(*fd, EPOLLIN, on_signal, fd, err);
	return signal_watch ? catch_fatal(err) : -EIO;
}

/* A VM holds about ten files; the usual soft limit of 1024 ends at 100 VMs. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= FILES_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit); /* without it, the next VM is refused in words */
}

/* A guardian for this life; and what is left of a former one's, where it had no
 * guardian any more. */
static int secure(const char *path, struct record **record, struct rs_error **err)
{
	unsigned int count = 0;
	int ret = path ? guardian_start(path, err) : 0;

	if (!ret && path)
		ret = record_restore(path, &count, err);
	if (ret)
		return ret;
	if (count)
		log_line("%u things that a killed daemon had changed were put back", count);
	*record = record_open(path, err);
	return *record ? 0 : -EIO;
}

/* Sockets are made beside those files and where the command line says. */
static int confine(const struct daemon_options *o, struct rs_error **err)
{
	static struct confine_options c; /* with it the paths made for it stay */
	int ret;

	c = o->confine;
	c.file = o->vms;
	ret = confine_add_folder_of(&c, o->control, err);
	if (!ret && o->record)
		ret = confine_add_folder_of(&c, o->record, err);
	return ret ? ret : confine_begin(&c, err);
}

static int set_up(const struct daemon_options *o, struct record **record, int *signals,
		  struct rs_error **err)
{
	const struct policy *policy = policy_find(o->policy, err);
	int ret;

	if (!policy)
		return -EINVAL;
	allow_files();
	if ((ret = sched_pin(o->cpu, err)) || (ret = secure(o->record, record, err)) ||
	    (ret = loop_init(err)) || (ret = catch_signals(signals, err)) ||
	    (ret = guardian_watch(err)) || (ret = trace_init(o->trace, err)))
		return ret;
	fatal_record = *record;
	/* MCL_ONFAULT: guests' memory is mapped too, all of it must not be
	 * brought in. What the notification thread uses has been touched. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_line("memory cannot be locked (%s): a page fault may delay a message",
			 strerror(errno));
	server_default_bounds(o->longest_boost_us, o->notify_rate);
	vm_share_set_total(o->budget_total);
	if ((ret = server_init(policy, *record, err)) || (ret = confine(o, err)) ||
	    (ret = notify_start(o->cpu, o->priority, err)) || (ret = control_init(o->control, err)))
		return ret;
	ret = vmlist_open(o->vms, err);
	return ret ? ret : confine_calls(err);
}

int main(int argc, char **argv)
{
	struct daemon_options o = daemon_defaults;
	struct rs_error *err = NULL;
	struct record *record = NULL;
	int signals = -1, ret;

	if (!option_read(&daemon_line, argc, argv, &o, &ret))
		return ret;
	log_enable();
	ret = set_up(&o, &record, &signals, &err);
	if (!ret) {
		puts("ready");
		fflush(stdout);
		ret = loop_run(&err);
	}
	notify_stop();
	server_free();
	vmlist_free();
	control_free();
	record_close(record);
	guardian_end();
	loop_remove(signal_watch);
	loop_free();
	trace_free();
	if (ret)
		log_error("ringschedd", &err);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
