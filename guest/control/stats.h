/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of STATS: the module's "key value" lines, then the agent's own. */
#ifndef RINGSCHED_CONTROL_STATS_H
#define RINGSCHED_CONTROL_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include "guest/control/ring.h"

/* True where the module is loaded and has found its device. */
bool rsc_stats_module(void);

/* A text to be freed by the caller, NULL where memory is out. */
char *rsc_stats_text(const struct rsc_rings *rings, size_t *length);

#endif
