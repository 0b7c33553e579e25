// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/budget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "host/record.h"

#define KNOB "cpu.rt_runtime_us"
#define PERIOD_KNOB "cpu.rt_period_us"

/* What one VM wants in one group. */
struct leaf {
	const void *owner;
	char dir[CGROUP_DIR_MAX];
	unsigned int permille;
	unsigned int period_us; /* 0 = as it is */
};

/* One group that holds or is to hold more than it did, for whomever. */
struct node {
	char dir[CGROUP_DIR_MAX];
	long long period; /* us, in force */
	long long original_period; /* us */
	long long original; /* us of every period, before we came */
	long long value; /* in force, as far as we know */
	long long wanted;
	int record; /* index of its entry, negative = unchanged so far */
	int record_period;
};

static struct {
	struct leaf *leaves;
	size_t leaf_count;
	struct node *nodes;
	size_t node_count;
} table;

static bool is_below(const char *dir, const char *above)
{
	size_t length = strlen(above);

	return !strncmp(dir, above, length) && (dir[length] == '/' || !dir[length]);
}

static void forget_leaves(const void *owner)
{
	size_t kept = 0;

	for (size_t i = 0; i < table.leaf_count; i++)
		if (table.leaves[i].owner != owner)
			table.leaves[kept++] = table.leaves[i];
	table.leaf_count = kept;
}

static int add_leaf(const void *owner, const struct budget_leaf *from, struct rs_error **err)
{
	struct leaf *grown;

	grown = realloc(table.leaves, (table.leaf_count + 1) * sizeof(*grown));
	if (!grown)
		return rs_fail(err, ENOMEM, "no memory for a real-time budget");
	table.leaves = grown;
	grown += table.leaf_count++;
	grown->owner = owner;
	grown->permille = from->permille;
	grown->period_us = from->period_us;
	memcpy(grown->dir, from->place.dir, sizeof(grown->dir));
	return 0;
}

static struct node *find_node(const char *dir)
{
	for (size_t i = 0; i < table.node_count; i++)
		if (!strcmp(table.nodes[i].dir, dir))
			return &table.nodes[i];
	return NULL;
}

static int add_node(const char *dir, struct rs_error **err)
{
	struct node node = { .record = -1, .record_period = -1 };
	struct node *grown;

	if (find_node(dir))
		return 0;
	snprintf(node.dir, sizeof(node.dir), "%s", dir);
	if (cgroup_read_number(dir, KNOB, &node.original, err) ||
	    cgroup_read_number(dir, PERIOD_KNOB, &node.period, err))
		return rs_fail_wrap(err, "real-time budget");
	node.original_period = node.period;
	node.value = node.original;
	grown = realloc(table.nodes, (table.node_count + 1) * sizeof(*grown));
	if (!grown)
		return rs_fail(err, ENOMEM, "no memory for a real-time budget");
	table.nodes = grown;
	table.nodes[table.node_count++] = node;
	return 0;
}

/* The leaf's own group and all above it, without the hierarchy's root. */
static int add_path(const struct cgroup_place *place, struct rs_error **err)
{
	char dir[CGROUP_DIR_MAX];

	memcpy(dir, place->dir, sizeof(dir));
	do {
		int ret = add_node(dir, err);

		if (ret)
			return ret;
	} while (cgroup_parent(place->mount, dir));
	return 0;
}

static long long needed(const struct node *node)
{
	long long sum = 0;

	for (size_t i = 0; i < table.leaf_count; i++)
		if (is_below(table.leaves[i].dir, node->dir))
			sum += node->period * table.leaves[i].permille / 1000;
	return sum > node->original ? sum : node->original;
}

static int shallow_first(const void *a, const void *b)
{
	size_t x = strlen(((const struct node *)a)->dir), y = strlen(((const struct node *)b)->dir);

	return (x > y) - (x < y);
}

static int write_node(struct node *node, struct record *record, struct rs_error **err)
{
	char value[32], path[CGROUP_DIR_MAX + 32];
	int ret;

	if (node->record < 0) {
		snprintf(path, sizeof(path), "%s/" KNOB, node->dir);
		snprintf(value, sizeof(value), "%lld", node->original);
		node->record = record_add_knob(record, path, value);
		if (node->record < 0)
			return rs_fail(err, -node->record, "no room in the record for %s", path);
	}
	snprintf(value, sizeof(value), "%lld", node->wanted);
	ret = cgroup_set(node->dir, KNOB, value, err);
	if (!ret)
		node->value = node->wanted;
	return ret;
}

static int write_period(struct node *node, long long period, struct rs_error **err)
{
	char value[32];
	int ret;

	snprintf(value, sizeof(value), "%lld", period);
	ret = cgroup_set(node->dir, PERIOD_KNOB, value, err);
	if (!ret)
		node->period = period;
	return ret;
}

/* Before the budget itself, for the record is undone backwards: a budget of 0
 * goes with any period. A group that brought a budget keeps its period. */
static int choose_period(const struct leaf *leaf, struct record *record, struct rs_error **err)
{
	char value[32], path[CGROUP_DIR_MAX + 32];
	struct node *node = find_node(leaf->dir);

	if (!node || !leaf->period_us || node->period == leaf->period_us)
		return 0;
	if (node->value)
		return rs_fail(err, EBUSY,
			       "%s has a real-time budget already, its period stays at %lld us",
			       node->dir, node->period);
	snprintf(path, sizeof(path), "%s/" PERIOD_KNOB, node->dir);
	snprintf(value, sizeof(value), "%lld", node->original_period);
	if (node->record_period < 0)
		node->record_period = record_add_knob(record, path, value);
	if (node->record_period < 0)
		return rs_fail(err, -node->record_period, "no room in the record for %s", path);
	return write_period(node, leaf->period_us, err);
}

static int raise_all(struct record *record, struct rs_error **err)
{
	int first = 0;

	if (table.node_count)
		qsort(table.nodes, table.node_count, sizeof(*table.nodes), shallow_first);
	for (size_t i = 0; i < table.node_count; i++) {
		struct node *node = &table.nodes[i];
		int ret;

		node->wanted = needed(node);
		if (node->wanted <= node->value)
			continue;
		ret = write_node(node, record, err);
		if (ret == -EINVAL)
			rs_fail_wrap(err,
				     "the real-time budgets below this group are %lld us of "
				     "each %lld us, more than the group above it may give",
				     node->wanted, node->period);
		first = first ? first : ret;
	}
	return first;
}

/* Nothing of it is ours any more, its period included. */
static bool is_done(struct node *node)
{
	if (node->value != node->original || node->wanted != node->original)
		return false;
	return node->period == node->original_period ||
	       !write_period(node, node->original_period, NULL) ||
	       !cgroup_has(node->dir, PERIOD_KNOB);
}

static int lower_all(struct record *record, struct rs_error **err)
{
	size_t kept = 0;
	int first = 0;

	for (size_t i = table.node_count; i-- > 0;) {
		struct node *node = &table.nodes[i];
		int ret = 0;

		if (node->wanted < node->value)
			ret = write_node(node, record, NULL);
		if (ret == -ENOENT || ret == -ENODEV) { /* the VM's groups went with it */
			ret = 0;
			node->value = node->wanted = node->original;
		}
		if (ret && !first)
			first = rs_fail_errno(err, -ret, "taking back the real-time budget of %s",
					      node->dir);
	}
	for (size_t i = 0; i < table.node_count; i++) {
		if (is_done(&table.nodes[i])) {
			record_drop(record, table.nodes[i].record);
			record_drop(record, table.nodes[i].record_period);
		} else {
			table.nodes[kept++] = table.nodes[i];
		}
	}
	table.node_count = kept;
	return first;
}

int budget_set(const void *owner, const struct budget_leaf *leaves, unsigned int count,
	       struct record *record, struct rs_error **err)
{
	int ret, first = 0;

	forget_leaves(owner);
	for (unsigned int i = 0; i < count; i++) {
		ret = add_path(&leaves[i].place, err);
		if (!ret)
			ret = add_leaf(owner, &leaves[i], err);
		if (!ret)
			ret = choose_period(&table.leaves[table.leaf_count - 1], record, err);
		first = first ? first : ret;
	}
	ret = raise_all(record, err);
	first = first ? first : ret;
	ret = lower_all(record, err);
	return first ? first : ret;
}

bool budget_kernel_keeps(void)
{
	char features[2048];
	long long runtime;

	/* The second file is debugfs, which need not be there: lending has been
	 * off by default since Linux 5.10. */
	if (cgroup_read_number("/proc/sys/kernel", "sched_rt_runtime_us", &runtime, NULL) ||
	    runtime < 0)
		return false;
	return cgroup_read("/sys/kernel/debug/sched", "features", features, sizeof(features),
			   NULL) ||
	       !strstr(features, " RT_RUNTIME_SHARE");
}

void budget_each(const void *owner, budget_visit visit, void *arg)
{
	for (size_t i = 0; i < table.node_count; i++) {
		const struct node *node = &table.nodes[i];
		char path[CGROUP_DIR_MAX + 32];
		long long value;

		for (size_t j = 0; j < table.leaf_count; j++) {
			if (table.leaves[j].owner != owner ||
			    !is_below(table.leaves[j].dir, node->dir))
				continue;
			if (cgroup_read_number(node->dir, KNOB, &value, NULL))
				value = -1;
			snprintf(path, sizeof(path), "%s/" KNOB, node->dir);
			visit(path, node->wanted, value, arg);
			break;
		}
	}
}
