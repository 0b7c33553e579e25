// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/sched.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/cgroup.h"
#include "host/cleanup.h"
#include "host/coreset.h"
#include "host/error.h"
#include "host/rootdomain.h"

#define RESET_ON_FORK 0x1ull /* SCHED_FLAG_RESET_ON_FORK of sched_setattr(2) */
#define CAP_SYS_NICE_BIT 23

/*
 * The first version (48 bytes) of what sched_setattr(2) takes. Declared here
 * because C libraries have no struct of that name, or one of their own.
 */
struct wire_attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

static const struct {
	uint32_t policy;
	const char *name;
} policy_names[] = {
	{ SCHED_OTHER, "SCHED_OTHER" }, { SCHED_FIFO, "SCHED_FIFO" },
	{ SCHED_RR, "SCHED_RR" },	{ SCHED_BATCH, "SCHED_BATCH" },
	{ SCHED_IDLE, "SCHED_IDLE" },	{ SCHED_DEADLINE, "SCHED_DEADLINE" },
};

const char *sched_policy_name(uint32_t policy)
{
	for (size_t i = 0; i < sizeof(policy_names) / sizeof(policy_names[0]); i++)
		if (policy_names[i].policy == policy)
			return policy_names[i].name;
	return "unknown";
}

int sched_read(pid_t tid, struct sched_state *state)
{
	struct wire_attr attr = { 0 };

	if (syscall(SYS_sched_getattr, tid, &attr, (unsigned int)sizeof(attr), 0u) < 0)
		return -errno;
	*state = (struct sched_state){
		.policy = attr.policy,
		.nice = attr.nice,
		.priority = attr.priority,
		.reset_on_fork = attr.flags & RESET_ON_FORK ? 1 : 0,
		.runtime_ns = attr.runtime,
		.deadline_ns = attr.deadline,
		.period_ns = attr.period,
	};
	return 0;
}

static int write_attr(pid_t tid, const struct sched_state *state)
{
	struct wire_attr attr = {
		.size = sizeof(attr),
		.policy = state->policy,
		.flags = state->reset_on_fork ? RESET_ON_FORK : 0,
		.nice = state->nice,
		.priority = state->priority,
		/* For ordinary threads this is the slice (Linux 6.12). */
		.runtime = state->runtime_ns,
		.deadline = state->deadline_ns,
		.period = state->period_ns,
	};

	return syscall(SYS_sched_setattr, tid, &attr, 0u) < 0 ? -errno : 0;
}

bool sched_same(const struct sched_state *a, const struct sched_state *b)
{
	if (a->policy != b->policy || a->priority != b->priority)
		return false;
	if (a->policy == SCHED_FIFO || a->policy == SCHED_RR)
		return true;
	if (a->policy == SCHED_DEADLINE)
		return a->runtime_ns == b->runtime_ns && a->period_ns == b->period_ns;
	return a->nice == b->nice;
}

static int apply(pid_t tid, const struct sched_state *wanted, struct sched_state *now)
{
	struct sched_state seen;
	int ret = write_attr(tid, wanted);

	if (!ret)
		ret = sched_read(tid, &seen);
	if (ret)
		return ret;
	if (now)
		*now = seen;
	return sched_same(wanted, &seen) ? 0 : -EBADE;
}

int sched_apply_fifo(pid_t tid, unsigned int priority, struct sched_state *now)
{
	/* Children of a boosted vCPU thread are no vCPUs: they start ordinary. */
	const struct sched_state wanted = {
		.policy = SCHED_FIFO,
		.priority = priority,
		.reset_on_fork = 1,
	};

	return apply(tid, &wanted, now);
}

int sched_apply_idle(pid_t tid, int nice, struct sched_state *now)
{
	/* Inherited by children on purpose: the whole process is to be low. */
	const struct sched_state wanted = { .policy = SCHED_IDLE, .nice = nice };

	return apply(tid, &wanted, now);
}

int sched_apply_deadline(pid_t tid, uint64_t runtime_ns, uint64_t period_ns,
			 struct sched_state *now)
{
	/* The kernel refuses clone() to a deadline thread without the flag. */
	const struct sched_state wanted = {
		.policy = SCHED_DEADLINE,
		.reset_on_fork = 1,
		.runtime_ns = runtime_ns,
		.deadline_ns = period_ns,
		.period_ns = period_ns,
	};

	return apply(tid, &wanted, now);
}

int sched_restore(pid_t tid, const struct sched_state *original, struct sched_state *now)
{
	struct sched_state keep_flag = *original;
	int ret = apply(tid, original, now);

	/* Without CAP_SYS_NICE reset-on-fork cannot be taken back: the policy
	 * and priority matter more than the flag. */
	if (ret == -EPERM && !original->reset_on_fork) {
		keep_flag.reset_on_fork = 1;
		ret = apply(tid, &keep_flag, now);
	}
	return ret;
}

int sched_read_cores(pid_t tid, struct coreset *cores)
{
	memset(cores, 0, sizeof(*cores));
	return syscall(SYS_sched_getaffinity, tid, sizeof(*cores), cores) < 0 ? -errno : 0;
}

int sched_apply_cores(pid_t tid, const struct coreset *cores)
{
	struct coreset now;
	int ret;

	if (syscall(SYS_sched_setaffinity, tid, sizeof(*cores), cores) < 0)
		return -errno;
	ret = sched_read_cores(tid, &now);
	if (ret)
		return ret;
	return coreset_same(&now, cores) ? 0 : -EBADE;
}

int sched_pin(int cpu, struct rs_error **err)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	if (cpu >= CPU_SETSIZE)
		return rs_fail(err, EINVAL, "core %d: at most %d", cpu, CPU_SETSIZE - 1);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		return rs_fail_errno(err, errno, "pinning a thread to core %d", cpu);
	return 0;
}

/* Whether this process has CAP_SYS_NICE in effect; true if it cannot be told. */
static bool can_nice(void)
{
	cleanup_file FILE *f = fopen("/proc/self/status", "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "CapEff:", 7))
			return strtoull(line + 7, NULL, 16) >> CAP_SYS_NICE_BIT & 1;
	return true;
}

/* The sentence for a real-time policy that was refused with EPERM. */
static int explain_eperm(struct rs_error **err, pid_t pid, pid_t tid, uint32_t policy,
			 unsigned int priority)
{
	struct cgroup_place place;
	struct rlimit limit;
	long long runtime;

	if (!cgroup_find_cpu(pid, tid, &place, NULL) && place.version == 1 &&
	    !cgroup_read_number(place.dir, "cpu.rt_runtime_us", &runtime, NULL) && runtime == 0)
		return rs_fail(err, EPERM,
			       "thread %d may not be real-time: its cgroup %s has a real-time "
			       "budget of 0 (RT_GROUP_SCHED); grant cpu.rt_runtime_us there",
			       tid, place.dir);
	if (can_nice())
		return rs_fail(err, EPERM,
			       "the kernel refused %s %u for thread %d although we have "
			       "CAP_SYS_NICE: with cgroup v2 and RT_GROUP_SCHED only the root "
			       "group may hold real-time threads",
			       sched_policy_name(policy), priority, tid);
	if (!getrlimit(RLIMIT_RTPRIO, &limit) && limit.rlim_cur < priority)
		return rs_fail(err, EPERM,
			       "%s %u for thread %d needs CAP_SYS_NICE (run as root) or an "
			       "RLIMIT_RTPRIO of %u; it is %llu",
			       sched_policy_name(policy), priority, tid, priority,
			       (unsigned long long)limit.rlim_cur);
	return rs_fail(err, EPERM,
		       "%s for thread %d needs CAP_SYS_NICE (run as root): the "
		       "thread belongs to another user",
		       sched_policy_name(policy), tid);
}

/* What is special of SCHED_DEADLINE; false: nothing is. */
static bool explain_deadline(struct rs_error **err, int code, pid_t pid, pid_t tid)
{
	struct cgroup_place place;
	struct coreset cores;

	if (code == EPERM && can_nice() && !sched_read_cores(tid, &cores) &&
	    !cgroup_find(pid, tid, "cpuset", &place, NULL))
		return rootdomain_explain(&place, &cores, err) != 0;
	if (code == EBUSY)
		return rs_fail(err, code,
			       "the core of thread %d has no room for its SCHED_DEADLINE budget: "
			       "all of them together may have what kernel.sched_rt_runtime_us "
			       "leaves (95 %%); lower deadline_runtime_us",
			       tid) != 0;
	if (code == EINVAL)
		return rs_fail(err, code,
			       "the kernel refuses these SCHED_DEADLINE parameters for thread %d: "
			       "see kernel.sched_deadline_period_min_us and _max_us",
			       tid) != 0;
	return false;
}

int sched_explain(struct rs_error **err, int code, pid_t pid, pid_t tid, uint32_t policy,
		  unsigned int priority)
{
	if (policy == SCHED_DEADLINE && explain_deadline(err, code, pid, tid))
		return -code;
	switch (code) {
	case EPERM:
		return explain_eperm(err, pid, tid, policy, priority);
	case ESRCH:
		return rs_fail(err, code, "thread %d of process %d is gone", tid, pid);
	case EBADE:
		return rs_fail(err, code,
			       "thread %d was set to %s %u, but reads back otherwise: another "
			       "program changes it too",
			       tid, sched_policy_name(policy), priority);
	case EINVAL:
		return rs_fail(err, code, "the kernel does not know %s with priority %u",
			       sched_policy_name(policy), priority);
	default:
		return rs_fail_errno(err, code, "setting thread %d to %s %u", tid,
				     sched_policy_name(policy), priority);
	}
}
