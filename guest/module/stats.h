/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of the module, and its folder in debugfs. */
#ifndef RINGSCHED_STATS_H
#define RINGSCHED_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>

enum rs_stat {
	RS_STAT_KICKS, /* the host was notified: a VM exit where KVM runs */
	RS_STAT_MESSAGES_ATTACH, /* messages put on the queue, by kind */
	RS_STAT_MESSAGES_START,
	RS_STAT_MESSAGES_END,
	RS_STAT_MESSAGES_SWITCH,
	RS_STAT_MESSAGES_RING_CHANGE,
	RS_STAT_MESSAGES_BYE,
	RS_STAT_MESSAGES_SCAN,
	RS_STAT_DROPPED, /* the queue was full; the sequence number is used up */
	RS_STAT_BROKEN, /* the queue refused it: the host broke the protocol */
	RS_STAT_UNSENT, /* there is no device */
	RS_STAT_MUTED, /* the host's source does not report this kind */
	RS_STAT_EVENTS, /* accepted from the host */
	RS_STAT_EVENTS_REFUSED, /* wrong length, revision, kind or argument */
	RS_STAT_INTERRUPTS, /* external interrupts, of these events */
	RS_STAT_INTERRUPTS_UNBOUND, /* of these, no running ring is bound to their source */
	RS_STAT_SOURCE_CHANGES,
	RS_STAT_SWITCH_SAME_PRIORITY, /* SWITCH that told the priority told before */
	RS_STAT_COUNT
};

extern atomic64_t rs_stats[RS_STAT_COUNT];

static inline void rs_stat_inc(enum rs_stat stat)
{
	atomic64_inc(&rs_stats[stat]);
}

enum rs_time { /* what sending takes in the guest, counted by duration */
	       RS_TIME_QUEUE, /* a message onto the queue, waiting for its lock included */
	       RS_TIME_KICK, /* telling the host: a VM exit where KVM runs */
	       RS_TIME_COUNT
};

/* Any context. What the host does to the vCPU meanwhile is in there as well. */
void rs_stat_time(enum rs_time what, u64 ns);

void rs_stats_init(void);
void rs_stats_exit(void);

#endif /* RINGSCHED_STATS_H */
