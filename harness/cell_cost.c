// SPDX-License-Identifier: GPL-2.0-or-later
/* What a phase costs: the daemon's CPU time and counters, sending in the guests. */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/daemon.h"
#include "harness/jsonread.h"
#include "harness/stats.h"
#include "host/json_add.h"

int cell_cost_begin(struct cell_state *cell, struct rs_error **err)
{
	json_object_put(cell->status_at_begin);
	cell->status_at_begin = daemon_status(cell->daemon, err);
	return cell->status_at_begin ? daemon_cpu(cell->daemon, &cell->cpu_at_begin, err) : -EIO;
}

/* Numbers of status that count nothing. */
static bool is_counter(const char *key, struct json_object *value)
{
	return json_object_is_type(value, json_type_int) && strcmp(key, "pid") &&
	       strcmp(key, "ceiling");
}

/* What the numbers of `now` gained since `before`; those that did not are
 * left out, and so is an object without any. */
static struct json_object *gain(struct json_object *now, struct json_object *before, bool deeper)
{
	struct json_object *gained = json_object_new_object();

	json_object_object_foreach(now, key, value) {
		uint64_t from = 0, to = 0;

		if (deeper && (!strcmp(key, "messages") || !strcmp(key, "rejects"))) {
			struct json_object *inner = gain(value, json_dict(before, key), false);

			if (inner)
				json_object_object_add(gained, key, inner);
		}
		if (!is_counter(key, value) || !json_u64(now, key, &to))
			continue;
		json_u64(before, key, &from);
		if (to > from)
			json_add_u64(gained, key, to - from);
	}
	if (json_object_object_length(gained))
		return gained;
	json_object_put(gained);
	return NULL;
}

static struct json_object *gain_by_vm(struct json_object *now, struct json_object *before)
{
	struct json_object *all = json_object_new_object(), *rows = json_array(now, "vms");
	unsigned long i;

	for (i = 0; i < json_count(rows); i++) {
		const char *name = json_text(json_row(rows, i), "name");
		struct json_object *gained;

		if (!name)
			continue;
		gained = gain(json_row(rows, i), json_named(json_array(before, "vms"), name), true);
		if (gained)
			json_object_object_add(all, name, gained);
	}
	return all;
}

int cell_cost_end(struct cell_state *cell, enum phase phase, struct rs_error **err)
{
	struct cell_stretch *p = &cell->phases[phase];
	cleanup_json struct json_object *status = NULL;
	int ret = daemon_cpu(cell->daemon, &p->cpu, err);

	if (ret < 0)
		return ret;
	p->cpu.process_ns -= cell->cpu_at_begin.process_ns;
	p->cpu.notify_ns -= cell->cpu_at_begin.notify_ns;
	status = daemon_status(cell->daemon, err);
	if (!status)
		return -EIO;
	p->counters = gain_by_vm(status, cell->status_at_begin);
	return 0;
}

/* Buckets of one of the module's histograms, by rising duration. */
struct buckets {
	uint64_t upper[256], count[256], total;
	unsigned int used;
};

static void read_buckets(const char *stats, const char *prefix, struct buckets *b)
{
	const char *line = stats;
	uint64_t upper, count;

	while (line && b->used < 256) {
		if (!strncmp(line, prefix, strlen(prefix)) &&
		    sscanf(line + strlen(prefix), "%" SCNu64 " %" SCNu64, &upper, &count) == 2) {
			b->upper[b->used] = upper;
			b->count[b->used++] = count;
			b->total += count;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

/* The middle of the bucket the quantile lies in: it begins at least four
 * fifths as high as it ends (docs/guest-module.md), so at most 11 % off. */
static struct json_object *bucket_quantile(const struct buckets *b, double q)
{
	uint64_t rank = (uint64_t)((double)b->total * q), seen = 0;
	unsigned int i;

	if (b->total < stats_quantile_needs(q))
		return NULL;
	for (i = 0; i < b->used; i++) {
		seen += b->count[i];
		if (seen > rank)
			return json_object_new_uint64((uint64_t)((double)b->upper[i] * 0.9));
	}
	return NULL;
}

struct json_object *cell_cost_send(const char *stats)
{
	static const char *const kinds[] = { "queue", "kick" };
	struct json_object *all = json_object_new_object();
	char prefix[32];
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct json_object *o = json_object_new_object();
		struct buckets b = { .used = 0 };

		snprintf(prefix, sizeof(prefix), "%s_ns_upto_", kinds[i]);
		read_buckets(stats, prefix, &b);
		json_add_u64(o, "count", b.total);
		json_object_object_add(o, "p50_ns", bucket_quantile(&b, 0.5));
		json_object_object_add(o, "p99_ns", bucket_quantile(&b, 0.99));
		json_object_object_add(all, kinds[i], o);
	}
	return all;
}
