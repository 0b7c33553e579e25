/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cpuset groups as libvirt makes them, for the fake process of policy_world.h:
 * its first vCPU is in a group of its own that has one core (home), its other
 * threads in none. cgroup v1 and a machine of two cores, else the test skips.
 */
#ifndef TESTS_CPUSET_WORLD_H
#define TESTS_CPUSET_WORLD_H

#include <glob.h>
#include <stdlib.h>

#include "tests/unit/policy_world.h"

#define CPUSET "/sys/fs/cgroup/cpuset"

/* Named after this process: others may run the same test. */
enum cpuset_group { MACHINE, DOMAIN, VCPU0, CPUSET_GROUPS };
static const char *const cpuset_below[CPUSET_GROUPS] = { "", "/domain", "/domain/vcpu0" };
static char groups[CPUSET_GROUPS][128];
static char foreign[128]; /* a group of somebody else's, where a test makes one */
static struct coreset all, home, other;
static char home_text[CORESET_TEXT_MAX], other_text[CORESET_TEXT_MAX];

static inline unsigned int next_core(unsigned int core)
{
	while (core < CORESET_MAX && !coreset_has(&all, core))
		core++;
	return core;
}

/* Two cores that we may use ourselves. */
static inline void choose_cores(void)
{
	unsigned int first, second;

	home = other = (struct coreset){ 0 };
	assert_int_equal(sched_read_cores(0, &all), 0);
	first = next_core(0);
	second = next_core(first + 1);
	coreset_add(&home, first);
	if (!coreset_add(&other, second))
		skip();
	coreset_text(&home, home_text, sizeof(home_text));
	coreset_text(&other, other_text, sizeof(other_text));
}

static inline void write_text(enum cpuset_group group, const char *knob, const char *value)
{
	struct rs_error *err = NULL;

	if (cgroup_write(groups[group], knob, value, &err))
		fail_msg("%s", err->message);
}

/* What a killed run of these tests left: it would stand in the way of every
 * later SCHED_DEADLINE on its cores. Deepest first. */
static inline void remove_groups_of_the_dead(void)
{
	static const char *const patterns[] = {
		CPUSET "/ringsched-test-*-libvirt/domain/vcpu0",
		CPUSET "/ringsched-test-*-libvirt/domain",
		CPUSET "/ringsched-test-*-libvirt",
		CPUSET "/ringsched-test-*-foreign",
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t found;

		if (glob(patterns[i], 0, NULL, &found))
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++) {
			int pid = 0;

			if (sscanf(found.gl_pathv[k], CPUSET "/ringsched-test-%d-", &pid) == 1 &&
			    pid > 0 && kill(pid, 0) && errno == ESRCH)
				rmdir(found.gl_pathv[k]);
		}
		globfree(&found);
	}
}

static inline void make_cpusets(void)
{
	char cpus[CORESET_TEXT_MAX], mems[64], tid[16];

	if (!cgroup_has(CPUSET, "cpuset.cpus"))
		skip();
	remove_groups_of_the_dead();
	assert_int_equal(cgroup_read(CPUSET, "cpuset.cpus", cpus, sizeof(cpus), NULL), 0);
	assert_int_equal(cgroup_read(CPUSET, "cpuset.mems", mems, sizeof(mems), NULL), 0);
	for (int i = 0; i < CPUSET_GROUPS; i++) {
		snprintf(groups[i], sizeof(groups[i]), CPUSET "/ringsched-test-%d-libvirt%s",
			 getpid(), cpuset_below[i]);
		assert_int_equal(mkdir(groups[i], 0755), 0);
		write_text(i, "cpuset.cpus", i == VCPU0 ? home_text : cpus);
		write_text(i, "cpuset.mems", mems);
	}
	snprintf(tid, sizeof(tid), "%d", p.vcpu[0]);
	write_text(VCPU0, "tasks", tid);
	assert_int_equal(sched_apply_cores(p.vcpu[0], &home), 0);
}

static inline void assert_cores(pid_t tid, const struct coreset *wanted)
{
	struct coreset now;

	assert_int_equal(sched_read_cores(tid, &now), 0);
	assert_true(coreset_same(&now, wanted));
}

static inline void assert_knob(const char *dir, const char *knob, const char *wanted)
{
	char now[CORESET_TEXT_MAX];

	assert_int_equal(cgroup_read(dir, knob, now, sizeof(now), NULL), 0);
	assert_string_equal(now, wanted);
}

static inline int tear_down_cpusets(void **state)
{
	int ret = tear_down(state);

	for (int i = CPUSET_GROUPS; i-- > 0;) {
		if (*groups[i])
			rmdir(groups[i]);
		*groups[i] = '\0';
	}
	if (*foreign)
		rmdir(foreign);
	*foreign = '\0';
	return ret;
}

#define C(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down_cpusets)

#endif
