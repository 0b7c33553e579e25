// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded: the wall clock is an hour ahead every other second, for all but
 * libvirt (docs/faults.md says why). The machine's own clock stays as it is, and
 * so does every other clock.
 */
#include <dlfcn.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define STEP_S 3600

typedef int clock_reader(clockid_t clock, struct timespec *now);
typedef int day_reader(struct timeval *now, void *zone);

static clock_reader *libc_clock(void)
{
	static clock_reader *found;

	if (!found)
		found = (clock_reader *)dlsym(RTLD_NEXT, "clock_gettime");
	return found;
}

/* Of whoever has this return address. */
static time_t step_for(const void *caller)
{
	struct timespec now;
	Dl_info from;

	if (dladdr(caller, &from) && from.dli_fname && strstr(from.dli_fname, "libvirt"))
		return 0;
	libc_clock()(CLOCK_MONOTONIC, &now);
	return now.tv_sec & 1 ? STEP_S : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int ret = libc_clock()(clock, now);

	if (!ret && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += step_for(__builtin_return_address(0));
	return ret;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	day_reader *libc_day = (day_reader *)dlsym(RTLD_NEXT, "gettimeofday");
	int ret = libc_day(now, zone);

	if (!ret)
		now->tv_sec += step_for(__builtin_return_address(0));
	return ret;
}

time_t time(time_t *result)
{
	struct timespec now = { 0 };

	libc_clock()(CLOCK_REALTIME, &now);
	now.tv_sec += step_for(__builtin_return_address(0));
	if (result)
		*result = now.tv_sec;
	return now.tv_sec;
}
