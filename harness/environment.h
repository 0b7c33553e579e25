/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What machine and what software a run was measured with: the flat object
 * "environment" of run.json.
 */
#ifndef RINGSCHED_ENVIRONMENT_H
#define RINGSCHED_ENVIRONMENT_H

#include <json-c/json_object.h>

struct libvirt_conn;

/* Whatever cannot be found out is left away. The caller owns it. */
struct json_object *environment_json(struct libvirt_conn *c);

#endif
