/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources: what the guest reports. The host chooses one (a policy's needs),
 * at first by the configuration space, later by RS_EVENT_SOURCE.
 */
#ifndef RINGSCHED_SOURCE_H
#define RINGSCHED_SOURCE_H

#include <linux/types.h>

#include "../uapi/ringsched.h"

struct rs_source_ops {
	const char *name; /* Required. */
	u32 kinds; /* Required: BIT(enum rs_kind) of what is sent */
	int (*start)(void); /* Not required. Process context, may sleep. */
	/* Not required. What it says once: to a new device, and again where the host
	 * asks for the source that there is. Process context, between start and stop. */
	void (*tell)(void);
	void (*stop)(void); /* Not required. Process context; after it nothing more is sent. */
};

extern const struct rs_source_ops rs_source_ring;
extern const struct rs_source_ops rs_source_switch;
extern const struct rs_source_ops rs_source_scan;

/* Does this guest have the source? Any context. */
bool rs_source_known(u32 id);
/* Process context. On failure nothing is reported any more. */
int rs_source_set(u32 id);
/* The same from any context, a moment later; the last call wins. */
void rs_source_set_later(u32 id);
/* A device has come up: what the source says once is due. Process context. */
void rs_source_tell(void);
/* Forgets a call of rs_source_set_later() that is still ahead. */
void rs_source_settle(void);
bool rs_source_reports(enum rs_kind kind);
const char *rs_source_name(void);

#endif /* RINGSCHED_SOURCE_H */
