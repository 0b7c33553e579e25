/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One cell of a run: one policy, one boot of the neighbour, measured from a
 * fresh daemon and fresh VMs to their end.
 */
#ifndef RINGSCHED_CELL_H
#define RINGSCHED_CELL_H

struct accel;
struct carrier;
struct journal;
struct libvirt_conn;
struct progress;
struct rs_error;
struct scenario;

struct cell_context { /* what all cells of a run share; all borrowed */
	const struct scenario *scenario;
	const struct accel *accel;
	const struct carrier *carrier;
	struct libvirt_conn *libvirt;
	const char *libvirt_logs; /* folder of libvirt's QEMU logs */
	struct journal *journal;
	struct progress *progress;
	const char *guests; /* folder of the guests' kernels and images */
	const char *emulator; /* QEMU's path */
	const char *daemon; /* ringschedd's path */
};

struct cell_plan {
	const char *policy;
	unsigned int boot; /* from 1 */
	unsigned int order; /* from 1, in the run */
	const char *dir; /* its folder, to be made */
};

/*
 * Measure it and write its folder (docs/run-folder.md), cell.json last. On
 * failure cell-failed.txt says why. Either way no VM, no daemon and no changed
 * scheduling is left.
 */
int cell_measure(const struct cell_context *context, const struct cell_plan *plan,
		 struct rs_error **err);

/* About how long a cell takes, in s, where no measurement says better. */
double cell_guess_s(const struct scenario *s);

#endif
