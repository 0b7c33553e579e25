// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/chrome_out.h"

#include <stdarg.h>

/* ASCII only: other bytes are no text that we know the encoding of. */
void chrome_text(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text; text++) {
		unsigned char ch = (unsigned char)*text;

		if (ch == '"' || ch == '\\')
			fprintf(to, "\\%c", ch);
		else if (ch < ' ' || ch == 0x7f)
			fprintf(to, "\\u%04x", ch);
		else
			fputc(ch < 0x80 ? ch : '?', to);
	}
	fputc('"', to);
}

/* In us, which the format counts in. */
static void put_us(const struct chrome *c, const char *key, uint64_t ns)
{
	fprintf(c->to, ",\"%s\":%ju.%03u", key, (uintmax_t)(ns / 1000), (unsigned int)(ns % 1000));
}

static void put_time(const struct chrome *c, uint64_t at)
{
	put_us(c, "ts", at - c->from);
}

static void begin(struct chrome *c, const char *kind, int group, int track, const char *name)
{
	fprintf(c->to, "%s{\"ph\":\"%s\",\"pid\":%d,\"tid\":%d,\"name\":", c->any ? ",\n" : "",
		kind, group, track);
	chrome_text(c->to, name);
	c->any = true;
}

static void finish(struct chrome *c, const char *args)
{
	if (args)
		fprintf(c->to, ",\"args\":%s", args);
	fputc('}', c->to);
}

static __attribute__((format(printf, 5, 0))) void put_name(struct chrome *c, const char *what,
							   int group, int track, const char *format,
							   va_list arguments)
{
	char name[128];

	vsnprintf(name, sizeof(name), format, arguments);
	begin(c, "M", group, track, what);
	fprintf(c->to, ",\"args\":{\"name\":");
	chrome_text(c->to, name);
	fprintf(c->to, "}}");
}

static void put_order(struct chrome *c, const char *what, const char *key, int group, int track,
		      int order)
{
	begin(c, "M", group, track, what);
	fprintf(c->to, ",\"args\":{\"%s\":%d}}", key, order);
}

void chrome_name_group(struct chrome *c, int group, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_name(c, "process_name", group, 0, format, arguments);
	va_end(arguments);
	put_order(c, "process_sort_index", "sort_index", group, 0, group);
}

void chrome_name_track(struct chrome *c, int group, int track, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_name(c, "thread_name", group, track, format, arguments);
	va_end(arguments);
	put_order(c, "thread_sort_index", "sort_index", group, track, track);
}

/* Only what lies between `from` and `until`. */
static bool clip(const struct chrome *c, uint64_t *from, uint64_t *to)
{
	if (*from < c->from)
		*from = c->from;
	if (*to > c->until)
		*to = c->until;
	return *from < *to;
}

void chrome_slice(struct chrome *c, int group, int track, const char *name, uint64_t from,
		  uint64_t to, const char *args)
{
	if (!clip(c, &from, &to))
		return;
	begin(c, "X", group, track, name);
	put_time(c, from);
	put_us(c, "dur", to - from);
	finish(c, args);
}

/* Of this group only: with a plain `id` Perfetto puts all groups' spans of one
 * name on one track, outside of the groups. */
static void put_local_id(const struct chrome *c)
{
	fprintf(c->to, ",\"cat\":\"notification\",\"id2\":{\"local\":\"0x%x\"}", c->flow);
}

void chrome_span(struct chrome *c, int group, int track, const char *name, uint64_t from,
		 uint64_t to, const char *args)
{
	if (!clip(c, &from, &to))
		return;
	c->flow++;
	begin(c, "b", group, track, name);
	put_time(c, from);
	put_local_id(c);
	finish(c, args);
	begin(c, "e", group, track, name);
	put_time(c, to);
	put_local_id(c);
	finish(c, NULL);
}

void chrome_instant(struct chrome *c, int group, int track, const char *name, uint64_t at,
		    const char *args)
{
	if (at < c->from || at >= c->until)
		return;
	begin(c, "i", group, track, name);
	put_time(c, at);
	fprintf(c->to, ",\"s\":\"t\"");
	finish(c, args);
}

void chrome_counter(struct chrome *c, int group, const char *name, const char *key, uint64_t at,
		    int64_t value)
{
	if (at < c->from || at >= c->until)
		return;
	begin(c, "C", group, 0, name);
	put_time(c, at);
	fprintf(c->to, ",\"args\":{");
	chrome_text(c->to, key);
	fprintf(c->to, ":%jd}}", (intmax_t)value);
}
