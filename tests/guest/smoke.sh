#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the control guest in place of the agent: the checks of smoke.c, then
# unloading, then a look at the kernel's log. The last line is the verdict.
fail() {
	echo "smoke: FAILED: $*"
	dmesg | tail -n 20
	exit 1
}

/tests/smoke || fail 'a check of processes'

# A file that is open holds the module, and its close lets it go.
exec 3<>/dev/ringsched || fail 'cannot open the device'
rmmod ringsched 2>/dev/null && fail 'unloaded under an open file'
exec 3>&-
for round in 1 2 3; do
	rmmod ringsched || fail "unload, round $round"
	[ ! -e /dev/ringsched ] || fail 'the device file outlived the module'
	[ ! -e /sys/kernel/debug/ringsched ] || fail 'the statistics outlived the module'
	insmod /lib/ringsched.ko || fail "load, round $round"
	[ -c /dev/ringsched ] || fail 'no device file after loading'
done
/tests/smoke >/tmp/again || fail "a check after loading again: $(cat /tmp/again)"
rmmod ringsched || fail 'the last unload'

dmesg >/tmp/log
grep -q 'ringsched' /tmp/log || fail 'the log does not know the module'
bad='WARNING:|BUG:|Oops|Call Trace|general protection|scheduling while atomic|refcount_t:|rcu.*stall|blocked for more|left allocated|Objects remaining|leak'
grep -E "$bad" /tmp/log && fail 'the kernel complained'
echo 'RINGSCHED-SMOKE-PASSED'
