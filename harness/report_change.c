// SPDX-License-Identifier: GPL-2.0-or-later
/* report.md on a resource of two rings: with a lock and with ring changes (P6). */
#include <json-c/json.h>

#include "harness/format.h"
#include "harness/jsonread.h"
#include "harness/report_internal.h"
#include "harness/summary.h"

static const char *ms(char room[FORMAT_NUMBER_ROOM], struct json_object *of, const char *key)
{
	return format_number(room, json_double(of, key) / 1e3, 3);
}

static void write_way(const char *policy, int w, struct json_object *way, FILE *to)
{
	struct json_object *blocking = json_dict(way, "blocking_us");
	struct json_object *use = json_dict(way, "use_us");
	char n[8][FORMAT_NUMBER_ROOM];

	fprintf(to, "| %s, %s | %.0f | %.0f | %.0f | %s | %s | %s | %s / %s | %s / %s | %s |\n",
		policy, w == WAY_LOCK ? "lock" : "ring change", json_double(way, "periods"),
		json_double(way, "uses"), json_double(way, "waits"),
		ms(n[0], way, "longest_blocking_us"), ms(n[1], way, "longest_blocking_any_us"),
		ms(n[2], way, "longest_begun_us"), ms(n[3], blocking, "p50"),
		ms(n[4], blocking, "p99"), ms(n[5], use, "p50"), ms(n[6], use, "p99"),
		ms(n[7], way, "longest_wait_us"));
}

void report_write_change(const struct summary *s, FILE *to)
{
	if (!s->policies[0].boots[0].ring_change.present)
		return;
	fputs("\n## A resource of two rings, with a lock and with ring changes\n\n"
	      "Blocking is the higher ring's response time without the CPU time of its own "
	      "processes. Use: from wanting the resource to being done with it; with ring changes "
	      "that is the next period of the controlling ring, while the higher ring goes on.\n\n"
	      "| policy, way | periods | uses | waited for the lock | longest blocking, median "
	      "over boots (ms) | the same in stained windows too, all boots (ms) | the same from the "
	      "ring's start on, all boots (ms) | blocking p50 / p99 (ms) | use p50 / p99 (ms) | longest wait for the lock (ms) |\n"
	      "|---|---|---|---|---|---|---|---|---|---|\n",
	      to);
	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy_result *p = &s->policies[i];
		cleanup_json struct json_object *json = policy_change_json(p);

		for (int w = 0; w < WAY_COUNT; w++)
			write_way(p->name, w, json_dict(json, way_names[w]), to);
	}
}
