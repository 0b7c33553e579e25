/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between chrome.c and chrome_*.c: events of the file, one after the other. */
#ifndef RINGSCHED_CHROME_OUT_H
#define RINGSCHED_CHROME_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Groups of tracks: what the format calls processes. VMs follow, by their
 * place in the scenario. */
enum chrome_group { CHROME_RUN = 1, CHROME_CORES, CHROME_VMS };

/* Numbers of tracks, what the format calls threads: none is that of a group, for
 * the one thread that has its process's number is shown as the main thread. */
#define CHROME_TRACKS 20
enum chrome_run_track { CHROME_PHASES = CHROME_TRACKS, CHROME_STALLS };
#define CHROME_CORE(number) (CHROME_TRACKS + (number))

/* Of a VM: its vCPUs first, then notifications, then each ring and its processes. */
#define CHROME_VCPU(index) (CHROME_TRACKS + (index))
#define CHROME_NOTIFY 99
#define CHROME_RING(id) (100 * ((id) + 1))
#define CHROME_MISSED(id) (CHROME_RING(id) + 1)
#define CHROME_PROCESS(id, slot) (CHROME_MISSED(id) + 1 + (slot))

struct chrome { /* the file that is written */
	FILE *to;
	/* What is of interest, in host time. `from` is 0 in the file: an event
	 * before 0 is dropped by Perfetto. */
	uint64_t from, until;
	bool any; /* a comma is needed */
	unsigned int flow; /* number of the last notification */
};

/* Text in quotes, whatever is in it. */
void chrome_text(FILE *to, const char *text);

/* Names of a group, and of a track in it; tracks are shown in the order of `id`. */
void chrome_name_group(struct chrome *c, int group, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void chrome_name_track(struct chrome *c, int group, int track, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Something that lasts; on one track these must not overlap. What lies outside
 * of `from` and `until` is left out, what reaches over is cut. `args` is a JSON
 * object or NULL. */
void chrome_slice(struct chrome *c, int group, int track, const char *name, uint64_t begin,
		  uint64_t end, const char *args);

/* The same where they may overlap. */
void chrome_span(struct chrome *c, int group, int track, const char *name, uint64_t begin,
		 uint64_t end, const char *args);

void chrome_instant(struct chrome *c, int group, int track, const char *name, uint64_t at,
		    const char *args);
/* Perfetto calls the track "NAME KEY". */
void chrome_counter(struct chrome *c, int group, const char *name, const char *key, uint64_t at,
		    int64_t value);

#endif
