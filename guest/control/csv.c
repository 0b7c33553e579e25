// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/control/csv.h"

static void flush(struct rsc_csv *w)
{
	if (w->used && !w->error)
		w->error = w->sink(w->to, w->buffer, w->used);
	w->used = 0;
}

void rsc_csv_char(struct rsc_csv *w, char c)
{
	if (w->used == sizeof(w->buffer))
		flush(w);
	w->buffer[w->used++] = c;
}

void rsc_csv_text(struct rsc_csv *w, const char *text)
{
	while (*text)
		rsc_csv_char(w, *text++);
}

/* By hand: printf would make a long run's read-out minutes under emulation. */
void rsc_csv_number(struct rsc_csv *w, uint64_t value)
{
	char digit[20];
	int n = 0;

	do {
		digit[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		rsc_csv_char(w, digit[--n]);
}

void rsc_csv_note(struct rsc_csv *w, const char *what, uint64_t value)
{
	rsc_csv_text(w, what);
	rsc_csv_number(w, value);
	rsc_csv_char(w, '\n');
}

int rsc_csv_end(struct rsc_csv *w)
{
	flush(w);
	return w->error;
}
