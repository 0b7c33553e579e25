/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `ringsched doctor`: what of this host will show in a run's numbers, said
 * before the run. A check looks, judges, and says how to change what it found
 * and how to undo that; it changes nothing. doctor_fix.c applies the
 * reversible changes that checks offer.
 *
 * One check is one function and one row of the table in doctor.c; the
 * functions stand by subject in doctor_core.c, doctor_kernel.c and
 * doctor_software.c.
 */
#ifndef RINGSCHED_DOCTOR_H
#define RINGSCHED_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct accel;
struct json_object;
struct rs_error;
struct scenario;

enum doctor_state {
	DOCTOR_PASS,
	DOCTOR_WARN, /* will show in the numbers */
	DOCTOR_FAIL, /* a run will not start, or its numbers mean nothing */
	DOCTOR_SKIP, /* does not exist here, or cannot be seen */
};

/* A file to write, whose content now can be written back. */
struct doctor_change {
	char *path, *wanted; /* owned */
};

struct doctor_finding {
	enum doctor_state state;
	char found[320]; /* the value, in a sentence */
	char change[768], undo[768]; /* exact commands; "" where there is none */
	struct doctor_change *changes; /* owned; what --fix would do */
	size_t change_count;
};

/* What happened on the shared cores in the second the doctor watched. */
struct doctor_watch {
	bool known;
	double seconds;
	double busy_share; /* of a core, by others than us */
	double steal_share;
	double interrupts_per_s; /* device interrupts; not the core's own timer */
	bool witnessed;
	double latest_wakeup_us; /* of the witness */
};

struct doctor {
	const char *root; /* in front of /proc, /sys, /dev; "" but in tests */
	const struct scenario *scenario; /* the cores, VMs and limits that are meant */
	const char *guests; /* folder of the guests' images */
	const char *out; /* folder that results go to */
	const char *emulator; /* QEMU's path; NULL = not found */
	const struct accel *accel; /* of a trial guest; NULL = not tried */
	struct doctor_watch watch;
};

struct doctor_check {
	const char *name; /* Required. Word of --json and of the table */
	const char *why; /* Required. One sentence: why it matters here */
	void (*look)(const struct doctor *d, struct doctor_finding *f); /* Required */
};

extern const struct doctor_check doctor_checks[]; /* ended by a row without name */
#define DOCTOR_CHECKS_MAX 64

struct doctor_report {
	struct doctor_finding findings[DOCTOR_CHECKS_MAX]; /* by row of the table */
	size_t count[DOCTOR_SKIP + 1];
};

/* Watch the shared cores for about `seconds`; 0 leaves it out. */
#define DOCTOR_WATCH_S 1.0
void doctor_watch(struct doctor *d, double seconds);

/* All checks; *r is the caller's, to be cleared. */
void doctor_examine(const struct doctor *d, struct doctor_report *r);
void doctor_report_clear(struct doctor_report *r);

void doctor_print(const struct doctor_report *r, bool all, FILE *to);
/* The caller owns it; NULL with *err set without memory. */
struct json_object *doctor_json(const struct doctor_report *r, struct rs_error **err);

/*
 * Apply the offered changes. Each is in the journal file before it is made, so
 * that doctor_undo() can take it back whatever happens; what a kernel did not
 * take is said and goes on. *applied counts.
 * EEXIST: changes of an earlier --fix are in force (undo them first).
 */
#define DOCTOR_JOURNAL "/run/ringsched-doctor"
int doctor_fix(const struct doctor_report *r, const char *journal, unsigned int *applied, FILE *to,
	       struct rs_error **err);

/* Write back what the journal holds, last change first, and remove it. *undone
 * is 0 where there is no journal. A value that cannot be written back stays in
 * the journal, and is the error. */
int doctor_undo(const char *journal, unsigned int *undone, FILE *to, struct rs_error **err);

/* ---- what checks use ---- */

/* The file's text below d->root; false where it cannot be read. */
bool doctor_read(const struct doctor *d, char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool doctor_number(const struct doctor *d, long long *value, const char *path);
bool doctor_exists(const struct doctor *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void doctor_say(struct doctor_finding *f, enum doctor_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What a person has to do where --fix cannot. */
void doctor_advise(struct doctor_finding *f, const char *change, const char *undo);
/* The same where the kernel's command line lacks these words. */
void doctor_advise_boot(const struct doctor *d, struct doctor_finding *f, const char *words);
/* A reversible change: the file below d->root gets `wanted`. */
void doctor_offer(const struct doctor *d, struct doctor_finding *f, const char *wanted,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "always [madvise] never", "none voluntary (full)": what is in force is the
 * word in brackets, and that is what is written. Any other text stays. */
void doctor_chosen(char *text);

/* Every check, for the table. */
#define DOCTOR_LOOK(name) void doctor_look_##name(const struct doctor *d, struct doctor_finding *f)

DOCTOR_LOOK(root);
DOCTOR_LOOK(cores);
DOCTOR_LOOK(siblings);
DOCTOR_LOOK(governor);
DOCTOR_LOOK(idle_states);
DOCTOR_LOOK(isolated);
DOCTOR_LOOK(nohz_full);
DOCTOR_LOOK(irq_affinity);
DOCTOR_LOOK(irq_default);
DOCTOR_LOOK(interrupts);
DOCTOR_LOOK(irqbalance);
DOCTOR_LOOK(busy);
DOCTOR_LOOK(hypervisor);
DOCTOR_LOOK(steal);
DOCTOR_LOOK(witness);
DOCTOR_LOOK(clocksource);
DOCTOR_LOOK(cpu_flags);
DOCTOR_LOOK(preemption);
DOCTOR_LOOK(sched_info);
DOCTOR_LOOK(rt_runtime);
DOCTOR_LOOK(rt_group);
DOCTOR_LOOK(cgroups);
DOCTOR_LOOK(cpu_idle_group);
DOCTOR_LOOK(timer_migration);
DOCTOR_LOOK(nmi_watchdog);
DOCTOR_LOOK(soft_watchdog);
DOCTOR_LOOK(ksm);
DOCTOR_LOOK(huge_pages);
DOCTOR_LOOK(swap);
DOCTOR_LOOK(numa_balancing);
DOCTOR_LOOK(stat_interval);
DOCTOR_LOOK(kvm);
DOCTOR_LOOK(qemu);
DOCTOR_LOOK(libvirt);
DOCTOR_LOOK(guests);
DOCTOR_LOOK(memory);
DOCTOR_LOOK(disk);
DOCTOR_LOOK(io_limits);
DOCTOR_LOOK(other_runs);

#endif
