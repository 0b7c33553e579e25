// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/nano/platform.h"

#include <stdarg.h>

#define DEBUG_EXIT_PORT 0xf4
#define SERIAL_PORT 0x3f8
#define SERIAL_LSR (SERIAL_PORT + 5)
#define SERIAL_LSR_DATA 0x01
#define SERIAL_LSR_EMPTY 0x20
/* Where SeaBIOS puts the ACPI timer on QEMU's i440fx and q35 machines. */
#define ACPI_TIMER_PORT 0x608
#define ACPI_TIMER_MASK 0xffffffu
#define PCI_ADDRESS_PORT 0xcf8
#define PCI_DATA_PORT 0xcfc
#define PCI_SLOTS 32

_Noreturn void nano_exit(enum nano_exit code)
{
	out8(DEBUG_EXIT_PORT, code);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void serial_init(void)
{
	out8(SERIAL_PORT + 1, 0); /* no interrupts */
	out8(SERIAL_PORT + 3, 0x03); /* 8 bits, no parity */
	out8(SERIAL_PORT + 2, 0x01); /* FIFO on */
	out8(SERIAL_PORT + 4, 0x03); /* DTR, RTS */
}

static void put_char(char c)
{
	while (!(in8(SERIAL_LSR) & SERIAL_LSR_EMPTY))
		;
	out8(SERIAL_PORT, (uint8_t)c);
}

static void put_number(uint32_t value, uint32_t base)
{
	char digits[11];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		put_char(digits[--n]);
}

static void put_string(const char *s)
{
	while (*s)
		put_char(*s++);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (; *format; format++) {
		if (*format != '%') {
			put_char(*format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_string(va_arg(args, const char *));
			break;
		case 'u':
			put_number(va_arg(args, uint32_t), 10);
			break;
		case 'x':
			put_number(va_arg(args, uint32_t), 16);
			break;
		}
	}
	va_end(args);
}

int serial_wait(uint64_t limit_ns)
{
	uint64_t end = clock_ns() + limit_ns;

	while (!(in8(SERIAL_LSR) & SERIAL_LSR_DATA)) {
		if (clock_ns() > end)
			return -1;
		__asm__ volatile("pause");
	}
	return in8(SERIAL_PORT);
}

static uint32_t last_ticks;
static uint64_t total_ticks;

bool clock_init(void)
{
	int tries = 100000;

	last_ticks = in32(ACPI_TIMER_PORT) & ACPI_TIMER_MASK;
	while (tries--)
		if ((in32(ACPI_TIMER_PORT) & ACPI_TIMER_MASK) != last_ticks)
			return true;
	return false; /* no timer there: every wait below would be endless */
}

uint64_t clock_ns(void)
{
	uint32_t ticks = in32(ACPI_TIMER_PORT) & ACPI_TIMER_MASK;

	total_ticks += (ticks - last_ticks) & ACPI_TIMER_MASK;
	last_ticks = ticks;
	/* 1e9 / 3579545 = 279.365 ns a tick, in 1024ths: no 64-bit division. */
	return total_ticks * 286070 >> 10;
}

static void pci_select(struct pci_function f, uint8_t offset)
{
	out32(PCI_ADDRESS_PORT,
	      0x80000000u | (uint32_t)f.slot << 11 | (uint32_t)f.function << 8 | (offset & 0xfcu));
}

uint32_t pci_read32(struct pci_function f, uint8_t offset)
{
	pci_select(f, offset);
	return in32(PCI_DATA_PORT);
}

uint8_t pci_read8(struct pci_function f, uint8_t offset)
{
	return (uint8_t)(pci_read32(f, offset) >> 8 * (offset & 3));
}

void pci_write32(struct pci_function f, uint8_t offset, uint32_t value)
{
	pci_select(f, offset);
	out32(PCI_DATA_PORT, value);
}

bool pci_find(uint16_t vendor, uint16_t device, struct pci_function *found)
{
	/* Function 0 only: QEMU puts a device there unless told otherwise. */
	for (uint8_t slot = 0; slot < PCI_SLOTS; slot++) {
		struct pci_function f = { .slot = slot };

		if (pci_read32(f, 0) == (vendor | (uint32_t)device << 16)) {
			*found = f;
			return true;
		}
	}
	return false;
}
