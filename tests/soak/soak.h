/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Endurance: the real daemon, with VMs that come, report, flood, misbehave and
 * die in an order that a seed decides, against what must hold after each of it:
 *
 *   counters	notifications sent = counted + left in the dead guest's eventfd;
 *		messages sent = accepted + rejected + left in the dead guest's queue;
 *		gaps in the sequence numbers = the daemon's `lost`
 *	threads	a VM that is let go has its own scheduling, at once and on all ways
 *	leaks	with no VM left the daemon has the descriptors and threads that it
 *		had when it started, and at most SOAK_BYTES_BOUND more memory than
 *		at its first such moment; no socket is left
 *
 * The first that does not hold ends the run.
 */
#ifndef SOAK_H
#define SOAK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "host/prng.h"
#include "tests/fake/daemon.h"
#include "tests/fake/fake_frontend.h"
#include "tests/nano/qemu.h"

#define SOAK_SLOTS 8
#define SOAK_BYTES_BOUND (4ll << 20)
#define SOAK_WAIT_MS 5000 /* for anything that must happen */

/* One fake VM, and what the daemon's counters must say about it. */
struct slot {
	char name[16];
	bool added; /* the daemon knows of it */
	bool alive; /* it has a process */
	bool connected;
	bool modelled; /* `prio` says what its threads have */
	const char *policy;
	unsigned int ceiling;
	struct frontend f;
	uint8_t prio[RS_RING_MAX]; /* of active rings; 0 = not active */
	uint8_t vcpu[RS_RING_MAX];
	int64_t since_ms[RS_RING_MAX]; /* its START */
	bool killed; /* once, perhaps in the middle of a change: some of these fail then */
	bool started; /* a START was sent: ring_boot has lifted it */

	/* Since it was added. */
	uint64_t kicks, messages, rejects, lost;
	uint64_t left_kicks, left_messages; /* that died with their guest */
	/* Of the sequence numbers. */
	bool known;
	uint64_t gap; /* numbers that no accepted message has had */
};

/* What became of all of it, over all VMs and daemons. */
struct totals {
	uint64_t steps, fake_boots, nano_boots, nano_kills, vm_kills, floods, daemon_ends,
		daemon_kills, policies, checks, rests;
	uint64_t kicks, messages, rejects, lost, left_kicks, left_messages;
	int64_t bytes_most; /* above the daemon's first rest */
};

struct nano {
	struct prng random; /* its own: when it is asked depends on the machine */
	struct qemu qemu;
	const struct nano_plan *plan; /* NULL = none runs */
	unsigned int count;
	int64_t end_ms, kill_ms;
	size_t answered; /* up to this length of its words it was told to go on */
};

struct soak {
	struct daemon daemon;
	struct prng random;
	struct slot slots[SOAK_SLOTS];
	struct nano nano;
	struct totals totals;
	FILE *log;
	int64_t start_ms;
	bool use_nano;
	/* Of the daemon that runs. */
	unsigned int descriptors, threads;
	int64_t bytes; /* at its first rest; 0 = not yet */
};

unsigned int pick(struct soak *s, unsigned int n); /* 0 to n - 1; not for nano.c */
void note(struct soak *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- VMs (slot.c); all fail with what does not hold ---- */

int slot_step(struct soak *s, struct slot *v, struct rs_error **err);
/* Its process is let go, then the daemon's knowledge of it; both checked. */
int slot_remove(struct soak *s, struct slot *v, struct rs_error **err);
/* The daemon is gone: its threads have their own scheduling, or within the limit. */
int slot_orphaned(struct soak *s, struct slot *v, struct rs_error **err);

/* ---- what must hold (check.c) ---- */

int check_counters(struct soak *s, struct slot *v, struct rs_error **err);
int check_own(const struct slot *v, struct rs_error **err); /* its threads' own scheduling */
int check_rings(const struct slot *v, struct rs_error **err);
/* A daemon has just started: what it has is what it may have. */
int check_begin(struct soak *s, struct rs_error **err);
/* There is no VM. */
int check_rest(struct soak *s, struct rs_error **err);

/* ---- the nano guest in a real VM (nano.c) ---- */

int nano_step(struct soak *s, struct rs_error **err);
int nano_stop(struct soak *s, struct rs_error **err);

#endif
