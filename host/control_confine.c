// SPDX-License-Identifier: GPL-2.0-or-later
/* What the daemon tells about its own privileges: docs/security.md. */
#include <json-c/json.h>
#include <stdio.h>

#include "host/confine.h"
#include "host/control.h"
#include "host/error.h"
#include "host/json_add.h"

/* Those that have no name here were never to be kept: a number then. */
static struct json_object *capabilities_of(uint64_t mask)
{
	struct json_object *list = json_object_new_array();
	char number[8];

	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *name = confine_capability(bit);

		if (!(mask >> bit & 1))
			continue;
		snprintf(number, sizeof(number), "%u", bit);
		json_object_array_add(list, json_object_new_string(name ? name : number));
	}
	return list;
}

struct json_object *control_confinement(void)
{
	const struct confine_state *state = confine_state();
	struct json_object *o = json_object_new_object(), *missing = json_object_new_array();
	struct rs_error *err = NULL;
	struct confine_seen seen;

	/* Read back when asked: what the kernel says, not what we set. */
	confine_look(&seen, &err);
	rs_error_free(&err);
	for (unsigned int i = 0; i < state->missing_count; i++)
		json_object_array_add(missing, json_object_new_string(state->missing[i]));
	json_add_text(o, "user", state->user);
	json_object_object_add(o, "capabilities", capabilities_of(seen.capabilities));
	json_add_bool(o, "no_new_privs", seen.no_new_privs);
	json_add_bool(o, "seccomp", seen.seccomp == 2);
	json_add_text(o, "view", state->view);
	json_add_i64(o, "view_revision", state->view_revision);
	json_object_object_add(o, "missing", missing);
	return o;
}
