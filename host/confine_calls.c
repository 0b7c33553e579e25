// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls that the daemon makes once it is set up. One that is on no
 * list fails with EPERM, for libraries try calls and do without. One of the
 * list `never` is made by nobody but an intruder: SIGSYS, whose handler gives
 * all threads their scheduling back and ends the daemon.
 */
#include <errno.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/confine.h"
#include "host/error.h"

#define CALL(name) SCMP_SYS(name)

/* One a line, so that two new ones do not meet in one line. */
/* clang-format off */
static const int always[] = {
	/* waiting, timers, clocks */
	CALL(epoll_create1),
	CALL(epoll_ctl),
	CALL(epoll_pwait),
	CALL(epoll_pwait2),
	CALL(epoll_wait),
	CALL(eventfd2),
	CALL(poll),
	CALL(ppoll),
	CALL(signalfd4),
	CALL(timerfd_create),
	CALL(timerfd_gettime),
	CALL(timerfd_settime),
	CALL(clock_getres),
	CALL(clock_gettime),
	CALL(clock_nanosleep),
	CALL(gettimeofday),
	CALL(nanosleep),
	CALL(restart_syscall),
	CALL(time),
	/* files; which ones, Landlock says */
	CALL(access),
	CALL(close),
	CALL(close_range),
	CALL(dup),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(fcntl),
	CALL(fstat),
	CALL(fstatfs),
	CALL(ftruncate),
	CALL(getcwd),
	CALL(getdents64),
	CALL(lseek),
	CALL(lstat),
	CALL(newfstatat),
	CALL(open),
	CALL(openat),
	CALL(pipe2),
	CALL(pread64),
	CALL(preadv2),
	CALL(pwrite64),
	CALL(read),
	CALL(readlink),
	CALL(readlinkat),
	CALL(readv),
	CALL(rename),
	CALL(renameat),
	CALL(renameat2),
	CALL(stat),
	CALL(statfs),
	CALL(statx),
	CALL(umask),
	CALL(unlink),
	CALL(unlinkat),
	CALL(write),
	CALL(writev),
	CALL(lchown),
	CALL(fchownat),
	/* sockets */
	CALL(accept4),
	CALL(bind),
	CALL(connect),
	CALL(getpeername),
	CALL(getsockname),
	CALL(getsockopt),
	CALL(listen),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(sendmsg),
	CALL(sendto),
	CALL(setsockopt),
	CALL(shutdown),
	/* memory */
	CALL(brk),
	CALL(madvise),
	CALL(mincore),
	CALL(mlock),
	CALL(mlock2),
	CALL(mlockall),
	CALL(mremap),
	CALL(msync),
	CALL(munlock),
	CALL(munmap),
	/* threads: others' scheduling is what it is for */
	CALL(ioprio_get),
	CALL(ioprio_set),
	CALL(pidfd_open),
	CALL(sched_get_priority_max),
	CALL(sched_get_priority_min),
	CALL(sched_getaffinity),
	CALL(sched_getattr),
	CALL(sched_getparam),
	CALL(sched_getscheduler),
	CALL(sched_setaffinity),
	CALL(sched_setattr),
	CALL(sched_yield),
	CALL(futex),
	CALL(get_robust_list),
	CALL(membarrier),
	CALL(rseq),
	CALL(set_robust_list),
	CALL(set_tid_address),
	CALL(getcpu),
	/* itself */
	CALL(exit),
	CALL(exit_group),
	CALL(getegid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getpid),
	CALL(getppid),
	CALL(getrandom),
	CALL(getrusage),
	CALL(gettid),
	CALL(getuid),
	CALL(rt_sigaction),
	CALL(rt_sigpending),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(rt_sigtimedwait),
	CALL(sigaltstack),
	CALL(sysinfo),
	CALL(uname),
	CALL(wait4),
};

static const int never[] = {
	CALL(execve),
	CALL(execveat),
	CALL(fork),
	CALL(vfork),
	CALL(ptrace),
	CALL(process_vm_readv),
	CALL(process_vm_writev),
	CALL(pidfd_getfd),
	CALL(capset),
	CALL(setuid),
	CALL(setgid),
	CALL(setreuid),
	CALL(setregid),
	CALL(setresuid),
	CALL(setresgid),
	CALL(setfsuid),
	CALL(setfsgid),
	CALL(setgroups),
	CALL(chroot),
	CALL(pivot_root),
	CALL(unshare),
	CALL(setns),
	CALL(mount),
	CALL(umount2),
	CALL(move_mount),
	CALL(open_tree),
	CALL(mount_setattr),
	CALL(fsopen),
	CALL(open_by_handle_at),
	CALL(bpf),
	CALL(perf_event_open),
	CALL(userfaultfd),
	CALL(io_uring_setup),
	CALL(add_key),
	CALL(request_key),
	CALL(keyctl),
	CALL(init_module),
	CALL(finit_module),
	CALL(delete_module),
	CALL(kexec_load),
	CALL(kexec_file_load),
	CALL(reboot),
	CALL(swapon),
	CALL(swapoff),
	CALL(settimeofday),
	CALL(clock_settime),
	CALL(adjtimex),
	CALL(clock_adjtime),
	CALL(sethostname),
	CALL(iopl),
	CALL(ioperm),
	CALL(acct),
	CALL(quotactl),
	CALL(personality),
};
/* clang-format on */

/* Allowed where one argument has, in the bits of `mask`, this value. */
struct narrow {
	int call;
	unsigned int argument; /* from 0 */
	scmp_datum_t mask;
	scmp_datum_t value;
};

#define WHOLE UINT64_MAX
#define LOWER 0xffffffffull /* of an int: the rest of its register is anything */

static const struct narrow narrows[] = {
	/* Threads of its own, no processes. */
	{ CALL(clone), 0, CLONE_THREAD, CLONE_THREAD },
	{ CALL(socket), 0, LOWER, AF_UNIX },
	{ CALL(socket), 0, LOWER, AF_INET },
	{ CALL(pidfd_send_signal), 1, LOWER, 0 }, /* is it there? */
	/* No code that was not there when it started. */
	{ CALL(mmap), 2, PROT_EXEC, 0 },
	{ CALL(mprotect), 2, PROT_EXEC, 0 },
	{ CALL(prlimit64), 2, WHOLE, 0 }, /* reads */
	{ CALL(prctl), 0, LOWER, PR_SET_NAME },
	{ CALL(prctl), 0, LOWER, PR_GET_NAME },
	{ CALL(prctl), 0, LOWER, PR_SET_VMA },
	{ CALL(ioctl), 1, LOWER, TCGETS }, /* is it a terminal? */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int add(scmp_filter_ctx filter, const struct narrow *n)
{
	const struct scmp_arg_cmp is = SCMP_CMP(n->argument, SCMP_CMP_MASKED_EQ, n->mask, n->value);

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, n->call, 1, &is);
}

static int fill(scmp_filter_ctx filter)
{
	/* Signals to itself: what ends it after a fatal one. */
	const struct narrow raising = { CALL(tgkill), 0, LOWER, (scmp_datum_t)getpid() };
	int ret = add(filter, &raising);

	for (size_t i = 0; !ret && i < COUNT(always); i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, always[i], 0);
	for (size_t i = 0; !ret && i < COUNT(never); i++)
		ret = seccomp_rule_add(filter, SCMP_ACT_TRAP, never[i], 0);
	for (size_t i = 0; !ret && i < COUNT(narrows); i++)
		ret = add(filter, &narrows[i]);
	/* Its flags lie in memory, where a filter cannot look: libraries then
	 * take clone(). */
	if (!ret)
		ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
	return ret;
}

static int choose(scmp_filter_ctx filter)
{
	static const struct {
		enum scmp_filter_attr attribute;
		uint32_t value;
	} attributes[] = {
		{ SCMP_FLTATR_CTL_TSYNC, 1 }, /* all threads */
		{ SCMP_FLTATR_CTL_OPTIMIZE, 2 }, /* a tree: the notification path is short */
		{ SCMP_FLTATR_API_SYSRAWRC, 1 }, /* the kernel's own error */
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < COUNT(attributes); i++)
		ret = seccomp_attr_set(filter, attributes[i].attribute, attributes[i].value);
	return ret;
}

int confine_calls(struct rs_error **err)
{
	scmp_filter_ctx filter;
	int ret;

	if (confine_state()->off)
		return 0;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return rs_fail(err, ENOMEM, "no memory for a filter of system calls");
	ret = choose(filter);
	if (!ret)
		ret = fill(filter);
	if (ret) {
		seccomp_release(filter);
		return rs_fail_errno(err, -ret, "describing a filter of system calls");
	}
	ret = seccomp_load(filter);
	seccomp_release(filter);
	if (ret == -ENOSYS || ret == -EOPNOTSUPP || ret == -EINVAL) {
		confine_miss("a filter of system calls (seccomp)", -ret);
		return 0;
	}
	return ret ? rs_fail_errno(err, -ret, "filtering system calls") : 0;
}
