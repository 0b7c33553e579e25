/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often a VM met its limits of memory and I/O, from the counters of its
 * cgroups. A limit that never bites is no experiment about limits.
 */
#ifndef RINGSCHED_PRESSURE_H
#define RINGSCHED_PRESSURE_H

#include <json-c/json_object.h>
#include <sys/types.h>

struct rs_error;
struct scenario_vm;

/* Time that must have gone by at the I/O limit, s, for it to have been met. */
#define PRESSURE_IO_S 2.0

/*
 * Append what the VM used since it exists to the array `rows` ("pressure" of
 * cell.json). Nothing is done for a VM without limits of memory and I/O. With
 * the scenario's `pressure: true` a limit that was not met is an error
 * (ENODATA), after the row was appended.
 */
int pressure_read(const struct scenario_vm *vm, pid_t qemu, const char *block_device,
		  struct json_object *rows, struct rs_error **err);

#endif
