/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of numbers from a (gzipped or plain) CSV file that came from a guest:
 * what is not as it should be is an error that names file and line.
 */
#ifndef RINGSCHED_CSVREAD_H
#define RINGSCHED_CSVREAD_H

#include <stdint.h>
#include <zlib.h>

struct rs_error;

#define CSV_LINE_BYTES 2048 /* 67 fields of at most 20 digits and a comma */
#define CSV_VALUES_MAX (32u << 20) /* 256 MiB: a compressed file can promise any size */

struct csv_reader {
	const char *path; /* borrowed */
	gzFile file;
	unsigned int line; /* from 1 */
	char text[CSV_LINE_BYTES]; /* the line, its end cut off */
};

int csv_open(struct csv_reader *r, const char *path, struct rs_error **err);
void csv_close(struct csv_reader *r);

/* 1 = a line, 0 = the end of the file. */
int csv_next_line(struct csv_reader *r, struct rs_error **err);

/* The line is that many numbers, with commas between them and nothing else. */
int csv_row(const struct csv_reader *r, uint64_t *values, unsigned int count,
	    struct rs_error **err);

/* Digits only, no more than 64 bits; returns what follows, or NULL. */
const char *csv_number(const char *text, uint64_t *value);

#define cleanup_csv __attribute__((cleanup(csv_close)))

#endif
