// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "guest/control/clock.h"
#include "guest/control/command.h"
#include "guest/control/exec.h"
#include "guest/control/stats.h"

struct rsc_command {
	struct rsc_syntax syntax;
	/* Answers with data where it has some; "OK" stays to the caller unless `answers`. */
	int (*run)(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why);
	bool answers;
};

#define AT(field) offsetof(struct rsc_arguments, field)
#define MICRO_MAX ((int64_t)(RS_PERIOD_MAX_NS / 1000))
#define MICRO_MIN ((int64_t)(RS_PERIOD_MIN_NS / 1000))

static const struct rsc_key no_keys[] = { { 0 } };

static const struct rsc_key calibrate_keys[] = {
	{ "ms", 10, 60000, AT(ms), false },
	{ 0 },
};

static const struct rsc_key ring_keys[] = {
	{ "id", 0, RS_RING_MAX - 1, AT(id), false },
	{ "prio", RS_PRIO_MIN, RS_PRIO_MAX, AT(prio), false },
	{ "period_us", MICRO_MIN, MICRO_MAX, AT(period_us), false },
	{ "deadline_us", 1, 10 * MICRO_MAX, AT(deadline_us), false },
	{ "offset_us", 0, MICRO_MAX, AT(offset_us), false },
	{ "vcpu", -1, RS_VCPU_MAX - 1, AT(vcpu), false },
	{ "processes", 1, RS_MEMBER_MAX, AT(processes), false },
	{ "work_us", 0, MICRO_MAX, AT(work_us), true },
	{ "share", 0, 1, AT(share), false },
	{ "samples", 1, 100000000, AT(samples), false },
	{ "interrupt", -1, RS_INTERRUPT_MAX - 1, AT(interrupt), false },
	{ 0 },
};

static const struct rsc_key id_keys[] = {
	{ "id", 0, RS_RING_MAX - 1, AT(id), false },
	{ 0 },
};

static const struct rsc_key exec_keys[] = {
	{ "seconds", 1, 3600, AT(seconds), false },
	{ 0 },
};

static const struct rsc_key change_keys[] = {
	{ "id", 0, RS_RING_MAX - 1, AT(id), false },
	{ "slot", 0, RS_MEMBER_MAX - 1, AT(slot), false },
	{ "to", 0, RS_RING_MAX - 1, AT(to), false },
	{ "every", 1, 1000000000, AT(every), false },
	{ 0 },
};

#define STRETCH_MAX_US 3600000000

static const struct rsc_key resource_keys[] = {
	{ "owner", 0, RS_RING_MAX - 1, AT(owner), false },
	{ "user", 0, RS_RING_MAX - 1, AT(user), false },
	{ "use_us", 0, MICRO_MAX, AT(use_us), false },
	{ "every", 1, 1000000000, AT(every), false },
	{ "lock_us", 0, STRETCH_MAX_US, AT(lock_us), false },
	{ "change_us", 0, STRETCH_MAX_US, AT(change_us), false },
	{ 0 },
};

int rsc_command_hello(struct rsc_agent *agent)
{
	struct utsname name;

	if (uname(&name))
		return -errno;
	return rsc_port_print(&agent->port,
			      "HELLO revision=%d role=%s kernel=%s uptime_us=%" PRIu64
			      " vcpus=%ld module=%d\n",
			      RS_REVISION, agent->role, name.release,
			      rsc_clock_ns(CLOCK_BOOTTIME) / 1000, sysconf(_SC_NPROCESSORS_ONLN),
			      rsc_stats_module());
}

static int do_hello(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	(void)a;
	(void)why;
	return rsc_command_hello(agent);
}

static int do_clock(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	(void)a;
	(void)why;
	return rsc_port_print(&agent->port, "OK ns=%" PRIu64 "\n", rsc_clock_ns(CLOCK_MONOTONIC));
}

static int do_calibrate(struct rsc_agent *agent, const struct rsc_arguments *a,
			struct rsc_reason *why)
{
	struct rsc_speed *speed = &agent->rings.speed;
	int err;

	/* A ring's work is counted in iterations from its RING on. */
	if (agent->rings.phase == RSC_PHASE_RUNNING)
		return rsc_fail(why, EBUSY, "rings are running: they would be disturbed");
	err = rsc_work_calibrate((uint32_t)a->ms, speed);
	if (err)
		return rsc_fail(why, -err, "the clock of CPU time does not advance");
	return rsc_port_print(&agent->port, "OK iterations_per_ms=%" PRIu64 " spread_permille=%u\n",
			      speed->iterations_per_ms, speed->spread_permille);
}

static int do_ring(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	struct rsc_ring_spec spec = {
		.params = {
			.ring_id = (uint32_t)a->id,
			.ring_prio = (uint32_t)a->prio,
			.members = (uint32_t)a->processes,
			.vcpu = (int32_t)a->vcpu,
			.period_ns = (uint64_t)a->period_us * 1000,
			.deadline_ns = (uint64_t)a->deadline_us * 1000,
			.offset_ns = (uint64_t)a->offset_us * 1000,
			.trigger = a->interrupt < 0 ? RS_TRIGGER_TIMER : RS_TRIGGER_INTERRUPT,
			.interrupt = a->interrupt < 0 ? 0 : (uint32_t)a->interrupt,
		},
		.share = a->share,
		.samples = (uint64_t)a->samples,
	};

	if (a->work_count != (uint32_t)a->processes)
		return rsc_fail(why, EINVAL, "work_us has %u figures for %" PRId64 " processes",
				a->work_count, a->processes);
	if (a->deadline_us > 10 * a->period_us)
		return rsc_fail(why, EINVAL, "deadline_us=%" PRId64 " is beyond ten periods",
				a->deadline_us);
	if (a->interrupt >= 0 && a->offset_us)
		return rsc_fail(why, EINVAL,
				"offset_us=%" PRId64
				" of a ring that an interrupt releases: must be 0",
				a->offset_us);
	memcpy(spec.work_us, a->work_us, sizeof(spec.work_us));
	return rsc_ring_make(&agent->rings, &spec, why);
}

static int do_start(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	uint64_t base;
	int err;

	(void)a;
	err = rsc_rings_start(&agent->rings, &base, why);
	if (err)
		return err;
	return rsc_port_print(&agent->port, "OK base_ns=%" PRIu64 "\n", base);
}

static int do_stop(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	struct rsc_stop_result result = rsc_rings_stop(&agent->rings);

	(void)a;
	(void)why;
	if (!result.died && !result.killed)
		return rsc_port_print(&agent->port, "OK\n");
	return rsc_port_print(&agent->port, "OK died=%u killed=%u\n", result.died, result.killed);
}

static int count_bytes(void *to, const char *data, size_t length)
{
	(void)data;
	*(size_t *)to += length;
	return 0;
}

static int send_bytes(void *to, const char *data, size_t length)
{
	return rsc_port_write(to, data, length);
}

/* Written twice, the first time only to learn the length: no copy is kept. */
static int do_samples(struct rsc_agent *agent, const struct rsc_arguments *a,
		      struct rsc_reason *why)
{
	const struct rsc_ring *ring = NULL;
	struct rsc_log_notes notes;
	size_t length = 0;
	int err = rsc_rings_stopped(&agent->rings, (uint32_t)a->id, &ring, why);

	if (err)
		return err;
	rsc_ring_notes(ring, &notes);
	rsc_log_csv(ring->log, &notes, count_bytes, &length);
	rsc_port_print(&agent->port, "DATA bytes=%zu\n", length);
	return rsc_log_csv(ring->log, &notes, send_bytes, &agent->port);
}

static int do_stats(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	size_t length;
	char *text;

	(void)a;
	rsc_child_reap();
	text = rsc_stats_text(&agent->rings, &length);
	if (!text)
		return rsc_fail(why, ENOMEM, "no memory for the statistics");
	rsc_port_print(&agent->port, "DATA bytes=%zu\n", length);
	rsc_port_write(&agent->port, text, length);
	free(text);
	return 0;
}

static int do_exec(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	struct rsc_exec exec;
	int err = rsc_exec(a->rest, (unsigned int)a->seconds, &exec, why);

	if (err)
		return err;
	rsc_port_print(&agent->port, "DATA bytes=%zu\n", exec.length);
	rsc_port_write(&agent->port, exec.output, exec.length);
	free(exec.output);
	if (exec.timed_out)
		return rsc_fail(why, ETIMEDOUT, "the command was killed after %" PRId64 " s",
				a->seconds);
	if (exec.dropped)
		return rsc_port_print(&agent->port, "OK status=%d dropped=%" PRIu64 "\n",
				      exec.status, exec.dropped);
	return rsc_port_print(&agent->port, "OK status=%d\n", exec.status);
}

static int do_load(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	pid_t pid = rsc_load_begin(&agent->loads, a->rest, why);

	if (pid < 0)
		return pid;
	return rsc_port_print(&agent->port, "OK pid=%d\n", pid);
}

static int do_unload(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	(void)a;
	(void)why;
	return rsc_port_print(&agent->port, "OK ended=%u\n", rsc_loads_end(&agent->loads));
}

static int do_change(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	return rsc_ring_change(&agent->rings, (uint32_t)a->id, (uint32_t)a->slot, (uint32_t)a->to,
			       (uint32_t)a->every, why);
}

static int do_resource(struct rsc_agent *agent, const struct rsc_arguments *a,
		       struct rsc_reason *why)
{
	const struct rsc_resource_spec spec = {
		.owner = (uint32_t)a->owner,
		.user = (uint32_t)a->user,
		.use_us = (uint64_t)a->use_us,
		.every = (uint32_t)a->every,
		.lock_us = (uint64_t)a->lock_us,
		.change_us = (uint64_t)a->change_us,
	};

	return rsc_ring_resource(&agent->rings, &spec, why);
}

static int do_uses(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	const struct rsc_rings *rings = &agent->rings;
	const struct rsc_ring *ring = NULL;
	size_t length = 0;
	int err = rsc_rings_stopped(rings, (uint32_t)a->id, &ring, why);

	if (err)
		return err;
	if (!rings->resource || rings->resource_user != a->id)
		return rsc_fail(why, ENOENT, "ring %" PRId64 " used no resource", a->id);
	rsc_uses_csv(rings->uses, count_bytes, &length);
	rsc_port_print(&agent->port, "DATA bytes=%zu\n", length);
	return rsc_uses_csv(rings->uses, send_bytes, &agent->port);
}

static int do_quit(struct rsc_agent *agent, const struct rsc_arguments *a, struct rsc_reason *why)
{
	(void)a;
	(void)why;
	agent->quit = true;
	return 0;
}

static const struct rsc_command commands[] = {
	{ { "HELLO", no_keys, false }, do_hello, false },
	{ { "CLOCK", no_keys, false }, do_clock, true },
	{ { "CALIBRATE", calibrate_keys, false }, do_calibrate, true },
	{ { "RING", ring_keys, false }, do_ring, false },
	{ { "CHANGE", change_keys, false }, do_change, false },
	{ { "RESOURCE", resource_keys, false }, do_resource, false },
	{ { "START", no_keys, false }, do_start, true },
	{ { "STOP", no_keys, false }, do_stop, true },
	{ { "SAMPLES", id_keys, false }, do_samples, false },
	{ { "USES", id_keys, false }, do_uses, false },
	{ { "STATS", no_keys, false }, do_stats, false },
	{ { "EXEC", exec_keys, true }, do_exec, true },
	{ { "LOAD", no_keys, true }, do_load, true },
	{ { "UNLOAD", no_keys, false }, do_unload, true },
	{ { "QUIT", no_keys, false }, do_quit, false },
};

static const struct rsc_command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].syntax.name, name))
			return &commands[i];
	return NULL;
}

const struct rsc_command *rsc_command_parse(char *line, size_t length,
					    struct rsc_arguments *arguments, int *code,
					    struct rsc_reason *why)
{
	const struct rsc_command *command;
	char *rest = line;
	int err;

	*code = EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (line[i] >= ' ' && line[i] <= '~')
			continue;
		rsc_fail(why, EINVAL, "byte %zu of the line is 0x%02x, not printable ASCII", i,
			 (unsigned char)line[i]);
		return NULL;
	}
	command = find_command(rsc_next_word(&rest));
	if (!command) {
		*code = ENOSYS;
		rsc_fail(why, ENOSYS, "there is no command \"%.40s\"", line);
		return NULL;
	}
	err = rsc_arguments_parse(&command->syntax, rest, arguments, why);
	*code = -err;
	return err ? NULL : command;
}

int rsc_command_refuse(struct rsc_agent *agent, int code, const char *sentence)
{
	return rsc_port_print(&agent->port, "ERR errno=%d %s\n", code, sentence);
}

int rsc_command_do(struct rsc_agent *agent, char *line, size_t length)
{
	struct rsc_arguments arguments;
	struct rsc_reason why = { "" };
	const struct rsc_command *command;
	int code, err;

	command = rsc_command_parse(line, length, &arguments, &code, &why);
	if (!command)
		return rsc_command_refuse(agent, code, why.sentence);
	err = command->run(agent, &arguments, &why);
	if (agent->port.error)
		return agent->port.error;
	if (err < 0)
		return rsc_command_refuse(agent, -err, why.sentence);
	return command->answers ? 0 : rsc_port_print(&agent->port, "OK\n");
}
