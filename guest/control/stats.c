// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/control/stats.h"

#define MODULE_STATS "/sys/kernel/debug/ringsched/stats"
#define MODULE_DRIVER "/sys/bus/virtio/drivers/ringsched"

/* A driver's folder in sysfs has a link by the name of each device it drives. */
bool rsc_stats_module(void)
{
	DIR *dir = opendir(MODULE_DRIVER);
	struct dirent *entry;
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = !strncmp(entry->d_name, "virtio", strlen("virtio"));
	closedir(dir);
	return found;
}

static void print_module(FILE *out)
{
	FILE *in = fopen(MODULE_STATS, "re");
	char piece[4096];
	size_t n;

	if (!in) {
		fprintf(out, "agent_module_stats 0\n");
		return;
	}
	while ((n = fread(piece, 1, sizeof(piece), in)) > 0)
		fwrite(piece, 1, n, out);
	fclose(in);
}

static void print_ring(const struct rsc_ring *ring, FILE *out)
{
	uint32_t id = ring->spec.params.ring_id;
	uint64_t turns = 0, visits = 0, refused = 0;
	uint32_t alive = 0;
	struct rsc_log_notes notes;

	for (uint32_t i = 0; i < ring->spec.params.members; i++) {
		const struct rsc_seat *seat = ring->seat[i];

		turns += seat->turns;
		visits += seat->visits;
		refused += seat->changes_refused;
		alive += ring->child[i].running;
		if (seat->error)
			fprintf(out, "agent_ring%u_process%u_errno %d\n", id, i, seat->error);
		if (!ring->child[i].running && rsc_child_code(&ring->child[i]))
			fprintf(out, "agent_ring%u_process%u_status %d\n", id, i,
				rsc_child_code(&ring->child[i]));
	}
	rsc_ring_notes(ring, &notes);
	fprintf(out, "agent_ring%u_turns %" PRIu64 "\n", id, turns);
	fprintf(out, "agent_ring%u_visits %" PRIu64 "\n", id, visits);
	fprintf(out, "agent_ring%u_changes_refused %" PRIu64 "\n", id, refused);
	fprintf(out, "agent_ring%u_handover_errors %" PRIu64 "\n", id, notes.handover_errors);
	fprintf(out, "agent_ring%u_handover_gaps %" PRIu64 "\n", id, notes.handover_gaps);
	fprintf(out, "agent_ring%u_handover_late %" PRIu64 "\n", id, notes.handover_late);
	fprintf(out, "agent_ring%u_processes %u\n", id, ring->spec.params.members);
	fprintf(out, "agent_ring%u_alive %u\n", id, alive);
	fprintf(out, "agent_ring%u_died %u\n", id, ring->died);
	fprintf(out, "agent_ring%u_killed %u\n", id, ring->killed);
}

static void print_resource(const struct rsc_resource *resource, FILE *out)
{
	fprintf(out, "agent_resource_holds %" PRIu64 "\n", resource->holds);
	fprintf(out, "agent_resource_locked %" PRIu64 "\n", resource->locked);
	fprintf(out, "agent_resource_waits %" PRIu64 "\n", resource->waits);
	fprintf(out, "agent_resource_visited %" PRIu64 "\n", resource->visited);
	fprintf(out, "agent_resource_unserved %" PRIu64 "\n", resource->unserved);
	fprintf(out, "agent_resource_collisions %" PRIu64 "\n", resource->collisions);
}

char *rsc_stats_text(const struct rsc_rings *rings, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);

	if (!out)
		return NULL;
	print_module(out);
	fprintf(out, "agent_iterations_per_ms %" PRIu64 "\n", rings->speed.iterations_per_ms);
	fprintf(out, "agent_spread_permille %u\n", rings->speed.spread_permille);
	for (uint32_t id = 0; id < RS_RING_MAX; id++)
		if (rings->ring[id].used)
			print_ring(&rings->ring[id], out);
	if (rings->resource)
		print_resource(rings->resource, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
