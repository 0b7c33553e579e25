#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the control guest in place of the agent, with two ringsched devices
# and two vCPUs. The last line is the verdict of this side.
fail() {
	echo "device: FAILED: $*"
	dmesg | tail -n 20
	exit 1
}

/tests/agent || fail 'a check of the devices'

# Another module's calls: START at load, END at unload, both on vCPU 1.
for round in 1 2 3; do
	taskset 2 insmod /tests/rs_caller.ko ring=7 prio=43 || fail "the caller, round $round"
	rmmod ringsched 2>/dev/null && fail 'unloaded under its caller'
	taskset 2 rmmod rs_caller || fail "the caller's end, round $round"
done

# With a device there, and a second one whose probe fails each time.
for round in 1 2 3; do
	rmmod ringsched || fail "unload, round $round"
	insmod /lib/ringsched.ko || fail "load, round $round"
	grep -q 'device present' /sys/kernel/debug/ringsched/state || fail "no device, round $round"
done
rmmod ringsched || fail 'the last unload'

dmesg >/tmp/log
grep -q 'another ringsched device' /tmp/log || fail 'the second device was not refused'
bad='WARNING:|BUG:|Oops|Call Trace|general protection|scheduling while atomic|refcount_t:|rcu.*stall|blocked for more|left allocated|Objects remaining|leak'
grep -E "$bad" /tmp/log && fail 'the kernel complained'
echo 'RINGSCHED-DEVICE-PASSED'
