/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause */
/*
 * ringsched wire header: all that crosses between a guest and its host, and
 * between the guest's module and its user space.
 *
 * Self-standing: compiles in the kernel, in user space and in C++. Every
 * multi-byte field that crosses to the host is little-endian, every hole is
 * an explicit reserved field that the sender sets to zero and the receiver
 * ignores. All times are nanoseconds of CLOCK_MONOTONIC of the side that
 * sends them.
 *
 * A change of any layout below needs a new RS_REVISION: both sides refuse a
 * revision that is not their own.
 */
#ifndef RINGSCHED_UAPI_H
#define RINGSCHED_UAPI_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define RS_MAGIC 0x48435352u /* the bytes "RSCH" in memory order */
#define RS_REVISION 2

/*
 * The virtio device type the messages travel on. The type of the stock
 * carrier device (QEMU's vhost-user-gpio-pci) is borrowed: the magic in the
 * configuration space tells ringsched's device from a real GPIO controller.
 */
#define RS_VIRTIO_ID 41

/* Virtqueues of the device (virtio 1.2, section 2.6: split virtqueues). */
#define RS_QUEUE_NOTIFY 0 /* guest to host: one struct rs_message a buffer */
#define RS_QUEUE_EVENT 1 /* host to guest: one struct rs_event a buffer */
#define RS_QUEUE_COUNT 2

/* Bounds that both sides check. */
#define RS_RING_MAX 16 /* rings in one guest; ring ids are 0 to 15 */
#define RS_MEMBER_MAX 32 /* processes in one ring, visitors included */
#define RS_PRIO_MIN 1 /* a ring's priority is a SCHED_FIFO priority */
#define RS_PRIO_MAX 99
#define RS_VCPU_MAX 64 /* vCPUs a message can name: 0 to 63 */
#define RS_INTERRUPT_MAX 16 /* interrupt sources of one guest; numbers are 0 to 15 */
#define RS_PERIOD_MIN_NS 100000ull /* 100 us */
#define RS_PERIOD_MAX_NS 60000000000ull /* 60 s */

/* What the guest reports; chosen by the host (a policy's needs). */
enum rs_source {
	RS_SOURCE_NONE = 0, /* nothing but ATTACH and BYE */
	RS_SOURCE_RING = 1, /* START and END of rings (P7) */
	RS_SOURCE_SWITCH = 2, /* every task switch to or from a real-time task (P3) */
	RS_SOURCE_SCAN = 3, /* where its run queues are, once: the host reads them (P2) */
};

/*
 * Configuration space, 8 bytes. Bytes 0-1 are zero so that a driver for
 * GPIO controllers sees a device without lines and refuses it.
 */
struct rs_config {
	__le16 zero;
	__u8 revision; /* RS_REVISION of the host */
	__u8 source; /* enum rs_source to begin with */
	__le32 magic; /* RS_MAGIC */
};

enum rs_kind {
	RS_KIND_ATTACH = 1, /* the driver is ready; arg0 = number of vCPUs */
	/*
	 * A ring's first process begins (P7, P8). arg0, of a ring that an interrupt
	 * released (P14c): sequence of the newest RS_EVENT_INTERRUPT that this
	 * period is about, those included that came too often to be served; else 0.
	 */
	RS_KIND_START = 2,
	RS_KIND_END = 3, /* a ring's last process is done (P7, P8) */
	RS_KIND_SWITCH = 4, /* ring_prio = the vCPU's priority now, 0 = none */
	RS_KIND_RING_CHANGE = 5, /* a process visits ring_id; arg0 = its home (P6) */
	RS_KIND_BYE = 6, /* the driver goes; no ring is active any more */
	RS_KIND_SCAN = 7, /* address = of a struct rs_scan, arg0 = its size (P2) */
	RS_KIND_COUNT
};

/* One notification, guest to host. 48 bytes. */
struct rs_message {
	__le16 kind; /* enum rs_kind */
	__u8 revision; /* RS_REVISION of the guest */
	__u8 ring_prio; /* RS_PRIO_MIN to RS_PRIO_MAX; 0 where no ring is meant */
	__le16 ring_id; /* 0 to RS_RING_MAX - 1 */
	__le16 vcpu; /* index of the vCPU that sent it */
	__le32 sequence; /* of the device, 1 for ATTACH, then one more each; wraps */
	__le32 arg0; /* by kind, see enum rs_kind; else 0 */
	__le64 guest_ns; /* the guest's clock when it was sent */
	__le64 period_ns; /* of the ring, 0 = not known */
	__le64 next_start_ns; /* from guest_ns to the next expected START, 0 = unknown */
	__le64 address; /* guest-physical; SCAN only, else 0 */
};

/* Why a guest cannot say where its run queues are. */
enum rs_scan_obstacle {
	RS_SCAN_CLEAR = 0, /* none: the addresses are there */
	RS_SCAN_NO_SYMBOLS = 1, /* its module cannot look up the kernel's symbols */
	RS_SCAN_NO_BTF = 2, /* its kernel was built without BTF */
	RS_SCAN_SCATTERED = 3, /* not in one piece of physical memory */
	RS_SCAN_OBSTACLES
};

#define RS_SCAN_MAGIC 0x4e414353u /* the bytes "SCAN" in memory order */
#define RS_BTF_MAX (16u << 20) /* bytes of type information a host takes */

/*
 * Where a host finds what it needs to read the guest's run queues by itself
 * (P2). It lies in guest memory and is read once, after the message that names
 * it; the guest leaves it there until the source changes. The run queues stay
 * where they are as long as its kernel runs. 536 bytes.
 */
struct rs_scan {
	__le32 magic; /* RS_SCAN_MAGIC */
	__u8 revision; /* RS_REVISION of the guest */
	__u8 obstacle; /* enum rs_scan_obstacle; if there is one, the rest is 0 */
	__le16 vcpus; /* 1 to RS_VCPU_MAX; entries of rq_address that count */
	__le64 btf_address; /* guest-physical: the kernel's own BTF */
	__le32 btf_size; /* up to RS_BTF_MAX */
	__le32 reserved;
	__le64 rq_address[RS_VCPU_MAX]; /* guest-physical: struct rq of each vCPU; 0 = none */
};

enum rs_event_kind {
	RS_EVENT_SOURCE = 1, /* arg0 = enum rs_source to use from now on */
	RS_EVENT_INTERRUPT = 2, /* arg0 = number of the interrupt source (P11) */
};

/* One event, host to guest. 24 bytes. */
struct rs_event {
	__le16 kind; /* enum rs_event_kind */
	__u8 revision; /* RS_REVISION of the host */
	__u8 reserved0;
	__le32 sequence; /* of the device, from 1 */
	__le32 arg0; /* by kind */
	__le32 reserved1;
	__le64 host_ns; /* the host's clock: SOURCE: now; INTERRUPT: when it came to the host */
};

/*
 * The interface of /dev/ringsched, guest user space to module. Native
 * endianness. One open file is at most one member of one ring; closing the
 * file (exit and SIGKILL included) leaves the ring. Errors are errno values.
 */

/* What releases a ring. */
enum rs_trigger {
	RS_TRIGGER_TIMER = 0, /* its period */
	RS_TRIGGER_INTERRUPT = 1, /* an external interrupt (P14c) */
};

/*
 * RS_IOC_RING_CREATE: a new ring, stopped and empty. It ends with the process
 * that made it, or with the last close of the file. EINVAL: a field is out of
 * its bounds, or no such vCPU is online; EPERM: rings were made through this
 * file by another process.
 */
struct rs_ring_params {
	__u32 ring_id; /* 0 to RS_RING_MAX - 1; EEXIST where taken */
	__u32 ring_prio; /* RS_PRIO_MIN..MAX; EEXIST where a ring has it (P5) */
	__u32 members; /* processes that join before it starts, 1 to RS_MEMBER_MAX */
	__s32 vcpu; /* where its timer is, and libringsched pins its processes; -1 = any */
	__u64 period_ns; /* RS_PERIOD_MIN_NS to RS_PERIOD_MAX_NS; by interrupt: its usual interval */
	__u64 deadline_ns; /* from the release, 1 to 10 * period_ns; also the longest turn */
	__u64 offset_ns; /* of the first release from the start time; up to RS_PERIOD_MAX_NS */
	__u32 trigger; /* enum rs_trigger; by interrupt: vcpu is where it is handled, offset_ns 0 */
	__u32 interrupt; /* number of its source, 0 to RS_INTERRUPT_MAX - 1; by timer: 0 */
};

/* RS_IOC_RING_JOIN: the calling process becomes member `slot` of the ring. */
struct rs_ring_join {
	__u32 ring_id; /* ENOENT where there is none */
	__u32 slot; /* 0 = first; EBUSY where taken, ENOSPC past the last; EISCONN: joined already */
};

/*
 * RS_IOC_RING_START: releases begin at base_ns + offset_ns; those by interrupt
 * at once.
 * ENOENT: no such ring; EAGAIN: not all members have joined; EALREADY: runs;
 * EINVAL: more than an hour ahead. RS_IOC_RING_STOP: ENOENT, EALREADY: does not
 * run. A ring that was stopped can be started again.
 */
struct rs_ring_start {
	__u32 ring_id;
	__u32 reserved;
	__u64 base_ns; /* CLOCK_MONOTONIC of the guest; 0 or the past = now */
};

#define RS_TURN_FIRST 0x1u /* this turn begins the ring's period: START is due now */
/* Its completion ends the period, and END is due then; unless a member comes
 * home from a visit meanwhile, which then has its turn after this one. */
#define RS_TURN_LAST 0x2u
#define RS_TURN_VISIT 0x4u /* the turn is in a visited ring (P6) */
#define RS_TURN_RETURNED 0x8u /* first turn at home after a visit */

/*
 * RS_IOC_RING_WAIT: completes the caller's turn, if it has one, and sleeps
 * until the next. EINTR on a signal; ESHUTDOWN once the ring is stopped or
 * destroyed; ENOTCONN for a file that is no member; EPERM for a thread other
 * than the one that joined. A device that comes or goes does not end a wait.
 */
struct rs_turn {
	__u64 sequence; /* of the release, from 0; a gap = releases skipped */
	__u64 release_ns; /* planned release, or when the handler ran; guest's clock */
	__u64 raised_ns; /* by interrupt: when it came to the host, host's clock; else 0 */
	__u32 ring_id;
	__u32 flags; /* RS_TURN_* */
};

/*
 * RS_IOC_NOTIFY: g_sched_notify_start()/_end() for user space (P8). ENODEV:
 * there is no device; ENOSPC: the host does not read; EIO: the device is
 * broken; EINVAL: a number is out of its bounds. A host that does not want to
 * be told is no failure.
 */
struct rs_notify {
	__u32 kind; /* RS_KIND_START or RS_KIND_END */
	__u32 ring_id;
	__u32 ring_prio;
	__u32 reserved;
};

#define RS_IOC_TYPE 'R'
#define RS_IOC_REVISION _IOR(RS_IOC_TYPE, 0x40, __u32)
#define RS_IOC_RING_CREATE _IOW(RS_IOC_TYPE, 0x41, struct rs_ring_params)
#define RS_IOC_RING_DESTROY _IOW(RS_IOC_TYPE, 0x42, __u32) /* ring_id */
#define RS_IOC_RING_JOIN _IOW(RS_IOC_TYPE, 0x43, struct rs_ring_join)
#define RS_IOC_RING_LEAVE _IO(RS_IOC_TYPE, 0x44)
#define RS_IOC_RING_START _IOW(RS_IOC_TYPE, 0x45, struct rs_ring_start)
#define RS_IOC_RING_STOP _IOW(RS_IOC_TYPE, 0x46, __u32) /* ring_id */
#define RS_IOC_RING_WAIT _IOR(RS_IOC_TYPE, 0x47, struct rs_turn)
/*
 * RS_IOC_RING_CHANGE: the caller takes part in one period of another ring,
 * as its last process, and is then a member of its own ring again (P6).
 * EBUSY: a change is under way already; ENOENT: no such ring; ENOSPC: the
 * ring is full; EINVAL: it is the caller's own ring; ENOTCONN: no member;
 * ESHUTDOWN: one of the two rings does not run; EPERM: as RS_IOC_RING_WAIT.
 */
#define RS_IOC_RING_CHANGE _IOW(RS_IOC_TYPE, 0x48, __u32) /* ring_id */
#define RS_IOC_NOTIFY _IOW(RS_IOC_TYPE, 0x49, struct rs_notify)

#if defined(__cplusplus)
#define RS_ASSERT_SIZE(type, size) static_assert(sizeof(type) == (size), #type)
#else
#define RS_ASSERT_SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), #type " has another layout")
#endif

RS_ASSERT_SIZE(struct rs_config, 8);
RS_ASSERT_SIZE(struct rs_message, 48);
RS_ASSERT_SIZE(struct rs_scan, 536);
RS_ASSERT_SIZE(struct rs_event, 24);
RS_ASSERT_SIZE(struct rs_ring_params, 48);
RS_ASSERT_SIZE(struct rs_ring_join, 8);
RS_ASSERT_SIZE(struct rs_ring_start, 16);
RS_ASSERT_SIZE(struct rs_turn, 32);
RS_ASSERT_SIZE(struct rs_notify, 16);

#endif /* RINGSCHED_UAPI_H */
