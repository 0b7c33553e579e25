// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario_keys.h"

#include <math.h>

#include "harness/scenario.h"

#define AT(type, member) .offset = offsetof(struct type, member)
#define ITEMS(type, list, number) \
	.offset = offsetof(struct type, list), .count_offset = offsetof(struct type, number)

#define HOUR_S 3600
#define PERIOD_MIN_US ((double)RS_PERIOD_MIN_NS / 1000)
#define PERIOD_MAX_US ((double)RS_PERIOD_MAX_NS / 1000)
#define TIB (1024.0 * 1024 * 1024 * 1024)

/* KEY_CHOICE stores the index as an unsigned int. */
_Static_assert(sizeof(enum vm_role) == sizeof(unsigned int), "enum of another size");
_Static_assert(sizeof(enum vm_kernel) == sizeof(unsigned int), "enum of another size");
_Static_assert(sizeof(enum vm_image) == sizeof(unsigned int), "enum of another size");
_Static_assert(sizeof(enum vm_rogue) == sizeof(unsigned int), "enum of another size");
_Static_assert(sizeof(enum budget_keeper) == sizeof(unsigned int), "enum of another size");
_Static_assert(sizeof(enum interrupt_source) == sizeof(unsigned int), "enum of another size");
_Static_assert(sizeof(enum disk_cache) == sizeof(unsigned int), "enum of another size");
_Static_assert(sizeof(enum boot_order) == sizeof(unsigned int), "enum of another size");
_Static_assert(sizeof(enum phase) == sizeof(unsigned int), "enum of another size");

static const char *const roles[] = {
	[VM_ROLE_CONTROL] = "control",
	[VM_ROLE_NEIGHBOUR] = "neighbour",
	NULL,
};

static const char *const kernels[] = {
	[VM_KERNEL_RT] = "rt",
	[VM_KERNEL_STANDARD] = "standard",
	NULL,
};

static const char *const caches[] = {
	[CACHE_NONE] = "none",
	[CACHE_WRITEBACK] = "writeback",
	NULL,
};

static const char *const images[] = {
	[VM_IMAGE_SMALL] = "small",
	[VM_IMAGE_DEBIAN] = "debian",
	NULL,
};

const char *const scenario_rogues[] = {
	[ROGUE_NONE] = "none",
	[ROGUE_HOLD] = "hold",
	[ROGUE_RESTART] = "restart",
	[ROGUE_FLIP] = "flip",
	NULL,
};

const char *const scenario_keepers[] = {
	[KEEPER_AUTO] = "auto",
	[KEEPER_KERNEL] = "kernel",
	[KEEPER_DAEMON] = "daemon",
	NULL,
};

const char *const phase_names[PHASE_COUNT + 1] = {
	[PHASE_SOLO] = "solo",
	[PHASE_BOOT] = "boot",
	[PHASE_SHARED] = "shared",
	[PHASE_LOADED] = "loaded",
	NULL,
};

const char *const scenario_sources[] = {
	[INTERRUPT_GENERATOR] = "generator",
	[INTERRUPT_UNIX] = "unix",
	[INTERRUPT_UDP] = "udp",
	NULL,
};

const char *const scenario_distributions[] = { "periodic", "uniform", "exponential", NULL };

static const char *const boot_orders[] = {
	[BOOT_IN_TURN] = "in_turn",
	[BOOT_TOGETHER] = "together",
	NULL,
};

/* A key keeps together what belongs together. */
/* clang-format off */
static const struct key core_keys[] = {
	{ .name = "shared", .type = KEY_INDEX,
	  ITEMS(scenario, shared_cores, shared_core_count), .items_max = SCENARIO_CORES_MAX,
	  .min = 0, .max = 1023, .help = "cores that run vCPUs and nothing else" },
	{ .name = "housekeeping", .type = KEY_INDEX,
	  ITEMS(scenario, housekeeping_cores, housekeeping_core_count),
	  .items_max = SCENARIO_CORES_MAX, .min = 0, .max = 1023,
	  .help = "cores of the daemon, QEMU's other threads and the harness" },
	{ 0 },
};

static const struct key phase_keys[] = {
	{ .name = "warmup", .type = KEY_TIME_S, AT(scenario, warmup_s), .min = 0, .max = HOUR_S,
	  .initial = "2s", .help = "rings run before solo begins, not measured" },
	{ .name = "solo", .type = KEY_TIME_S, AT(scenario, solo_s), .min = 0.1, .max = HOUR_S,
	  .initial = "10s", .help = "the control VMs alone on the core" },
	{ .name = "loaded", .type = KEY_TIME_S, AT(scenario, loaded_s), .min = 0, .max = HOUR_S,
	  .initial = "0s",
	  .help = "after solo, the control VMs with their loads, which then run in it only" },
	{ .name = "shared", .type = KEY_TIME_S, AT(scenario, shared_s), .min = 0, .max = HOUR_S,
	  .initial = "0s", .help = "all VMs at work; 0s leaves the phase out" },
	{ .name = "boot", .type = KEY_CHOICE, AT(scenario, boot_order), .choices = boot_orders,
	  .initial = "in_turn", .help = "several neighbours: one after the other, or all at once" },
	{ .name = "boot_timeout", .type = KEY_TIME_S, AT(scenario, boot_timeout_s), .min = 1,
	  .max = HOUR_S, .initial = "180s", .word = "none", .word_value = 0,
	  .help = "a neighbour not up by then fails; none where no neighbour boots" },
	{ 0 },
};

static const struct key ring_keys[] = {
	{ .name = "id", .type = KEY_COUNT, AT(scenario_ring, id), .min = 0,
	  .max = RS_RING_MAX - 1, .help = "of the ring, unique in its VM" },
	{ .name = "priority", .type = KEY_COUNT, AT(scenario_ring, prio), .min = RS_PRIO_MIN,
	  .max = RS_PRIO_MAX, .help = "SCHED_FIFO priority in the guest, unique in its VM" },
	{ .name = "period", .type = KEY_TIME, AT(scenario_ring, period_us),
	  .min = PERIOD_MIN_US, .max = PERIOD_MAX_US, .help = "from release to release" },
	{ .name = "deadline", .type = KEY_TIME, AT(scenario_ring, deadline_us), .min = 1,
	  .max = RING_DEADLINE_PERIODS * PERIOD_MAX_US, .initial = "period", .word = "period",
	  .word_value = 0, .help = "of the last process, from the release" },
	{ .name = "offset", .type = KEY_TIME, AT(scenario_ring, offset_us), .min = 0,
	  .max = PERIOD_MAX_US, .initial = "0us", .help = "of the first release" },
	{ .name = "processes", .type = KEY_COUNT, AT(scenario_ring, processes), .min = 1,
	  .max = RS_MEMBER_MAX, .initial = "1", .help = "that take turns in each period" },
	{ .name = "work", .type = KEY_WORK, ITEMS(scenario_ring, work_us, processes),
	  .min = 1, .max = PERIOD_MAX_US, .items_max = RS_MEMBER_MAX, .fills = true,
	  .help = "CPU time a process and period: one for all, or a list of one each" },
	{ .name = "vcpu", .type = KEY_INDEX, AT(scenario_ring, vcpu), .min = 0, .max = 3,
	  .initial = "any", .word = "any", .word_value = -1,
	  .help = "the vCPU its processes are pinned to" },
	{ .name = "share", .type = KEY_BOOL, AT(scenario_ring, share), .initial = "false",
	  .help = "hand shared data from process to process" },
	{ 0 },
};

static const struct section ring_section = {
	"vms.rings.", sizeof(struct scenario_ring), ring_keys,
};

static const struct key interrupt_keys[] = {
	{ .name = "number", .type = KEY_COUNT, AT(scenario_interrupt, number), .min = 0,
	  .max = RS_INTERRUPT_MAX - 1, .help = "of the interrupt, unique in its VM" },
	{ .name = "ring", .type = KEY_COUNT, AT(scenario_interrupt, ring), .min = 0,
	  .max = RS_RING_MAX - 1, .help = "id of the ring that it releases, instead of its period" },
	{ .name = "source", .type = KEY_CHOICE, AT(scenario_interrupt, source),
	  .choices = scenario_sources, .initial = "generator",
	  .help = "on the host: a test generator, a datagram socket, a port of 127.0.0.1" },
	{ .name = "interval", .type = KEY_TIME, AT(scenario_interrupt, interval_us),
	  .min = PERIOD_MIN_US, .max = PERIOD_MAX_US, .initial = "period", .word = "period",
	  .word_value = 0, .help = "generator: mean time between two (default: the ring's period)" },
	{ .name = "distribution", .type = KEY_CHOICE, AT(scenario_interrupt, distribution),
	  .choices = scenario_distributions, .initial = "periodic",
	  .help = "generator: of the times; uniform: from half to one and a half of interval" },
	{ .name = "seed", .type = KEY_COUNT, AT(scenario_interrupt, seed), .min = 0,
	  .max = 1000000000, .initial = "1", .help = "generator: of its random times" },
	{ .name = "path", .type = KEY_TEXT, AT(scenario_interrupt, path), .initial = "none",
	  .word = "none", .help = "unix: of the datagram socket that the daemon creates" },
	{ .name = "port", .type = KEY_COUNT, AT(scenario_interrupt, port), .min = 1,
	  .max = 65535, .initial = "none", .word = "none", .word_value = 0,
	  .help = "udp: of 127.0.0.1" },
	{ .name = "confirm", .type = KEY_TIME, AT(scenario_interrupt, confirm_us), .min = 100,
	  .max = 10000000, .initial = "10ms",
	  .help = "ring_irq: a boost that no START confirms by then is taken back" },
	{ 0 },
};

static const struct section interrupt_section = {
	"vms.interrupts.", sizeof(struct scenario_interrupt), interrupt_keys,
};

static const struct key resource_keys[] = {
	{ .name = "ring", .type = KEY_INDEX, AT(scenario_resource, ring), .min = 0,
	  .max = RS_RING_MAX - 1, .initial = "none", .word = "none", .word_value = -1,
	  .help = "id of the ring that controls it: its first process works on nothing else" },
	{ .name = "user", .type = KEY_INDEX, AT(scenario_resource, user), .min = 0,
	  .max = RS_RING_MAX - 1, .initial = "none", .word = "none", .word_value = -1,
	  .help = "id of the higher ring whose first process needs it as well" },
	{ .name = "use", .type = KEY_TIME, AT(scenario_resource, use_us), .min = 1,
	  .max = PERIOD_MAX_US, .initial = "1ms", .help = "CPU time of one use by it" },
	{ .name = "every", .type = KEY_COUNT, AT(scenario_resource, every), .min = 1,
	  .max = 1e6, .initial = "1", .help = "of its turns at home it uses it in one" },
	{ .name = "lock", .type = KEY_TIME, AT(scenario_resource, lock_us), .min = 0,
	  .max = HOUR_S * 1e6, .initial = "1s",
	  .help = "for so long both lock it, without priority inheritance; then" },
	{ .name = "change", .type = KEY_TIME, AT(scenario_resource, change_us), .min = 0,
	  .max = HOUR_S * 1e6, .initial = "1s",
	  .help = "for so long the user changes its ring instead, and so on in turn" },
	{ 0 },
};

static const struct section resource_section = {
	"vms.resource.", sizeof(struct scenario_resource), resource_keys,
};

static const struct key load_keys[] = {
	{ .name = "stress_ng", .type = KEY_TEXT, AT(scenario_load, stress_ng),
	  .initial = "none", .word = "none", .help = "arguments of stress-ng" },
	{ .name = "fio", .type = KEY_TEXT, AT(scenario_load, fio), .initial = "none",
	  .word = "none", .help = "arguments of fio; image small: its disk is /dev/scratch" },
	{ .name = "rogue", .type = KEY_CHOICE, AT(scenario_load, rogue),
	  .choices = scenario_rogues, .initial = "none",
	  .help = "misbehave: a ring that never ends, restarts, or flips; its VM is not judged" },
	{ 0 },
};

static const struct section load_section = {
	"vms.load.", sizeof(struct scenario_load), load_keys,
};

static const struct key vm_keys[] = {
	{ .name = "name", .type = KEY_NAME, AT(scenario_vm, name), .help = "unique" },
	{ .name = "role", .type = KEY_CHOICE, AT(scenario_vm, role), .choices = roles,
	  .help = "control: its rings are judged; neighbour: it boots beside them" },
	{ .name = "kernel", .type = KEY_CHOICE, AT(scenario_vm, kernel), .choices = kernels,
	  .initial = "rt", .help = "of the guest (a neighbour's default: standard)" },
	{ .name = "image", .type = KEY_CHOICE, AT(scenario_vm, image), .choices = images,
	  .initial = "debian",
	  .help = "what a neighbour boots: a full Debian, or the control VMs' small guest (theirs)" },
	{ .name = "vcpus", .type = KEY_COUNT, AT(scenario_vm, vcpus), .min = 1, .max = 4,
	  .initial = "1", .help = "virtual CPUs" },
	{ .name = "memory", .type = KEY_MIB, AT(scenario_vm, memory_mib), .min = 64,
	  .max = 262144, .initial = "256MiB", .help = "of the guest" },
	{ .name = "memory_limit", .type = KEY_MIB, AT(scenario_vm, memory_limit_mib),
	  .min = 128, .max = 524288, .initial = "none", .word = "none", .word_value = 0,
	  .help = "of QEMU as a whole" },
	{ .name = "cpu_shares", .type = KEY_COUNT, AT(scenario_vm, cpu_shares), .min = 2,
	  .max = 262144, .initial = "1024", .help = "weight against other VMs" },
	{ .name = "cpu_quota", .type = KEY_TIME, AT(scenario_vm, cpu_quota_us), .min = 1000,
	  .max = 1000000, .initial = "none", .word = "none", .word_value = 0,
	  .help = "CPU time a vCPU may use in each cpu_period" },
	{ .name = "cpu_period", .type = KEY_TIME, AT(scenario_vm, cpu_period_us), .min = 1000,
	  .max = 1000000, .initial = "100ms", .help = "of cpu_quota" },
	{ .name = "read_bandwidth", .type = KEY_BYTES, AT(scenario_vm, read_bytes_sec),
	  .min = 65536, .max = TIB, .initial = "none", .word = "none", .word_value = 0,
	  .help = "of the disk, a second" },
	{ .name = "write_bandwidth", .type = KEY_BYTES, AT(scenario_vm, write_bytes_sec),
	  .min = 65536, .max = TIB, .initial = "none", .word = "none", .word_value = 0,
	  .help = "of the disk, a second" },
	{ .name = "read_iops", .type = KEY_RATE, AT(scenario_vm, read_iops_sec), .min = 1,
	  .max = 1e9, .initial = "none", .word = "none", .word_value = 0,
	  .help = "reads of the disk a second" },
	{ .name = "write_iops", .type = KEY_RATE, AT(scenario_vm, write_iops_sec), .min = 1,
	  .max = 1e9, .initial = "none", .word = "none", .word_value = 0,
	  .help = "writes of the disk a second" },
	{ .name = "disk_cache", .type = KEY_CHOICE, AT(scenario_vm, disk_cache),
	  .choices = caches, .initial = "none",
	  .help = "none: direct I/O; writeback: by the host's page cache, within memory_limit" },
	{ .name = "pressure", .type = KEY_BOOL, AT(scenario_vm, pressure), .initial = "false",
	  .help = "a boot that does not meet the memory and I/O limits does not count" },
	{ .name = "priority_ceiling", .type = KEY_COUNT, AT(scenario_vm, priority_ceiling),
	  .min = 1, .max = 89, .initial = "80", .help = "highest priority on the host" },
	{ .name = "rt_budget_permille", .type = KEY_COUNT, AT(scenario_vm, rt_budget_permille),
	  .min = 1, .max = 950, .initial = "auto", .word = "auto", .word_value = 0,
	  .help = "real-time share of the core (auto: from the rings' work)" },
	{ .name = "rt_budget_period", .type = KEY_TIME, AT(scenario_vm, rt_budget_period_us),
	  .min = 1000, .max = 1000000, .initial = "auto", .word = "auto", .word_value = 0,
	  .help = "in which the share is renewed (auto: the kernel's, or the daemon's 100ms)" },
	{ .name = "budget_by", .type = KEY_CHOICE, AT(scenario_vm, budget_by),
	  .choices = scenario_keepers, .initial = "auto",
	  .help = "who keeps the share: the kernel where it can, else the daemon" },
	{ .name = "longest_boost", .type = KEY_TIME, AT(scenario_vm, longest_boost_us),
	  .min = 1000, .max = 60000000, .initial = "1s",
	  .help = "that a boost may last, where it is shorter than its ring's period" },
	{ .name = "notify_rate", .type = KEY_COUNT, AT(scenario_vm, notify_rate), .min = 100,
	  .max = 1000000, .initial = "auto", .word = "auto", .word_value = 0,
	  .help = "notifications a second that are handled (auto: 5000, more if its rings need it)" },
	{ .name = "scan_interval", .type = KEY_TIME, AT(scenario_vm, scan_interval_us), .min = 100,
	  .max = 1000000, .initial = "1ms",
	  .help = "how often policy rq_scan reads its run queues" },
	{ .name = "io_boost", .type = KEY_BOOL, AT(scenario_vm, io_boost), .initial = "false",
	  .help = "its block I/O goes first while a ring of it is active" },
	{ .name = "rings", .type = KEY_SECTION, ITEMS(scenario_vm, rings, ring_count),
	  .items_max = RS_RING_MAX, .section = &ring_section, .initial = "none",
	  .help = "processes that take turns" },
	{ .name = "interrupts", .type = KEY_SECTION,
	  ITEMS(scenario_vm, interrupts, interrupt_count), .items_max = RS_INTERRUPT_MAX,
	  .section = &interrupt_section, .initial = "none",
	  .help = "external interrupts of a control VM; each releases a ring" },
	{ .name = "resource", .type = KEY_SECTION, AT(scenario_vm, resource),
	  .section = &resource_section, .initial = "none",
	  .help = "of a control VM, needed by two of its rings" },
	{ .name = "load", .type = KEY_SECTION, AT(scenario_vm, load), .section = &load_section,
	  .initial = "none", .help = "beside the rings: control VMs always, a neighbour in phase shared" },
	{ .name = "cyclictest", .type = KEY_TEXT, AT(scenario_vm, cyclictest),
	  .initial = "none", .word = "none",
	  .help = "arguments of cyclictest, run in a control VM" },
	{ 0 },
};

static const struct section vm_section = { "vms.", sizeof(struct scenario_vm), vm_keys };

static const struct key limit_keys[] = {
	{ .name = "policy", .type = KEY_POLICY, AT(scenario, verdict_policy),
	  .initial = "last", .word = "last", .help = "the policy that is judged" },
	{ .name = "phase", .type = KEY_CHOICE, AT(scenario, limits.phase), .choices = phase_names,
	  .initial = "boot", .help = "that is judged (solo where no neighbour boots)" },
	{ .name = "interference", .type = KEY_NUMBER, AT(scenario, limits.interference_max),
	  .min = 0.01, .max = 1000, .initial = "none", .word = "none", .word_value = NAN,
	  .help = "most that response p99 in that phase may be, divided by solo's" },
	{ .name = "missed", .type = KEY_NUMBER, AT(scenario, limits.missed_max), .min = 0,
	  .max = 1e9, .initial = "none", .word = "none", .word_value = NAN,
	  .help = "most deadlines missed in that phase, outside stained windows" },
	{ .name = "handling_p99", .type = KEY_TIME_US,
	  AT(scenario, limits.handling_p99_us_max), .min = 1, .max = 1e6, .initial = "none",
	  .word = "none", .word_value = NAN, .help = "most from kick seen to priority in force" },
	{ .name = "blocking_ratio", .type = KEY_NUMBER,
	  AT(scenario, limits.blocking_ratio_max), .min = 0.001, .max = 1000,
	  .initial = "none", .word = "none", .word_value = NAN,
	  .help = "most that a resource's user is kept waiting with ring changes, "
		  "divided by with a lock" },
	{ .name = "delay", .type = KEY_NUMBER, AT(scenario, limits.delay_max), .min = 0.01,
	  .max = 1000, .initial = "none", .word = "none", .word_value = NAN,
	  .help = "most that a lower control VM may wait a period, divided by the work above it" },
	{ .name = "boot_time", .type = KEY_TIME_S, AT(scenario, limits.boot_s_max), .min = 0.1,
	  .max = HOUR_S, .initial = "none", .word = "none", .word_value = NAN,
	  .help = "most until the neighbours are up, in any boot" },
	{ .name = "neighbour_share", .type = KEY_NUMBER,
	  AT(scenario, limits.neighbour_share_min), .min = 0.001, .max = 1, .initial = "none",
	  .word = "none", .word_value = NAN,
	  .help = "least CPU time of the neighbours in that phase, as a part of its length" },
	{ .name = "interrupt_handler", .type = KEY_NUMBER, AT(scenario, limits.handler_max),
	  .min = 0.01, .max = 1000, .initial = "none", .word = "none", .word_value = NAN,
	  .help = "most that interrupt to handler, p99, in that phase may be, divided by solo's" },
	{ .name = "interrupt_unboosted", .type = KEY_NUMBER, AT(scenario, limits.unboosted_max),
	  .min = 0.01, .max = 1000, .initial = "none", .word = "none", .word_value = NAN,
	  .help = "most that it may be, divided by that of policy ring, which does not boost it" },
	{ 0 },
};

#define GATE(key, metric)                                                                       \
	{ .name = #key, .type = KEY_NUMBER, AT(scenario, gate.key), .min = 0, .max = 10000,     \
	  .initial = "default", .word = "default", .word_value = NAN,                           \
	  .help = "percent of the base's median that is noise in " metric }

static const struct key gate_keys[] = {
	GATE(interference, "interference"),
	GATE(response_p99, "response_p99_us"),
	GATE(response_p99_solo, "response_p99_us.solo"),
	GATE(wait, "vcpu_wait_us_per_period"),
	GATE(missed, "missed_unstained"),
	GATE(handling_p50, "handling_us.p50"),
	GATE(handling_p99, "handling_us.p99"),
	GATE(kicks, "kicks_per_period"),
	GATE(neighbour_boot, "neighbour_boot_s"),
	{ 0 },
};

/* These group keys of struct scenario itself: their offset is 0. */
static const struct section core_section = { "cores.", sizeof(struct scenario), core_keys };
static const struct section phase_section = { "phases.", sizeof(struct scenario), phase_keys };
static const struct section limit_section = { "limits.", sizeof(struct scenario), limit_keys };
static const struct section gate_section = { "gate.", sizeof(struct scenario), gate_keys };

static const struct key scenario_keys[] = {
	{ .name = "cores", .type = KEY_SECTION, .section = &core_section,
	  .help = "which cores of the host do what" },
	{ .name = "policies", .type = KEY_POLICY, ITEMS(scenario, policies, policy_count),
	  .items_max = SCENARIO_POLICIES_MAX, .help = "policies to compare" },
	{ .name = "boots", .type = KEY_COUNT, AT(scenario, boots), .min = 1,
	  .max = SCENARIO_BOOTS_MAX,
	  .initial = "preset", .word = "preset", .word_value = 0,
	  .help = "of the neighbour, a policy" },
	{ .name = "phases", .type = KEY_SECTION, .section = &phase_section, .initial = "none",
	  .help = "how long each phase lasts" },
	{ .name = "vms", .type = KEY_SECTION, ITEMS(scenario, vms, vm_count),
	  .items_max = SCENARIO_VMS_MAX, .section = &vm_section,
	  .help = "the VMs that share the cores" },
	{ .name = "limits", .type = KEY_SECTION, .section = &limit_section, .initial = "none",
	  .help = "what the verdict is about" },
	{ .name = "gate", .type = KEY_SECTION, .section = &gate_section, .initial = "none",
	  .help = "what `ringsched compare` takes for noise" },
	{ .name = "trace", .type = KEY_BOOL, AT(scenario, trace), .initial = "false",
	  .help = "record who had the shared cores, for `ringsched worst` and `trace`" },
	{ 0 },
};

const struct section scenario_section = { "", sizeof(struct scenario), scenario_keys };
