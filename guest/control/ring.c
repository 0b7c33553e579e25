// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest/control/ring.h"
#include "guest/lib/ringsched.h"

#define START_AHEAD_NS 100000000ull /* all rings are armed within this */
#define JOIN_TIMEOUT_MS 10000 /* a process locks its memory under emulation */
#define STOP_TIMEOUT_MS 2000
#define CALIBRATE_MS 200u /* where no CALIBRATE came before the first RING */

int rsc_rings_open(struct rsc_rings *rings, size_t arena_size, struct rsc_reason *why)
{
	int err;

	memset(rings, 0, sizeof(*rings));
	rings->device = -1;
	err = rsc_arena_open(&rings->arena, arena_size);
	if (err)
		return rsc_fail(why, -err, "reserving %zu bytes for samples: %s", arena_size,
				strerror(-err));
	return 0;
}

/* The first RING after a STOP drops the samples of the run before. */
static int begin_setup(struct rsc_rings *rings, struct rsc_reason *why)
{
	int err;

	if (rings->phase == RSC_PHASE_RUNNING)
		return rsc_fail(why, EBUSY, "rings are running: STOP them first");
	if (rings->phase == RSC_PHASE_STOPPED) {
		for (uint32_t id = 0; id < RS_RING_MAX; id++)
			if (rings->ring[id].used)
				ringsched_destroy(rings->device, id);
		memset(rings->ring, 0, sizeof(rings->ring));
		rings->resource = NULL;
		rings->uses = NULL;
		rsc_arena_rewind(&rings->arena, 0);
		rings->phase = RSC_PHASE_SETUP;
	}
	if (rings->device < 0) {
		err = ringsched_open();
		if (err < 0)
			return rsc_fail(why, -err,
					"opening /dev/ringsched: %s (is the module loaded and "
					"its device there?)",
					strerror(-err));
		rings->device = err;
	}
	if (rings->speed.iterations_per_ms)
		return 0;
	err = rsc_work_calibrate(CALIBRATE_MS, &rings->speed);
	if (err)
		return rsc_fail(why, -err, "the clock of CPU time does not advance");
	return 0;
}

static int take_memory(struct rsc_rings *rings, struct rsc_ring *ring)
{
	const struct rsc_ring_spec *spec = &ring->spec;
	uint32_t members = spec->params.members;

	ring->log = rsc_log_take(&rings->arena, members, spec->samples, spec->params.deadline_ns);
	if (!ring->log)
		return -ENOMEM;
	ring->log->by_interrupt = spec->params.trigger == RS_TRIGGER_INTERRUPT;
	for (uint32_t i = 0; i < members; i++) {
		ring->seat[i] = rsc_arena_take(&rings->arena, sizeof(*ring->seat[i]));
		if (!ring->seat[i])
			return -ENOMEM;
	}
	if (!spec->share)
		return 0;
	ring->page = rsc_arena_take(&rings->arena, sizeof(*ring->page));
	if (!ring->page)
		return -ENOMEM;
	rsc_handover_init(ring->page);
	return 0;
}

/* Wait for the process's one report. */
static int await_report(int fd, struct rsc_member_report *report)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&wait, 1, JOIN_TIMEOUT_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ETIMEDOUT;
	if (read(fd, report, sizeof(*report)) != sizeof(*report))
		return -ECHILD; /* it died first: end of file */
	return 0;
}

static int add_process(struct rsc_rings *rings, struct rsc_ring *ring, uint32_t slot,
		       struct rsc_reason *why)
{
	const struct rs_ring_params *params = &ring->spec.params;
	struct rsc_member member = {
		.params = *params,
		.slot = slot,
		.iterations = rsc_work_iterations(&rings->speed, ring->spec.work_us[slot]),
		.log = ring->log,
		.seat = ring->seat[slot],
		.page = ring->page,
	};
	struct rsc_member_report report = { 0 };
	int ends[2], err;
	pid_t pid;

	if (pipe(ends))
		return rsc_fail(why, errno, "making a pipe: %s", strerror(errno));
	pid = rsc_child_fork(&ring->child[slot], ends[1]);
	if (!pid)
		rsc_member_run(&member);
	close(ends[1]);
	err = pid < 0 ? pid : await_report(ends[0], &report);
	close(ends[0]);
	if (err)
		return rsc_fail(why, -err, "process %u of ring %u did not come up: %s", slot,
				params->ring_id, strerror(-err));
	if (report.error)
		return rsc_fail(why, report.error, "process %u of ring %u, %s: %s", slot,
				params->ring_id, rsc_member_step(report.step),
				strerror(report.error));
	return 0;
}

static void kill_processes(struct rsc_ring *ring)
{
	int64_t until = rsc_now_ms() + STOP_TIMEOUT_MS;

	for (uint32_t i = 0; i < ring->spec.params.members; i++)
		if (ring->child[i].running)
			kill(ring->child[i].pid, SIGKILL);
	for (uint32_t i = 0; i < ring->spec.params.members; i++)
		if (!rsc_child_wait(&ring->child[i], until))
			rsc_child_forget(&ring->child[i]);
}

/* Memory, the module's ring, its processes: all of them or none. */
static int populate(struct rsc_rings *rings, struct rsc_ring *ring, struct rsc_reason *why)
{
	const struct rs_ring_params *params = &ring->spec.params;
	int err;

	if (take_memory(rings, ring))
		return rsc_fail(why, ENOMEM,
				"no room for %" PRIu64 " samples of %u processes in the %zu bytes "
				"that are reserved",
				ring->spec.samples, params->members, rings->arena.size);
	err = ringsched_create(rings->device, params);
	if (err)
		return rsc_fail(why, -err, "the module refuses ring %u at priority %u: %s",
				params->ring_id, params->ring_prio, strerror(-err));
	for (uint32_t slot = 0; slot < params->members; slot++) {
		err = add_process(rings, ring, slot, why);
		if (!err)
			continue;
		kill_processes(ring);
		ringsched_destroy(rings->device, params->ring_id);
		return err;
	}
	return 0;
}

int rsc_ring_make(struct rsc_rings *rings, const struct rsc_ring_spec *spec, struct rsc_reason *why)
{
	uint32_t id = spec->params.ring_id;
	struct rsc_ring *ring = &rings->ring[id];
	size_t mark;
	int err;

	err = begin_setup(rings, why);
	if (err)
		return err;
	if (ring->used)
		return rsc_fail(why, EEXIST, "ring %u is there already", id);
	mark = rings->arena.used;
	memset(ring, 0, sizeof(*ring));
	ring->spec = *spec;
	err = populate(rings, ring, why);
	if (err)
		rsc_arena_rewind(&rings->arena, mark);
	else
		ring->used = true;
	return err;
}

int rsc_rings_start(struct rsc_rings *rings, uint64_t *base_ns, struct rsc_reason *why)
{
	struct timespec now;
	uint64_t base;
	uint32_t count = 0;

	if (rings->phase != RSC_PHASE_SETUP)
		return rsc_fail(why, EBUSY, "START needs rings that have not run yet");
	for (uint32_t id = 0; id < RS_RING_MAX; id++)
		count += rings->ring[id].used;
	if (!count)
		return rsc_fail(why, ENOENT, "there is no ring to start: send RING first");
	clock_gettime(CLOCK_MONOTONIC, &now);
	base = (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec + START_AHEAD_NS;
	rings->phase = RSC_PHASE_RUNNING;
	for (uint32_t id = 0; id < RS_RING_MAX; id++) {
		int err;

		if (!rings->ring[id].used)
			continue;
		err = ringsched_start(rings->device, id, base);
		if (err) {
			rsc_rings_stop(rings);
			return rsc_fail(why, -err, "starting ring %u: %s", id, strerror(-err));
		}
	}
	*base_ns = base;
	return 0;
}

int rsc_rings_stopped(const struct rsc_rings *rings, uint32_t id, const struct rsc_ring **ring,
		      struct rsc_reason *why)
{
	if (rings->phase != RSC_PHASE_STOPPED)
		return rsc_fail(why, EBUSY, "samples are read after STOP");
	if (!rings->ring[id].used)
		return rsc_fail(why, ENOENT, "there was no ring %u", id);
	*ring = &rings->ring[id];
	return 0;
}

/*
 * Its processes get ESHUTDOWN at their next wait. A ring that ran stays in
 * the module, where its counts can be read; one that never ran (EALREADY)
 * goes. ENOENT where the device was removed and took its rings along.
 */
static void ask_to_end(struct rsc_rings *rings, struct rsc_ring *ring)
{
	uint32_t id = ring->spec.params.ring_id;

	rsc_child_reap();
	for (uint32_t i = 0; i < ring->spec.params.members; i++)
		ring->died += !ring->child[i].running;
	if (ringsched_stop(rings->device, id))
		ringsched_destroy(rings->device, id);
}

struct rsc_stop_result rsc_rings_stop(struct rsc_rings *rings)
{
	struct rsc_stop_result result = { 0 };
	int64_t until;

	for (uint32_t id = 0; id < RS_RING_MAX; id++)
		if (rings->ring[id].used && rings->phase != RSC_PHASE_STOPPED)
			ask_to_end(rings, &rings->ring[id]);
	until = rsc_now_ms() + STOP_TIMEOUT_MS;
	for (uint32_t id = 0; id < RS_RING_MAX; id++) {
		struct rsc_ring *ring = &rings->ring[id];

		if (!ring->used || rings->phase == RSC_PHASE_STOPPED)
			continue;
		for (uint32_t i = 0; i < ring->spec.params.members; i++)
			ring->killed += !rsc_child_wait(&ring->child[i], until);
		if (ring->killed)
			kill_processes(ring);
		result.died += ring->died;
		result.killed += ring->killed;
	}
	rings->phase = RSC_PHASE_STOPPED;
	return result;
}

void rsc_ring_notes(const struct rsc_ring *ring, struct rsc_log_notes *notes)
{
	*notes = (struct rsc_log_notes){ 0 };
	for (uint32_t i = 0; i < ring->spec.params.members; i++) {
		notes->handover_errors += ring->seat[i]->handover_errors;
		notes->handover_gaps += ring->seat[i]->handover_gaps;
		notes->handover_late += ring->seat[i]->handover_late;
	}
}
