/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind a command's name: key=value words, then perhaps text. */
#ifndef RINGSCHED_CONTROL_ARGUMENTS_H
#define RINGSCHED_CONTROL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/control/reason.h"
#include "guest/uapi/ringsched.h"

/* The arguments of any command; a command's table says which it has. */
struct rsc_arguments {
	int64_t id, prio, period_us, deadline_us, offset_us, vcpu, processes, share, samples;
	int64_t interrupt;
	int64_t slot, to, every, ms, seconds;
	int64_t owner, user, use_us, lock_us, change_us;
	uint64_t work_us[RS_MEMBER_MAX];
	uint32_t work_count;
	const char *rest; /* a shell command, inside the line; never empty */
};

/* A key takes one decimal number, or (`list`) up to RS_MEMBER_MAX of them. */
struct rsc_key {
	const char *name;
	int64_t min, max;
	size_t at; /* in struct rsc_arguments */
	bool list; /* goes to work_us and work_count */
};

struct rsc_syntax {
	const char *name;
	const struct rsc_key *keys; /* all required, in any order; ended by a NULL name */
	bool rest; /* a shell command follows the keys */
};

/* The next word of *rest, cut off there, or NULL at the line's end. */
char *rsc_next_word(char **rest);

/* rest is cut into words in place; it is NULL where nothing follows the name. */
int rsc_arguments_parse(const struct rsc_syntax *command, char *rest,
			struct rsc_arguments *arguments, struct rsc_reason *why);

#endif
