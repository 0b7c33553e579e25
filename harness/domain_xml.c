// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/domain_xml.h"

#include <errno.h>
#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <string.h>

#include "harness/placement.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"

#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

/*
 * Newest first. 7.2 to 10.1: the GPIO carrier has two queues of 256 and takes
 * its eight bytes of configuration from the daemon. From 10.2 on the generic
 * device may be created by users again, and says all of that itself.
 */
static const struct carrier carriers[] = {
	{ 10002000, "vhost-user-test-device-pci,virtio-id=41,num_vqs=2,vq_size=256,config_size=8",
	  "reconnect-ms=1000" },
	{ 9002000, "vhost-user-gpio-pci", "reconnect-ms=1000" },
	{ 7002000, "vhost-user-gpio-pci", "reconnect=1" }, /* s; later versions deprecate it */
	{ 0, NULL, NULL },
};

/* A slot of the root bus that libvirt, which fills from below, leaves free. */
#define CARRIER_ADDRESS "bus=pcie.0,addr=0x10"

const struct carrier *carrier_find(unsigned long qemu_version, struct rs_error **err)
{
	const struct carrier *c;

	for (c = carriers; c->device; c++)
		if (qemu_version >= c->from)
			return c;
	rs_fail(err, ENOTSUP, "QEMU %lu.%lu is too old: 7.2 or newer is needed",
		qemu_version / 1000000, qemu_version / 1000 % 1000);
	return NULL;
}

void cores_text(const int *cores, unsigned int count, char *text, unsigned long size)
{
	unsigned long used = 0;
	unsigned int i;

	text[0] = '\0';
	for (i = 0; i < count && used < size; i++)
		used += (unsigned long)snprintf(text + used, size - used, "%s%d", i ? "," : "",
						cores[i]);
}

/* <name a1="v1" ...>, left open: attribute names and values, ended by NULL.
 * The writer remembers its first failure, which domain_xml() looks at. */
static __attribute__((sentinel)) void begin(xmlTextWriterPtr w, const char *name, ...)
{
	const char *attribute;
	va_list args;

	xmlTextWriterStartElement(w, BAD_CAST name);
	va_start(args, name);
	while ((attribute = va_arg(args, const char *)))
		xmlTextWriterWriteAttribute(w, BAD_CAST attribute,
					    BAD_CAST va_arg(args, const char *));
	va_end(args);
}

static void end(xmlTextWriterPtr w)
{
	xmlTextWriterEndElement(w);
}

#define empty(w, ...)                  \
	do {                           \
		begin(w, __VA_ARGS__); \
		end(w);                \
	} while (0)

static __attribute__((format(printf, 3, 4))) void text(xmlTextWriterPtr w, const char *name,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	xmlTextWriterStartElement(w, BAD_CAST name);
	xmlTextWriterWriteVFormatString(w, format, args);
	xmlTextWriterEndElement(w);
	va_end(args);
}

/* Guest memory is shared with the daemon, which reads the virtqueues in it. */
static void write_memory(xmlTextWriterPtr w, const struct domain_config *c)
{
	begin(w, "memory", "unit", "MiB", NULL);
	xmlTextWriterWriteFormatString(w, "%u", c->vm->memory_mib);
	end(w);
	begin(w, "memoryBacking", NULL);
	empty(w, "source", "type", "memfd", NULL);
	empty(w, "access", "mode", "shared", NULL);
	end(w);
}

/*
 * vCPU threads on the shared cores, all other threads of QEMU on housekeeping
 * cores: a main thread that is preempted while it holds QEMU's lock would
 * make a boosted vCPU wait.
 */
static void write_cpu(xmlTextWriterPtr w, const struct domain_config *c)
{
	const struct scenario *s = c->scenario;
	char housekeeping[128], core[16], index[16];
	unsigned int i;

	cores_text(s->housekeeping_cores, s->housekeeping_core_count, housekeeping,
		   sizeof(housekeeping));
	text(w, "vcpu", "%u", c->vm->vcpus);
	text(w, "iothreads", "1");
	begin(w, "cputune", NULL);
	text(w, "shares", "%u", c->vm->cpu_shares);
	if (c->vm->cpu_quota_us) {
		text(w, "period", "%llu", (unsigned long long)c->vm->cpu_period_us);
		text(w, "quota", "%llu", (unsigned long long)c->vm->cpu_quota_us);
	}
	for (i = 0; i < c->vm->vcpus; i++) {
		snprintf(index, sizeof(index), "%u", i);
		snprintf(core, sizeof(core), "%d", placement_core(s, i));
		empty(w, "vcpupin", "vcpu", index, "cpuset", core, NULL);
	}
	empty(w, "emulatorpin", "cpuset", housekeeping, NULL);
	empty(w, "iothreadpin", "iothread", "1", "cpuset", housekeeping, NULL);
	end(w);
}

static void write_io_limits(xmlTextWriterPtr w, const struct domain_config *c)
{
	const struct {
		const char *name;
		unsigned long long value;
	} limits[] = {
		{ "read_bytes_sec", c->vm->read_bytes_sec },
		{ "write_bytes_sec", c->vm->write_bytes_sec },
		{ "read_iops_sec", c->vm->read_iops_sec },
		{ "write_iops_sec", c->vm->write_iops_sec },
	};
	unsigned int i;

	if (!c->block_device)
		return;
	begin(w, "blkiotune", NULL);
	begin(w, "device", NULL);
	text(w, "path", "%s", c->block_device);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].value)
			text(w, limits[i].name, "%llu", limits[i].value);
	end(w);
	end(w);
}

static void write_boot(xmlTextWriterPtr w, const struct domain_config *c)
{
	begin(w, "os", NULL);
	begin(w, "type", "arch", "x86_64", "machine", "q35", NULL);
	xmlTextWriterWriteString(w, BAD_CAST "hvm");
	end(w);
	text(w, "kernel", "%s", c->kernel);
	text(w, "initrd", "%s", c->initrd);
	text(w, "cmdline", "%s", c->cmdline);
	end(w);
	begin(w, "features", NULL);
	empty(w, "acpi", NULL);
	empty(w, "apic", NULL);
	end(w);
	empty(w, "cpu", "mode", c->kvm ? "host-passthrough" : "maximum", NULL);
	/* Without HPET the guest does not choose it: a read of it leaves the VM. */
	begin(w, "clock", "offset", "utc", NULL);
	empty(w, "timer", "name", "hpet", "present", "no", NULL);
	end(w);
	text(w, "on_poweroff", "destroy");
	text(w, "on_reboot", "destroy");
	text(w, "on_crash", "destroy");
}

/* cache=none, so that the VM's I/O is its own and the cgroup's limits see it. */
static void write_disk(xmlTextWriterPtr w, const struct domain_config *c)
{
	if (!c->disk)
		return;
	begin(w, "disk", "type", "file", "device", "disk", NULL);
	empty(w, "driver", "name", "qemu", "type", "qcow2", "cache",
	      c->direct_io ? "none" : "writeback", "io", c->direct_io ? "native" : "threads",
	      "iothread", "1", NULL);
	empty(w, "source", "file", c->disk, NULL);
	empty(w, "target", "dev", "vda", "bus", "virtio", NULL);
	if (c->vm->image == VM_IMAGE_SMALL)
		text(w, "serial", "rs-scratch");
	end(w);
}

/* Through the host's page cache: starting a program is no I/O of the VM. */
static void write_tools(xmlTextWriterPtr w, const struct domain_config *c)
{
	if (!c->tools)
		return;
	begin(w, "disk", "type", "file", "device", "disk", NULL);
	empty(w, "driver", "name", "qemu", "type", "raw", "cache", "writeback", NULL);
	empty(w, "source", "file", c->tools, NULL);
	empty(w, "target", "dev", "vdb", "bus", "virtio", NULL);
	empty(w, "readonly", NULL);
	text(w, "serial", "rs-tools");
	end(w);
}

static void write_devices(xmlTextWriterPtr w, const struct domain_config *c)
{
	begin(w, "devices", NULL);
	text(w, "emulator", "%s", c->emulator);
	write_disk(w, c);
	write_tools(w, c);
	empty(w, "controller", "type", "usb", "model", "none", NULL);
	begin(w, "serial", "type", "file", NULL);
	empty(w, "source", "path", c->console, NULL);
	empty(w, "target", "port", "0", NULL);
	end(w);
	begin(w, "channel", "type", "unix", NULL);
	empty(w, "source", "mode", "bind", "path", c->agent_socket, NULL);
	empty(w, "target", "type", "virtio", "name", "org.ringsched.agent", NULL);
	end(w);
	empty(w, "memballoon", "model", "none", NULL);
	end(w);
}

static void write_carrier(xmlTextWriterPtr w, const struct domain_config *c)
{
	cleanup_free char *chardev = NULL, *device = NULL;

	if (asprintf(&chardev, "socket,id=ringsched,path=%s,%s", c->notify_socket,
		     c->carrier->reconnect) < 0 ||
	    asprintf(&device, "%s,chardev=ringsched," CARRIER_ADDRESS, c->carrier->device) < 0)
		return;
	begin(w, "qemu:commandline", NULL);
	empty(w, "qemu:arg", "value", "-chardev", NULL);
	empty(w, "qemu:arg", "value", chardev, NULL);
	empty(w, "qemu:arg", "value", "-device", NULL);
	empty(w, "qemu:arg", "value", device, NULL);
	end(w);
}

char *domain_xml(const struct domain_config *config, struct rs_error **err)
{
	xmlBufferPtr buffer = xmlBufferCreate();
	xmlTextWriterPtr w = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
	char *xml = NULL;

	if (w) {
		xmlTextWriterSetIndent(w, 1);
		begin(w, "domain", "type", config->kvm ? "kvm" : "qemu", "xmlns:qemu",
		      QEMU_NAMESPACE, NULL);
		text(w, "name", "%s", config->name);
		write_memory(w, config);
		write_cpu(w, config);
		write_io_limits(w, config);
		write_boot(w, config);
		write_devices(w, config);
		write_carrier(w, config);
		end(w);
		if (xmlTextWriterEndDocument(w) >= 0)
			xml = strdup((const char *)xmlBufferContent(buffer));
		xmlFreeTextWriter(w);
	}
	if (buffer)
		xmlBufferFree(buffer);
	if (!xml)
		rs_fail(err, ENOMEM, "writing the XML of VM %s failed", config->name);
	return xml;
}
