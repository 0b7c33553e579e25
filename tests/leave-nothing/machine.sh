# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The machine before and after a run, and what a run is at the moment: for tests
# of what is left behind. Sourced, with BASE, TMP, RUN and WAIT_S set.

# Ends the test; each is a subshell.
fail() {
	echo "    $*" >&2
	exit 1
}

# wait_for WHAT COMMAND...: until the command succeeds, at most WAIT_S.
wait_for() {
	local what=$1 until=$((SECONDS + WAIT_S))
	shift
	until "$@"; do
		((SECONDS < until)) || fail "waited in vain: $what"
		sleep 0.05
	done
}

# All that a run could leave, in five files below $TMP/$1.
snapshot() {
	local dir=$TMP/$1
	mkdir -p "$dir"
	# This project's processes, whoever started them; zombies do not count.
	ps -eo pid=,stat=,args= | awk '$2 !~ /^Z/' |
		grep -E 'guest=rs-[0-9a-f]{8}-|/run/ringsched/|ringsched (run|resume) ' |
		grep -vE 'grep|ps -eo' | sort >"$dir/processes" || true
	find /sys/fs/cgroup -type d \( -name machine -o -name '*rs-*' \) 2>/dev/null |
		sort >"$dir/cgroups" || true
	for group in /sys/fs/cgroup/cpu /sys/fs/cgroup; do
		cat "$group/cpu.rt_runtime_us" "$group/cpu.shares" 2>/dev/null || true
	done >>"$dir/cgroups"
	cat /sys/fs/cgroup/cpuset/cpuset.sched_load_balance 2>/dev/null >>"$dir/cgroups" || true
	find "$BASE" -mindepth 1 2>/dev/null | sort >"$dir/sockets" || true
	# What is mounted where; numbers differ from one look to the next.
	awk '{ print $4, $5 }' /proc/self/mountinfo | sort >"$dir/mounts"
	ps -eLo pid=,lwp=,lstart=,cls=,rtprio=,ni= | awk '{ print $1 ":" $2, $0 }' |
		sort >"$dir/threads"
}

# Threads that were there before must be as they were; new ones are not ours
# to judge, ours are gone with their processes.
same_threads() {
	join -j 1 "$TMP/before/threads" "$TMP/after/threads" | awk '{
		half = (NF - 1) / 2
		for (i = 2; i <= half + 1; i++)
			if ($i != $(i + half)) { print "thread " $1 " changed: " $0; bad = 1; break }
	} END { exit bad }' >&2
}

nothing_left() {
	local what
	snapshot after
	for what in processes cgroups sockets mounts; do
		diff "$TMP/before/$what" "$TMP/after/$what" >&2 || fail "$what differ"
	done
	same_threads || fail 'scheduling differs'
}

run_id() {
	local dir
	for dir in "$BASE"/*/; do
		if grep -qs "^owner $RUN " "$dir/journal"; then
			basename "$dir"
			return 0
		fi
	done
	return 1
}

in_phase() {
	kill -0 "$RUN" 2>/dev/null || { cat "$TMP/out.log" >&2; fail 'the run ended early'; }
	grep -q ": $1, " "$TMP/out.log"
}

qemu_of() { pgrep -f "guest=rs-$(run_id)-$1," | head -1; }
daemon_of() { awk '$1 == "daemon" { pid = $2 } END { print pid }' "$BASE/$(run_id)/journal"; }

# The one that puts back what a killed daemon changed (host/guardian.h).
guardian_of() { pgrep -P "$(daemon_of)"; }

# Is a thread of the control VM real-time at this moment?
boosted() { ps -L -o cls= -p "$(qemu_of control)" | grep -q FF; }

# ended CODE: the run ends with this code.
ended() {
	local code=0
	wait "$RUN" || code=$?
	[[ $code == "$1" ]] || { cat "$TMP/out.log" >&2; fail "exit code $code, not $1"; }
}

# tally FILE WORD...: a line for scripts/fault-table.
tally() {
	[[ -z $1 ]] || { mkdir -p "${1%/*}" && echo "${*:2}" >>"$1"; }
}

# run_tests FILE NAME...: calls test_NAME, which sweep() tidies up after, and
# counts; each is a fault in the tally FILE, where that is not empty.
run_tests() {
	local file=$1 name code passed=0 failed=0
	shift
	echo "[==========] Running $# test(s)."
	for name; do
		echo "[ RUN      ] $name"
		tally "$file" injected "run-${name//_/-}"
		# A subshell, so that the first failed step ends the test; outside of a
		# condition, where bash would go on after it.
		set +e
		(
			set -e
			trap sweep EXIT
			"test_$name"
		)
		code=$?
		set -e
		if ((code == 0)); then
			echo "[       OK ] $name"
			tally "$file" survived "run-${name//_/-}" - -
			passed=$((passed + 1))
		else
			echo "[  FAILED  ] $name"
			failed=$((failed + 1))
		fi
	done
	echo "[==========] $# test(s) run."
	echo "[  PASSED  ] $passed test(s)."
	((failed == 0)) || echo "[  FAILED  ] $failed test(s)."
	((failed == 0))
}
