# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the scripts share: where things are, and how they speak. Sourced.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Where these scripts are installed nothing is built beside them. As in
# harness/place.c, so that a run finds what was built.
GUEST=$ROOT/build/guest
[[ -f $ROOT/Makefile ]] || GUEST=/var/lib/ringsched/guest
GUEST=${RINGSCHED_GUESTS:-$GUEST}
FLAVOURS=(rt standard)
export LC_ALL=C.UTF-8

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# check_flavour NAME: one of the two guest kernels, or the end.
check_flavour() {
	local flavour
	for flavour in "${FLAVOURS[@]}"; do
		[[ $1 != "$flavour" ]] || return 0
	done
	die "no guest kernel named '$1'; there are: ${FLAVOURS[*]}"
}

# hash_of PATH...: one hash over names and contents of all files below the
# paths (relative to the repository), so that a rename counts as a change.
hash_of() {
	(cd "$ROOT" && find "$@" -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-64
}

# fresh STAMP KEY OUTPUT...: true where the stamp holds the key and every
# output exists. A stamp is written last, so it vouches for whole outputs.
fresh() {
	local stamp=$1 key=$2 output
	shift 2
	[[ -f $stamp && $(<"$stamp") == "$key" ]] || return 1
	for output; do
		[[ -e $output ]] || return 1
	done
}

# put_stamp STAMP KEY: in one step, so that no half-written stamp is ever read.
put_stamp() {
	printf '%s\n' "$2" >"$1.new"
	mv "$1.new" "$1"
}

# One image build at a time: two would write the same files.
lock_guests() {
	mkdir -p "$GUEST"
	exec {GUEST_LOCK}>"$GUEST/.lock"
	flock -n "$GUEST_LOCK" || {
		say 'waiting for another build of the guests'
		flock "$GUEST_LOCK"
	}
}

# module_files FLAVOUR MODULE...: paths of kernel modules with all they need,
# in the order they are to be loaded, relative to the kernel's folder.
module_files() {
	local flavour=$1 release module
	shift
	release=$(<"$GUEST/$flavour/release")
	for module; do
		modprobe -C /dev/null -d "$GUEST/kernel" -S "$release" --show-depends "$module" ||
			die "the $flavour kernel has no module $module"
	done | sed -n 's/ *$//; s/^insmod //p' | awk '!seen[$0]++'
}

# install_modules FLAVOUR ROOT MODULE...: copies them to ROOT/lib/modules,
# named 00-…, 01-… so that their names tell a plain shell the order.
install_modules() {
	local flavour=$1 dir=$2/lib/modules files file i=0
	shift 2
	files=$(module_files "$flavour" "$@")
	mkdir -p "$dir"
	while read -r file; do
		cp "$file" "$dir/$(printf '%02d' "$i")-${file##*/}"
		i=$((i + 1))
	done <<<"$files"
}

# install_program ROOT FILE: a program of the host, with its libraries.
install_program() {
	local root=$1 program=$2 library
	install -D "$program" "$root/usr/bin/${program##*/}"
	{ ldd "$program" 2>/dev/null || true; } | grep -oE '/[^ ]+' | while read -r library; do
		install -D "$library" "$root$library"
	done
}

# pack_initramfs ROOT FILE: the same tree gives the same bytes.
pack_initramfs() {
	find "$1" -exec touch -h -d @0 {} +
	(cd "$1" && find . -print0 | sort -z |
		cpio --null --quiet -o -H newc -R 0:0 --reproducible) | gzip -n -6 >"$2.new"
	mv "$2.new" "$2"
}
