// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /sys/kernel/debug/ringsched: `state` for a person, `stats` as lines of
 * `key value`. Rings are copied under the engine's lock and printed after it.
 */
#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "chardev.h"
#include "device.h"
#include "engine.h"
#include "source.h"
#include "stats.h"

atomic64_t rs_stats[RS_STAT_COUNT];

static struct dentry *folder;

static const char *const stat_names[RS_STAT_COUNT] = {
	[RS_STAT_KICKS] = "kicks",
	[RS_STAT_MESSAGES_ATTACH] = "messages_attach",
	[RS_STAT_MESSAGES_START] = "messages_start",
	[RS_STAT_MESSAGES_END] = "messages_end",
	[RS_STAT_MESSAGES_SWITCH] = "messages_switch",
	[RS_STAT_MESSAGES_RING_CHANGE] = "messages_ring_change",
	[RS_STAT_MESSAGES_BYE] = "messages_bye",
	[RS_STAT_MESSAGES_SCAN] = "messages_scan",
	[RS_STAT_DROPPED] = "dropped",
	[RS_STAT_BROKEN] = "broken",
	[RS_STAT_UNSENT] = "unsent",
	[RS_STAT_MUTED] = "muted",
	[RS_STAT_EVENTS] = "events",
	[RS_STAT_EVENTS_REFUSED] = "events_refused",
	[RS_STAT_INTERRUPTS] = "interrupts_handled",
	[RS_STAT_INTERRUPTS_UNBOUND] = "interrupts_unbound",
	[RS_STAT_SOURCE_CHANGES] = "source_changes",
	[RS_STAT_SWITCH_SAME_PRIORITY] = "switch_same_priority",
};

/*
 * Durations by logarithmic buckets, four an octave: a bucket's ends are at
 * most a quarter apart. The few that are very long (the host took the vCPU
 * away) would spoil a mean and leave a median alone.
 */
#define TIME_SUB_BITS 2
#define TIME_OCTAVES 32 /* longer ones are put into the last bucket */
#define TIME_BUCKETS (TIME_OCTAVES << TIME_SUB_BITS)

static atomic64_t times[RS_TIME_COUNT][TIME_BUCKETS];

static const char *const time_names[RS_TIME_COUNT] = {
	[RS_TIME_QUEUE] = "queue",
	[RS_TIME_KICK] = "kick",
};

void rs_stat_time(enum rs_time what, u64 ns)
{
	unsigned int octave, index;

	ns = clamp_t(u64, ns, 1u << TIME_SUB_BITS, U32_MAX);
	octave = fls64(ns) - 1;
	/* The bits below the highest one say which part of the octave. */
	index = (octave << TIME_SUB_BITS) +
		((ns >> (octave - TIME_SUB_BITS)) & ((1u << TIME_SUB_BITS) - 1));
	atomic64_inc(&times[what][index]);
}

/* The longest duration that is counted in the bucket. */
static u64 time_upper(unsigned int index)
{
	unsigned int octave = index >> TIME_SUB_BITS;
	unsigned int part = index & ((1u << TIME_SUB_BITS) - 1);

	return ((u64)((1u << TIME_SUB_BITS) + part + 1) << (octave - TIME_SUB_BITS)) - 1;
}

static void print_times(struct seq_file *seq)
{
	unsigned int what, i;
	s64 count;

	for (what = 0; what < RS_TIME_COUNT; what++)
		for (i = TIME_SUB_BITS << TIME_SUB_BITS; i < TIME_BUCKETS; i++) {
			count = atomic64_read(&times[what][i]);
			if (count)
				seq_printf(seq, "%s_ns_upto_%llu %lld\n", time_names[what],
					   time_upper(i), count);
		}
}

static const struct {
	const char *name;
	size_t offset;
} ring_stats[] = {
	{ "periods", offsetof(struct rs_ring_counts, periods) },
	{ "periods_skipped", offsetof(struct rs_ring_counts, periods_skipped) },
	{ "periods_empty", offsetof(struct rs_ring_counts, periods_empty) },
	{ "interrupts", offsetof(struct rs_ring_counts, interrupts) },
	{ "interrupts_queued", offsetof(struct rs_ring_counts, interrupts_queued) },
	{ "turns", offsetof(struct rs_ring_counts, turns) },
	{ "turns_skipped", offsetof(struct rs_ring_counts, turns_skipped) },
	{ "visits", offsetof(struct rs_ring_counts, visits) },
	{ "visits_done", offsetof(struct rs_ring_counts, visits_done) },
	{ "members_left", offsetof(struct rs_ring_counts, members_left) },
};

/* prefix is "" for all rings together. */
static void print_counts(struct seq_file *seq, const char *prefix,
			 const struct rs_ring_counts *counts)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ring_stats); i++)
		seq_printf(seq, "%s%s %llu\n", prefix, ring_stats[i].name,
			   *(const u64 *)((const char *)counts + ring_stats[i].offset));
}

static int stats_show(struct seq_file *seq, void *unused)
{
	struct rs_ring_counts counts;
	unsigned long flags;
	char prefix[16];
	unsigned int i;
	bool used;

	for (i = 0; i < RS_STAT_COUNT; i++)
		seq_printf(seq, "%s %lld\n", stat_names[i], (s64)atomic64_read(&rs_stats[i]));
	print_times(seq);
	flags = rs_engine_enter();
	counts = rs_engine.total;
	rs_engine_leave(flags);
	print_counts(seq, "", &counts);
	for (i = 0; i < RS_RING_MAX; i++) {
		flags = rs_engine_enter();
		used = rs_ring_find(&rs_engine, i);
		counts = rs_engine.rings[i].counts;
		rs_engine_leave(flags);
		if (!used)
			continue;
		snprintf(prefix, sizeof(prefix), "ring%u_", i);
		print_counts(seq, prefix, &counts);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static const char *const ring_state_names[] = {
	[RS_RING_FREE] = "free",
	[RS_RING_READY] = "ready",
	[RS_RING_RUNNING] = "running",
	[RS_RING_STOPPED] = "stopped",
};

/* One place of a ring, as it was when the ring was copied. */
struct place_view {
	pid_t pid; /* 0: nobody */
	char comm[TASK_COMM_LEN];
	const char *doing;
	int visited; /* id of the ring it is away in, -1: none */
};

struct ring_view {
	struct rs_ring ring; /* its pointers are not followed */
	struct place_view places[RS_MEMBER_MAX];
};

/* Under the engine's lock, which also keeps the member's task. */
static void view_place(struct place_view *view, const struct rs_ring *ring, unsigned int place)
{
	struct rs_member *member = ring->order[place];
	struct task_struct *task;

	memset(view, 0, sizeof(*view));
	if (!member)
		return;
	task = rs_file_of(member)->task;
	view->pid = task_pid_nr(task);
	/* Not __get_task_comm(), which takes a lock that sleeps; may be torn. */
	strscpy_pad(view->comm, task->comm, sizeof(view->comm));
	view->visited = member->visited && member->visited != ring ?
				(int)member->visited->params.ring_id :
				-1;
	if (ring->holder == member)
		view->doing = ring->taken ? "has the turn" : "is given the turn";
	else if (view->visited >= 0)
		view->doing = "is away";
	else
		view->doing = member->waiting ? "waits" : "does not wait";
}

static bool view_ring(struct ring_view *view, unsigned int id)
{
	struct rs_ring *ring;
	unsigned long flags;
	unsigned int i;

	flags = rs_engine_enter();
	ring = rs_ring_find(&rs_engine, id);
	if (ring) {
		view->ring = *ring;
		for (i = 0; i < RS_MEMBER_MAX; i++)
			view_place(&view->places[i], ring, i);
	}
	rs_engine_leave(flags);
	return ring;
}

static void print_place(struct seq_file *seq, const struct ring_view *view, unsigned int place)
{
	const struct place_view *member = &view->places[place];
	bool home = place < view->ring.params.members;

	if (!member->pid) {
		if (home)
			seq_printf(seq, "  member %u: nobody\n", place);
		return;
	}
	seq_printf(seq, "  %s %u: %s, process %d, %s", home ? "member" : "visitor", place,
		   member->comm, member->pid, member->doing);
	if (member->visited >= 0)
		seq_printf(seq, " in ring %d", member->visited);
	seq_putc(seq, '\n');
}

static void print_ring(struct seq_file *seq, const struct ring_view *view)
{
	const struct rs_ring *ring = &view->ring;
	unsigned int i;

	seq_printf(seq, "ring %u: priority %u, period %llu us, deadline %llu us, ",
		   ring->params.ring_id, ring->params.ring_prio, ring->params.period_ns / 1000,
		   ring->params.deadline_ns / 1000);
	if (ring->params.trigger == RS_TRIGGER_INTERRUPT)
		seq_printf(seq, "by interrupt %u, ", ring->params.interrupt);
	if (ring->params.vcpu >= 0)
		seq_printf(seq, "vCPU %d, ", ring->params.vcpu);
	seq_printf(seq, "%s", ring_state_names[ring->state]);
	if (ring->active)
		seq_printf(seq, ", in period %llu (%s)", ring->sequence,
			   ring->reported ? "START told" : "START not told");
	seq_putc(seq, '\n');
	for (i = 0; i < RS_MEMBER_MAX; i++)
		print_place(seq, view, i);
}

static int state_show(struct seq_file *seq, void *unused)
{
	struct ring_view *view = kmalloc(sizeof(*view), GFP_KERNEL);
	unsigned int i;

	if (!view)
		return -ENOMEM;
	seq_printf(seq, "revision %u, device %s, source %s\n", RS_REVISION, rs_device_state(),
		   rs_source_name());
	for (i = 0; i < RS_RING_MAX; i++)
		if (view_ring(view, i))
			print_ring(seq, view);
	kfree(view);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

/* Without debugfs there is nothing to show and nothing to fail. */
void rs_stats_init(void)
{
	folder = debugfs_create_dir("ringsched", NULL);
	debugfs_create_file("stats", 0400, folder, NULL, &stats_fops);
	debugfs_create_file("state", 0400, folder, NULL, &state_fops);
}

void rs_stats_exit(void)
{
	debugfs_remove_recursive(folder);
}
