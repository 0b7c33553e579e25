// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Part of a daemon that is built with a sanitizer: has it ask for the name of a
 * function before the daemon gives up the right to start programs. The program
 * that answers goes on for as long as the daemon; without it a report has no
 * names, and tests/sanitize/thread.supp nothing to compare.
 */
#include <stddef.h>

/* The sanitizers' own. */
void __sanitizer_symbolize_pc(void *pc, const char *format, char *text, size_t size);

static __attribute__((constructor)) void ask(void)
{
	char name[256];

	__sanitizer_symbolize_pc(__builtin_return_address(0), "%f", name, sizeof(name));
}
