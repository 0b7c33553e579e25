/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cell while it is measured: shared by the files cell*.c only.
 */
#ifndef RINGSCHED_CELL_STATE_H
#define RINGSCHED_CELL_STATE_H

#include <json-c/json_object.h>
#include <stdbool.h>

#include "harness/agent.h"
#include "harness/cell.h"
#include "harness/cellread.h"
#include "harness/daemon.h"
#include "harness/domain.h"
#include "harness/scenario.h"
#include "harness/schedstat.h"

#define CELL_VCPUS_MAX 4 /* of a VM; the scenario's bound */
#define CELL_CORES_MAX 128 /* of a list as "0-1,3" */

/* What a ring's periods cost in notifications; see cell_notified.c. */
struct cell_notified {
	uint64_t periods;
	uint64_t messages;
	uint64_t changes; /* of these, that told another priority than before */
};

struct hostrecord;

struct cell_vm {
	const struct scenario_vm *vm;
	struct domain domain;
	struct agent *agent; /* NULL before the VM is up */
	int64_t resumed_ns, hello_ns; /* its first instruction; its agent was ready */
	char kernel[64]; /* release, as its agent says; empty before */
	bool working; /* calibrated, its rings run or ran */
	struct agent_clock clock, clock_end; /* before its rings began, after their end */
	uint64_t iterations_per_ms;
	char *agent_socket, *notify_socket, *console, *disk; /* owned paths */
	pid_t vcpus[CELL_VCPUS_MAX]; /* thread ids; 0 before the VM exists */
	char cores[CELL_VCPUS_MAX][CELL_CORES_MAX]; /* where each may run, as settled */
	bool watched; /* `cores` is known, and must stay so */
	struct schedstat at_begin[CELL_VCPUS_MAX]; /* of the phase under way */
	struct schedstat in_phase[PHASE_COUNT][CELL_VCPUS_MAX];
	bool was_in_phase[PHASE_COUNT];
	uint64_t kicks, periods;
	struct json_object *send; /* owned; how long sending took in the guest, or NULL */
	struct cell_notified notified[RS_RING_MAX]; /* by place in vm->rings */
};

struct cell_stretch { /* a phase, as it was */
	bool present;
	int64_t begin_ns, end_ns;
	uint64_t steal_us;
	struct daemon_cpu cpu; /* of the daemon, in this phase */
	struct json_object *counters; /* owned; what its counters gained, by VM */
};

struct cell_state {
	const struct cell_context *context;
	const struct cell_plan *plan;
	struct daemon *daemon;
	struct witness *witness;
	struct cell_vm vms[SCENARIO_VMS_MAX];
	unsigned int vm_count;
	struct cell_stretch phases[PHASE_COUNT];
	double neighbour_boot_s; /* until all were up, see cell_boot.c; < 0 = none */
	struct json_object *limits; /* rows read back */
	struct json_object *pressure; /* rows: how neighbours met their limits in boot */
	struct json_object *settled; /* by VM: the daemon's answer to settle */
	struct json_object *status; /* the daemon's, at the end */
	struct daemon_cpu cpu_at_begin; /* of the phase under way */
	struct json_object *status_at_begin; /* the same; NULL between phases */
	struct json_object *trace; /* the daemon's */
	struct hostrecord *record; /* of the shared cores; NULL where it is not asked for */
	struct json_object *host_trace; /* what cell.json says of it, or NULL */
};

/* cell_vm.c: a VM from its creation to its end. */
int cell_vm_prepare(struct cell_state *cell, struct cell_vm *v, const struct scenario_vm *vm,
		    struct rs_error **err);
int cell_vm_create(struct cell_state *cell, struct cell_vm *v, struct rs_error **err);
int cell_vm_resume(struct cell_vm *v, struct rs_error **err); /* it was created paused */
int cell_vm_wait_up(struct cell_vm *v, double timeout_s, struct rs_error **err);
int cell_vm_pressure(struct cell_state *cell, struct cell_vm *v, struct rs_error **err);
void cell_vm_destroy(struct cell_state *cell, struct cell_vm *v);
void cell_vm_free(struct cell_vm *v); /* after the daemon's end */
double cell_vm_utilisation(const struct scenario_vm *vm); /* its rings', as a share of a core */
unsigned int cell_vm_budget(const struct scenario *s, const struct scenario_vm *vm);
unsigned int cell_vm_notify_rate(const struct scenario_vm *vm); /* a second */

/* cell_work.c: its rings and loads. */
int cell_vm_prepare_work(struct cell_state *cell, struct cell_vm *v, struct rs_error **err);
int cell_vm_begin_work(struct cell_state *cell, struct cell_vm *v, struct rs_error **err);
/* Its loads begin and end; called by itself where phase loaded is theirs. */
int cell_vm_load(struct cell_state *cell, struct cell_vm *v, struct rs_error **err);
int cell_vm_unload(struct cell_state *cell, struct cell_vm *v, struct rs_error **err);
int cell_vm_end_work(struct cell_state *cell, struct cell_vm *v, struct rs_error **err);

/* cell_interrupt.c: external interrupts of its rings, while these run. */
int cell_interrupts_begin(struct cell_state *cell, struct cell_vm *v, struct rs_error **err);
int cell_interrupts_end(struct cell_state *cell, struct cell_vm *v, struct rs_error **err);
/* The shortest that samples are reserved for. */
double cell_ring_interval_us(const struct scenario_vm *vm, const struct scenario_ring *ring);
double cell_interrupts_expected(const struct scenario *s); /* in a cell, of all VMs */

/* cell_boot.c: the neighbours, from before their QEMUs exist to all being up. */
int cell_boot(struct cell_state *cell, struct rs_error **err);
double cell_boot_guess_s(const struct scenario *s); /* where nothing was measured yet */

/* cell_deadline.c: a policy that control VMs get when their rings start. */
void cell_deadline_budget(const struct scenario *s, const struct scenario_vm *vm,
			  uint64_t *runtime_us, uint64_t *period_us); /* 0: has none */
bool cell_policy_waits(const struct cell_state *cell, const struct scenario_vm *vm);
int cell_policy_begin(struct cell_state *cell, const struct scenario_vm *vm, struct rs_error **err);

/* cell_watch.c: vCPU threads stay where they are; looked at in every wait. */
int cell_watch_note(struct cell_vm *v, struct rs_error **err);
int cell_watch_look(struct cell_state *cell, struct rs_error **err);
void cell_watch_begin(struct cell_state *cell);
void cell_watch_end(void);

/* cell_phase.c: borders of the measured phases. */
int cell_phase_begin(struct cell_state *cell, enum phase phase, struct rs_error **err);
int cell_phase_end(struct cell_state *cell, enum phase phase, struct rs_error **err);

/* cell_cost.c: what the daemon spends in a phase; sending in the guest. The
 * daemon's answers cost it time, so they lie outside of what is measured. */
int cell_cost_begin(struct cell_state *cell, struct rs_error **err);
int cell_cost_end(struct cell_state *cell, enum phase phase, struct rs_error **err);
struct json_object *cell_cost_send(const char *stats);

/* cell_collect.c: what the guests and the daemon have to say at the end. */
int cell_collect(struct cell_state *cell, struct rs_error **err);

/* cell_record.c: the trace of the shared cores, from before the warm-up on. */
void cell_record_begin(struct cell_state *cell);
void cell_record_stop(struct cell_state *cell); /* its events are kept */
int cell_record_write(struct cell_state *cell, struct rs_error **err); /* while the VMs live */

/* cell_notified.c: of one ring, whose samples are in `csv`. */
void cell_count_notified(const struct cell_state *cell, const char *vm,
			 const struct scenario_ring *r, const char *csv, struct cell_notified *n);

/* cell_panic.c: puts before *err which guests' kernels panicked, and why. */
void cell_panic_explain(const struct cell_state *cell, struct rs_error **err);

/* cellfile.c: cell.json, and cell-failed.txt instead of it. */
int cellfile_write(const struct cell_state *cell, struct rs_error **err);
void cellfile_write_failure(const struct cell_state *cell, const struct rs_error *why);

/* Seconds that rings may run at most: room for samples, trace and probes. */
double cell_longest_s(const struct scenario *s);

#endif
