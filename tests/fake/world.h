/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a cmocka test of the daemon starts from: one daemon and some fake VMs,
 * gone again afterwards whatever the test did. The world_* and check_* calls
 * fail the test; they are for test functions only.
 */
#ifndef FAKE_WORLD_H
#define FAKE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/error.h"
#include "tests/fake/daemon.h"
#include "tests/fake/fake_frontend.h"

#define WORLD_VMS 4
#define STEP_LIMIT_MS 3000 /* for anything the daemon does on request */

struct world {
	struct daemon daemon;
	struct frontend vm[WORLD_VMS];
};

/* cmocka's set-up and tear-down of one test; *state = struct world. */
int world_setup(void **state); /* nothing runs yet */
int world_teardown(void **state);

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

void world_start(struct world *w, const char *policy);

/* add-vm and a fake VM that has sent ATTACH; its vCPU threads are SCHED_OTHER
 * unless `options` say otherwise. Returns &w->vm[index]. */
struct frontend *world_boot(struct world *w, unsigned int index, const char *name,
			    unsigned int ceiling, const char *policy,
			    const struct fake_vm_options *options);

/* The daemon with policy "ring", and one VM "a" with one vCPU. */
struct frontend *world_simple(struct world *w);

/* A message that must be taken. */
void world_notify(struct frontend *f, enum rs_kind kind, unsigned int ring_id,
		  unsigned int ring_prio);

/* A ring of VM f is obeyed: boosted at START, given back at END. */
void world_serves(struct frontend *f, const char *when);

void check_ok(int r, struct rs_error **err);
void check_sched(pid_t tid, uint32_t policy, uint32_t priority, const char *when);
void check_number(struct daemon *d, const char *vm, const char *path, int64_t expected);
/* Wait until it is so: for what a disconnection changes. */
void check_becomes(struct daemon *d, const char *vm, const char *path, int64_t expected);

#endif
