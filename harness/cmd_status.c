// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched status`: the VMs on this machine now. */
#include <json-c/json.h>

#include "harness/command.h"
#include "harness/jsonread.h"
#include "harness/status.h"
#include "host/error.h"

struct options {
	bool json;
};

static const struct option_row options[] = {
	{ .name = "json",
	  .letter = 'j',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct options, json),
	  .help = "print JSON instead: all that the daemons tell" },
	{ 0 },
};

static const struct option_exit exits[] = {
	{ EXIT_PASS, "told, also that nothing runs" },
	{ EXIT_ERROR, "a daemon could not be asked" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched status", .help = "every VM's vCPUs, rings and boosts" },
	{ .command = "ringsched status --json", .help = "with every counter, for a program" },
	{ 0 },
};

static int run(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	struct options o = { 0 };
	struct status s;
	int code;

	if (!option_read(&command_status.line, argc, argv, &o, &code))
		return code;
	if (status_read(&s, &err) < 0)
		return command_fail(argv[0], err);
	if (o.json) {
		cleanup_json struct json_object *json = status_json(&s);

		puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY));
	} else {
		status_print(&s, stdout);
	}
	for (size_t i = 0; i < s.count; i++)
		if (s.daemons[i].why)
			code = EXIT_ERROR;
	status_clear(&s);
	return code;
}

const struct command command_status = {
	.line = {
		.name = "ringsched status",
		.summary = "the VMs on this machine now: rings, priorities, shared cores",
		.text = "Find every ringschedd that runs on this machine, ask it, and print its VMs: "
			"the scheduling of each vCPU as the kernel tells it at this moment, the "
			"rings that are active, budgets, and which VMs share cores. For root, as "
			"the control sockets are.",
		.notes = "An answer takes CPU time of a daemon's main thread, measured at 0.12 ms "
			 "with one VM and 2.7 ms with 64, and none of the thread that boosts "
			 "(docs/control-socket.md). In a run that is measured that can still show, "
			 "as load on the housekeeping core.",
		.options = options,
		.exits = exits,
		.examples = examples,
	},
	.run = run,
};
