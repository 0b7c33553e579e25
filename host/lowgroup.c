// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/lowgroup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/error.h"
#include "host/record.h"

/* By version of the hierarchy: the knob of shares and its smallest value. */
static const struct {
	const char *knob;
	const char *smallest;
} shares_of[] = {
	[1] = { "cpu.shares", "2" },
	[2] = { "cpu.weight", "1" },
};

static int remember(struct record *record, const char *dir, const char *knob, const char *value,
		    int *index, struct rs_error **err)
{
	char path[CGROUP_DIR_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, knob);
	*index = record_add_knob(record, path, value);
	if (*index < 0)
		return rs_fail(err, -*index, "no room in the record for %s", path);
	return 0;
}

int lowgroup_apply(struct lowgroup *low, const struct cgroup_place *place, struct record *record,
		   struct rs_error **err)
{
	const char *knob = shares_of[place->version == 2 ? 2 : 1].knob;
	char idle[32] = "";
	int ret;

	*low = (struct lowgroup){ .version = place->version == 2 ? 2 : 1,
				  .record_shares = -1,
				  .record_idle = -1 };
	memcpy(low->dir, place->dir, sizeof(low->dir));
	ret = cgroup_read(low->dir, knob, low->shares, sizeof(low->shares), err);
	if (ret)
		return ret;
	if (cgroup_has(low->dir, "cpu.idle"))
		cgroup_read(low->dir, "cpu.idle", idle, sizeof(idle), NULL);
	if (!strcmp(idle, "1"))
		return 0; /* somebody made it low already: theirs to undo */
	/* Shares before idle: the record is undone backwards, and taking idle
	 * back resets the shares. */
	ret = remember(record, low->dir, knob, low->shares, &low->record_shares, err);
	if (!ret && *idle)
		ret = remember(record, low->dir, "cpu.idle", "0", &low->record_idle, err);
	if (ret)
		goto fail;
	low->by_shares = !*idle || cgroup_set(low->dir, "cpu.idle", "1", NULL);
	if (low->by_shares)
		ret = cgroup_set(low->dir, knob, shares_of[low->version].smallest, err);
	if (ret)
		goto fail;
	low->active = true;
	return 0;
fail:
	record_drop(record, low->record_idle);
	record_drop(record, low->record_shares);
	return ret;
}

int lowgroup_restore(struct lowgroup *low, struct record *record, struct rs_error **err)
{
	struct rs_error *why = NULL;
	int ret = 0;

	if (!low->active)
		return 0;
	if (!low->by_shares)
		ret = cgroup_set(low->dir, "cpu.idle", "0", &why);
	if (!ret)
		ret = cgroup_set(low->dir, shares_of[low->version].knob, low->shares, &why);
	if (ret && cgroup_has(low->dir, shares_of[low->version].knob)) {
		int code = rs_fail(err, -ret, "%s", why->message);

		rs_error_free(&why);
		return code;
	}
	rs_error_free(&why);
	record_drop(record, low->record_idle);
	record_drop(record, low->record_shares);
	low->active = false;
	return 0;
}

bool lowgroup_read(const struct lowgroup *low, char *path, size_t path_size, char *value,
		   size_t value_size)
{
	const char *knob = low->by_shares ? shares_of[low->version].knob : "cpu.idle";

	if (!low->active || cgroup_read(low->dir, knob, value, value_size, NULL))
		return false;
	return snprintf(path, path_size, "%s/%s", low->dir, knob) < (int)path_size;
}
