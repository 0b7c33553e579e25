#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the control guest in place of the agent: the probe on the sched_switch
# tracepoint comes and goes while real-time tasks switch on both vCPUs. First
# the module is loaded again and again, then the host changes what it wants to
# hear. The last line is the verdict of this side.
fail() {
	echo "device: FAILED: $*"
	dmesg | tail -n 20
	exit 1
}

# stat NAME: a counter of the module.
stat() {
	sed -n "s/^$1 //p" /sys/kernel/debug/ringsched/stats
}

/tests/sleepers &
for round in 1 2 3; do
	sleep 1
	grep -q 'source switch' /sys/kernel/debug/ringsched/state || fail "no source, round $round"
	[ "$(stat messages_switch)" -gt 100 ] || fail "few messages, round $round"
	rmmod ringsched || fail "unload, round $round"
	insmod /lib/ringsched.ko || fail "load, round $round"
done
echo 'device: reloading ok'
sleep 5
changes=$(stat source_changes)
[ "$changes" -gt 10 ] || fail "the host changed the source only $changes times"
[ "$(stat broken)" = 0 ] || fail 'the queue is broken'
echo 'device: changes of the source ok'
rmmod ringsched || fail 'the last unload'

dmesg >/tmp/log
bad='WARNING:|BUG:|Oops|Call Trace|general protection|scheduling while atomic|refcount_t:|rcu.*stall|blocked for more|left allocated|Objects remaining|leak'
grep -E "$bad" /tmp/log && fail 'the kernel complained'
echo 'RINGSCHED-SWITCH-PASSED'
