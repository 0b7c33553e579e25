/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the nano guest needs of a PC: ports, the first serial line, a clock,
 * PCI configuration space and a way out. No interrupts, no memory manager.
 */
#ifndef NANO_PLATFORM_H
#define NANO_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why the guest ended; QEMU's own exit code is 2 * code + 1. */
enum nano_exit {
	NANO_OK = 0x10, /* QEMU exits with 33 */
	NANO_NO_DEVICE = 0x11,
	NANO_DEVICE_REFUSED = 0x12, /* features, magic or revision */
	NANO_TIMEOUT = 0x13, /* a used entry or a serial byte did not come */
	NANO_BAD_ARGUMENT = 0x14,
	NANO_NO_CLOCK = 0x15,
	NANO_WRONG_ANSWER = 0x16, /* the device answered what it must not */
};

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void barrier_full(void)
{
	__sync_synchronize();
}

/* Ends the virtual machine (isa-debug-exit at port 0xf4). */
_Noreturn void nano_exit(enum nano_exit code);

/* Serial line: formats know %s, %u and %x (32 bits) only. */
void serial_init(void);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The next byte sent to the guest, or -1 after limit_ns. */
int serial_wait(uint64_t limit_ns);

/*
 * Nanoseconds since clock_init(), from the ACPI timer (3.579545 MHz, 24
 * bits, so it must be read at least every 4 s). Real time under every
 * accelerator, unlike a count of instructions.
 */
bool clock_init(void);
uint64_t clock_ns(void);

/* A function on PCI bus 0. */
struct pci_function {
	uint8_t slot;
	uint8_t function;
};

uint32_t pci_read32(struct pci_function f, uint8_t offset);
uint8_t pci_read8(struct pci_function f, uint8_t offset);
void pci_write32(struct pci_function f, uint8_t offset, uint32_t value);
/* The first function with these ids; false where there is none. */
bool pci_find(uint16_t vendor, uint16_t device, struct pci_function *found);

#endif
