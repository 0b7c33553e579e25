/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that misbehaves, for the host's budget to bound: a real-time process
 * that says it is a ring, and never rests.
 */
#ifndef RINGSCHED_CONTROL_ROGUE_H
#define RINGSCHED_CONTROL_ROGUE_H

/* Until SIGTERM; the process's exit code. `kind` is a name of the table. */
int rsc_rogue(const char *kind);

#endif
