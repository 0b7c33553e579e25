/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols that the kernel does not export. */
#ifndef RINGSCHED_SYMBOL_H
#define RINGSCHED_SYMBOL_H

/*
 * Prepares look-ups; process context, may sleep. 0, or -errno where this
 * kernel offers no way to them.
 */
int rs_symbol_prepare(void);
/* After rs_symbol_prepare(): the symbol's value, 0 = there is none. */
unsigned long rs_symbol_value(const char *name);

#endif /* RINGSCHED_SYMBOL_H */
