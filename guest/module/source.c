// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of sources and the change from one to another; see source.h. */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "source.h"
#include "stats.h"

static const struct rs_source_ops source_none = { .name = "none" };

/* A source that this module does not have is NULL. */
static const struct rs_source_ops *const sources[] = {
	[RS_SOURCE_NONE] = &source_none,
	[RS_SOURCE_RING] = &rs_source_ring,
	[RS_SOURCE_SWITCH] = &rs_source_switch,
	[RS_SOURCE_SCAN] = &rs_source_scan,
};

static DEFINE_MUTEX(source_mutex); /* one change at a time */
static const struct rs_source_ops *current_source = &source_none; /* written under the mutex */

static void set_wanted(struct work_struct *work);
static DECLARE_WORK(source_work, set_wanted);
static atomic_t wanted = ATOMIC_INIT(RS_SOURCE_NONE);

bool rs_source_known(u32 id)
{
	return id < ARRAY_SIZE(sources) && sources[id];
}

static void tell_locked(void)
{
	if (current_source->tell)
		current_source->tell();
}

void rs_source_tell(void)
{
	mutex_lock(&source_mutex);
	tell_locked();
	mutex_unlock(&source_mutex);
}

int rs_source_set(u32 id)
{
	const struct rs_source_ops *next;
	int error = 0;

	if (!rs_source_known(id))
		return -EOPNOTSUPP;
	next = sources[id];
	mutex_lock(&source_mutex);
	if (next == current_source) {
		/* The host may have asked for another one in between, too short a
		 * time to be noticed here, and forgotten what it was told. */
		tell_locked();
		goto unlock;
	}
	if (current_source->stop)
		current_source->stop();
	/* A source may report from inside its start, so it is current before. */
	WRITE_ONCE(current_source, next);
	if (next->start)
		error = next->start();
	if (error)
		WRITE_ONCE(current_source, &source_none);
	else
		tell_locked();
	rs_stat_inc(RS_STAT_SOURCE_CHANGES);
unlock:
	mutex_unlock(&source_mutex);
	return error;
}

static void set_wanted(struct work_struct *work)
{
	int error = rs_source_set(atomic_read(&wanted));

	if (error)
		pr_err("ringsched: the source %d that the host asked for does not start (%d)\n",
		       atomic_read(&wanted), error);
}

void rs_source_set_later(u32 id)
{
	atomic_set(&wanted, id);
	schedule_work(&source_work);
}

void rs_source_settle(void)
{
	cancel_work_sync(&source_work);
}

bool rs_source_reports(enum rs_kind kind)
{
	return READ_ONCE(current_source)->kinds & BIT(kind);
}

const char *rs_source_name(void)
{
	return READ_ONCE(current_source)->name;
}
