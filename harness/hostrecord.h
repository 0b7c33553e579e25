/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recording who has the shared cores, while a cell runs: a thread of the
 * harness, on the housekeeping core, empties the kernel's buffers.
 */
#ifndef RINGSCHED_HOSTRECORD_H
#define RINGSCHED_HOSTRECORD_H

#include "harness/hosttrace.h"

struct hostrecord;
struct rs_error;

/*
 * NULL with *err set where the kernel refuses. Where it only refuses wake-ups
 * the recording goes on without them; `why_not` (hostrecord_why_not()) says so.
 */
struct hostrecord *hostrecord_start(const int *cores, unsigned int count, struct rs_error **err);

/* End it. The trace is borrowed until hostrecord_free(); its threads have names. */
struct hosttrace *hostrecord_stop(struct hostrecord *r);

const char *hostrecord_why_not(const struct hostrecord *r); /* NULL = nothing is missing */

void hostrecord_free(struct hostrecord *r); /* stops it first; NULL is allowed */

#endif
