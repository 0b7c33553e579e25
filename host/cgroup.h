/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a thread's controllers are, and their knobs as files. Nothing here
 * remembers an original: budget.h and lowgroup.h do, together with record.h.
 */
#ifndef RINGSCHED_CGROUP_H
#define RINGSCHED_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CGROUP_DIR_MAX 320 /* of an absolute cgroup directory, NUL included */

struct rs_error;

struct cgroup_place {
	int version; /* 1 or 2: hierarchy with the cpu controller; 0: none found */
	bool root; /* the thread is in the root group, which has no limits */
	char mount[CGROUP_DIR_MAX]; /* where the hierarchy is mounted */
	char dir[CGROUP_DIR_MAX]; /* the thread's group below it, absolute */
};

/* The cgroup of thread `tid` of process `pid` in the hierarchy that has the
 * controller, else in version 2's; version 0 is success. */
int cgroup_find(pid_t pid, pid_t tid, const char *controller, struct cgroup_place *place,
		struct rs_error **err);
int cgroup_find_cpu(pid_t pid, pid_t tid, struct cgroup_place *place, struct rs_error **err);

/* Each mount of a hierarchy that has the controller, or is of version 2. */
void cgroup_each_mount(const char *controller, void (*visit)(const char *mount, void *arg),
		       void *arg);

/*
 * Cut the last component off `dir`; false (dir untouched) at `mount`. The
 * mount itself is never a result: its knobs belong to the whole system.
 */
bool cgroup_parent(const char *mount, char *dir);

/* Whether `dir`'s last component is libvirt's vcpuN. */
bool cgroup_is_vcpu_leaf(const char *dir);

/* A knob's value, its newline cut off. `knob` may be NULL: dir is the file. */
int cgroup_read(const char *dir, const char *knob, char *value, size_t size, struct rs_error **err);
int cgroup_read_number(const char *dir, const char *knob, long long *value, struct rs_error **err);
int cgroup_write(const char *dir, const char *knob, const char *value, struct rs_error **err);
bool cgroup_has(const char *dir, const char *knob);

/* Write `value`, read it back: EBADE if the kernel keeps another. */
int cgroup_set(const char *dir, const char *knob, const char *value, struct rs_error **err);

#endif
