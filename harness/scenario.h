/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scenario: one question, asked of VMs that share a core. Read from YAML
 * by scenario_load(); every key, its unit, range and default is one row of
 * the table in scenario_keys.c, which also makes the error messages.
 */
#ifndef RINGSCHED_SCENARIO_H
#define RINGSCHED_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "guest/uapi/ringsched.h"

struct rs_error;

#define SCENARIO_VMS_MAX 8
#define SCENARIO_CORES_MAX 16
#define SCENARIO_POLICIES_MAX 16
#define SCENARIO_RT_BUDGET_ALL 940 /* permille of the core, over all VMs */
#define SCENARIO_RT_BUDGET_MIN 10 /* of a VM that states none */
#define SCENARIO_BOOTS_MAX 2000 /* a policy */

enum vm_role {
	VM_ROLE_CONTROL, /* runs from before the first phase; its rings are judged */
	VM_ROLE_NEIGHBOUR, /* boots in phase `boot` (P13) */
};

enum vm_kernel { VM_KERNEL_RT, VM_KERNEL_STANDARD };

enum vm_image {
	VM_IMAGE_SMALL, /* an initramfs, the agent and nothing else: up in seconds */
	VM_IMAGE_DEBIAN, /* a full Debian on a disk; neighbours only */
};

enum vm_rogue { /* how a guest misbehaves; rs-control --rogue has the same names */
		ROGUE_NONE,
		ROGUE_HOLD, /* a ring that never ends */
		ROGUE_RESTART, /* START upon START */
		ROGUE_FLIP, /* START and END without a rest */
};
extern const char *const scenario_rogues[];

enum disk_cache {
	CACHE_NONE, /* direct, so that the VM's I/O is its own */
	CACHE_WRITEBACK, /* through the host's page cache: the VM's memory limit counts it */
};

enum budget_keeper { /* names as in the daemon's control socket */
		     KEEPER_AUTO,
		     KEEPER_KERNEL,
		     KEEPER_DAEMON,
};
extern const char *const scenario_keepers[];
/* Of a cell, in this order, but for the last. */
enum phase {
	PHASE_SOLO, /* the control VMs alone on the core */
	PHASE_BOOT, /* the neighbours boot */
	PHASE_SHARED, /* all VMs at work */
	PHASE_LOADED, /* after solo: the control VMs alone, their loads running */
	PHASE_COUNT
};
extern const char *const phase_names[PHASE_COUNT + 1]; /* NULL-ended */

/* Of several neighbours. */
enum boot_order {
	BOOT_IN_TURN, /* each begins when the one before is up */
	BOOT_TOGETHER,
};

struct scenario_ring {
	unsigned int id; /* 0 to RS_RING_MAX - 1 */
	unsigned int prio; /* SCHED_FIFO priority in the guest, 1 to 99 */
	uint64_t period_us;
	uint64_t deadline_us; /* default: the period */
	uint64_t offset_us;
	unsigned int processes; /* 1 to RS_MEMBER_MAX */
	uint32_t work_us[RS_MEMBER_MAX]; /* CPU time a process and period */
	int vcpu; /* -1 = any */
	bool share; /* hand shared data from process to process */
	int interrupt; /* number of the external interrupt that releases it; -1 = its period */
};

enum interrupt_source { INTERRUPT_GENERATOR, INTERRUPT_UNIX, INTERRUPT_UDP };

/* In the daemon's words (docs/control-socket.md). Index: enum interrupt_source,
 * then what the scenario's key `distribution` holds. */
extern const char *const scenario_sources[];
extern const char *const scenario_distributions[];

struct scenario_interrupt { /* external (P11), control VMs only */
	unsigned int number; /* 0 to RS_INTERRUPT_MAX - 1 */
	unsigned int ring; /* id of the ring that it releases */
	enum interrupt_source source;
	uint64_t interval_us; /* of a generator; default: the ring's period */
	unsigned int distribution;
	unsigned int seed;
	char *path; /* of a UNIX datagram socket, NULL = none */
	unsigned int port; /* UDP, of the loopback address; 0 = none */
	uint64_t confirm_us; /* a boost that no START confirms by then is taken back */
};

/* Controlled by one ring, needed by a higher one as well (P6). */
struct scenario_resource {
	int ring, user; /* ids; -1 = there is no resource */
	uint64_t use_us; /* work of one use */
	unsigned int every; /* turns of the user at home between two uses */
	uint64_t lock_us, change_us; /* stretches of the two ways, in turn */
};

struct scenario_load {
	char *stress_ng; /* arguments, NULL = none */
	char *fio; /* arguments, NULL = none */
	enum vm_rogue rogue; /* then its rings are not judged */
};

struct scenario_vm {
	char *name; /* letters, digits and '-', at most 32 */
	enum vm_role role;
	enum vm_kernel kernel;
	enum vm_image image;
	unsigned int vcpus; /* 1 to 4 */
	unsigned int memory_mib;
	/* Allotment by cgroups (P12). 0 = no limit where a limit is meant. */
	unsigned int cpu_shares; /* 2 to 262144, default 1024 */
	uint64_t cpu_quota_us; /* per cpu_period_us and vCPU */
	uint64_t cpu_period_us; /* default 100000 */
	unsigned int memory_limit_mib; /* of QEMU as a whole */
	uint64_t read_bytes_sec, write_bytes_sec;
	uint64_t read_iops_sec, write_iops_sec;
	enum disk_cache disk_cache;
	bool pressure; /* a cell in which the memory and I/O limits do not bite fails */
	unsigned int priority_ceiling; /* of the host, 1 to 89, default 80 */
	unsigned int rt_budget_permille; /* 0 = chosen from the rings' load */
	uint64_t rt_budget_period_us; /* 0 = the daemon's default */
	enum budget_keeper budget_by;
	uint64_t longest_boost_us; /* 1000 to 60000000, default 1000000 */
	unsigned int notify_rate; /* a second; 0 = chosen from the rings */
	uint64_t scan_interval_us; /* of policy rq_scan; 100 to 1000000, default 1000 */
	bool io_boost; /* block I/O goes first while a ring is active */
	struct scenario_ring rings[RS_RING_MAX];
	unsigned int ring_count;
	struct scenario_interrupt interrupts[RS_INTERRUPT_MAX];
	unsigned int interrupt_count;
	struct scenario_resource resource;
	/* Of a control VM from before the warm-up on, of a neighbour after its
	 * boot, in phase `shared`. */
	struct scenario_load load;
	char *cyclictest; /* arguments; NULL = not run; control VMs only */
};

struct scenario_limits { /* what `ringsched run` judges by; NaN = not judged */
	enum phase phase; /* that the limits are about */
	double interference_max; /* of the policy the verdict is about */
	double missed_max; /* in that phase, outside stained windows */
	double handling_p99_us_max;
	double blocking_ratio_max; /* of the higher ring: with ring change / with a lock */
	double delay_max; /* of lower control VMs by those above; see delay.h */
	double boot_s_max; /* of the longest boot */
	double neighbour_share_min; /* CPU time ÷ length of that phase */
	double handler_max; /* interrupt to handler, p99 of that phase ÷ solo's */
	double unboosted_max; /* the same in that phase ÷ policy ring's */
};

/* What `ringsched compare` takes for noise: percent of the base's median.
 * NaN = the metric's own (harness/series.c). */
struct scenario_gate {
	double interference, response_p99, response_p99_solo, wait, missed;
	double handling_p50, handling_p99, kicks, neighbour_boot;
};

struct scenario {
	char *path; /* as given */
	char *name; /* file name without .yaml */
	char *question; /* first comment's first line */
	int shared_cores[SCENARIO_CORES_MAX];
	unsigned int shared_core_count;
	int housekeeping_cores[SCENARIO_CORES_MAX];
	unsigned int housekeeping_core_count;
	struct scenario_vm vms[SCENARIO_VMS_MAX];
	unsigned int vm_count;
	double solo_s, loaded_s, shared_s; /* length of these phases */
	double warmup_s; /* rings run before `solo` begins, not measured */
	enum boot_order boot_order;
	double boot_timeout_s; /* a neighbour not up by then fails the cell */
	char *policies[SCENARIO_POLICIES_MAX];
	unsigned int policy_count;
	unsigned int boots; /* a policy; 0 = the preset's */
	bool trace; /* record who had the shared cores; see hosttrace.h */
	char *verdict_policy; /* the policy the limits are about */
	struct scenario_limits limits;
	struct scenario_gate gate;
};

/*
 * Read, check and fill in defaults. NULL with *err set on a mistake: the
 * sentence has the form FILE:LINE:COLUMN: key 'x': what is wrong (what was
 * expected; nearest valid key), followed by the line and a caret.
 */
struct scenario *scenario_load(const char *path, struct rs_error **err);
void scenario_free(struct scenario *s);

/* Does the VM run a load beside its rings? */
bool scenario_has_load(const struct scenario_vm *vm);

/* A load whose programs the small guest has on a disk only? */
bool scenario_has_programs(const struct scenario_vm *vm);

/* Has it a disk to read and write? Debian lives on one; a small guest has one
 * where it runs fio. */
bool scenario_has_disk(const struct scenario_vm *vm);

/* Is there anything that a run of it would be judged by? */
bool scenario_has_limits(const struct scenario *s);

/* The VM's ring of that id, or NULL. */
const struct scenario_ring *scenario_ring(const struct scenario_vm *vm, unsigned int id);

unsigned int scenario_count_role(const struct scenario *s, enum vm_role role);

/* Write it out as YAML with every default, readable by scenario_load(). */
int scenario_write(const struct scenario *s, FILE *to, struct rs_error **err);

/* The reference of all keys: type, range, default and meaning of each. */
void scenario_print_keys(FILE *to);

/* The format as JSON Schema: docs/scenario.schema.json. */
int scenario_write_schema(FILE *to, struct rs_error **err);

#define cleanup_scenario __attribute__((cleanup(scenario_freep)))
static inline void scenario_freep(struct scenario **s)
{
	scenario_free(*s);
}

#endif
