/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run has made outside its own folder, written down before or right
 * after it is made, so that whoever comes after a SIGKILL can take exactly
 * that away again. One folder a run, /run/ringsched/ID, mode 0700, holds the
 * journal, the run's sockets and libvirt's state; all goes with the run.
 *
 * The journal is a text file, one fact a line, first word its kind:
 *     owner PID START CORES     the run itself and its shared cores ("1,3")
 *     root PATH                 libvirt's state folder
 *     record PATH               the daemon's record (host/record.h)
 *     daemon PID START
 *     qemu PID START NAME
 *     cgroup PATH               a cgroup folder made for us, to go if empty
 *     file PATH                 e.g. the overlay of a disk
 * START is field 22 of /proc/PID/stat.
 */
#ifndef RINGSCHED_JOURNAL_H
#define RINGSCHED_JOURNAL_H

#include <stdio.h>

#define JOURNAL_BASE "/run/ringsched"

struct journal;
struct rs_error;

/*
 * Begin one. Refused (EBUSY) while another run that is alive has a shared
 * core in common; the sentence names its pid. What dead runs left is cleaned
 * up first, and told to `report`. `shared_cores` is a list as "1" or "1,3".
 */
struct journal *journal_begin(const char *shared_cores, FILE *report, struct rs_error **err);

const char *journal_id(const struct journal *j); /* 8 hex digits */
const char *journal_dir(const struct journal *j);

int journal_add(struct journal *j, struct rs_error **err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The run's end: take all that is left away, the folder too; frees j. NULL
 * is allowed. Says on `report` what should have been gone already. */
void journal_end(struct journal *j, FILE *report);

/*
 * Clean up after every run whose owner is gone. *count = runs cleaned up.
 * Runs that are alive are left alone and named on `report`.
 */
int journal_clean_up(FILE *report, unsigned int *count, struct rs_error **err);

/* Runs of other processes: at work, and ended without cleaning up. */
void journal_count(unsigned int *alive, unsigned int *dead);

#endif
