/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of processes that made themselves orphans, as libvirt's QEMUs do.
 * libvirt waits until the pid is gone, which is when the orphan's new parent
 * has collected it. Some first processes of a container take two seconds for
 * that, for each VM. Between begin and end this process is that parent and
 * collects at once; outside of them orphans go to it too, and wait.
 */
#ifndef RINGSCHED_REAPER_H
#define RINGSCHED_REAPER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct reaper {
	pthread_t thread;
	bool running;
	atomic_bool stop;
	unsigned int patience_ms;
};

/*
 * An orphan is collected once it has been dead for `patience_ms`: where libvirt
 * has children of its own that look like orphans, it needs time to collect
 * them itself. Without the thread all still works, only slower: so neither
 * can fail.
 */
void reaper_begin(struct reaper *r, unsigned int patience_ms);
void reaper_end(struct reaper *r);

#endif
