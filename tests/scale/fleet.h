/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real daemon with N fake VMs, each with one ring, and one thread that
 * does what their guests do, all of it at the moments it is due: a START where
 * a ring's period begins and an END where its work does; or, where the daemon
 * reads run queues, a task put into the guest's run queue and taken out.
 */
#ifndef SCALE_FLEET_H
#define SCALE_FLEET_H

#include <stdint.h>

#include "tests/fake/daemon.h"
#include "tests/fake/fake_frontend.h"
#include "tests/fake/scan_image.h"

#define FLEET_MAX 256 /* VMs */

struct fleet {
	struct daemon daemon;
	pid_t notify; /* thread id of the daemon's notification thread */
	struct frontend *vm; /* owned */
	struct scan_image *image; /* owned; each VM's run queues; NULL = it sends messages */
	uint64_t *phase_ns; /* owned; when in its period each VM's START is due */
	unsigned int count;
};

struct fleet_kind {
	const char *policy;
	bool scanned; /* the guests have run queues and send nothing */
	unsigned int vms;
	int daemon_core;
	uint64_t seed; /* decides the phases of the VMs' periods */
};

/* Everything up, ATTACH taken. On failure nothing is left. */
int fleet_start(struct fleet *f, const struct fleet_kind *kind, struct rs_error **err);
void fleet_stop(struct fleet *f);

struct fleet_load {
	double changes_per_s; /* of each VM: half of them begin work, half end it */
	double seconds;
	int core; /* the sending thread's */
};

/*
 * Go on for so long: *changes = how many there were, each a message with a kick
 * of its own, or one of a run queue. A VM whose queue is full, as no guest's
 * ever should be, fails it. With a rate of 0 it only waits.
 */
int fleet_work(struct fleet *f, const struct fleet_load *load, uint64_t *changes,
	       struct rs_error **err);

/* Wait until the daemon has taken all that was sent. */
int fleet_drained(struct fleet *f, struct rs_error **err);

struct fleet_counts { /* sums over the VMs, from the daemon's status */
	uint64_t kicks, coalesced;
	uint64_t handled; /* START and END */
	uint64_t rejected, lost;
	uint64_t changes; /* of the vCPU threads' scheduling */
	uint64_t reads, torn, outside; /* of run queues */
};
int fleet_counts(struct fleet *f, struct fleet_counts *c, struct rs_error **err);

struct fleet_use { /* what the daemon has used so far */
	uint64_t notify_ns, main_ns, process_ns; /* CPU time */
	uint64_t wakeups; /* of the notification thread: it slept that often */
};
int fleet_use(const struct fleet *f, struct fleet_use *u, struct rs_error **err);

/*
 * How fast the core is right now, in rounds of a fixed loop a millisecond of
 * the thread's CPU time: the witness of its drift.
 */
double fleet_core_speed(int core);

#endif
