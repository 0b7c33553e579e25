// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/daemon_line.h"

#include <string.h>

#include "host/notify.h"
#include "host/policy.h"
#include "host/vm.h"

#define TRACE_MAX 1000000
#define CPU_MAX 1023

#define AT(member) .offset = offsetof(struct daemon_options, member)

const struct daemon_options daemon_defaults = {
	.policy = "none",
	.cpu = -1,
	.priority = NOTIFY_PRIORITY_DEFAULT,
	.longest_boost_us = VM_LONGEST_BOOST_DEFAULT_US,
	.notify_rate = VM_NOTIFY_RATE_DEFAULT,
	.budget_total = VM_SHARE_TOTAL_DEFAULT,
};

static int take_folder(void *o, char *value, struct rs_error **err)
{
	return confine_add_folder(&((struct daemon_options *)o)->confine, value, err);
}

static const struct option_row options[] = {
	{ .name = "control",
	  .letter = 'c',
	  .value = "PATH",
	  .type = OPTION_TEXT,
	  AT(control),
	  .complete = COMPLETE_FILE,
	  .required = true,
	  .help = "control socket to create (required)" },
	{ .name = "policy",
	  .letter = 'p',
	  .value = "NAME",
	  .type = OPTION_WORD,
	  AT(policy),
	  .word = policy_word,
	  .help = "policy of VMs that bring none (default: none)" },
	{ .name = "cpu",
	  .letter = 'C',
	  .value = "N",
	  .type = OPTION_INDEX,
	  AT(cpu),
	  .max = CPU_MAX,
	  .help = "housekeeping core its threads are pinned to" },
	{ .name = "priority",
	  .letter = 'P',
	  .value = "N",
	  .type = OPTION_COUNT,
	  AT(priority),
	  .min = VM_CEILING_MAX + 1,
	  .max = 99,
	  .help = "SCHED_FIFO priority of the notification thread, 90 to 99 (default: 95)" },
	{ .name = "record",
	  .letter = 'r',
	  .value = "PATH",
	  .type = OPTION_TEXT,
	  AT(record),
	  .complete = COMPLETE_FILE,
	  .help = "file that remembers what was changed, to put it back after SIGKILL" },
	{ .name = "vms",
	  .letter = 'v',
	  .value = "PATH",
	  .type = OPTION_TEXT,
	  AT(vms),
	  .complete = COMPLETE_FILE,
	  .help = "file that remembers the VMs added, for the next start" },
	{ .name = "trace",
	  .letter = 't',
	  .value = "EVENTS",
	  .type = OPTION_COUNT,
	  AT(trace),
	  .max = TRACE_MAX,
	  .help = "room for that many trace events (default: 0)" },
	{ .name = "longest-boost",
	  .letter = 'b',
	  .value = "US",
	  .type = OPTION_COUNT,
	  AT(longest_boost_us),
	  .min = VM_LONGEST_BOOST_MIN_US,
	  .max = VM_LONGEST_BOOST_MAX_US,
	  .help = "longest boost of VMs that bring none, 1000 to 60000000 (default: 1000000)" },
	{ .name = "notify-rate",
	  .letter = 'n',
	  .value = "N",
	  .type = OPTION_COUNT,
	  AT(notify_rate),
	  .min = VM_NOTIFY_RATE_MIN,
	  .max = VM_NOTIFY_RATE_MAX,
	  .help = "notifications a second of VMs that bring no rate, 100 to 1000000 "
		  "(default: 5000)" },
	{ .name = "rt-budget-total",
	  .letter = 'B',
	  .value = "PERMILLE",
	  .type = OPTION_COUNT,
	  AT(budget_total),
	  .min = 1,
	  .max = VM_SHARE_TOTAL_MAX,
	  .help = "most of a core that VMs' real-time budgets may be together, 1 to 1000 "
		  "(default: 940)" },
	{ .name = "user",
	  .letter = 'u',
	  .value = "NAME",
	  .type = OPTION_TEXT,
	  AT(confine.user),
	  .help = "become this user (default, as root: " CONFINE_USER ", if there is one)" },
	{ .name = "socket-group",
	  .value = "NAME",
	  .type = OPTION_TEXT,
	  AT(confine.socket_group),
	  .help = "group that may connect to VMs' sockets: mode 0660 instead of 0600" },
	{ .name = "status-group",
	  .value = "NAME",
	  .type = OPTION_TEXT,
	  AT(confine.status_group),
	  .help = "group that may ask for status over the control socket, and nothing else: mode "
		  "0660 instead of 0600" },
	{ .name = "folder",
	  .value = "DIR",
	  .take = take_folder,
	  .complete = COMPLETE_FOLDER,
	  .help = "where sockets may be made as well, beside the control socket and the record; "
		  "may be repeated" },
	{ .name = "unconfined",
	  .type = OPTION_FLAG,
	  AT(confine.off),
	  .help = "keep user, capabilities and system calls: for debuggers" },
	{ 0 },
};

static bool policy_row(unsigned int index, struct option_term *term)
{
	const struct policy *p = policies[index];

	if (!p)
		return false;
	snprintf(term->name, sizeof(term->name), "%s", p->name);
	snprintf(term->text, sizeof(term->text), "%s", p->help);
	return true;
}

static const struct option_list lists[] = {
	{ "Policies", policy_row },
	{ 0 },
};

static const struct option_exit exits[] = {
	{ 0,
	  "ended by SIGTERM, SIGINT, SIGHUP or the request `shutdown`, all scheduling put back" },
	{ 1, "wrong usage, or it could not start or go on; the last line of the log says why" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringschedd --control /run/ringschedd.sock --policy ring_boot --cpu 0",
	  .help = "boost vCPUs while their rings are active, lower VMs that boot",
	  .dry = "--help" },
	{ 0 },
};

const struct command_line daemon_line = {
	.name = "ringschedd",
	.summary = "adjust the scheduling of VMs to what their guests' rings report",
	.text = "Set the priority of VMs' vCPU threads by what their guests' rings report. VMs "
		"are added over the control socket, one JSON object a line in and out; `ringsched "
		"run` does so, and docs/control-socket.md has the requests.\n"
		"It stays in the foreground, logs to standard error, says `ready` on standard "
		"output once it accepts connections, and puts all scheduling back before it ends.",
	.version = RS_VERSION,
	.options = options,
	.exits = exits,
	.lists = lists,
	.examples = examples,
};
