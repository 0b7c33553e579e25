// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/wait.h"

struct progress {
	bool quiet, terminal;
	unsigned int cells, number, measured;
	double cell_s; /* mean of the measured ones, else the guess */
	int64_t cell_begin;
	char policy[64];
	unsigned int boot;
	bool line_open; /* a line without its end stands on the terminal */
};

struct progress *progress_begin(unsigned int cells, double cell_s, bool quiet)
{
	struct progress *p = calloc(1, sizeof(*p));
	const char *term = getenv("TERM");

	if (!p)
		return NULL;
	p->quiet = quiet;
	p->terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
	p->cells = cells;
	p->cell_s = cell_s;
	return p;
}

static void close_line(struct progress *p)
{
	if (p->line_open)
		fputs("\r\033[K", stdout);
	p->line_open = false;
}

void progress_end(struct progress *p)
{
	if (!p)
		return;
	close_line(p);
	fflush(stdout);
	free(p);
}

/* "about 12 s left"; a cell that takes longer than the ones before says so. */
static void time_left(const struct progress *p, char *text, size_t size)
{
	double in_cell = (double)(wait_now_ns() - p->cell_begin) / 1e9;
	double left = (p->cells - p->number) * p->cell_s - in_cell;

	if (left < 1)
		snprintf(text, size, "longer than expected");
	else if (left < 90)
		snprintf(text, size, "about %.0f s left", left);
	else
		snprintf(text, size, "about %.0f min left", left / 60);
}

void progress_cell(struct progress *p, unsigned int number, const char *policy, unsigned int boot)
{
	p->number = number;
	p->boot = boot;
	p->cell_begin = wait_now_ns();
	snprintf(p->policy, sizeof(p->policy), "%s", policy);
}

void progress_phase(struct progress *p, const char *phase)
{
	char left[32];

	if (p->quiet)
		return;
	time_left(p, left, sizeof(left));
	close_line(p);
	printf("[%u/%u] %s, boot %u: %s, %s%s", p->number + 1, p->cells, p->policy, p->boot, phase,
	       left, p->terminal ? "" : "\n");
	p->line_open = p->terminal;
	fflush(stdout);
}

void progress_done(struct progress *p, const char *what)
{
	double took = (double)(wait_now_ns() - p->cell_begin) / 1e9;

	p->cell_s = (p->cell_s * p->measured + took) / (p->measured + 1);
	p->measured++;
	progress_say(p, "[%u/%u] %s, boot %u: %s (%.0f s)", p->number + 1, p->cells, p->policy,
		     p->boot, what, took);
}

void progress_say(struct progress *p, const char *format, ...)
{
	va_list args;

	if (p->quiet)
		return;
	close_line(p);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}
