#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the control guest in place of the agent. The last line is the verdict.
fail() {
	echo "confused: FAILED: $*"
	dmesg | tail -n 40
	exit 1
}

insmod /tests/rs_fakehost.ko || fail 'the fake host does not load'
/tests/confused || fail 'a check'
rmmod rs_fakehost || fail 'the fake host does not unload'
rmmod ringsched || fail 'the module does not unload'

dmesg >/tmp/log
# Each refusal has its sentence.
for text in 'not ringsched' 'host speaks revision' 'keeps changing' 'ACCESS_PLATFORM' \
	'asks for source 200'; do
	grep -q "$text" /tmp/log || fail "the log does not say: $text"
done
bad='WARNING:|(^|[^A-Z])BUG[ :]|Oops|Call Trace|general protection|scheduling while atomic|refcount_t:|rcu.*stall|blocked for more|left allocated|Objects remaining|leak|Poison|Redzone'
grep -E "$bad" /tmp/log && fail 'the kernel complained'
echo 'RINGSCHED-CONFUSED-PASSED'
