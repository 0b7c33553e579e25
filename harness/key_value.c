// SPDX-License-Identifier: GPL-2.0-or-later
/* One value of a scenario: from text to field and back, by its key's row. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scenario_keys.h"
#include "host/cleanup.h"
#include "host/policy.h"

#define NAME_LENGTH_MAX 32

enum storage { STORE_UINT, STORE_INT, STORE_U32, STORE_U64, STORE_DOUBLE };

struct unit {
	const char *name;
	double value; /* in the first unit of its table */
};

static const struct unit times[] = { { "us", 1 }, { "ms", 1e3 }, { "s", 1e6 }, { NULL, 0 } };
static const struct unit sizes[] = {
	{ "B", 1 },	   { "KiB", 0x1p10 }, { "MiB", 0x1p20 },
	{ "GiB", 0x1p30 }, { "TiB", 0x1p40 }, { NULL, 0 },
};

/* How the numbers of each type look and where they go. */
static const struct number_type {
	const char *what; /* in "expected ..." */
	const char *example; /* may be NULL */
	const struct unit *units; /* NULL = a bare number */
	double field_unit; /* one of the field, in the first unit of its table */
	enum storage storage;
	bool whole;
} numbers[] = {
	[KEY_COUNT] = { "a whole number", NULL, NULL, 1, STORE_UINT, true },
	[KEY_INDEX] = { "a whole number", NULL, NULL, 1, STORE_INT, true },
	[KEY_NUMBER] = { "a number", NULL, NULL, 1, STORE_DOUBLE, false },
	[KEY_TIME] = { "a duration", "20ms", times, 1, STORE_U64, true },
	[KEY_WORK] = { "a duration", "2ms", times, 1, STORE_U32, true },
	[KEY_TIME_US] = { "a duration", "100us", times, 1, STORE_DOUBLE, false },
	[KEY_TIME_S] = { "a duration", "10s", times, 1e6, STORE_DOUBLE, false },
	[KEY_MIB] = { "a size", "256MiB", sizes, 0x1p20, STORE_UINT, true },
	[KEY_BYTES] = { "a size", "100MiB", sizes, 1, STORE_U64, true },
	[KEY_RATE] = { "a whole number", NULL, NULL, 1, STORE_U64, true },
	[KEY_SECTION] = { 0 },
};

bool key_is_number(const struct key *k)
{
	return numbers[k->type].what;
}

bool key_is_whole(const struct key *k)
{
	return numbers[k->type].whole;
}

const char *key_unit(const struct key *k, unsigned int index)
{
	return numbers[k->type].units ? numbers[k->type].units[index].name : NULL;
}

static bool is_word(const struct key *k, const char *text)
{
	return k->word && !strcmp(k->word, text);
}

/* Digits with at most one point between them; returns what follows. */
static const char *scan_number(const char *text, double *value)
{
	size_t whole = strspn(text, "0123456789"), fraction = 0;
	char digits[32];

	if (text[whole] == '.')
		fraction = strspn(text + whole + 1, "0123456789");
	if (!whole || (text[whole] == '.' && !fraction) || whole + fraction > 20)
		return NULL;
	if (fraction)
		whole += 1 + fraction;
	memcpy(digits, text, whole);
	digits[whole] = 0;
	*value = strtod(digits, NULL); /* the C locale: nothing calls setlocale() */
	return text + whole;
}

static bool scan_unit(const struct unit *units, const char *text, double *factor)
{
	const struct unit *u;

	if (!units) {
		*factor = 1;
		return !*text;
	}
	for (u = units; u->name; u++) {
		if (strcmp(u->name, text))
			continue;
		*factor = u->value;
		return true;
	}
	return false;
}

static void store(enum storage storage, double value, void *field)
{
	switch (storage) {
	case STORE_UINT:
		*(unsigned int *)field = (unsigned int)value;
		break;
	case STORE_INT:
		*(int *)field = (int)value;
		break;
	case STORE_U32:
		*(uint32_t *)field = (uint32_t)value;
		break;
	case STORE_U64:
		*(uint64_t *)field = (uint64_t)value;
		break;
	case STORE_DOUBLE:
		*(double *)field = value;
		break;
	}
}

static double load(enum storage storage, const void *field)
{
	switch (storage) {
	case STORE_UINT:
		return *(const unsigned int *)field;
	case STORE_INT:
		return *(const int *)field;
	case STORE_U32:
		return *(const uint32_t *)field;
	case STORE_U64:
		return (double)*(const uint64_t *)field; /* all ranges are below 2^53 */
	case STORE_DOUBLE:
		return *(const double *)field;
	}
	return NAN;
}

static enum key_problem parse_number(const struct key *k, const char *text, void *field)
{
	const struct number_type *type = &numbers[k->type];
	double value, factor, rounded;
	const char *rest;

	if (is_word(k, text)) {
		store(type->storage, k->word_value, field);
		return KEY_OK;
	}
	/* A minus sign is no wrong type, only below every range. */
	rest = scan_number(text + (*text == '-'), &value);
	if (!rest)
		return KEY_WRONG_TYPE;
	/* A nought needs no unit. */
	if (!scan_unit(type->units, rest, &factor) && (value != 0 || *rest))
		return KEY_WRONG_TYPE;
	value = value == 0 ? 0 : value * factor / type->field_unit;
	if (*text == '-' && value != 0)
		return KEY_OUT_OF_RANGE;
	/* 1.001ms is 1001us although 1.001 is no exact binary number. */
	rounded = nearbyint(value);
	if (fabs(value - rounded) < 1e-9 * fmax(1, value))
		value = rounded;
	else if (type->whole)
		return KEY_NOT_WHOLE;
	if (value < k->min || value > k->max)
		return KEY_OUT_OF_RANGE;
	store(type->storage, value, field);
	return KEY_OK;
}

static bool is_policy(const char *text)
{
	const struct policy *const *p;

	for (p = policies; *p; p++)
		if (!strcmp((*p)->name, text))
			return true;
	return false;
}

/* VM names become file names, cgroup names and libvirt domains. */
static bool is_name(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return length && length <= NAME_LENGTH_MAX && !text[length] && *text != '-';
}

static enum key_problem parse_text(const struct key *k, const char *text, void *field)
{
	char *copy = NULL;

	if (k->type == KEY_NAME	  ? !is_name(text) :
	    k->type == KEY_POLICY ? !is_policy(text) && !is_word(k, text) :
				    !*text)
		return KEY_WRONG_TYPE;
	/* One line of the guest protocol carries it: no line ends in it. */
	if (k->type == KEY_TEXT && strpbrk(text, "\r\n"))
		return KEY_WRONG_TYPE;
	if (strlen(text) > KEY_TEXT_MAX)
		return KEY_OUT_OF_RANGE;
	if (!is_word(k, text)) {
		copy = strdup(text);
		if (!copy)
			return KEY_NO_MEMORY;
	}
	free(*(char **)field);
	*(char **)field = copy;
	return KEY_OK;
}

static enum key_problem parse_choice(const struct key *k, const char *text, void *field)
{
	unsigned int i;

	for (i = 0; k->choices[i]; i++) {
		if (strcmp(k->choices[i], text))
			continue;
		*(unsigned int *)field = i; /* GCC's and clang's type of an enum */
		return KEY_OK;
	}
	return KEY_WRONG_TYPE;
}

enum key_problem key_parse(const struct key *k, const char *text, void *field)
{
	if (key_is_number(k))
		return parse_number(k, text, field);
	if (k->type == KEY_CHOICE)
		return parse_choice(k, text, field);
	if (k->type != KEY_BOOL)
		return parse_text(k, text, field);
	if (strcmp(text, "true") && strcmp(text, "false"))
		return KEY_WRONG_TYPE;
	*(bool *)field = !strcmp(text, "true");
	return KEY_OK;
}

size_t key_size(const struct key *k)
{
	static const size_t sizes_of[] = {
		[STORE_UINT] = sizeof(unsigned int), [STORE_INT] = sizeof(int),
		[STORE_U32] = sizeof(uint32_t),	     [STORE_U64] = sizeof(uint64_t),
		[STORE_DOUBLE] = sizeof(double),
	};

	if (key_is_number(k))
		return sizes_of[numbers[k->type].storage];
	if (k->type == KEY_SECTION)
		return k->section->size;
	if (k->type == KEY_BOOL)
		return sizeof(bool);
	return k->type == KEY_CHOICE ? sizeof(unsigned int) : sizeof(char *);
}

/* The fewest digits that read back as the same number. */
static void print_double(double value, FILE *to)
{
	char digits[40];
	int precision;

	for (precision = 1; precision < 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, value);
		if (strtod(digits, NULL) == value)
			break;
	}
	/* key_parse() reads no exponents. */
	if (strchr(digits, 'e'))
		snprintf(digits, sizeof(digits), value < 1 ? "%.17f" : "%.0f", value);
	fputs(digits, to);
}

/* In the largest unit that leaves a whole number, else in the field's. */
static void print_number(const struct number_type *type, double value, FILE *to)
{
	const struct unit *u, *best = NULL;
	double base = value * type->field_unit, shown = value;

	for (u = type->units; u && u->name; u++) {
		if (type->storage == STORE_DOUBLE || value == 0 ? u->value != type->field_unit :
								  fmod(base, u->value) != 0)
			continue;
		best = u;
		shown = type->storage == STORE_DOUBLE ? value : base / u->value;
	}
	print_double(shown, to);
	if (best)
		fputs(best->name, to);
}

static void print_text(const char *text, FILE *to)
{
	const char *c;

	fputc('"', to);
	for (c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(to, "\\%c", *c);
		else if ((*c >= 0 && *c < ' ') || *c == 0x7f)
			fprintf(to, "\\x%02x", (unsigned char)*c);
		else
			fputc(*c, to);
	}
	fputc('"', to);
}

static bool is_word_value(const struct key *k, double value)
{
	if (!k->word)
		return false;
	return isnan(k->word_value) ? isnan(value) : value == k->word_value;
}

void key_print(const struct key *k, const void *field, FILE *to)
{
	double value;

	if (key_is_number(k)) {
		value = load(numbers[k->type].storage, field);
		if (is_word_value(k, value))
			fputs(k->word, to);
		else
			print_number(&numbers[k->type], value, to);
	} else if (k->type == KEY_BOOL) {
		fputs(*(const bool *)field ? "true" : "false", to);
	} else if (k->type == KEY_CHOICE) {
		fputs(k->choices[*(const unsigned int *)field], to);
	} else if (!*(char *const *)field) {
		fputs(k->word, to);
	} else if (k->type == KEY_TEXT) {
		print_text(*(char *const *)field, to);
	} else {
		fputs(*(char *const *)field, to);
	}
}

static void print_names(const struct key *k, FILE *to)
{
	const struct policy *const *p;
	size_t i;

	fputs("one of ", to);
	if (k->type == KEY_CHOICE)
		for (i = 0; k->choices[i]; i++)
			fprintf(to, "%s%s", i ? ", " : "", k->choices[i]);
	else
		for (p = policies; *p; p++)
			fprintf(to, "%s%s", p == policies ? "" : ", ", (*p)->name);
}

static void print_expected(const struct key *k, FILE *to)
{
	const struct number_type *type = &numbers[k->type];

	if (key_is_number(k)) {
		fprintf(to, "%s from ", type->what);
		print_number(type, k->min, to);
		fputs(" to ", to);
		print_number(type, k->max, to);
		if (type->example)
			fprintf(to, ", such as %s", type->example);
	} else if (k->type == KEY_CHOICE || k->type == KEY_POLICY) {
		print_names(k, to);
	} else if (k->type == KEY_BOOL) {
		fputs("true or false", to);
	} else if (k->type == KEY_NAME) {
		fprintf(to, "letters, digits and '-', at most %d, not '-' first", NAME_LENGTH_MAX);
	} else {
		fprintf(to, "a text of one line, at most %d bytes", KEY_TEXT_MAX);
	}
	if (k->word)
		fprintf(to, ", or '%s'", k->word);
}

void key_expected(const struct key *k, char *buffer, size_t size)
{
	FILE *to = fmemopen(buffer, size, "w");

	buffer[0] = 0;
	if (!to)
		return; /* the sentence then lacks what was expected */
	print_expected(k, to);
	fclose(to);
	buffer[size - 1] = 0;
}
