#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the control guest in place of the agent: a ring that external
# interrupts release. The last line is the verdict of this side.
/tests/external || exit 1
rmmod ringsched || exit 1
dmesg >/tmp/log
bad='WARNING:|BUG:|Oops|Call Trace|general protection|scheduling while atomic|refcount_t:|rcu.*stall|blocked for more|left allocated|Objects remaining|leak'
grep -E "$bad" /tmp/log && exit 1
echo 'RINGSCHED-EXTERNAL-PASSED'
