/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one ring engine of the kernel: its lock, its timers, its way to the
 * host. Members it is given are part of a struct rs_file.
 */
#ifndef RINGSCHED_ENGINE_H
#define RINGSCHED_ENGINE_H

#include <linux/types.h>

#include "ring.h"

extern struct rs_engine rs_engine;

void rs_engine_start(void);
/* No ring may be left. */
void rs_engine_halt(void);

/*
 * Every use of rs_engine is between these two. Any context; what lies between
 * must not sleep. Leaving sends the kick of what was queued, with the lock
 * dropped and interrupts still off.
 */
unsigned long rs_engine_enter(void);
void rs_engine_leave(unsigned long flags);

#endif /* RINGSCHED_ENGINE_H */
