# SPDX-License-Identifier: GPL-2.0-or-later
# zsh -f complete.zsh FOLDER LINE...: what zsh makes of each line when TAB is
# pressed at its end, with the completion in FOLDER. zsh completes at a terminal
# only: it gets one of its own.
zmodload zsh/zpty || exit 1
folder=$1
shift
said=$(mktemp) || exit 1
trap 'zpty -d shell 2>/dev/null; rm -f $said' EXIT

# Until the shell has told something; what it shows meanwhile is read away, or
# its terminal would be full one day.
wait_for_it() {
	local shown
	repeat 1000; do
		while zpty -r -t shell shown; do :; done
		[[ ! -s $said ]] || return 0
		sleep 0.01
	done
	print -u2 "zsh says nothing: $1"
	return 1
}

export TERM=xterm
zpty shell zsh -f -i
zpty -w shell "PS1= fpath=(${(q)folder} \$fpath); autoload -Uz compinit && compinit -u -D"
zpty -w shell "tell() { print -r -- \"\$BUFFER\" >${(q)said}; BUFFER= }; zle -N tell; bindkey '^X^T' tell"
zpty -w shell "print ready >${(q)said}"
wait_for_it 'it does not start' || exit 1
for line; do
	: >$said
	zpty -w -n shell "$line"$'\t\x18\x14'
	wait_for_it $line || exit 1
	cat $said
done
