// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why a VM ended, where its guest's kernel panicked. With panic=-1 that is a
 * restart, which ends the VM (cell_vm.c): all that a wait sees is a process that
 * is gone, or a link that was closed. The console has the reason. What it says
 * is the guest's word, which makes a message and nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "harness/cell_state.h"
#include "harness/folder.h"
#include "host/error.h"

#define CONSOLE_END 65536 /* registers, modules and a stack come after the reason */
#define PANIC "Kernel panic - "
#define REASON_MAX 120

/* The line from PANIC on, printable. False where the console has none. */
static bool read_reason(const char *console, char reason[REASON_MAX])
{
	char text[CONSOLE_END];
	ssize_t length = folder_read_end(console, text, sizeof(text));
	const char *at, *end;
	size_t i;

	if (length <= 0)
		return false;
	end = text + length;
	at = memmem(text, (size_t)length, PANIC, strlen(PANIC));
	if (!at)
		return false;
	for (i = 0; i < REASON_MAX - 1 && at < end && *at != '\n' && *at != '\r'; i++, at++)
		reason[i] = *at < ' ' || *at > '~' || *at == '"' ? '?' : *at;
	reason[i] = '\0';
	return true;
}

void cell_panic_explain(const struct cell_state *cell, struct rs_error **err)
{
	char reason[REASON_MAX];
	unsigned int i;

	for (i = 0; i < cell->vm_count; i++) {
		const struct cell_vm *v = &cell->vms[i];

		if (v->console && read_reason(v->console, reason))
			rs_fail_wrap(err, "VM %s: its guest panicked (\"%s\", see console-%s.log)",
				     v->vm->name, reason, v->vm->name);
	}
}
