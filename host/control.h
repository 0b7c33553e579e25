/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: docs/control-socket.md. Main thread. */
#ifndef RINGSCHED_CONTROL_H
#define RINGSCHED_CONTROL_H

#include <stdint.h>

struct json_object;
struct rs_error;
struct vm;
struct vm_counters;

#define CONTROL_REQUEST_MAX (64u * 1024) /* bytes of a request line */

int control_init(const char *path, struct rs_error **err);
void control_free(void);

/* Answer one request; *answer begins as an empty object (control_request.c). */
int control_handle(struct json_object *request, struct json_object *answer, struct rs_error **err);

/* Parts of the answers; the objects are the caller's. control_status.c: */
struct json_object *control_status(void);
struct json_object *control_vcpus(struct vm *vm);
struct json_object *control_grants(struct vm *vm);
struct json_object *control_budget(struct vm *vm);
struct json_object *control_io_boost(const struct vm *vm);
/* In files of their names: */
struct json_object *control_trace(void);
struct json_object *control_confinement(void); /* control_confine.c */
void control_counters(struct json_object *to, const struct vm_counters *c);

uint64_t control_refused(void); /* requests answered with an error so far */

#endif
