// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/html.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/cleanup.h"
#include "host/error.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The character at `text` into *code; its bytes, or 0 where it is no UTF-8. */
static size_t decode(const unsigned char *text, uint32_t *code)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least; /* a shorter form would do: not UTF-8 */
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if ((text[0] & forms[i].mask) != forms[i].lead)
			continue;
		*code = text[0] & (unsigned char)~forms[i].mask;
		for (size_t k = 1; k <= i; k++) { /* the ending zero is no continuation */
			if ((text[k] & 0xc0) != 0x80)
				return 0;
			*code = *code << 6 | (text[k] & 0x3f);
		}
		if (*code < forms[i].least || *code > 0x10ffff ||
		    (*code >= 0xd800 && *code < 0xe000))
			return 0;
		return i + 1;
	}
	return 0;
}

/* Not to be seen, or able to show others in another order than they stand. */
static bool is_hidden(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = { { 0x00, 0x08 },	   { 0x0b, 0x1f },     { 0x7f, 0x9f },
		       { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		       { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff } };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static void put_character(FILE *to, const char *text, size_t bytes)
{
	static const struct {
		char byte;
		const char *entity;
	} entities[] = {
		{ '&', "&amp;" },  { '<', "&lt;" },   { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&#39;" },
	};

	for (size_t i = 0; bytes == 1 && i < sizeof(entities) / sizeof(entities[0]); i++)
		if (entities[i].byte == *text) {
			fputs(entities[i].entity, to);
			return;
		}
	fwrite(text, 1, bytes, to);
}

void html_text(FILE *to, const char *text)
{
	while (*text) {
		uint32_t code = 0;
		size_t bytes = decode((const unsigned char *)text, &code);

		if (!bytes || is_hidden(code))
			fputs(REPLACEMENT, to);
		else
			put_character(to, text, bytes);
		text += bytes ? bytes : 1;
	}
}

void html_printf(FILE *to, const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		text = NULL; /* without memory the page's own stream fails as well */
	else
		html_text(to, text);
}

void html_element(FILE *to, const char *tag, const char *text)
{
	fprintf(to, "<%s>", tag);
	html_text(to, text);
	fprintf(to, "</%s>\n", tag);
}

void html_begin(FILE *to, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n<title>",
	      to);
	html_text(to, title);
	fprintf(to, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", html_style);
}

void html_end(FILE *to)
{
	fputs("</body>\n</html>\n", to);
}

static void put_base64(FILE *to, const unsigned char *bytes, size_t count)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < count; i += 3) {
		size_t left = count - i;
		uint32_t group = (uint32_t)bytes[i] << 16 |
				 (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
				 (left > 2 ? bytes[i + 2] : 0);

		fputc(digits[group >> 18], to);
		fputc(digits[group >> 12 & 63], to);
		fputc(left > 1 ? digits[group >> 6 & 63] : '=', to);
		fputc(left > 2 ? digits[group & 63] : '=', to);
	}
}

int html_png(FILE *to, const char *path, const char *alternative, unsigned int width,
	     unsigned int height, size_t bytes_max, struct rs_error **err)
{
	static const unsigned char magic[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	cleanup_file FILE *from = fopen(path, "re");
	cleanup_free unsigned char *bytes = malloc(bytes_max + 1);
	size_t count;

	if (!from)
		return rs_fail_errno(err, errno, "opening %s", path);
	if (!bytes)
		return rs_fail(err, ENOMEM, "no memory for a picture");
	count = fread(bytes, 1, bytes_max + 1, from);
	if (ferror(from))
		return rs_fail(err, EIO, "%s cannot be read", path);
	if (count > bytes_max)
		return rs_fail(err, EFBIG, "%s is larger than %zu bytes", path, bytes_max);
	if (count < sizeof(magic) || memcmp(bytes, magic, sizeof(magic)) != 0)
		return rs_fail(err, EPROTO, "%s is not a PNG picture", path);
	fprintf(to, "<img width=\"%u\" height=\"%u\" alt=\"", width, height);
	html_text(to, alternative);
	fputs("\" src=\"data:image/png;base64,", to);
	put_base64(to, bytes, count);
	fputs("\">\n", to);
	return 0;
}
