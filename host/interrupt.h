/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * External interrupts of a VM (P11, P14c): each has a source on the host, and
 * a ring of the guest that it releases. Before it is raised the policy gives
 * the ring's vCPU its priority (policy.h: interrupt()); the ring's START
 * confirms that boost, its END ends it. A boost that no START confirms in
 * time is taken back.
 *
 * What is under way is bookkeeping of interrupt.c, which knows neither source
 * nor transport; sources are interrupt_source.c's.
 */
#ifndef RINGSCHED_INTERRUPT_H
#define RINGSCHED_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/uapi/ringsched.h"
#include "host/prng.h"

struct interrupt_source;
struct message;
struct rs_error;
struct vm;

#define INTERRUPT_CONFIRM_MIN_US 100
#define INTERRUPT_CONFIRM_MAX_US 10000000
#define INTERRUPT_CONFIRM_DEFAULT_US 10000

enum interrupt_distribution { /* of a generator's intervals; mean: interval_us */
			      INTERRUPT_PERIODIC,
			      INTERRUPT_UNIFORM, /* from half to one and a half of it */
			      INTERRUPT_EXPONENTIAL,
};

/* "periodic", ...; NULL-ended. Index: enum interrupt_distribution. */
extern const char *const interrupt_distributions[];

struct interrupt_config {
	unsigned int number; /* 0 to RS_INTERRUPT_MAX - 1 */
	unsigned int ring_id, ring_prio; /* ring it releases; the boost before START */
	unsigned int vcpu; /* that is boosted */
	unsigned int confirm_us;
	const char *source; /* a name of interrupt_sources */
	/* generator */
	unsigned int interval_us;
	unsigned int distribution; /* enum interrupt_distribution */
	unsigned int seed;
	unsigned int count; /* 0 = without end */
	const char *path; /* unix: the datagram socket to create */
	unsigned int port; /* udp: of the loopback address */
};

struct interrupt {
	bool used;
	uint32_t generation; /* tells a late wake-up of a source that was removed */
	uint8_t ring_id, ring_prio;
	uint16_t vcpu;
	uint64_t confirm_ns;

	/* Of its source (interrupt_source.c). */
	const struct interrupt_source *source;
	int input; /* file that says it is there */
	int timer; /* timerfd of confirm_by; < 0 in tests without one */
	uint64_t interval_ns, next_ns; /* generator */
	enum interrupt_distribution distribution;
	uint64_t left; /* generator: still to come */
	struct prng random;
	char *path; /* owned; NULL = no file to remove. (main) */

	/* Under way. */
	bool ahead; /* boosted, and no START has confirmed it */
	uint32_t event; /* sequence number of the newest one raised */
	uint64_t confirm_by; /* when the boost is taken back, unless its ring is active */
};

/* ---- interrupt.c: with the VM's lock held, notification thread or main ---- */

/* It came to the host at arrived_ns: boost, raise into the guest, trace. */
void interrupt_raise(struct vm *vm, unsigned int number, uint64_t arrived_ns);
/* A message of the guest, before the policy is called: START confirms. */
void interrupt_follow(struct vm *vm, const struct message *msg);
/* Time has passed: take back what was not confirmed. */
void interrupt_expire(struct vm *vm, unsigned int number, uint64_t now_ns);
/* It is not expected any more: its boost, if it has one, is taken back. */
void interrupt_withdraw(struct vm *vm, unsigned int number);
/* Its ring did not end in time, so that none can wait for its END. */
void interrupt_cut(struct vm *vm, unsigned int ring_id);
/* No START of any is expected any more; the policy is not called. */
void interrupt_forget(struct vm *vm);

/* ---- interrupt_source.c ---- */

/* Main thread. EEXIST: the number is taken; EINVAL: a bound is not kept. */
int interrupt_add(struct vm *vm, const struct interrupt_config *config, struct rs_error **err);
int interrupt_remove(struct vm *vm, unsigned int number, struct rs_error **err);
void interrupt_remove_all(struct vm *vm);
/* "generator", "unix", "udp". */
const char *interrupt_source_name(const struct interrupt *i);

/* Notification thread, with the VM's lock held: the source's file is ready, or
 * the time of a boost is over. */
void interrupt_ready(struct vm *vm, unsigned int number, uint64_t seen_ns);
void interrupt_timeout(struct vm *vm, unsigned int number);
/* Whether what others send wakes the thread: not that of a VM that is held
 * (vm_bounds.h). With the VM's lock held. */
void interrupt_listen(struct vm *vm, bool on);

#endif
