/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The limits that a scenario gives a VM, read back from the kernel's cgroup
 * files once the VM exists (P12): what was asked for is not what is in force
 * until the kernel says so.
 */
#ifndef RINGSCHED_LIMITS_H
#define RINGSCHED_LIMITS_H

#include <json-c/json_object.h>
#include <sys/types.h>

struct placement;
struct rs_error;
struct scenario;
struct scenario_vm;

/*
 * Append one row a limit to the array `rows` (the "limits" of cell.json). A
 * value that differs from the scenario is an error (EBADE), after its row was
 * appended.
 */
int limits_read_back(const struct scenario *s, const struct scenario_vm *vm, pid_t qemu,
		     const char *block_device, struct json_object *rows, struct rs_error **err);

/*
 * The same for where each thread of QEMU may run, once the daemon has settled
 * the VM: vCPUs on the shared cores only, or, with `elsewhere` (else NULL), on
 * these; all others on housekeeping cores only.
 */
int limits_read_cores(const struct scenario *s, const struct scenario_vm *vm, pid_t qemu,
		      const struct placement *elsewhere, struct json_object *rows,
		      struct rs_error **err);

#endif
