// SPDX-License-Identifier: GPL-2.0-or-later
/* What may have been meant by a wrong value of a scenario. */
#include <string.h>
#include <strings.h>

#include "harness/scenario_keys.h"
#include "host/policy.h"
#include "host/suggest.h"

/* As other tools write it; the capitals are no part of it. */
static const struct slip {
	const char *written, *meant;
} slips[] = {
	{ "usec", "us" },   { "\xc2\xb5s", "us" }, { "\xce\xbcs", "us" }, { "msec", "ms" },
	{ "millis", "ms" }, { "sec", "s" },	   { "secs", "s" },	  { "second", "s" },
	{ "seconds", "s" }, { "byte", "B" },	   { "bytes", "B" },	  { "k", "KiB" },
	{ "kb", "KiB" },    { "m", "MiB" },	   { "mb", "MiB" },	  { "g", "GiB" },
	{ "gb", "GiB" },    { "t", "TiB" },	   { "tb", "TiB" },	  { "yes", "true" },
	{ "on", "true" },   { "y", "true" },	   { "1", "true" },	  { "no", "false" },
	{ "off", "false" }, { "n", "false" },	   { "0", "false" },
};

static const char *meant_by(const char *text)
{
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++)
		if (!strcasecmp(slips[i].written, text))
			return slips[i].meant;
	return text;
}

/* The unit of the key that is meant, or NULL. */
static const char *nearest_unit(const struct key *k, const char *text)
{
	const char *meant = meant_by(text), *unit;

	for (unsigned int i = 0; (unit = key_unit(k, i)); i++)
		if (!strcasecmp(unit, meant))
			return unit;
	return NULL;
}

/* "20 msec" for 20ms: the number is kept. */
static bool nearest_number(const struct key *k, const char *text, char *buffer, size_t size)
{
	static const char figures[] = "0123456789";
	size_t digits = strspn(text, figures);
	const char *unit;

	if (digits && text[digits] == '.')
		digits += 1 + strspn(text + digits + 1, figures);
	unit = nearest_unit(k, text + digits + strspn(text + digits, " "));
	if (!digits || !unit)
		return false;
	snprintf(buffer, size, "%.*s%s", (int)digits, text, unit);
	return true;
}

bool key_nearest(const struct key *k, const char *text, char *buffer, size_t size)
{
	struct suggestion nearest = { .word = text };

	if (k->type == KEY_BOOL)
		nearest.word = meant_by(text);
	for (unsigned int i = 0; k->type == KEY_CHOICE && k->choices[i]; i++) {
		if (!strcasecmp(k->choices[i], text))
			nearest.word = k->choices[i]; /* capitals are no slip of letters */
		suggest_offer(&nearest, k->choices[i]);
	}
	for (unsigned int i = 0; k->type == KEY_POLICY && policy_word(i); i++)
		suggest_offer(&nearest, policy_word(i));
	if (k->type == KEY_BOOL) {
		suggest_offer(&nearest, "true");
		suggest_offer(&nearest, "false");
	}
	if (k->word)
		suggest_offer(&nearest, k->word);
	if (!nearest.best)
		return nearest_number(k, text, buffer, size);
	snprintf(buffer, size, "%s", nearest.best);
	return true;
}
