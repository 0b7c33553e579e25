/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a run's folder (docs/run-folder.md) whose numbers are known, for the
 * tests of what reads such a folder. A callback says how every period went;
 * all the rest (clocks, phases, trace, witness) follows fixed rules:
 *
 * - the control guest's clock is SYNTH_OFFSET_NS behind the host's;
 * - a cell begins at host time order * SYNTH_CELL_NS; phases follow without
 *   a gap; the control ring runs SYNTH_WARMUP periods before `solo`;
 * - releases lie half a period inside, so that no border cuts one.
 */
#ifndef SYNTHETIC_RUN_H
#define SYNTHETIC_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "harness/cellread.h"

#define SYNTH_PERIOD_NS 20000000ull
#define SYNTH_NEIGHBOUR_PERIOD_NS 50000000ull
#define SYNTH_OFFSET_NS 700000000000ll
#define SYNTH_NEIGHBOUR_OFFSET_NS 900000000000ll
#define SYNTH_CELL_NS 100000000000ull
#define SYNTH_FIRST_NS 2000000000000ull
#define SYNTH_WARMUP 10

struct synth_period {
	double wakeup_us, response_us; /* response < 0: its last turn never ended */
	bool skip; /* no row: a gap in the sequence */
};

struct synth {
	const char *preset;
	const char *const *policies; /* NULL-ended */
	unsigned int boots; /* a policy */
	unsigned int planned; /* as run.json says */
	const char *absent; /* one of the policies, no boot of which ended; or NULL */
	unsigned int periods[PHASE_COUNT];
	/* How period i of the phase of that cell went. */
	struct synth_period (*period)(const char *policy, unsigned int boot, enum phase phase,
				      unsigned int i);
	/* Nanoseconds the vCPU waited in that phase. */
	uint64_t (*wait_ns)(const char *policy, enum phase phase);
	const char *stalls; /* JSON array for all cells, relative to nothing */
	const char *speed;
	const char *version; /* of ringsched; NULL = as cells were before they named it */
};

struct synth_cell {
	const struct synth *synth;
	const char *policy;
	unsigned int boot, order;
	char dir[512];
	uint64_t begin[PHASE_COUNT], end[PHASE_COUNT];
	FILE *trace; /* NULL where the policy has none */
	bool traced; /* a comma is needed */
};

/* `none` reports nothing, `static` only ATTACH: neither leaves a trace. */
static inline bool synth_has_trace(const char *policy)
{
	return !strncmp(policy, "ring", 4);
}

static inline void synth_event(struct synth_cell *c, const char *vm, bool start, unsigned int prio,
			       uint64_t host_ns, int64_t offset)
{
	if (!c->trace)
		return;
	fprintf(c->trace,
		"%s{\"t\":%ju,\"vm\":\"%s\",\"kind\":\"%s\",\"ring_id\":1,\"ring_prio\":%u,"
		"\"vcpu\":0,\"sequence\":1,\"guest_ns\":%ju,\"policy\":\"%s\",\"priority\":%u,"
		"\"handled_ns\":18000}",
		c->traced ? ",\n" : "[", (uintmax_t)host_ns + 30000, vm, start ? "START" : "END",
		prio, (uintmax_t)(host_ns - (uint64_t)offset), start ? "SCHED_FIFO" : "SCHED_OTHER",
		start ? prio : 0);
	c->traced = true;
}

static inline void synth_turns(gzFile f, uint64_t begin, uint64_t end, unsigned int processes,
			       bool ends)
{
	uint64_t step = (end - begin) / processes;

	for (unsigned int i = 0; i < processes; i++) {
		uint64_t from = begin + i * step, to = i + 1 == processes ? end : from + step;

		gzprintf(f, ",%ju,%ju", (uintmax_t)from,
			 (uintmax_t)(i + 1 == processes && !ends ? 0 : to));
	}
	gzprintf(f, "\n");
}

static inline void synth_row(struct synth_cell *c, gzFile f, uint64_t sequence, uint64_t release,
			     struct synth_period p)
{
	uint64_t guest = release - (uint64_t)SYNTH_OFFSET_NS;
	uint64_t start = guest + (uint64_t)(p.wakeup_us * 1e3);
	bool ends = p.response_us >= 0;
	uint64_t end = ends ? guest + (uint64_t)(p.response_us * 1e3) : start + 4000;

	gzprintf(f, "%ju,%ju,0", (uintmax_t)sequence, (uintmax_t)guest);
	synth_turns(f, start, end, 4, ends);
	synth_event(c, "control", true, 80, start + SYNTH_OFFSET_NS, SYNTH_OFFSET_NS);
	if (ends)
		synth_event(c, "control", false, 80, end + SYNTH_OFFSET_NS, SYNTH_OFFSET_NS);
}

static inline void synth_control_samples(struct synth_cell *c)
{
	char path[600];
	uint64_t sequence = SYNTH_WARMUP;
	gzFile f;

	snprintf(path, sizeof(path), "%s/samples-control-1.csv.gz", c->dir);
	f = gzopen(path, "wb");
	gzprintf(f, "sequence,release_ns,flags,start0_ns,end0_ns,start1_ns,end1_ns,"
		    "start2_ns,end2_ns,start3_ns,end3_ns\n");
	for (uint64_t i = 0; i < SYNTH_WARMUP; i++)
		synth_row(c, f, i,
			  c->begin[0] + SYNTH_PERIOD_NS / 2 - (SYNTH_WARMUP - i) * SYNTH_PERIOD_NS,
			  (struct synth_period){ .wakeup_us = 100, .response_us = 8000 });
	for (int phase = 0; phase < PHASE_COUNT; phase++) {
		for (unsigned int i = 0; i < c->synth->periods[phase]; i++, sequence++) {
			struct synth_period p =
				c->synth->period(c->policy, c->boot, (enum phase)phase, i);

			if (!p.skip)
				synth_row(c, f, sequence,
					  c->begin[phase] + i * SYNTH_PERIOD_NS +
						  SYNTH_PERIOD_NS / 2,
					  p);
		}
	}
	gzclose(f);
}

static inline void synth_neighbour_samples(struct synth_cell *c)
{
	char path[600];
	uint64_t sequence = 0;
	gzFile f;

	snprintf(path, sizeof(path), "%s/samples-neighbour-1.csv.gz", c->dir);
	f = gzopen(path, "wb");
	gzprintf(f, "sequence,release_ns,flags,start0_ns,end0_ns,start1_ns,end1_ns\n");
	for (uint64_t t = c->begin[PHASE_SHARED] + 3000000; t < c->end[PHASE_SHARED];
	     t += SYNTH_NEIGHBOUR_PERIOD_NS, sequence++) {
		uint64_t guest = t - (uint64_t)SYNTH_NEIGHBOUR_OFFSET_NS;

		gzprintf(f, "%ju,%ju,0", (uintmax_t)sequence, (uintmax_t)guest);
		synth_turns(f, guest + 400000, guest + 4900000, 2, true);
		synth_event(c, "neighbour", true, 40, t + 400000, SYNTH_NEIGHBOUR_OFFSET_NS);
		synth_event(c, "neighbour", false, 40, t + 4900000, SYNTH_NEIGHBOUR_OFFSET_NS);
	}
	gzclose(f);
}

/* Of a phase with 400 periods of 20 ms (8 s): the control VM's vCPU ran 3.2 s,
 * with rings 40 ms more; the neighbour's 2 s; the daemon used 16 ms with rings,
 * half of it in its notification thread, and 800 us without. */
static inline void synth_cost(struct synth_cell *c, FILE *f)
{
	bool ring = synth_has_trace(c->policy);

	fprintf(f, "\"daemon\":{\"cpu_ns\":%u,\"notify_cpu_ns\":%u,\"counters\":{%s}}",
		ring ? 16000000u : 800000u, ring ? 8000000u : 0u,
		ring ? "\"control\":{\"kicks\":800,\"changes\":800,\"boosts\":400,"
		       "\"messages\":{\"start\":400,\"end\":400}}" :
		       "");
}

static inline void synth_phases(struct synth_cell *c, FILE *f)
{
	unsigned int run = synth_has_trace(c->policy) ? 3240000000u : 3200000000u;

	for (int i = 0; i < PHASE_COUNT; i++) {
		if (!c->synth->periods[i])
			continue;
		fprintf(f,
			"%s{\"name\":\"%s\",\"begin_ns\":%ju,\"end_ns\":%ju,\"vcpus\":["
			"{\"vm\":\"control\",\"index\":0,\"tid\":1,\"run_ns\":%u,\"wait_ns\":%ju,"
			"\"slices\":1},{\"vm\":\"neighbour\",\"index\":0,\"tid\":2,"
			"\"run_ns\":2000000000,\"wait_ns\":123456789,\"slices\":1}],",
			i ? "," : "", phase_names[i], (uintmax_t)c->begin[i], (uintmax_t)c->end[i],
			run, (uintmax_t)c->synth->wait_ns(c->policy, (enum phase)i));
		synth_cost(c, f);
		fprintf(f, "}");
	}
}

static inline void synth_cell_json(struct synth_cell *c)
{
	bool ring = synth_has_trace(c->policy);
	char path[600];
	FILE *f;

	snprintf(path, sizeof(path), "%s/cell.json", c->dir);
	f = fopen(path, "w");
	fprintf(f,
		"{\"schema\":1,\"policy\":\"%s\",\"boot\":%u,\"order\":%u,\n"
		"\"clock\":{\"control\":{\"offset_ns\":%jd,\"error_ns\":90000,\"drift_ppb\":0,"
		"\"at_guest_ns\":1000},\"neighbour\":{\"offset_ns\":%jd,\"error_ns\":90000,"
		"\"drift_ppb\":0,\"at_guest_ns\":1000}},\n\"phases\":[",
		c->policy, c->boot, c->order, (intmax_t)SYNTH_OFFSET_NS,
		(intmax_t)SYNTH_NEIGHBOUR_OFFSET_NS);
	synth_phases(c, f);
	if (c->synth->version)
		fprintf(f, "],\n\"version\":\"%s\",\"unused\":[", c->synth->version);
	fprintf(f,
		"],\n\"rings\":[{\"vm\":\"control\",\"ring_id\":1,\"ring_prio\":80,"
		"\"period_ns\":20000000,\"deadline_ns\":20000000,\"processes\":4,"
		"\"work_us\":[2000,2000,2000,2000],\"iterations_per_ms\":1000,"
		"\"notified_periods\":400,\"notifications\":1000,\"priority_changes\":800,"
		"\"samples\":\"samples-control-1.csv.gz\"},{\"vm\":\"neighbour\",\"ring_id\":1,"
		"\"ring_prio\":40,\"period_ns\":50000000,\"deadline_ns\":50000000,"
		"\"processes\":2,\"work_us\":[2000,2000],\"iterations_per_ms\":1000,"
		"\"samples\":\"samples-neighbour-1.csv.gz\"}],\n"
		"\"kicks\":{\"control\":{\"kicks\":%u,\"periods\":1000,\"send\":{"
		"\"queue\":{\"count\":2000,\"p50_ns\":1500},"
		"\"kick\":{\"count\":2000,\"p50_ns\":%s}}}},\n"
		"\"neighbour_boot_s\":%.1f,\n",
		ring ? 2000u : 0u, ring ? "26500" : "null", 40.0 + c->boot);
	fprintf(f,
		"\"daemon\":{\"ok\":true,\"vms\":[{\"name\":\"control\",\"boosts\":7,\"handling_us\":"
		"{\"count\":%d,\"min\":5,\"p50\":%s,\"p90\":%s,\"p99\":%s,\"p999\":null,"
		"\"max\":%d}}]},\n",
		ring ? 2000 : 1, ring ? "11" : "null", ring ? "17.5" : "null", ring ? "42" : "null",
		ring ? 230 : 8);
	fprintf(f,
		"\"witness\":{\"interval_ns\":1000000,\"stall_threshold_ns\":200000,"
		"\"wakeups\":1000,\"lateness_us\":{\"p50\":8.5,\"p99\":60,\"max\":4100},"
		"\"stalls\":%s,\"speed\":%s},\n\"limits\":[{\"vm\":\"control\","
		"\"knob\":\"cpu.shares\",\"path\":\"/sys/fs/cgroup/cpu/x\","
		"\"wanted\":\"1024\",\"value\":\"1024\"}],\n"
		"\"steal_us\":{\"solo\":100,\"boot\":2500,\"shared\":0}}\n",
		c->synth->stalls, c->synth->speed);
	fclose(f);
}

static inline void synth_cell(const struct synth *s, const char *out, const char *policy,
			      unsigned int boot, unsigned int order)
{
	struct synth_cell c = { .synth = s, .policy = policy, .boot = boot, .order = order };
	uint64_t at = SYNTH_FIRST_NS + order * SYNTH_CELL_NS;
	char path[600];
	gzFile f;

	snprintf(c.dir, sizeof(c.dir), "%.400s/cells/%03u-%s-%u", out, order, policy, boot);
	mkdir(c.dir, 0755);
	for (int i = 0; i < PHASE_COUNT; i++) {
		c.begin[i] = at;
		at += s->periods[i] * SYNTH_PERIOD_NS;
		c.end[i] = at;
	}
	snprintf(path, sizeof(path), "%s/trace.json", c.dir);
	if (synth_has_trace(policy))
		c.trace = fopen(path, "w+");
	synth_control_samples(&c);
	synth_neighbour_samples(&c);
	if (c.trace) {
		char line[1024];

		fputs(c.traced ? "]\n" : "[]\n", c.trace);
		rewind(c.trace);
		snprintf(path, sizeof(path), "%s/trace.json.gz", c.dir);
		f = gzopen(path, "wb");
		while (fgets(line, sizeof(line), c.trace))
			gzputs(f, line);
		gzclose(f);
		fclose(c.trace);
		snprintf(path, sizeof(path), "%s/trace.json", c.dir);
		remove(path);
	}
	synth_cell_json(&c);
}

static inline void synth_scenario(const struct synth *s, const char *out)
{
	char path[600];
	FILE *f;

	snprintf(path, sizeof(path), "%s/scenario.yaml", out);
	f = fopen(path, "w");
	fprintf(f, "# Does a neighbour's boot disturb a control VM on the same core?\n"
		   "cores:\n  shared: [1]\n  housekeeping: [0]\npolicies: [");
	for (int i = 0; s->policies[i]; i++)
		fprintf(f, "%s%s", i ? ", " : "", s->policies[i]);
	fprintf(f, "]\nphases:\n  warmup: 2s\n  solo: 10s\n  shared: 8s\n  boot_timeout: 180s\n"
		   "vms:\n  - name: control\n    role: control\n    kernel: rt\n    vcpus: 1\n"
		   "    memory: 256MiB\n    priority_ceiling: 80\n    rings:\n      - id: 1\n"
		   "        priority: 80\n        period: 20ms\n        processes: 4\n"
		   "        work: 2ms\n  - name: neighbour\n    role: neighbour\n    vcpus: 1\n"
		   "    memory: 768MiB\n    priority_ceiling: 60\n    rings:\n      - id: 1\n"
		   "        priority: 40\n        period: 50ms\n        processes: 2\n"
		   "        work: 2ms\nlimits:\n  policy: ring_boot\n  interference: 1.10\n"
		   "  missed: 0\n  handling_p99: 100us\n");
	fclose(f);
}

static inline void synth_run_json(const struct synth *s, const char *out)
{
	char path[600];
	FILE *f;

	snprintf(path, sizeof(path), "%s/run.json", out);
	f = fopen(path, "w");
	fprintf(f,
		"{\"schema\":1,\"version\":\"synthetic\",\"command\":[\"ringsched\",\"run\","
		"\"scenarios/boot-interference.yaml\",\"--preset\",\"%s\"],"
		"\"scenario\":\"boot-interference\",\"preset\":\"%s\",\"seed\":42,"
		"\"accel\":\"tcg\",\"accel_why\":\"the trial guest did not start under KVM "
		"within 20 s\",\"started\":\"2025-01-31T12:00:00Z\",\"seconds\":812.5,"
		"\"boots\":%u,\"interrupted\":%s,\"order\":[],\n\"environment\":"
		"{\"kernel\":\"6.1.0 synthetic\",\"qemu\":\"7.2.0\",\"libvirt\":\"9.0.0\","
		"\"cpu\":\"a processor\",\"cores\":2},\"policies\":[",
		s->preset, s->preset, s->planned, s->planned > s->boots ? "true" : "false");
	for (int i = 0; s->policies[i]; i++)
		fprintf(f, "%s\"%s\"", i ? "," : "", s->policies[i]);
	fputs("]}\n", f);
	fclose(f);
}

/* Blocks of one boot each, the policies in rotating order. */
static inline void synth_run(const struct synth *s, const char *out)
{
	unsigned int policies = 0, order = 1;
	char path[600];

	while (s->policies[policies])
		policies++;
	mkdir(out, 0755);
	snprintf(path, sizeof(path), "%s/cells", out);
	mkdir(path, 0755);
	synth_scenario(s, out);
	synth_run_json(s, out);
	for (unsigned int boot = 1; boot <= s->boots; boot++)
		for (unsigned int i = 0; i < policies; i++) {
			const char *policy = s->policies[(i + boot) % policies];

			if (!s->absent || strcmp(policy, s->absent))
				synth_cell(s, out, policy, boot, order++);
		}
}

#endif
