/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing HTML by hand, one page in one file: no script, nothing fetched.
 *
 * Text from a file reaches a page through html_text(), html_printf() or
 * html_markdown() and through nothing else: all that could be markup is
 * escaped there, in content and in attributes alike. What is written with
 * fputs() and fprintf() is this program's own markup and its numbers.
 */
#ifndef RINGSCHED_HTML_H
#define RINGSCHED_HTML_H

#include <stdio.h>

struct rs_error;

/*
 * The text, escaped, also for within quotes. What is no UTF-8, a control
 * character, or turns the direction of writing becomes U+FFFD: it cannot
 * make a page look as if it said something else.
 */
void html_text(FILE *to, const char *text);
void html_printf(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* <tag>text</tag> and a line's end. */
void html_element(FILE *to, const char *tag, const char *text);

/*
 * Head and begin of the body. A policy in the head forbids scripts and every
 * address but data:, should ever a byte slip through.
 */
void html_begin(FILE *to, const char *title);
void html_end(FILE *to);

/*
 * What report_*.c writes as Markdown, as HTML: headings ("## " becomes <h3>),
 * tables, lists, paragraphs, `code` and **bold**. Pictures are left out. No
 * other Markdown is known, and HTML within it is text.
 */
void html_markdown(FILE *to, const char *text);

/*
 * <img> with the PNG file itself in it. `height` and `width` are pixels.
 * EFBIG: larger than `bytes_max`; EPROTO: not a PNG. Then nothing is written.
 */
int html_png(FILE *to, const char *path, const char *alternative, unsigned int width,
	     unsigned int height, size_t bytes_max, struct rs_error **err);

extern const char html_style[]; /* html_style.c */

#endif
