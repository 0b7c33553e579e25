// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the paper claims, P1 to P14, and which measured number says whether it
 * holds here. Keys of the paths: docs/results.md; scenarios: scenarios/, in
 * the order of scenarios/paper.list.
 */
#include "harness/paper.h"

#define BOOT "boot-interference"
#define MUST .must = true

/* Deadlines missed in a phase by the rings that match, of a policy. */
#define MISSED_OF(policy, rings, phase) \
	.kind = PAPER_MISSED, .value = "policies." policy ".rings." rings ".phases." phase
#define COST(policy, phase, key) "policies." policy ".phases." phase ".cost." key
#define NOTIFICATIONS(policy, ring) \
	"policies." policy ".rings.control/" ring ".notifications_per_period"

const struct paper_claim paper_claims[] = {
	{
		.number = 1,
		.title = "Resources of its own for each VM",
		.said = "The usual answer gives a control VM cores of its own. Nothing can disturb it "
			"then, but a site needs as many cores as it has control VMs.",
		.here = "Policy `dedicated`: the neighbour's vCPU is moved off the shared core. On a "
			"machine of two cores it then shares the housekeeping core with QEMU's own "
			"threads and the daemon.",
		.rows = {
			{ .what = "deadlines missed while the neighbour boots", .source = BOOT,
			  MISSED_OF("dedicated", "control/*", "boot"), .relation = PAPER_AT_MOST,
			  .bound = 0 },
			{ .what = "share of its core that the control VM uses meanwhile", .source = BOOT,
			  .value = COST("dedicated", "boot", "control_cpu_share"), .scale = 100,
			  .unit = " %" },
			{ .what = "neighbour's boot, `dedicated` ÷ `none`", .source = BOOT,
			  .value = "policies.dedicated.neighbour_boot_s",
			  .over = "policies.none.neighbour_boot_s" },
		},
		.figures = { { BOOT "/figures/boots.png",
			       "Interference boot by boot, a column a policy." } },
	},
	{
		.number = 2,
		.title = "Scanning the guests' run queues",
		.said = "A hypervisor that reads the run queue of every guest finds what is urgent, at "
			"a cost that grows with the number of VMs.",
		.here = "Policy `rq_scan` reads the queues from its mapping of guest memory. Fake VMs "
			"with real memory give the cost against their number; the real VMs show that it "
			"protects.",
		.rows = {
			{ .what = "`rq_scan`: daemon's CPU time against the VMs, fit of a rising line (R²)",
			  .source = "scale",
			  .kind = PAPER_LINE,
			  .value = "series.rq_scan",
			  .relation = PAPER_AT_LEAST,
			  .bound = 0.9,
			  MUST },
			{ .what = "`rq_scan`: daemon's CPU time, most VMs ÷ fewest", .source = "scale",
			  .value = "series.rq_scan.ratio_most_to_fewest.median" },
			{ .what = "reads of a run queue a period, beside one VM", .source = BOOT,
			  .value = COST("rq_scan", "solo", "reads_per_period") },
			{ .what = "daemon's CPU time beside one VM, `rq_scan` ÷ `ring`", .source = BOOT,
			  .value = COST("rq_scan", "solo", "daemon_cpu_us_per_s"),
			  .over = COST("ring", "solo", "daemon_cpu_us_per_s"),
			  .relation = PAPER_AT_LEAST, .bound = 1 },
			{ .what = "deadlines missed while the neighbour boots", .source = BOOT,
			  MISSED_OF("rq_scan", "control/*", "boot") },
		},
		.figures = { { "scale/cost-vms.png", "What the daemon costs against the number of VMs." } },
	},
	{
		.number = 3,
		.title = "A notification at every task switch",
		.said = "A guest's scheduler that tells the hypervisor of every task switch lets the "
			"VM's priority follow its process, and involves the hypervisor in each switch.",
		.here = "Policy `per_switch` against `ring`, with rings of 1 to 16 processes in one "
			"guest. Every switch to or from a real-time process is told. A ring's processes "
			"have one priority: a guest that told changes of it alone would send as many as "
			"`ring`, and nothing of which process runs.",
		.rows = {
			{ .what = "notifications a period at 16 processes, `per_switch` ÷ `ring`",
			  .source = "ring-size", .value = NOTIFICATIONS("per_switch", "15"),
			  .over = NOTIFICATIONS("ring", "15"), .relation = PAPER_AT_LEAST, .bound = 5,
			  MUST },
			{ .what = "the same at 1 process", .source = "ring-size",
			  .value = NOTIFICATIONS("per_switch", "1"), .over = NOTIFICATIONS("ring", "1") },
			{ .what = "the same at 4 processes", .source = "ring-size",
			  .value = NOTIFICATIONS("per_switch", "4"), .over = NOTIFICATIONS("ring", "4") },
			{ .what = "`per_switch` at 16 processes: notifications a period with another "
				  "priority than the one before",
			  .source = "ring-size",
			  .value = "policies.per_switch.rings.control/15.priority_changes_per_period" },
			{ .what = "deadlines missed while the neighbour boots", .source = BOOT,
			  MISSED_OF("per_switch", "control/*", "boot") },
		},
		.figures = { { "ring-size/figures/notifications.png",
			       "Notifications a period against the processes in a ring." } },
	},
	{
		.number = 4,
		.title = "Only real-time processes concern the hypervisor",
		.said = "A guest's processes are split into real-time and others; the host is told of "
			"the first only.",
		.here = "A control VM that also does ordinary work without rest: `static` takes the core "
			"for all of it, `ring` for its ring only.",
		.rows = {
			{ .what = "`ring`: core that the neighbour gets", .source = "background",
			  .value = COST("ring", "shared", "neighbour_cpu_share"), .scale = 100,
			  .unit = " %", .relation = PAPER_AT_LEAST, .bound = 25 },
			{ .what = "core that the neighbour gets, `static` ÷ `ring`",
			  .source = "background",
			  .value = COST("static", "shared", "neighbour_cpu_share"),
			  .over = COST("ring", "shared", "neighbour_cpu_share"),
			  .relation = PAPER_BELOW, .bound = 0.5 },
			{ .what = "`ring`: deadlines missed beside the busy neighbour",
			  .source = "background", MISSED_OF("ring", "control/*", "shared"),
			  .relation = PAPER_AT_MOST, .bound = 0 },
			{ .what = "neighbour's boot, `static` ÷ `ring`", .source = "background",
			  .value = "policies.static.neighbour_boot_s",
			  .over = "policies.ring.neighbour_boot_s" },
		},
		.figures = { { "background/figures/cost.png", "What each policy takes from whom." } },
	},
	{
		.number = 5,
		.title = "A ring holds the processes of one priority, in order",
		.said = "The processes of one priority form a ring and run one after the other; there "
			"are as many rings as priorities.",
		.here = "Five rings of 1 to 16 processes, each with a priority of its own, in one guest. "
			"A period whose turns are out of order counts as impossible.",
		.rows = {
			{ .what = "periods with impossible turns, all rings", .source = "ring-size",
			  .value = "policies.ring.samples_rejected", .relation = PAPER_AT_MOST,
			  .bound = 0 },
			{ .what = "deadlines missed, all rings", .source = "ring-size",
			  MISSED_OF("ring", "control/*", "solo"), .relation = PAPER_AT_MOST,
			  .bound = 0 },
			{ .what = "periods run, all rings", .source = "ring-size",
			  .value = "policies.ring.rings.control/*.phases.solo.periods" },
		},
		.figures = { { BOOT "/figures/priority.png",
			       "The counterpart of the paper's Figure 1, from this machine." } },
	},
	{
		.number = 6,
		.title = "Changing the ring instead of locking",
		.said = "Rings share no resource, so no lock inverts their priorities; a process that "
			"needs another ring's resource changes its ring for one period.",
		.here = "Two rings need one resource, under a lock and by a ring change in turn, with a "
			"third ring in between that prolongs the inversion.",
		.rows = {
			{ .what = "longest blocking of the higher ring, with ring changes ÷ with a lock",
			  .source = "ring-change", .value = "policies.ring.ring_change.ratio",
			  .relation = PAPER_BELOW, .bound = 0.5, MUST },
			{ .what = "longest blocking with a lock", .source = "ring-change",
			  .value = "policies.ring.ring_change.lock.longest_blocking_us",
			  .scale = 0.001, .unit = " ms" },
			{ .what = "longest blocking with ring changes", .source = "ring-change",
			  .value = "policies.ring.ring_change.change.longest_blocking_us",
			  .scale = 0.001, .unit = " ms" },
			{ .what = "price: median time from wanting the resource to being done with it, "
				  "ring change ÷ lock",
			  .source = "ring-change",
			  .value = "policies.ring.ring_change.change.use_us.p50",
			  .over = "policies.ring.ring_change.lock.use_us.p50" },
		},
		.figures = { { "ring-change/figures/blocking.png",
			       "Blocking of the higher ring, period by period." } },
	},
	{
		.number = 7,
		.title = "Two notifications a period",
		.said = "Only a ring's first and last process notify the host: twice a period, however "
			"many processes the ring has.",
		.here = "Kicks counted by the guest's module, and messages counted by the daemon for "
			"rings of 1 and 16 processes; its cost against the number of VMs with fake VMs.",
		.rows = {
			{ .what = "kicks a period, control VM beside a booting neighbour",
			  .source = BOOT, .value = "policies.ring.kicks_per_period",
			  .relation = PAPER_BETWEEN, .bound = 1.995, .high = 2.005 },
			{ .what = "notifications a period at 1 process", .source = "ring-size",
			  .value = NOTIFICATIONS("ring", "1"), .relation = PAPER_BETWEEN, .bound = 1.98,
			  .high = 2.02 },
			{ .what = "notifications a period at 16 processes", .source = "ring-size",
			  .value = NOTIFICATIONS("ring", "15"), .relation = PAPER_BETWEEN,
			  .bound = 1.98, .high = 2.02 },
			{ .what = "`ring`: daemon's CPU time a notification, most VMs ÷ fewest",
			  .source = "scale", .value = "series.ring.ratio_most_to_fewest.median",
			  .relation = PAPER_AT_MOST, .bound = 1.2, MUST },
			{ .what = "the same at one rate of notifications in all", .source = "scale",
			  .value = "series.ring_same_rate.ratio_most_to_fewest.median" },
		},
		.figures = { { BOOT "/figures/cost.png", "What each policy costs beside a booting VM." } },
	},
	{
		.number = 8,
		.title = "The guest's interface",
		.said = "Two calls, for a ring's start and end, with the ring's id and its priority.",
		.here = "`g_sched_notify_start` and `g_sched_notify_end` are what every ring of these runs "
			"went through; a ring whose calls were lost would have fewer kicks.",
		.rows = {
			{ .what = "kicks a period, through the interface", .source = BOOT,
			  .value = "policies.ring_boot.kicks_per_period", .relation = PAPER_BETWEEN,
			  .bound = 1.995, .high = 2.005 },
			{ .what = "time in the guest to send one notification", .source = BOOT,
			  .value = "policies.ring_boot.send_us", .unit = " µs", .guest_time = true },
		},
		.figures = { { BOOT "/figures/priority.png",
			       "What the two calls told, ring by ring, and the priority that came of it." } },
	},
	{
		.number = 9,
		.title = "A driver, over virtio",
		.said = "The mechanism is a driver of the guest, with no change to its kernel; its "
			"notifications travel by virtio.",
		.here = "One module in Debian's own kernels, a virtio queue in stock QEMU. What a "
			"notification costs in exits from the guest can be measured under KVM only.",
		.rows = {
			{ .what = "notifications that arrived by virtio, `ring`", .source = BOOT,
			  .value = "policies.ring.handling_us.count", .relation = PAPER_AT_LEAST,
			  .bound = 1 },
			{ .what = "time of the guest around its work a period, `ring` − `none`",
			  .source = BOOT, .value = COST("ring", "solo", "guest_extra_us_per_period"),
			  .unit = " µs", .guest_time = true },
		},
		.figures = { { BOOT "/figures/response-time.png",
			       "Response time of the control ring along time, one panel a policy." } },
	},
	{
		.number = 10,
		.title = "The host sets the VM's priority",
		.said = "The host knows a VM by its driver's vring and sets its priority with the "
			"scheduler's own call, as the rings say.",
		.here = "Every change is read back from the kernel; `handling` is from the kick seen to "
			"the priority read back as in force. Two VMs with rings of different priority "
			"share a core in `two-rings`.",
		.rows = {
			{ .what = "`ring`: handling p99, median over boots", .source = BOOT,
			  .value = "policies.ring.handling_us.p99", .unit = " µs",
			  .relation = PAPER_AT_MOST, .bound = 100 },
			{ .what = "`ring_boot`: handling p99, median over boots", .source = BOOT,
			  .value = "policies.ring_boot.handling_us.p99", .unit = " µs",
			  .relation = PAPER_AT_MOST, .bound = 100 },
			{ .what = "two VMs: deadlines missed by the ring of higher priority",
			  .source = "two-rings", MISSED_OF("ring", "higher/*", "solo"),
			  .relation = PAPER_AT_MOST, .bound = 0 },
			{ .what = "two VMs: deadlines missed by the ring of lower priority, whose deadline "
				  "has room for one turn of the higher",
			  .source = "two-rings", MISSED_OF("ring", "lower/*", "solo"),
			  .relation = PAPER_AT_MOST, .bound = 0 },
			{ .what = "two VMs: the lower's wait for the core ÷ the higher's work, a period",
			  .source = "two-rings",
			  .value = "policies.ring.phases.solo.delay",
			  .relation = PAPER_AT_MOST,
			  .bound = 1 },
			{ .what = "two VMs: the same lower ring with `none`", .source = "two-rings",
			  MISSED_OF("none", "lower/*", "solo") },
			{ .what = "priority changes a second while the neighbour boots", .source = BOOT,
			  .value = COST("ring", "boot", "priority_changes_per_s") },
		},
		.figures = { { BOOT "/figures/priority.png",
			       "Rings in the guests, and the priority of their vCPU threads." } },
	},
	{
		.number = 11,
		.title = "External interrupts",
		.said = "Before an external interrupt is raised into a VM, the VM's priority is raised, so "
			"that its handler runs at once.",
		.here = "Policy `ring_irq`, and the same interrupts unboosted, beside a neighbour that "
			"keeps the core busy; from the interrupt to the guest's handler.",
		.rows = {
			{ .what = "`ring_irq`: interrupt → handler p99, busy core ÷ idle core",
			  .source = "interrupt-latency", .value = "policies.ring_irq.interrupt_handler",
			  .relation = PAPER_AT_MOST, .bound = 1.5, MUST },
			{ .what = "interrupt → handler p99 on the busy core, `ring_irq` ÷ unboosted (`ring`)",
			  .source = "interrupt-latency",
			  .value = "policies.ring_irq.phases.shared.interrupt.handler_us.p99",
			  .over = "policies.ring.phases.shared.interrupt.handler_us.p99",
			  .relation = PAPER_BELOW, .bound = 1, MUST },
			{ .what = "interrupt → ring's end p99 on the busy core, `ring_irq` ÷ unboosted",
			  .source = "interrupt-latency",
			  .value = "policies.ring_irq.phases.shared.interrupt.end_us.p99",
			  .over = "policies.ring.phases.shared.interrupt.end_us.p99" },
			{ .what = "unboosted: interrupt → handler p99, busy core ÷ idle core",
			  .source = "interrupt-latency", .value = "policies.ring.interrupt_handler" },
		},
		.figures = { { "interrupt-latency/figures/interrupt.png",
			       "From the interrupt to its handler: share of interrupts above." } },
	},
	{
		.number = 12,
		.title = "VMs that share a core under cgroups",
		.said = "Several VMs on one server, CPU, memory and I/O allotted with cgroups; two share "
			"a core.",
		.here = "Two, three and four control VMs at 20 % each on one core while a neighbour boots, "
			"all allotments read back; and a neighbour at its memory and I/O limits.",
		.rows = {
			{ .what = "4 control VMs, `ring_boot`: deadlines missed", .source = "consolidation-4",
			  MISSED_OF("ring_boot", "*", "boot"), .relation = PAPER_AT_MOST, .bound = 0,
			  MUST },
			{ .what = "4 control VMs, `none`: deadlines missed", .source = "consolidation-4",
			  MISSED_OF("none", "*", "boot") },
			{ .what = "4 control VMs, `ring_boot`: share of the core that they use together",
			  .source = "consolidation-4",
			  .value = COST("ring_boot", "boot", "control_cpu_share"), .scale = 100,
			  .unit = " %" },
			{ .what = "3 control VMs, `ring_boot`: deadlines missed", .source = "consolidation-3",
			  MISSED_OF("ring_boot", "*", "boot"), .relation = PAPER_AT_MOST, .bound = 0 },
			{ .what = "2 control VMs, `ring_boot`: deadlines missed", .source = "consolidation-2",
			  MISSED_OF("ring_boot", "*", "boot"), .relation = PAPER_AT_MOST, .bound = 0 },
			{ .what = "neighbour at its memory and I/O limits, `ring_boot`: deadlines missed",
			  .source = "pressure", MISSED_OF("ring_boot", "control/*", "boot"),
			  .relation = PAPER_AT_MOST, .bound = 0 },
		},
		.figures = { { "consolidation-4/figures/response-time.png",
			       "The judged ring of four control VMs while a neighbour boots." } },
	},
	{
		.number = 13,
		.title = "A VM's boot beside a control VM",
		.said = "A VM that boots disturbs those in operation. With a lower priority until its own "
			"control process starts, its influence on them was eliminated.",
		.here = "Interference is the response time's p99 while the neighbour boots ÷ the same "
			"alone right before. The paper prints no number; the bounds are this project's.",
		.rows = {
			{ .what = "`none`: interference, the disturbance itself", .source = BOOT,
			  .value = "policies.none.interference", .relation = PAPER_AT_LEAST, .bound = 2 },
			{ .what = "`ring_boot`: interference", .source = BOOT,
			  .value = "policies.ring_boot.interference", .relation = PAPER_AT_MOST,
			  .bound = 1.1 },
			{ .what = "`ring_boot`: deadlines missed", .source = BOOT,
			  MISSED_OF("ring_boot", "control/*", "boot"), .relation = PAPER_AT_MOST,
			  .bound = 0 },
			{ .what = "wait for the core a period, `ring_boot` ÷ `none`", .source = BOOT,
			  .value = "policies.ring_boot.phases.boot.vcpu_wait_us_per_period",
			  .over = "policies.none.phases.boot.vcpu_wait_us_per_period",
			  .relation = PAPER_AT_MOST, .bound = 0.05 },
			{ .what = "two neighbours boot at once, `ring_boot`: deadlines missed",
			  .source = "boot-storm", MISSED_OF("ring_boot", "control/*", "boot"),
			  .relation = PAPER_AT_MOST, .bound = 0 },
			{ .what = "busy neighbour (stress-ng), `ring`: deadlines missed",
			  .source = "cpu-storm", MISSED_OF("ring", "control/*", "shared"),
			  .relation = PAPER_AT_MOST, .bound = 0 },
			{ .what = "neighbour busy with its disk (fio), `ring`: deadlines missed",
			  .source = "io-storm", MISSED_OF("ring", "control/*", "shared"),
			  .relation = PAPER_AT_MOST, .bound = 0 },
			{ .what = "price: neighbour's boot, `ring_boot` ÷ `none`", .source = BOOT,
			  .value = "policies.ring_boot.neighbour_boot_s",
			  .over = "policies.none.neighbour_boot_s" },
		},
		.figures = { { BOOT "/figures/response-time.png",
			       "Response time of the control ring along time, one panel a policy." },
			     { BOOT "/figures/ccdf.png",
			       "Response times of all boots: share of periods above." } },
	},
	{
		.number = 14,
		.part = "a",
		.title = "Priority from the traits of control systems",
		.said = "Left for later: a general way to set a VM's priority, from periodicity above all.",
		.here = "A notification carries the ring's period and the time to its next start, for "
			"policies to come. The academic answer that needs no notification, a deadline "
			"scheduler with the ring's period and budget, runs beside the others.",
		.not_here = "the paper leaves it open and says nothing that could be held against a number",
		.rows = {
			{ .what = "`deadline`: deadlines missed while the neighbour boots",
			  .source = BOOT, MISSED_OF("deadline", "control/*", "boot") },
			{ .what = "`deadline`: interference", .source = BOOT,
			  .value = "policies.deadline.interference" },
		},
		.figures = { { BOOT "/figures/boots.png",
			       "Interference boot by boot: `deadline` beside the others." } },
	},
	{
		.number = 14,
		.part = "b",
		.title = "Cooperation with other schedulers",
		.said = "Left for later: disk I/O priority, and the real-time group scheduler's budget.",
		.here = "A guest that never ends its ring, at a priority above all others, under a "
			"real-time budget kept by the kernel or by the daemon.",
		.unmeasured = "what a VM's disk gains by I/O priority (`io_boost`); that it is set, read "
			      "back and restored is shown by the tests",
		.rows = {
			{ .what = "rogue guest under `rt_budget`: deadlines missed by the other VM",
			  .source = "rogue-guest", MISSED_OF("ring_boot", "control/*", "shared"),
			  .relation = PAPER_AT_MOST, .bound = 0, MUST },
			{ .what = "the same with the kernel's own period of one second",
			  .source = "rogue-guest-free", MISSED_OF("ring_boot", "control/*", "shared") },
		},
		.figures = { { "rogue-guest/figures/response-time.png",
			       "The other VM's ring beside the rogue guest." } },
	},
	{
		.number = 14,
		.part = "c",
		.title = "Interrupts tied to rings",
		.said = "Left for later: an external interrupt starts a ring, so that the guest's kernel "
			"stays as it is.",
		.here = "The interrupt releases the ring bound to it: its START confirms the boost, its END "
			"ends it; a boost that no START confirms in time is taken back and counted.",
		.rows = {
			{ .what = "`ring_irq`: boosts that no START confirmed in time",
			  .source = "interrupt-latency",
			  .value = "policies.ring_irq.interrupts.irq_unconfirmed",
			  .over = "policies.ring_irq.interrupts.irq_confirmed",
			  .relation = PAPER_AT_MOST, .bound = 0.01 },
			{ .what = "`ring_irq`: boosts confirmed by a ring's START",
			  .source = "interrupt-latency",
			  .value = "policies.ring_irq.interrupts.irq_confirmed",
			  .relation = PAPER_AT_LEAST, .bound = 1 },
		},
		.figures = { { "interrupt-latency/figures/interrupt.png",
			       "From the interrupt that releases the ring to its handler." } },
	},
	{ 0 },
};
