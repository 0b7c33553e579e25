// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "guest/control/arguments.h"

#define KEYS_MAX 16u

char *rsc_next_word(char **rest)
{
	char *word = *rest, *space;

	if (!word)
		return NULL;
	space = strchr(word, ' ');
	if (space)
		*space = '\0';
	*rest = space ? space + 1 : NULL;
	return word;
}

/* Decimal digits and nothing else, a '-' only where the range allows it. */
static bool parse_number(const char *text, size_t length, int64_t min, int64_t max, int64_t *out)
{
	bool negative = length && text[0] == '-' && min < 0;
	int64_t value = 0;

	text += negative;
	length -= negative;
	if (!length || length > 18) /* 18 digits always fit */
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*out = negative ? -value : value;
	return *out >= min && *out <= max;
}

static bool parse_list(const struct rsc_key *key, const char *text, struct rsc_arguments *arguments)
{
	for (;;) {
		size_t length = strcspn(text, ",");
		int64_t value;

		if (arguments->work_count == RS_MEMBER_MAX ||
		    !parse_number(text, length, key->min, key->max, &value))
			return false;
		arguments->work_us[arguments->work_count++] = (uint64_t)value;
		if (!text[length])
			return true;
		text += length + 1;
	}
}

static int parse_key(const struct rsc_key *keys, char *word, bool *seen,
		     struct rsc_arguments *arguments, struct rsc_reason *why)
{
	char *value = strchr(word, '=');
	const struct rsc_key *key = keys;
	bool good;

	if (!value)
		return rsc_fail(why, EINVAL, "\"%.40s\" is not key=value (one space between words)",
				word);
	*value++ = '\0';
	while (key->name && strcmp(key->name, word))
		key++;
	if (!key->name)
		return rsc_fail(why, EINVAL, "there is no key \"%.40s\" here", word);
	if (seen[key - keys])
		return rsc_fail(why, EINVAL, "%s is given twice", key->name);
	seen[key - keys] = true;
	good = key->list ? parse_list(key, value, arguments) :
			   parse_number(value, strlen(value), key->min, key->max,
					(int64_t *)((char *)arguments + key->at));
	if (!good)
		return rsc_fail(why, ERANGE, "%s=%.40s is not %s between %" PRId64 " and %" PRId64,
				key->name, value, key->list ? "a list of numbers" : "a number",
				key->min, key->max);
	return 0;
}

int rsc_arguments_parse(const struct rsc_syntax *command, char *rest,
			struct rsc_arguments *arguments, struct rsc_reason *why)
{
	bool seen[KEYS_MAX] = { false };
	size_t count = 0;
	char *word;

	while (command->keys[count].name)
		count++;
	memset(arguments, 0, sizeof(*arguments));
	/* Before a shell command stand exactly the keys: it may hold a '=' itself. */
	for (size_t i = 0; !command->rest || i < count; i++) {
		int err;

		word = rsc_next_word(&rest);
		if (!word)
			break;
		err = parse_key(command->keys, word, seen, arguments, why);
		if (err)
			return err;
	}
	for (size_t i = 0; i < count; i++)
		if (!seen[i])
			return rsc_fail(why, EINVAL, "%s needs %s=", command->name,
					command->keys[i].name);
	if (!command->rest)
		return 0;
	if (!rest || !*rest)
		return rsc_fail(why, EINVAL, "%s needs a shell command", command->name);
	arguments->rest = rest;
	return 0;
}
