/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every key of a scenario: its type, range, default, help and the field of
 * struct scenario it fills. Parsing, checking, error sentences, defaults and
 * scenario_write() all come from these rows.
 */
#ifndef RINGSCHED_SCENARIO_KEYS_H
#define RINGSCHED_SCENARIO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define KEY_TEXT_MAX 512 /* bytes; the guest protocol's lines end at 1023 */
#define RING_DEADLINE_PERIODS 10 /* a deadline is at most so many periods (uapi) */

enum key_type {
	KEY_COUNT, /* unsigned int */
	KEY_INDEX, /* int */
	KEY_NUMBER, /* double */
	KEY_TIME, /* uint64_t, whole us */
	KEY_WORK, /* uint32_t, whole us */
	KEY_TIME_US, /* double, us */
	KEY_TIME_S, /* double, s */
	KEY_MIB, /* unsigned int, whole MiB */
	KEY_BYTES, /* uint64_t */
	KEY_RATE, /* uint64_t, a second */
	KEY_BOOL, /* bool */
	KEY_CHOICE, /* an enum: index in choices */
	KEY_TEXT, /* char *, owned */
	KEY_NAME, /* char *, owned: letters, digits and '-', at most 32 */
	KEY_POLICY, /* char *, owned: a name in policies[] of host/policy.h */
	KEY_SECTION, /* a map, or a list of maps where items_max is set */
};

struct section;

struct key {
	const char *name;
	enum key_type type;
	size_t offset; /* of the field in the section's struct */
	double min, max; /* numbers: in the field's unit */
	/* As it would be written; NULL = the key must be given. */
	const char *initial;
	/* A word instead of a number or text, and the number it stands for
	 * (texts: NULL). */
	const char *word;
	double word_value;
	const char *const *choices; /* KEY_CHOICE, NULL-ended */
	/* Lists: how many items there may be, and the unsigned int that says
	 * how many there are. 0 = one value. */
	size_t items_max, count_offset;
	/* The list's length is another key's (earlier in the table) and one
	 * value alone stands for all items. */
	bool fills;
	const struct section *section; /* KEY_SECTION */
	const char *help; /* one line */
};

struct section {
	const char *path; /* prefix of its keys in sentences, e.g. "vms." */
	size_t size; /* of its struct */
	const struct key *keys; /* ended by a row without name */
};

extern const struct section scenario_section; /* the whole file */

enum key_problem {
	KEY_OK = 0,
	KEY_WRONG_TYPE, /* not of the form key_expected() describes */
	KEY_OUT_OF_RANGE,
	KEY_NOT_WHOLE, /* finer than the field's unit */
	KEY_NO_MEMORY,
};

/*
 * Parse text into *field (one item of a list key). A text field's former
 * value is freed. *field is left alone unless KEY_OK is returned.
 */
enum key_problem key_parse(const struct key *k, const char *text, void *field);

/* "a duration from 100us to 60s, such as 20ms", into a buffer. */
#define KEY_EXPECTED_SIZE 320
void key_expected(const struct key *k, char *buffer, size_t size);

/* Write the field so that key_parse() reads the same value back. */
void key_print(const struct key *k, const void *field, FILE *to);

/* Bytes of one value of the key, the distance of items in a list. */
size_t key_size(const struct key *k);

bool key_is_number(const struct key *k);
bool key_is_whole(const struct key *k); /* of a number */
/* The units a number must have one of, by index; NULL after the last. */
const char *key_unit(const struct key *k, unsigned int index);

/*
 * What was meant by a wrong value, if that can be told: the nearest word, or
 * the number with a unit that the key has ("20 msec": 20ms).
 */
bool key_nearest(const struct key *k, const char *text, char *buffer, size_t size);

#endif
