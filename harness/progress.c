// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/format.h"
#include "harness/glance.h"
#include "harness/measure.h"
#include "harness/stats.h"
#include "harness/wait.h"

#define TICK_MS 1000
#define POLICIES_MAX 16
#define LINE_ROOM 256
#define WIDTH_DEFAULT 80

struct row { /* of a policy */
	struct durations p99; /* of each boot that has one */
	unsigned int boots;
	size_t missed;
};

struct progress {
	struct progress_plan plan;
	bool terminal;
	unsigned int number, measured;
	double cell_s; /* mean of the measured ones, else the guess */
	int64_t cell_begin, phase_begin;
	char policy[64], phase[64];
	unsigned int boot;
	bool at_work; /* in a cell */
	unsigned int drawn; /* lines that stand on the terminal, the cursor below */
	struct row rows[POLICIES_MAX];
};

static void draw(void *arg);

struct progress *progress_begin(const struct progress_plan *plan)
{
	struct progress *p = calloc(1, sizeof(*p));
	const char *term = getenv("TERM");

	if (!p)
		return NULL;
	p->plan = *plan;
	if (p->plan.policy_count > POLICIES_MAX)
		p->plan.policy_count = POLICIES_MAX;
	p->terminal = !plan->quiet && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
	p->cell_s = plan->cell_s;
	if (p->terminal)
		wait_set_tick(draw, p, TICK_MS);
	return p;
}

bool progress_is_shown(const struct progress *p)
{
	return !p->plan.quiet;
}

/* Up to the first line, and all below it is cleared. */
static void erase(struct progress *p)
{
	if (p->drawn)
		printf("\033[%uA\r\033[J", p->drawn);
	p->drawn = 0;
}

void progress_end(struct progress *p)
{
	if (!p)
		return;
	wait_set_tick(NULL, NULL, 0);
	erase(p);
	fflush(stdout);
	for (unsigned int i = 0; i < POLICIES_MAX; i++)
		durations_clear(&p->rows[i].p99);
	free(p);
}

static double seconds_since(int64_t begin)
{
	return (double)(wait_now_ns() - begin) / 1e9;
}

/* "about 12 s left"; a cell that takes longer than the ones before says so. */
static void time_left(const struct progress *p, char *text, size_t size)
{
	double left = (p->plan.cells - p->number) * p->cell_s - seconds_since(p->cell_begin);

	if (left < 1)
		snprintf(text, size, "longer than expected");
	else if (left < 90)
		snprintf(text, size, "about %.0f s left", left);
	else if (left < 5400)
		snprintf(text, size, "about %.0f min left", left / 60);
	else
		snprintf(text, size, "about %.1f h left", left / 3600);
}

/* ---- on a terminal ---- */

/* At most as wide as the terminal: a line that wraps could not be taken back. */
__attribute__((format(printf, 3, 4))) static void put_line(struct progress *p, unsigned int width,
							   const char *format, ...)
{
	char line[LINE_ROOM];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (width < sizeof(line))
		line[width] = '\0';
	printf("%s\033[K\n", line);
	p->drawn++;
}

/* "7.21 ms"; "-" where there is none yet. */
static void say_ms(char *text, size_t size, double us)
{
	char room[FORMAT_NUMBER_ROOM];

	if (isfinite(us))
		snprintf(text, size, "%s ms", format_number(room, us / 1000, 3));
	else
		snprintf(text, size, "-");
}

static double median(const struct durations *d)
{
	struct durations copy = { 0 };
	double m = NAN;

	if (d->count && durations_append(&copy, d, NULL) == 0) {
		stats_sort(copy.us, copy.count);
		m = stats_median(copy.us, copy.count);
	}
	durations_clear(&copy);
	return m;
}

static void put_table(struct progress *p, unsigned int width)
{
	put_line(p, width, "  %-12s %9s  %14s  %s", "policy", "boots", "p99, median",
		 "deadlines missed");
	for (unsigned int i = 0; i < p->plan.policy_count; i++) {
		const struct row *r = &p->rows[i];
		bool now = !strcmp(p->policy, p->plan.policies[i]);
		char ms[48];

		say_ms(ms, sizeof(ms), median(&r->p99));
		if (r->boots)
			put_line(p, width, "%c %-12s %4u/%-4u  %14s  %zu", now ? '>' : ' ',
				 p->plan.policies[i], r->boots, p->plan.boots, ms, r->missed);
		else
			put_line(p, width, "%c %-12s %4u/%-4u", now ? '>' : ' ',
				 p->plan.policies[i], r->boots, p->plan.boots);
	}
}

static void draw(void *arg)
{
	struct progress *p = arg;
	struct winsize size = { 0 };
	unsigned int width = WIDTH_DEFAULT, rows = 24;
	char left[32];

	if (!p->at_work)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) {
		width = size.ws_col;
		rows = size.ws_row;
	}
	time_left(p, left, sizeof(left));
	erase(p);
	put_line(p, width - 1, "[%u/%u] %s, boot %u: %s for %.0f s, %s", p->number + 1,
		 p->plan.cells, p->policy, p->boot, p->phase, seconds_since(p->phase_begin), left);
	if (rows > p->plan.policy_count + 3) /* else there is no room to take it back */
		put_table(p, width - 1);
	fflush(stdout);
}

/* ---- what happens ---- */

void progress_cell(struct progress *p, unsigned int number, const char *policy, unsigned int boot)
{
	p->number = number;
	p->boot = boot;
	p->cell_begin = wait_now_ns();
	p->at_work = true;
	snprintf(p->policy, sizeof(p->policy), "%s", policy);
}

void progress_phase(struct progress *p, const char *phase)
{
	char left[32];

	snprintf(p->phase, sizeof(p->phase), "%s", phase);
	p->phase_begin = wait_now_ns();
	if (p->plan.quiet)
		return;
	if (p->terminal) {
		draw(p);
		return;
	}
	time_left(p, left, sizeof(left));
	printf("[%u/%u] %s, boot %u: %s, %s\n", p->number + 1, p->plan.cells, p->policy, p->boot,
	       phase, left);
	fflush(stdout);
}

void progress_result(struct progress *p, const char *policy, const struct glance *g)
{
	for (unsigned int i = 0; i < p->plan.policy_count; i++) {
		if (strcmp(p->plan.policies[i], policy))
			continue;
		p->rows[i].boots++;
		p->rows[i].missed += g->missed;
		if (isfinite(g->p99_us))
			durations_add(&p->rows[i].p99, g->p99_us, NULL);
	}
}

void progress_done(struct progress *p, const char *what, const struct glance *g)
{
	double took = seconds_since(p->cell_begin);
	char numbers[96] = "", ms[48];

	p->at_work = false;
	p->cell_s = (p->cell_s * p->measured + took) / (p->measured + 1);
	p->measured++;
	if (g) {
		say_ms(ms, sizeof(ms), g->p99_us);
		snprintf(numbers, sizeof(numbers), ", %s: p99 %s, %zu missed", p->plan.phase, ms,
			 g->missed);
	}
	progress_say(p, "[%u/%u] %s, boot %u: %s (%.0f s)%s", p->number + 1, p->plan.cells,
		     p->policy, p->boot, what, took, numbers);
}

void progress_say(struct progress *p, const char *format, ...)
{
	va_list args;

	if (p->plan.quiet)
		return;
	erase(p);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}
