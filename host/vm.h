/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One VM: who it is (P10), its vCPU threads and their level, its active
 * rings, its counters. Policies act on it through the calls at the end.
 *
 * A VM lives in a slot of a fixed table and is never freed before the daemon
 * ends, so that a late event finds at worst an empty slot. `lock` (priority
 * inheritance) guards what both threads touch; main holds it for microseconds
 * only. Fields marked (main) belong to the main thread.
 */
#ifndef RINGSCHED_VM_H
#define RINGSCHED_VM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/coreset.h"
#include "host/hist.h"
#include "host/interrupt.h"
#include "host/log.h"
#include "host/lowgroup.h"
#include "host/message.h"
#include "host/policy.h"
#include "host/scan.h"
#include "host/sched.h"
#include "host/threads.h"
#include "host/vm_bounds.h"
#include "host/vm_budget.h"
#include "host/vm_io.h"
#include "host/vm_share.h"

#define VM_MAX 512
#define VM_NAME_MAX 64
#define VM_SOCKET_MAX 108 /* sun_path */
#define VM_CEILING_MIN 1
#define VM_CEILING_MAX 89 /* the daemon's thread (95) must outrank every ring */
#define VM_CEILING_DEFAULT 80

struct memory;
struct record;
struct vhost_user;

enum vm_role { VM_ROLE_CONTROL, VM_ROLE_NEIGHBOUR };

/* What a thread's scheduling is at the moment, as far as we set it. */
enum vm_level {
	VM_LEVEL_NORMAL, /* its own, saved when it was found */
	VM_LEVEL_REALTIME, /* SCHED_FIFO */
	VM_LEVEL_LOW, /* SCHED_IDLE */
	VM_LEVEL_DEADLINE, /* SCHED_DEADLINE */
};

struct vm_vcpu {
	bool present;
	struct thread_ref ref;
	struct sched_state original;
	struct sched_state now; /* read back after the last change */
	enum vm_level level;
	uint8_t priority; /* of VM_LEVEL_REALTIME */
	uint8_t wished; /* real-time priority the policy wants, bounds or not; 0 = none */
	struct bound_boost boost; /* without pause, where the policy knows no rings */
	int schedstat; /* open where the daemon keeps the budget; -1 = not */
	uint64_t run_ns; /* CPU time that its budget knows of */
	int record;
};

struct vm_ring {
	bool active;
	uint8_t ring_prio;
	uint16_t vcpu;
	struct bound_boost boost; /* from START to END; cut: it counts for nothing */
};

struct vm_counters {
	uint64_t kicks; /* notifications the guest made */
	uint64_t coalesced; /* of these, seen together with the one before */
	uint64_t empty_kicks; /* woke up, found no message */
	uint64_t messages[RS_KIND_COUNT];
	uint64_t rejects[REJECT_COUNT];
	uint64_t lost; /* gap in the sequence numbers; a rejected message's is one */
	uint64_t reordered; /* sequence number that was passed already */
	uint64_t restarts; /* START of an active ring */
	uint64_t stray_ends; /* END of a ring that is not active */
	uint64_t boosts; /* changes to real-time, or to another such priority */
	uint64_t demotions; /* changes from real-time */
	uint64_t changes; /* all of vCPU threads' scheduling: these two, to low and back */
	uint64_t starts_deferred; /* START that had to wait: budgets were not granted yet */
	/* SWITCH by the priority of the real-time task that it was to; from, where
	 * the task after is none. So a ring has those of its own processes. */
	uint64_t switches_by_priority[RS_PRIO_MAX + 1];
	uint64_t switch_same_priority; /* SWITCH that changed no priority */
	uint64_t apply_failed;
	uint64_t readback_mismatch;
	uint64_t threads_gone; /* a change was skipped, its thread has exited */
	uint64_t thread_retries; /* vCPU threads looked for in vain */
	uint64_t record_full; /* a change was not made: no room to remember it */
	uint64_t record_kept; /* threads left changed: still in the record, for cleanup */
	uint64_t grant_failed;
	uint64_t not_admitted; /* its share did not fit beside the others' */
	uint64_t budget_cuts; /* windows whose budget was used up, and more was wanted */
	uint64_t over_ceiling; /* messages with a priority above the VM's ceiling */
	uint64_t boosts_cut; /* that did not end in their time */
	uint64_t floods; /* stretches in which the VM was held: it notified too often */
	uint64_t stamps_ahead; /* messages whose clock went ahead faster than ours */
	uint64_t budget_by_wall; /* threads whose CPU time the kernel does not tell */
	uint64_t low_failed; /* threads or groups that could not be made low or normal */
	uint64_t io_boosts; /* stretches in which the VM's block I/O went first */
	uint64_t io_failed; /* threads whose I/O priority could not be changed */
	uint64_t io_threads_over; /* threads beyond VM_IO_THREADS: set by main alone */
	uint64_t place_failed; /* vCPU threads that could not be moved, or not back */
	uint64_t policy_errors; /* hooks that returned an error */
	uint64_t ticks_late; /* ticks left out: the one before them came too late */
	uint64_t scan_reads; /* run queues of the guest read (P2) */
	uint64_t scan_torn; /* of these, no sense in it: it was being changed */
	uint64_t scan_outside; /* of these, not in the guest's memory */
	uint64_t scan_refused; /* descriptions of run queues that cannot be used */
	uint64_t scan_ns; /* time it took */
	uint64_t events_sent;
	uint64_t events_lost; /* no buffer of the guest to put an event into */
	uint64_t irq_raised; /* external interrupts that came to the host */
	uint64_t irq_lost; /* of these, no buffer of the guest to put it into, or no guest */
	uint64_t irq_coalesced; /* came under a boost that still waited for its START */
	uint64_t irq_confirmed; /* boosts ahead of an interrupt that a START confirmed */
	uint64_t irq_unconfirmed; /* such boosts taken back: no START came in time */
	uint64_t protocol_errors; /* vhost-user requests refused */
	uint64_t protocol_unknown; /* vhost-user requests not known */
	uint64_t memory_unsealed; /* regions whose file may be shortened under us */
	uint64_t connections; /* that were taken */
	uint64_t connections_refused;
	uint64_t peers_refused; /* processes that may not be the VM's: see vm_config */
	uint64_t log_withheld; /* lines about this VM that came too often */
};

/* What is known of the guest's run queues. */
enum vm_scan_state {
	VM_SCAN_OFF, /* the guest has not said where they are */
	VM_SCAN_OFFERED, /* it has; main must look at it */
	VM_SCAN_READY,
	VM_SCAN_REFUSED, /* `reason` says why they cannot be read */
};

#define VM_SCAN_REASON_MAX 200

struct vm_scan {
	enum vm_scan_state state;
	uint32_t offers; /* told so far: tells an offer from a later one */
	uint64_t address; /* of the description */
	struct scan_map map; /* with VM_SCAN_READY */
	uint8_t torn[RS_VCPU_MAX]; /* readings without sense in a row */
	uint64_t next_look_ns; /* (main) */
	char reason[VM_SCAN_REASON_MAX]; /* (main) "" = none */
};

/* Why the last change failed; explained by main, which may allocate. */
struct vm_failure {
	int code; /* errno value, 0 = none to report */
	pid_t tid;
	uint32_t policy;
	unsigned int priority;
};

/* A thread that is no vCPU and was made low. (main) */
struct vm_low_thread {
	struct thread_ref ref;
	struct sched_state original;
	int record;
};

/* A vCPU thread that was moved to other cores. (main) */
struct vm_placed {
	struct thread_ref ref;
	struct coreset original;
	char dir[CGROUP_DIR_MAX]; /* its cpuset group; "" = left as it is */
	char cpus[CORESET_TEXT_MAX]; /* of that group, before */
	int record_cores, record_cpus; /* negative = none */
};

struct vm {
	pthread_mutex_t lock;
	unsigned int slot;
	bool used;

	/* Set when the VM is added. */
	char name[VM_NAME_MAX];
	char socket[VM_SOCKET_MAX];
	enum vm_role role;
	uint8_t ceiling;
	struct vm_budget budget;
	struct vm_bounds bounds;
	struct vm_share share; /* (main) */
	unsigned int scan_interval_us; /* of rq_scan; 0 = the policy's own */
	struct vm_io io;
	struct coreset other_cores; /* see vm_elsewhere(); may be empty */
	unsigned int deadline_runtime_us, deadline_period_us; /* see vm_deadline(); 0 = none */
	bool own_policy; /* the daemon's change of policy passes it by */
	bool only_uid; /* its process belongs to that user, any other is refused */
	uid_t uid;
	struct record *record; /* borrowed */

	/* The process at the other end. (main, but for `connected`) */
	bool connected;
	pid_t pid;
	uint64_t pid_start;
	int pidfd; /* -1 = none */
	struct vhost_user *transport; /* borrowed; NULL = not connected */
	const struct memory *memory; /* the guest's; borrowed; NULL = none */
	bool settled; /* cgroups are as they will stay: docs/control-socket.md */
	uint64_t next_look_ns; /* (main) requests look for its threads again from then on */
	bool has_run; /* it is no VM about to boot any more */

	/* Identity of the guest's driver (P10); 0 = none. */
	uint64_t vring_user_address, vring_guest_address;
	unsigned int vring_size;

	const struct policy *policy;
	bool policy_started;
	uint64_t tick_due_ns; /* next tick() of the policy; 0 = at once (tick.c) */
	struct vm_vcpu vcpus[RS_VCPU_MAX];
	unsigned int vcpu_count; /* highest index + 1 */
	struct vm_ring rings[RS_RING_MAX];
	uint8_t running[RS_VCPU_MAX]; /* priority of the vCPU's task, by SWITCH; 0 = none */
	struct interrupt interrupts[RS_INTERRUPT_MAX];
	/* The transport's: puts an interrupt into the guest; *event is its number
	 * there. False: there is no buffer. NULL: there is no transport. */
	bool (*raise)(struct vm *vm, unsigned int number, uint64_t arrived_ns, uint32_t *event);
	/* The transport's: whether the guest's kicks wake us. NULL: see raise. */
	void (*listen)(struct vm *vm, bool on);
	struct vm_scan scan;
	bool low; /* wanted: the whole process is low */
	bool elsewhere; /* wanted: the vCPUs run on other_cores */
	bool wants_deadline; /* wanted: each vCPU has deadline_runtime of each deadline_period */
	unsigned int deadline_tries; /* left, for threads that do not run on their core yet */
	bool wants_realtime; /* the policy may make threads real-time */
	/* Budgets are not granted yet, or there is no room for them: see
	 * vm_realtime(). */
	bool realtime_deferred;
	uint32_t sequence; /* of the last message */
	bool sequence_known;
	uint64_t stamp_ns, stamped_ns; /* of the last message: its clock, and ours */
	struct vm_failure failure;
	struct log_limit log; /* (main) */
	struct vm_counters counters;
	struct hist handling; /* ns, kick seen to priority read back */

	/* The process-wide half of `low`, in force. (main) */
	bool process_low;
	unsigned int low_checks; /* re-scans still to do after a lift */
	struct sched_state main_original;
	int record_process;
	struct vm_low_thread *low_threads;
	size_t low_count;
	struct lowgroup lowgroup;

	/* vCPU threads moved to other_cores. (main) */
	struct vm_placed *placed;
	size_t placed_count;
};

/* ---- the table (vm.c); main thread unless said otherwise ---- */

struct vm_config {
	const char *name;
	const char *socket;
	enum vm_role role;
	unsigned int ceiling;
	unsigned int budget_permille;
	unsigned int budget_period_us; /* 0: see struct vm_budget */
	enum vm_budget_by budget_by;
	unsigned int longest_boost_us; /* 0 = VM_LONGEST_BOOST_DEFAULT_US */
	unsigned int notify_rate; /* 0 = VM_NOTIFY_RATE_DEFAULT */
	unsigned int scan_interval_us; /* 0 = the policy's own */
	bool io_boost;
	const char *disk; /* file or block device that holds its disk; NULL = look for it */
	struct coreset other_cores;
	unsigned int deadline_runtime_us, deadline_period_us;
	const struct policy *policy;
	bool own_policy;
	bool only_uid; /* whose process is its QEMU; else whoever may connect */
	uid_t uid;
	struct record *record;
};

/* EEXIST: the name is taken; EINVAL: a bound is not kept; ENOSPC. */
struct vm *vm_add(const struct vm_config *config, struct rs_error **err);
void vm_remove(struct vm *vm); /* disconnects */
struct vm *vm_slot(unsigned int slot); /* NULL beyond the table; any thread */
struct vm *vm_find(const char *name);
struct vm *vm_next(struct vm *after); /* NULL = first; NULL at the end */
/* P10: the VM whose process and driver's vring these are. */
struct vm *vm_find_by_vring(pid_t pid, uint64_t user_address);

/* ---- life of a connection (vm_process.c); main thread ---- */

/* Ways the process-wide half of low is done (vm_lower.c); vm_process.c only. */
void vm_lower_process(struct vm *vm);
void vm_raise_process(struct vm *vm);
/* Look again for threads that a clone under way made low; true = once more. */
bool vm_recheck_process(struct vm *vm);

/* The main thread's half of vm_elsewhere() (vm_place.c). Before libvirt is done
 * with the VM it does nothing. A failure leaves no thread half moved. */
int vm_place_vcpus(struct vm *vm, struct rs_error **err);
void vm_unplace_vcpus(struct vm *vm);

/* The main thread's half of vm_deadline() (vm_deadline.c): the root domain for
 * all VMs as they are now, then the vCPUs of this one. */
int vm_deadline_begin(struct vm *vm, struct rs_error **err);
/* The root domain is given back once no VM wants it. */
void vm_deadline_end(struct vm *vm);

/* What its policy needs to make its vCPUs real-time (vm_grant.c): a share beside
 * the other VMs, budgets for its cgroups or none, and who keeps them. *early: it
 * is too early to say. EDQUOT: there is no room, no vCPU is real-time now. */
int vm_grant(struct vm *vm, bool *early, struct rs_error **err);

/* A process connected; nothing of its scheduling is changed yet. */
int vm_connect(struct vm *vm, pid_t pid, struct rs_error **err);
/* Find its vCPU threads and start its policy, or do nothing if that is done.
 * 0 also while there is no vCPU thread yet (counted, try again later). */
int vm_prepare(struct vm *vm, struct rs_error **err);
/* Its cgroups are final: grant budgets, apply the cgroup half of low. */
int vm_settle(struct vm *vm, struct rs_error **err);
/* What the notification thread left to do: see vm_lift(). True: call it again
 * in some 100 ms. */
bool vm_finish(struct vm *vm);
/* Everything back, and the process forgotten. */
void vm_disconnect(struct vm *vm);
int vm_choose_policy(struct vm *vm, const struct policy *policy, struct rs_error **err);

/* ---- messages (vm.c); any thread, with the lock held ---- */

/* A checked message: bookkeeping, policy, trace, time since `seen_ns`. */
void vm_message(struct vm *vm, const struct message *msg, uint64_t seen_ns);
/* The vCPUs' scheduling, into the trace, as what no message but time (`now_ns`, a
 * budget or a bound) changed. */
void vm_trace_vcpus(const struct vm *vm, uint64_t now_ns);
void vm_reject(struct vm *vm, enum reject reason);
/* The guest's driver is gone (reset, re-probe): no ring is active any more. */
void vm_rings_clear(struct vm *vm);
/* Its boost's time is over: to the policy the ring has ended. vm_bounds.c only. */
void vm_ring_cut(struct vm *vm, unsigned int ring_id);
/* The same without telling the policy. */
void vm_forget_guest(struct vm *vm);
void vm_counters_reset(struct vm *vm);
/* Tells and frees what went wrong with this VM, within a limit. Main thread. */
void vm_log_error(struct vm *vm, struct rs_error **err);

/* ---- what policies call (vm_level.c); with the lock held ---- */

/*
 * A ring's priority is a SCHED_FIFO priority of the guest, 1 to 99. The
 * host's is the same number, but at most the VM's ceiling:
 *
 *	ring_prio	1 ... ceiling	ceiling + 1 ... 99
 *	host's FIFO	1 ... ceiling	ceiling
 *
 * so rings of different VMs are ranked by the numbers their guests use, and
 * no guest passes what its ceiling grants it.
 */
unsigned int vm_host_priority(const struct vm *vm, unsigned int ring_prio);

/* Said by start(): threads of this VM will be real-time, so that main grants
 * budgets afterwards. Until they are granted vm_realtime() does nothing, and
 * when they are, start() is called once more. */
void vm_want_realtime(struct vm *vm);

/* Bring one vCPU thread to a level and read back; nothing is done where it is
 * there already. 0, -ESRCH (thread gone), or -errno; all failures counted. */
int vm_realtime(struct vm *vm, unsigned int vcpu, unsigned int ring_prio);
void vm_apply_wishes(struct vm *vm); /* vm_budget.c, vm_bounds.c: as they allow */
int vm_normal(struct vm *vm, unsigned int vcpu);
/* Its budgets are not granted any more: vCPUs that are real-time have their own
 * scheduling back, and none becomes so before they are. */
void vm_defer_realtime(struct vm *vm);
int vm_set_deadline(struct vm *vm, unsigned int vcpu); /* vm_deadline.c only */

/* The priority of the highest ring on the vCPU that is active and not cut, or
 * whose interrupt is boosted ahead of its START; 0 = none. */
unsigned int vm_highest_ring(const struct vm *vm, unsigned int vcpu);

/*
 * The whole process low: its vCPU threads at once, all others and its cgroup
 * by main before it goes on. Refused (-EALREADY) for a VM that has run.
 * vm_lift() is the way back: vCPUs at once, the rest by main.
 */
int vm_low(struct vm *vm);
int vm_lift(struct vm *vm);

/* Said by start(), as vm_want_realtime() is: main moves the vCPU threads to the
 * VM's other cores before it goes on. EINVAL: the VM was given none. */
int vm_elsewhere(struct vm *vm, struct rs_error **err);

/* Said by start(): each vCPU is to have SCHED_DEADLINE with the VM's runtime and
 * period. Main does it before it goes on. EINVAL: the VM was given none. */
int vm_deadline(struct vm *vm, struct rs_error **err);
/* For tick(): once more for vCPUs that could not have it yet. */
int vm_deadline_retry(struct vm *vm);
/* How many vCPUs still lack it. */
unsigned int vm_deadline_waiting(const struct vm *vm);

void vm_restore(struct vm *vm); /* all vCPUs their own scheduling and cores, and lifted */

/* ---- the guest's run queues (vm_scan.c); with the lock held ---- */

/* A message: SCAN is an offer that main will look at. */
void vm_scan_follow(struct vm *vm, const struct message *msg);
/* The guest's driver is gone, or was told to be silent. */
void vm_scan_forget(struct vm *vm);
/* Main thread, without the lock: look at an offer. True: one waits, because
 * this VM has taken enough of main's time; call again in some 100 ms. */
bool vm_scan_resolve(struct vm *vm);

#define VM_SCAN_UNKNOWN (-1)
/*
 * Reads the run queue of every vCPU. priority[i] = of the highest real-time
 * task that can run on vCPU i, 0 = there is none or nothing is known of the
 * guest, VM_SCAN_UNKNOWN = leave it as it was. Notification path.
 */
void vm_scan(struct vm *vm, int priority[RS_VCPU_MAX]);

/* Called by vm_lift(): makes main call vm_finish() soon. Set by the daemon;
 * NULL (tests): the caller does it. Must be safe on the notification path. */
extern void (*vm_wake_main)(void);

#endif
