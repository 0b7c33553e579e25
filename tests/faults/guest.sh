#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the control guest in place of the agent: the module goes and comes
# while a ring is active, then the kernel panics. The host (test_panic.c) looks
# at each step, and says by a line on the serial port when to go on.
DRIVER=/sys/bus/virtio/drivers/ringsched

fail() {
	echo "faults: FAILED: $*"
	dmesg | tail -n 20
	exit 1
}

# step WHAT: the host looks at it now.
step() {
	echo "faults: $*"
	read -r _ </dev/ttyS0
}

start_ring() { /tests/start || fail 'START'; }

device=$(basename "$DRIVER"/virtio*)
start_ring
step 'in a ring'
echo "$device" >"$DRIVER/unbind" || fail 'unbind'
step 'unbound'
echo "$device" >"$DRIVER/bind" || fail 'bind'
start_ring
step 'bound'
rmmod ringsched || fail 'rmmod'
step 'unloaded'
insmod /lib/ringsched.ko || fail 'insmod'
start_ring
step 'loaded'
echo c >/proc/sysrq-trigger
