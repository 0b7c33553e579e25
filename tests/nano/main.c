// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The nano guest: a virtual machine without an operating system that drives
 * the ringsched device. Started with `qemu -kernel nano.elf -append "mode=..."`,
 * it reports on the first serial line and ends QEMU through isa-debug-exit.
 */
#include "tests/nano/modes.h"

#define MULTIBOOT_MAGIC 0x2BADB002u
#define MULTIBOOT_HAS_COMMAND_LINE 0x4u

/* The head of the multiboot information block; the rest is not used. */
struct multiboot {
	uint32_t flags;
	uint32_t memory_lower;
	uint32_t memory_upper;
	uint32_t boot_device;
	uint32_t command_line;
};

/* The compiler may call these for structure copies, as in any program. */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
_Noreturn void nano_main(uint32_t magic, const struct multiboot *info);

void *memcpy(void *to, const void *from, size_t n)
{
	void *end = to;

	__asm__ volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(n) : : "memory");
	return to;
}

void *memset(void *to, int value, size_t n)
{
	void *end = to;

	__asm__ volatile("rep stosb" : "+D"(end), "+c"(n) : "a"(value) : "memory");
	return to;
}

static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
	{ "count=", offsetof(struct options, count) },
	{ "work=", offsetof(struct options, work_us) },
	{ "ring=", offsetof(struct options, ring) },
	{ "prio=", offsetof(struct options, prio) },
};

/* The text behind `name` at the start of the word, or NULL. */
static const char *value_of(const char *word, const char *name)
{
	while (*name && *word == *name)
		word++, name++;
	return *name ? NULL : word;
}

static void copy_word(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] && from[i] != ' ' && i < size - 1; i++)
		to[i] = from[i];
	to[i] = 0;
}

static void take_word(struct options *o, const char *word)
{
	const char *value = value_of(word, "mode=");
	uint32_t i;

	if (value)
		copy_word(o->mode, sizeof(o->mode), value);
	value = value_of(word, "attack=");
	if (value)
		copy_word(o->attack, sizeof(o->attack), value);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint32_t n = 0;

		value = value_of(word, numbers[i].name);
		if (!value)
			continue;
		while (*value >= '0' && *value <= '9')
			n = n * 10 + (uint32_t)(*value++ - '0');
		*(uint32_t *)((char *)o + numbers[i].offset) = n;
	}
}

static void parse(struct options *o, const char *line)
{
	while (*line) {
		while (*line == ' ')
			line++;
		take_word(o, line);
		while (*line && *line != ' ')
			line++;
	}
}

_Noreturn void nano_main(uint32_t magic, const struct multiboot *info)
{
	static struct device device;
	static struct options options = {
		.mode = "rings", .count = 1, .work_us = 1000, .ring = 1, .prio = 50
	};
	const struct mode *mode;
	enum nano_exit result;

	serial_init();
	if (magic == MULTIBOOT_MAGIC && info->flags & MULTIBOOT_HAS_COMMAND_LINE)
		parse(&options, (const char *)(uintptr_t)info->command_line);
	mode = mode_find(options.mode);
	if (!mode) {
		say("nano: no mode %s\n", options.mode);
		nano_exit(NANO_BAD_ARGUMENT);
	}
	if (!clock_init()) {
		say("nano: no ACPI timer\n");
		nano_exit(NANO_NO_CLOCK);
	}
	device_start(&device);
	device_send(&device, RS_KIND_ATTACH, 0, 0);
	result = mode->run(&device, &options);
	if (result == NANO_OK && mode->bye)
		device_send(&device, RS_KIND_BYE, 0, 0);
	if (result == NANO_OK)
		say("nano: ok %u\n", options.count);
	nano_exit(result);
}
