// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/nano/device.h"

#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_MODERN_BASE 0x1040
#define SEND_LIMIT_NS 2000000000ull

static inline uint32_t read32(volatile uint8_t *base, uint32_t offset)
{
	return *(volatile uint32_t *)(base + offset);
}

static inline void write32(volatile uint8_t *base, uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(base + offset) = value;
}

static inline uint16_t read16(volatile uint8_t *base, uint32_t offset)
{
	return *(volatile uint16_t *)(base + offset);
}

static inline void write16(volatile uint8_t *base, uint32_t offset, uint16_t value)
{
	*(volatile uint16_t *)(base + offset) = value;
}

/* The address behind a BAR the firmware has assigned; it must lie below 4 GiB. */
static volatile uint8_t *bar_address(struct pci_function f, uint8_t bar)
{
	uint8_t offset = PCI_BASE_ADDRESS_0 + 4 * bar;
	uint32_t low = pci_read32(f, offset);

	if (low & PCI_BASE_ADDRESS_SPACE_IO)
		return NULL;
	if ((low & PCI_BASE_ADDRESS_MEM_TYPE_64) && pci_read32(f, offset + 4)) {
		say("nano: BAR %u lies above 4 GiB\n", (uint32_t)bar);
		return NULL;
	}
	return (volatile uint8_t *)(uintptr_t)(low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK);
}

static void take_capability(struct device *d, struct pci_function f, uint8_t cap)
{
	uint8_t bar = pci_read8(f, cap + VIRTIO_PCI_CAP_BAR);
	uint8_t type = pci_read8(f, cap + VIRTIO_PCI_CAP_CFG_TYPE);
	volatile uint8_t *where;

	if (bar > 5)
		return;
	where = bar_address(f, bar);
	if (!where)
		return;
	where += pci_read32(f, cap + VIRTIO_PCI_CAP_OFFSET);
	if (type == VIRTIO_PCI_CAP_COMMON_CFG) {
		d->common = where;
	} else if (type == VIRTIO_PCI_CAP_DEVICE_CFG) {
		d->config = where;
	} else if (type == VIRTIO_PCI_CAP_NOTIFY_CFG) {
		d->notify = where;
		d->notify_step = pci_read32(f, cap + VIRTIO_PCI_NOTIFY_CAP_MULT);
	}
}

static void find_device(struct device *d)
{
	struct pci_function f;
	uint8_t cap;

	if (!pci_find(VIRTIO_VENDOR, VIRTIO_MODERN_BASE + RS_VIRTIO_ID, &f)) {
		say("nano: no device\n");
		nano_exit(NANO_NO_DEVICE);
	}
	pci_write32(f, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	/* The list is at most 48 entries long in 256 bytes: a loop ends too. */
	cap = pci_read8(f, PCI_CAPABILITY_LIST) & 0xfc;
	for (int n = 0; cap && n < 48; n++) {
		if (pci_read8(f, cap) == PCI_CAP_ID_VNDR)
			take_capability(d, f, cap);
		cap = pci_read8(f, cap + PCI_CAP_LIST_NEXT) & 0xfc;
	}
	if (!d->common || !d->config || !d->notify) {
		say("nano: the device lacks a capability\n");
		nano_exit(NANO_NO_DEVICE);
	}
}

void device_reset(struct device *d)
{
	uint64_t end = clock_ns() + SEND_LIMIT_NS;

	d->common[VIRTIO_PCI_COMMON_STATUS] = 0;
	while (d->common[VIRTIO_PCI_COMMON_STATUS])
		if (clock_ns() > end) {
			say("nano: the device does not reset\n");
			nano_exit(NANO_TIMEOUT);
		}
}

static void negotiate(struct device *d)
{
	const uint32_t version_1 = 1u << (VIRTIO_F_VERSION_1 - 32);
	volatile uint8_t *status = &d->common[VIRTIO_PCI_COMMON_STATUS];

	*status = VIRTIO_CONFIG_S_ACKNOWLEDGE;
	*status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
	write32(d->common, VIRTIO_PCI_COMMON_DFSELECT, 1);
	if (!(read32(d->common, VIRTIO_PCI_COMMON_DF) & version_1)) {
		say("nano: the device is not a modern one\n");
		nano_exit(NANO_DEVICE_REFUSED);
	}
	write32(d->common, VIRTIO_PCI_COMMON_GFSELECT, 0);
	write32(d->common, VIRTIO_PCI_COMMON_GF, 0);
	write32(d->common, VIRTIO_PCI_COMMON_GFSELECT, 1);
	write32(d->common, VIRTIO_PCI_COMMON_GF, version_1);
	*status |= VIRTIO_CONFIG_S_FEATURES_OK;
	if (!(*status & VIRTIO_CONFIG_S_FEATURES_OK)) {
		say("nano: the device refuses VERSION_1 alone\n");
		nano_exit(NANO_DEVICE_REFUSED);
	}
	if (read32(d->config, 4) != RS_MAGIC || d->config[2] != RS_REVISION) {
		say("nano: magic %x revision %u, expected %x revision %u\n", read32(d->config, 4),
		    (uint32_t)d->config[2], RS_MAGIC, (uint32_t)RS_REVISION);
		nano_exit(NANO_DEVICE_REFUSED);
	}
}

static void set_address(struct device *d, uint32_t offset, uint64_t address)
{
	write32(d->common, offset, (uint32_t)address);
	write32(d->common, offset + 4, (uint32_t)(address >> 32));
}

void device_place(struct device *d, uint16_t number, const struct queue_place *place)
{
	write16(d->common, VIRTIO_PCI_COMMON_Q_SELECT, number);
	write16(d->common, VIRTIO_PCI_COMMON_Q_SIZE, place->size);
	set_address(d, VIRTIO_PCI_COMMON_Q_DESCLO, place->desc);
	set_address(d, VIRTIO_PCI_COMMON_Q_AVAILLO, place->avail);
	set_address(d, VIRTIO_PCI_COMMON_Q_USEDLO, place->used);
	write16(d->common, VIRTIO_PCI_COMMON_Q_ENABLE, 1);
}

static void start_queue(struct device *d, uint16_t number, const struct queue_place *place)
{
	struct queue *q = &d->queue[number];
	const struct queue_place own = {
		.desc = (uintptr_t)q->desc,
		.avail = (uintptr_t)&q->avail,
		.used = (uintptr_t)&q->used,
		.size = DEVICE_QUEUE_SIZE,
	};
	uint16_t offset;

	write16(d->common, VIRTIO_PCI_COMMON_Q_SELECT, number);
	if (read16(d->common, VIRTIO_PCI_COMMON_Q_SIZE) < DEVICE_QUEUE_SIZE) {
		say("nano: queue %u has fewer than %u entries\n", (uint32_t)number,
		    (uint32_t)DEVICE_QUEUE_SIZE);
		nano_exit(NANO_DEVICE_REFUSED);
	}
	q->avail.flags = VRING_AVAIL_F_NO_INTERRUPT; /* used entries are polled */
	offset = read16(d->common, VIRTIO_PCI_COMMON_Q_NOFF);
	q->doorbell = (volatile uint16_t *)(d->notify + offset * d->notify_step);
	q->number = number;
	device_place(d, number, place ? place : &own);
}

static void fill_events(struct device *d)
{
	struct queue *q = &d->queue[RS_QUEUE_EVENT];

	for (uint16_t i = 0; i < DEVICE_QUEUE_SIZE; i++) {
		q->desc[i].addr = (uintptr_t)&d->event[i];
		q->desc[i].len = sizeof(d->event[i]);
		q->desc[i].flags = VRING_DESC_F_WRITE;
		q->avail.ring[i] = i;
	}
	barrier_full();
	q->avail.index = DEVICE_QUEUE_SIZE;
}

void device_start(struct device *d)
{
	find_device(d);
	device_reset(d);
	device_start_again(d, NULL);
}

void device_start_again(struct device *d, const struct queue_place *places)
{
	negotiate(d);
	for (uint16_t i = 0; i < RS_QUEUE_COUNT; i++) {
		d->queue[i].avail.index = 0;
		d->queue[i].used.index = 0;
		start_queue(d, i, places ? &places[i] : NULL);
	}
	d->events_seen = 0;
	fill_events(d);
	d->common[VIRTIO_PCI_COMMON_STATUS] |= VIRTIO_CONFIG_S_DRIVER_OK;
	*d->queue[RS_QUEUE_EVENT].doorbell = RS_QUEUE_EVENT;
}

struct rs_message *device_message(struct device *d, enum rs_kind kind, uint16_t *slot)
{
	struct queue *q = &d->queue[RS_QUEUE_NOTIFY];
	uint16_t i = d->sequence % DEVICE_QUEUE_SIZE;

	d->message[i] = (struct rs_message){
		.kind = kind,
		.revision = RS_REVISION,
		.sequence = ++d->sequence,
		.guest_ns = clock_ns(),
	};
	q->desc[i].addr = (uintptr_t)&d->message[i];
	q->desc[i].len = sizeof(d->message[i]);
	q->desc[i].flags = 0;
	q->desc[i].next = 0;
	*slot = i;
	return &d->message[i];
}

void queue_post(struct queue *q, uint16_t head)
{
	q->avail.ring[q->avail.index % DEVICE_QUEUE_SIZE] = head;
	barrier_full(); /* the entry is written before the index that shows it */
	*(volatile uint16_t *)&q->avail.index = q->avail.index + 1;
	barrier_full(); /* and the index before the doorbell */
	*q->doorbell = q->number;
}

bool queue_drained(struct queue *q, uint64_t limit_ns)
{
	uint64_t end = clock_ns() + limit_ns;

	while (q->used.index != q->avail.index) {
		if (clock_ns() > end)
			return false;
		__asm__ volatile("pause");
	}
	return true;
}

void device_send(struct device *d, enum rs_kind kind, uint16_t ring_id, uint8_t ring_prio)
{
	struct queue *q = &d->queue[RS_QUEUE_NOTIFY];
	struct rs_message *m;
	uint16_t slot;

	m = device_message(d, kind, &slot);
	m->ring_id = ring_id;
	m->ring_prio = ring_prio;
	if (kind == RS_KIND_ATTACH)
		m->arg0 = 1; /* vCPUs */
	queue_post(q, slot);
	if (!queue_drained(q, SEND_LIMIT_NS)) {
		say("nano: message %u of kind %u was not taken\n", d->sequence, (uint32_t)kind);
		nano_exit(NANO_TIMEOUT);
	}
}

const struct rs_event *device_event(struct device *d)
{
	struct queue *q = &d->queue[RS_QUEUE_EVENT];
	const struct vring_used_elem *e;

	if (q->used.index == d->events_seen)
		return NULL;
	barrier_full(); /* the index is read before the entry it covers */
	e = &q->used.ring[d->events_seen++ % DEVICE_QUEUE_SIZE];
	if (e->id >= DEVICE_QUEUE_SIZE || e->len != sizeof(struct rs_event)) {
		say("nano: event entry id %u length %u\n", e->id, e->len);
		nano_exit(NANO_WRONG_ANSWER);
	}
	return &d->event[e->id];
}
