/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CSV on its way to the harness: numbers and texts, buffered. */
#ifndef RINGSCHED_CONTROL_CSV_H
#define RINGSCHED_CONTROL_CSV_H

#include <stddef.h>
#include <stdint.h>

/* Takes the CSV piece by piece; a negative return ends it. */
typedef int (*rsc_sink)(void *to, const char *data, size_t length);

/* Begin with the first two fields set and the others zero. */
struct rsc_csv {
	rsc_sink sink;
	void *to;
	int error; /* of the sink; nothing is handed to it afterwards */
	size_t used;
	char buffer[16384];
};

void rsc_csv_char(struct rsc_csv *w, char c);
void rsc_csv_text(struct rsc_csv *w, const char *text);
void rsc_csv_number(struct rsc_csv *w, uint64_t value);
/* A line of its own: the text, then the number. */
void rsc_csv_note(struct rsc_csv *w, const char *what, uint64_t value);
/* The rest goes out; 0 or what the sink failed with. */
int rsc_csv_end(struct rsc_csv *w);

#endif
