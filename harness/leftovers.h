/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Take away what a run made outside its folder, by its journal: processes
 * first, then the scheduling its daemon changed, then cgroups and files.
 */
#ifndef RINGSCHED_LEFTOVERS_H
#define RINGSCHED_LEFTOVERS_H

#include <stdio.h>

struct rs_error;

/*
 * `dir` is the run's folder under /run/ringsched, `id` its name. Every step
 * is tried even if one before it failed; the first failure is reported, and
 * then the folder stays, so that a later clean-up can try again. Each thing
 * that was found and removed is one line on `report`.
 */
int leftovers_remove(const char *dir, const char *id, FILE *report, struct rs_error **err);

/*
 * Fails (EBUSY) with a sentence naming it where a QEMU process or a cgroup of
 * run `id` is there; the kernel gets a moment to empty a cgroup.
 */
int leftovers_check(const char *id, struct rs_error **err);

/*
 * Folders named "machine" in the cgroup hierarchies: calls found() with the
 * path where one would be, whether it exists or not.
 */
void leftovers_each_machine(void (*found)(const char *path, void *arg), void *arg);

#endif
