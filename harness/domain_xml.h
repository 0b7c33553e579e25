/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The XML of a VM, as libvirt wants it (https://libvirt.org/formatdomain.html).
 */
#ifndef RINGSCHED_DOMAIN_XML_H
#define RINGSCHED_DOMAIN_XML_H

#include <stdbool.h>

struct rs_error;
struct scenario;
struct scenario_vm;

/*
 * The stock QEMU device whose virtqueues carry ringsched's messages. Which
 * one fits is a matter of QEMU's version: see the table in domain_xml.c.
 */
struct carrier {
	unsigned long from; /* first QEMU version, as libvirt counts: 7.2.0 = 7002000 */
	const char *device; /* model and properties */
	const char *reconnect; /* of its character device: to a daemon that was started again */
};

/* NULL with *err set where QEMU is too old. */
const struct carrier *carrier_find(unsigned long qemu_version, struct rs_error **err);

struct domain_config { /* all borrowed */
	const char *name; /* libvirt's, unique on the machine */
	const struct scenario *scenario; /* cores */
	const struct scenario_vm *vm;
	const struct carrier *carrier;
	bool kvm; /* else TCG */
	const char *emulator; /* QEMU's path */
	const char *kernel, *initrd, *cmdline;
	const char *disk; /* qcow2 file, or NULL */
	const char *tools; /* raw image of programs for loads, or NULL; read only */
	bool direct_io; /* the disk's file system can do without the page cache */
	const char *block_device; /* that the disk's file lies on; for I/O limits */
	const char *agent_socket; /* QEMU makes and listens on it */
	const char *notify_socket; /* vhost-user; the daemon listens on it */
	const char *console; /* file */
};

/* Allocated (caller frees); NULL with *err set. */
char *domain_xml(const struct domain_config *config, struct rs_error **err);

/* "0,2" from a list of cores. */
void cores_text(const int *cores, unsigned int count, char *text, unsigned long size);

#endif
