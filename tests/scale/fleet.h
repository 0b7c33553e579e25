/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real daemon with N fake VMs, each with one ring, and one thread that
 * sends the notifications of all of them at the moments they are due.
 */
#ifndef SCALE_FLEET_H
#define SCALE_FLEET_H

#include <stdint.h>

#include "tests/fake/daemon.h"
#include "tests/fake/fake_frontend.h"

#define FLEET_MAX 256 /* VMs */

struct fleet {
	struct daemon daemon;
	pid_t notify; /* thread id of the daemon's notification thread */
	struct frontend *vm; /* owned */
	uint64_t *phase_ns; /* owned; when in its period each VM's START is due */
	unsigned int count;
};

/* Everything up, ATTACH taken. On failure nothing is left. The seed decides
 * the phases of the VMs' periods. daemon_core < 0: not pinned. */
int fleet_start(struct fleet *f, const char *policy, unsigned int vms, int daemon_core,
		uint64_t seed, struct rs_error **err);
void fleet_stop(struct fleet *f);

struct fleet_load {
	double notifications_per_s; /* of each VM: half of them START, half END */
	double seconds;
	int core; /* the sending thread's */
};

/*
 * Send for so long: *sent = messages made, each with a kick of its own. A VM
 * whose queue is full, as no guest's ever should be, fails it. Does nothing
 * but wait where the rate is 0.
 */
int fleet_send(struct fleet *f, const struct fleet_load *load, uint64_t *sent,
	       struct rs_error **err);

/* Wait until the daemon has taken all that was sent. */
int fleet_drained(struct fleet *f, struct rs_error **err);

struct fleet_counts { /* sums over the VMs, from the daemon's status */
	uint64_t kicks, coalesced;
	uint64_t handled; /* START and END */
	uint64_t rejected, lost;
	uint64_t changes; /* of the vCPU threads' scheduling */
};
int fleet_counts(struct fleet *f, struct fleet_counts *c, struct rs_error **err);

struct fleet_use { /* what the daemon has used so far */
	uint64_t notify_ns, process_ns; /* CPU time */
	uint64_t wakeups; /* of the notification thread: it slept that often */
};
int fleet_use(const struct fleet *f, struct fleet_use *u, struct rs_error **err);

/*
 * How fast the core is right now, in rounds of a fixed loop a millisecond of
 * the thread's CPU time: the witness of its drift.
 */
double fleet_core_speed(int core);

#endif
