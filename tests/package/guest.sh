#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest of tests/package/boot, on a Debian that has what the package
# depends on: installs it, looks at its service, removes it. What it says goes
# to the host; only its last line means that all was well.
set -euo pipefail

HERE=/mnt
CONTROL=/run/ringschedd/control
LOG=/run/boot-test.log
SYS_NICE=$((1 << 23))
DAC_OVERRIDE=$((1 << 1))
export LD_LIBRARY_PATH=$HERE/lib FAULT_TALLY=/run/tally

fail() {
	echo "    $*"
	exit 1
}

# same WHAT FOUND WANTED
same() { [[ $2 == "$3" ]] || fail "$1 is '$2', expected '$3'"; }

# try COMMAND...: its output in $LOG, shown where it fails.
try() {
	"$@" >"$LOG" 2>&1 || {
		local code=$?
		cat "$LOG"
		fail "exit code $code: $*"
	}
}

must_say() { grep -qF -e "$1" "$LOG" || { cat "$LOG"; fail "it does not say: $1"; }; }

main_pid() { systemctl show -p MainPID --value ringschedd; }

# of KEY FILE: its words in a /proc/…/status.
of() { awk -v key="$1:" '$1 == key { $1 = ""; sub("^ +", ""); print }' "$2"; }

# service_tests PATTERN: of tests/faults/test_service.c.
service_tests() { try env TEST="$1" "$HERE/service"; }

# ---- in the order in which they are run ----

test_install() {
	local account
	! getent passwd ringsched || fail 'there is an account before the package'
	find / -xdev -not -path '/proc/*' -not -path '/run/*' -not -path '/tmp/*' | sort >/run/files.before
	try dpkg -i "$HERE"/ringsched.deb
	account=$(getent passwd ringsched) || fail 'no account'
	same shell "${account##*:}" /usr/sbin/nologin
	(($(id -u ringsched) < 1000)) || fail "no system account: $account"
	same groups "$(id -Gn ringsched)" ringsched
	same 'the service, installed,' "$(systemctl is-active ringschedd || true)" inactive
	same 'the service, installed,' "$(systemctl is-enabled ringschedd || true)" disabled
}

test_start() {
	echo 'RINGSCHEDD_OPTIONS="--policy ring --cpu 0"' >/etc/default/ringschedd
	try systemctl enable --now ringschedd
	same 'the service' "$(systemctl is-active ringschedd)" active
	# Type=exec: it may not listen yet.
	timeout 20 sh -c "until [ -S $CONTROL ]; do sleep 0.1; done" || {
		journalctl -u ringschedd -n 20 --no-pager
		fail 'it does not listen'
	}
	try ringsched status
	must_say 'policy ring'
}

# Of the main thread and the one that hears notifications, by the kernel.
test_privileges() {
	local pid uid status word count=0
	pid=$(main_pid)
	uid=$(id -u ringsched)
	for status in /proc/"$pid"/task/*/status; do
		same Uid "$(of Uid "$status")" "$uid $uid $uid $uid"
		for word in CapEff CapPrm; do
			same "$word" $((16#$(of "$word" "$status"))) $((SYS_NICE | DAC_OVERRIDE))
		done
		for word in CapInh CapBnd CapAmb; do
			same "$word" $((16#$(of "$word" "$status"))) 0
		done
		same NoNewPrivs "$(of NoNewPrivs "$status")" 1
		same Seccomp "$(of Seccomp "$status")" 2
		count=$((count + 1))
	done
	((count >= 2)) || fail "$count threads"
	ringsched status --json >"$LOG"
	tr -d ' \n' <"$LOG" | grep -q '"user":"ringsched".*"view":"landlock".*"missing":\[\]' || fail "$(cat "$LOG")"
}

# It reads and writes cgroups, and nothing else of the system.
test_sandbox() {
	local mounts
	mounts=/proc/$(main_pid)/mountinfo
	awk '$5 == "/sys/fs/cgroup" { print $6 }' "$mounts" | tail -n 1 | grep -q '^rw' || fail 'cgroups are read-only'
	awk '$5 == "/" { print $6 }' "$mounts" | grep -q '^ro' || fail 'the system is writable'
	awk '$5 == "/home" || $5 == "/root" { print $6 }' "$mounts" | grep -q '^ro' || fail 'homes are there'
}

test_sockets() {
	same 'the folder' "$(stat -c '%a %U %G' /run/ringschedd)" '755 root root'
	same 'the control socket' "$(stat -c '%a %U %G' $CONTROL)" '660 ringsched ringsched'
	same 'the record' "$(stat -c '%a %U %G' /run/ringschedd/record)" '600 root root'
}

# Only who is in its group is answered; and then only about its status.
test_users() {
	local code=0
	useradd --no-create-home --groups ringsched member
	useradd --no-create-home other
	try runuser -u member -- ringsched status
	must_say 'policy ring'
	runuser -u other -- ringsched status >"$LOG" 2>&1 || code=$?
	same 'the exit code for others' "$code" 1
	must_say 'Permission denied'
	must_say 'status-group'
	userdel member
	userdel other
}

test_stop_and_restart() {
	service_tests 'test_stopped'
	try systemctl restart ringschedd
	same 'the service, restarted,' "$(systemctl is-active ringschedd)" active
}

test_killed() { service_tests 'test_killed'; }

test_core_offline() {
	service_tests 'test_core_*'
	same 'the core' "$(cat /sys/devices/system/cpu/cpu1/online)" 1
}

# While it runs and boosts; of the package nothing is left but its account.
test_purge() {
	mkdir -p /var/lib/ringsched/guest
	service_tests 'test_purged'
	[[ -z $(pgrep -x ringschedd || true) ]] || fail 'the daemon runs on'
	same 'the service' "$(systemctl is-active ringschedd || true)" inactive
	find / -xdev -not -path '/proc/*' -not -path '/run/*' -not -path '/tmp/*' | sort |
		comm -13 /run/files.before - |
		grep -vE '^/var/(log|lib/dpkg|lib/systemd|cache)(/|$)|^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$' >"$LOG" || true
	[[ ! -s $LOG ]] || { cat "$LOG"; fail 'files are left'; }
	getent passwd ringsched >/dev/null || fail 'the account is gone: its number may become another user'
}

mapfile -t tests < <(sed -n 's/^test_\([a-z_]*\)() {.*$/\1/p' "$0")
failed=0
echo "[==========] Running ${#tests[@]} test(s)."
for name in "${tests[@]}"; do
	begin=$SECONDS
	set +e
	(
		set -e
		"test_$name"
	)
	code=$?
	set -e
	if ((code == 0)); then
		echo "[       OK ] $name ($((SECONDS - begin)) s)"
	else
		echo "[  FAILED  ] $name"
		journalctl -u ringschedd -n 20 --no-pager -o cat
		failed=$((failed + 1))
	fi
done
[[ ! -f $FAULT_TALLY ]] || sed 's/^/tally: /' "$FAULT_TALLY"
echo "[  PASSED  ] $((${#tests[@]} - failed)) test(s)."
((failed == 0)) || {
	echo "[  FAILED  ] $failed test(s)."
	exit 1
}
echo 'boot: all is well'
