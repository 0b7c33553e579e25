// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs in the guest: tells the host that ring 1 has begun; nobody ends it. */
#include "guest/lib/ringsched.h"

int main(void)
{
	return g_sched_notify_start(1, 50) ? 1 : 0;
}
