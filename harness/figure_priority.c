// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real stretch of a run, the counterpart of the paper's Figure 1: what the
 * guests' rings did (from the samples) above what priority the host gave
 * their vCPU threads (read back, from the daemon's trace).
 */
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figure.h"
#include "harness/jsonread.h"
#include "harness/samples.h"
#include "harness/summary.h"
#include "host/error.h"

#define STRETCH_PERIODS 4
#define IDLE_LEVEL (-14) /* where SCHED_IDLE is drawn, below SCHED_OTHER's 0 */
#define NAME_HEIGHT 9 /* priorities that a name on their axis is high */
#define ROWS_MAX 6 /* rings that are drawn; more would not be legible */

struct stretch {
	const struct cell *cell;
	enum phase phase; /* it lies in */
	const struct cell_ring *control; /* the judged one: its releases set the stretch */
	const struct cell_ring *rows[ROWS_MAX]; /* from the top: control VMs' first */
	size_t row_count;
	const char *vms[2]; /* whose vCPU's priority is drawn; [1] may be NULL */
	uint64_t begin, end;
};

static double ms(const struct stretch *st, uint64_t host_ns)
{
	return (double)(int64_t)(host_ns - st->begin) / 1e6;
}

/* Rings that were active at all, and where others met them: turns a ring's
 * activity in the stretch into a number, larger where there is more to see. */
static double activity(const struct stretch *st, const struct cell_ring *ring)
{
	double sum = 0;

	for (size_t i = 0; i < ring->period_count; i++) {
		const struct period *p = &ring->periods[i];

		if (!p->skipped && p->end && p->start >= st->begin && p->end < st->end)
			sum += (double)(p->end - p->start);
	}
	return sum;
}

static double interest(const struct stretch *st)
{
	double sum = 0;

	for (size_t i = 0; i < st->row_count; i++)
		if (st->rows[i] != st->control)
			sum += activity(st, st->rows[i]);
	return sum;
}

/* Undisturbed periods only, and inside what the trace covers. */
static bool usable(const struct stretch *st, size_t first, uint64_t traced_from, uint64_t traced_to)
{
	if (st->begin < traced_from || st->end > traced_to)
		return false;
	for (size_t i = first; i < first + STRETCH_PERIODS; i++)
		if (!st->control->periods[i].end || st->control->periods[i].stained)
			return false;
	return true;
}

/* The stretch of the phase where the other rings are active the most:
 * longest, that is, where they are interrupted. */
static bool find_stretch(struct stretch *best, uint64_t traced_from, uint64_t traced_to)
{
	struct stretch st = *best;
	double most = -1, here;
	size_t first, last;

	ring_phase(st.control, &st.cell->phases[st.phase], &first, &last);
	/* 200 candidates tell enough; each costs a walk over both rings. */
	for (size_t i = first; i + STRETCH_PERIODS <= last && i < first + 200; i++) {
		st.begin = st.control->periods[i].release - st.control->period_ns / 5;
		st.end = st.begin + STRETCH_PERIODS * st.control->period_ns;
		if (!usable(&st, i, traced_from, traced_to))
			continue;
		here = interest(&st);
		if (here > most) {
			most = here;
			*best = st;
		}
	}
	return most >= 0;
}

static bool trace_span(struct json_object *trace, uint64_t *from, uint64_t *to)
{
	unsigned long count = json_count(trace);

	return count && json_u64(json_row(trace, 0), "t", from) &&
	       json_u64(json_row(trace, count - 1), "t", to);
}

static void add_rows(struct stretch *st, bool control)
{
	for (size_t i = 0; i < st->cell->ring_count && st->row_count < ROWS_MAX; i++) {
		const struct cell_ring *ring = &st->cell->rings[i];

		if (ring->control != control || !ring->period_count)
			continue;
		if (!st->vms[1] && strcmp(ring->vm, st->vms[0]))
			st->vms[1] = ring->vm;
		st->rows[st->row_count++] = ring;
	}
}

/* All VMs' rings run in `shared`; without a neighbour they do in `solo`. */
static enum phase phase_of(const struct summary *s)
{
	return summary_has_neighbour(s) ? PHASE_SHARED : PHASE_SOLO;
}

/* A policy that follows rings; ring_boot first, whose neighbour does too. */
static struct json_object *choose(const struct summary *s, struct stretch *st)
{
	static const char *const wanted[] = { "ring_boot", "ring" };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const struct policy_result *p = summary_policy(s, wanted[i]);
		const struct boot_result *boot = p ? policy_median_boot(p) : NULL;
		struct json_object *trace = boot ? cell_trace(s->run, boot->cell) : NULL;
		uint64_t from, to;

		if (!trace)
			continue;
		*st = (struct stretch){ .cell = boot->cell, .phase = phase_of(s) };
		st->control = cell_judged_ring(boot->cell);
		st->vms[0] = st->control->vm;
		add_rows(st, true);
		add_rows(st, false);
		if (trace_span(trace, &from, &to) && find_stretch(st, from, to))
			return trace;
		json_object_put(trace);
	}
	return NULL;
}

/* Process turns: from ms, to ms, number of the process. */
static void write_turns(FILE *dat, const struct stretch *st, const struct cell_ring *ring)
{
	fputs("NaN NaN 1\n", dat); /* a block without rows would shift the index */
	for (size_t i = 0; i < ring->period_count; i++) {
		const struct period *p = &ring->periods[i];

		if (p->skipped || p->release > st->end || !p->end || p->end < st->begin)
			continue;
		for (unsigned int k = 0; k < ring->samples->processes; k++) {
			uint64_t from, to;

			if (!ring->samples->start_ns[k][p->row] ||
			    !ring->samples->end_ns[k][p->row])
				continue;
			cell_host_ns(st->cell, ring->vm, ring->samples->start_ns[k][p->row], &from);
			cell_host_ns(st->cell, ring->vm, ring->samples->end_ns[k][p->row], &to);
			fprintf(dat, "%.4f %.4f %u\n", fmax(ms(st, from), 0),
				fmin(ms(st, to), ms(st, st->end)), k + 1);
		}
	}
	fputs("\n\n", dat);
}

static void write_releases(FILE *dat, const struct stretch *st, const struct cell_ring *ring)
{
	fputs("NaN\n", dat);
	for (size_t i = 0; i < ring->period_count; i++)
		if (ring->periods[i].release >= st->begin && ring->periods[i].release < st->end)
			fprintf(dat, "%.4f\n", ms(st, ring->periods[i].release));
	fputs("\n\n", dat);
}

static double level_of(struct json_object *event)
{
	const char *policy = json_text(event, "policy");
	double priority = json_double(event, "priority");

	if (policy && !strcmp(policy, "SCHED_IDLE"))
		return IDLE_LEVEL;
	return isfinite(priority) ? priority : 0;
}

static bool is_vm(struct json_object *event, const char *vm)
{
	const char *name = json_text(event, "vm");

	return name && !strcmp(name, vm);
}

/* Priority of the VM's first vCPU to notify, as steps: ms, level. `used`
 * collects the levels for the axis. */
static void write_steps(FILE *dat, const struct stretch *st, const char *vm,
			struct json_object *trace, bool used[128])
{
	uint64_t vcpu = UINT64_MAX;
	double level = 0;
	bool open = false;

	for (unsigned long i = 0; i < json_count(trace); i++) {
		struct json_object *event = json_row(trace, i);
		uint64_t t, handled = 0, on = 0;

		if (!is_vm(event, vm) || !json_u64(event, "t", &t))
			continue;
		json_u64(event, "vcpu", &on);
		if (vcpu == UINT64_MAX)
			vcpu = on;
		if (on != vcpu)
			continue;
		json_u64(event, "handled_ns", &handled);
		t += handled; /* from here on it is in force */
		if (t >= st->end)
			break;
		if (t >= st->begin && !open) {
			fprintf(dat, "0 %g\n", level);
			used[(int)level + 20] = true;
			open = true;
		}
		level = level_of(event);
		if (level < -20 || level > 99)
			level = 0;
		if (t < st->begin)
			continue;
		fprintf(dat, "%.4f %g\n", ms(st, t), level);
		used[(int)level + 20] = true;
	}
	if (!open)
		fprintf(dat, "0 %g\n", level);
	used[(int)level + 20] = true;
	fprintf(dat, "%.4f %g\n\n\n", ms(st, st->end), level);
}

/* From above: of names that would lie on each other the highest stays, and the
 * others have their line alone. */
static void write_levels(FILE *gp, const bool used[128])
{
	int named = 127;

	fputs("set ytics (", gp);
	for (int i = 119; i >= 0; i--) {
		const char *comma = named == 127 ? "" : ", ";
		int level = i - 20;

		if (!used[i])
			continue;
		if (level == IDLE_LEVEL)
			fprintf(gp, "%s'SCHED\\_IDLE' %d", comma, level);
		else if (level <= 0)
			fprintf(gp, "%s'SCHED\\_OTHER' %d", comma, level);
		else if (named - level < NAME_HEIGHT)
			fprintf(gp, "%s'' %d", comma, level);
		else
			fprintf(gp, "%s'SCHED\\_FIFO %d' %d", comma, level, level);
		if (level <= 0 || named - level >= NAME_HEIGHT)
			named = level;
	}
	fputs(")\n", gp);
}

/* The ring's name beside its row; within double quotes for the line break. */
static void write_row_names(FILE *gp, const struct stretch *st)
{
	fputs("set ytics (", gp);
	for (size_t i = 0; i < st->row_count; i++)
		fprintf(gp, "%s\"%.40s\\nring %u, prio %u\" %zu", i ? ", " : "", st->rows[i]->vm,
			st->rows[i]->id, st->rows[i]->prio, st->row_count - i);
	fputs(")\n", gp);
}

static void write_row(FILE *gp, const struct stretch *st, size_t i)
{
	double y = (double)(st->row_count - i);

	fprintf(gp,
		"%s'priority.dat' index %zu using (($1+$2)/2):(%g):1:2:(%g):(%g):"
		"(%s[(int($3)-1)%%2+1]) with boxxyerror linecolor rgb variable notitle, \\\n"
		"\t'' index %zu using ($2-$1 > narrow ? ($1+$2)/2 : NaN):(%g):"
		"(sprintf('%%d', int($3))):(int($3)%%2 ? 0xffffff : 0) "
		"with labels textcolor rgb variable notitle, \\\n"
		"\t'' index %zu using 1:(%g) with points pointtype 11 pointsize 1 "
		"linecolor '#000000' %s",
		i ? ", \\\n\t" : "", 2 * i, y, y - 0.28, y + 0.28,
		strcmp(st->rows[i]->vm, st->vms[0]) ? "reds" : "blues", 2 * i, y, 2 * i + 1,
		y + 0.42, i ? "notitle" : "title 'planned release'");
}

static void write_upper(FILE *gp, const struct stretch *st, const char *policy)
{
	char name[80];

	fprintf(gp,
		"set multiplot title 'Rings in the guests and the priority of their vCPU threads: "
		"policy %s, boot %u, phase %s'\n"
		"set lmargin at screen 0.155\nset rmargin at screen 0.985\n"
		"set xrange [0:%.3f]\n"
		"narrow = %.3f # ms: a shorter turn has no room for its number\n"
		"set grid xtics noytics\n"
		"set tmargin at screen 0.83\nset bmargin at screen 0.50\n"
		"set yrange [0.5:%.2f]\n"
		"set format x ''\n"
		"set label 1 'in the guests' at screen 0.014, screen 0.665 center rotate\n"
		"set key at screen 0.985,0.905 right horizontal samplen 1.5\n"
		"array blues[2] = [0x0072b2, 0x56b4e9]\n"
		"array reds[2] = [0xd55e00, 0xe69f00]\n"
		"set style fill solid 1 noborder\n",
		figure_label(policy, name), st->cell->boot, phase_names[st->phase], ms(st, st->end),
		ms(st, st->end) / 110, (double)st->row_count + 0.62);
	write_row_names(gp, st);
	fputs("plot ", gp);
	for (size_t i = 0; i < st->row_count; i++)
		write_row(gp, st, i);
	fprintf(gp, ", \\\n\tNaN with lines linewidth 3 linecolor '#0072b2' title '%s'",
		st->vms[0]);
	if (st->vms[1])
		fprintf(gp, ", \\\n\tNaN with lines linewidth 3 linecolor '#d55e00' title '%s'",
			st->vms[1]);
	fputs("\n", gp);
}

static void write_lower(FILE *gp, const struct stretch *st, const bool used[128])
{
	size_t first = 2 * st->row_count;

	fputs("unset key\n"
	      "set tmargin at screen 0.46\nset bmargin at screen 0.12\n"
	      "set yrange [-22:96]\n"
	      "set format x '%g'\n"
	      "set xlabel 'time (ms)'\n"
	      "set label 1 'vCPU threads on the host' at screen 0.014, screen 0.29 center rotate\n"
	      "set grid xtics ytics\n",
	      gp);
	write_levels(gp, used);
	fprintf(gp,
		"plot 'priority.dat' index %zu using 1:2 with steps linewidth 2.5 "
		"linecolor '#0072b2'",
		first);
	if (st->vms[1]) /* a little lower, or one line would hide the other */
		fprintf(gp,
			", \\\n\t'' index %zu using 1:($2-1.5) with steps linewidth 2.5 "
			"linecolor '#d55e00'",
			first + 1);
	fputs("\nunset multiplot\n", gp);
}

static int write_priority(const struct summary *s, FILE *dat, FILE *gp, struct rs_error **err)
{
	struct stretch st = { 0 };
	cleanup_json struct json_object *trace = choose(s, &st);
	bool used[128] = { false };

	if (!trace)
		return rs_fail(
			err, ENODATA,
			"no boot of ring_boot or ring has a trace and %d undisturbed periods "
			"in phase %s",
			STRETCH_PERIODS, phase_names[phase_of(s)]);
	fputs("# two blocks a ring: turns (from ms, to ms, process), planned releases;\n"
	      "# then one a VM: priority of its vCPU thread\n",
	      dat);
	for (size_t i = 0; i < st.row_count; i++) {
		write_turns(dat, &st, st.rows[i]);
		write_releases(dat, &st, st.rows[i]);
	}
	for (size_t i = 0; i < 2 && st.vms[i]; i++)
		write_steps(dat, &st, st.vms[i], trace, used);
	write_upper(gp, &st, st.cell->policy);
	write_lower(gp, &st, used);
	return 0;
}

const struct figure figure_priority = {
	.name = "priority",
	.title = "What the rings did in the guests, and the priority their vCPU threads had",
	.caption = "A real stretch of the run, the counterpart of the paper's Figure 1. Above: the "
		   "turns of each ring's processes, numbered, by the guests' samples in the "
		   "host's time. Below: scheduling class and priority of each VM's vCPU thread, "
		   "as read back when it was in force.",
	.width = 1300,
	.height = 680,
	.write = write_priority,
};
