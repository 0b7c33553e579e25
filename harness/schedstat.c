// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/schedstat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/folder.h"
#include "host/cleanup.h"
#include "host/error.h"

int schedstat_read(pid_t pid, pid_t tid, struct schedstat *s, struct rs_error **err)
{
	char path[64], text[128];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)pid, (int)tid);
	ret = folder_read(path, text, sizeof(text), err);
	if (ret < 0)
		return ret;
	if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &s->run_ns, &s->wait_ns, &s->slices) !=
	    3)
		return rs_fail(err, ENOTSUP, "%s holds '%s': the kernel needs CONFIG_SCHED_INFO",
			       path, text);
	return 0;
}

uint64_t schedstat_steal_us(int core)
{
	cleanup_file FILE *from = fopen("/proc/stat", "re");
	unsigned long long steal;
	char line[512];
	int number;

	while (from && fgets(line, sizeof(line), from))
		if (sscanf(line, "cpu%d %*u %*u %*u %*u %*u %*u %*u %llu", &number, &steal) == 2 &&
		    number == core)
			return steal * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	return 0;
}

int schedstat_allowed(pid_t pid, pid_t tid, char *text, size_t size, struct rs_error **err)
{
	cleanup_file FILE *from = NULL;
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)tid);
	from = fopen(path, "re");
	if (!from)
		return rs_fail_errno(err, errno, "opening %s", path);
	while (fgets(line, sizeof(line), from)) {
		if (strncmp(line, "Cpus_allowed_list:", 18))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(text, size, "%s", line + 18 + strspn(line + 18, " \t"));
		return 0;
	}
	return rs_fail(err, ENOENT, "%s has no Cpus_allowed_list", path);
}

int schedstat_names(const char *list, int core)
{
	const char *p = list;
	char *end;
	long first, last;

	while (*p) {
		first = last = strtol(p, &end, 10);
		if (end == p)
			return 0;
		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		if (core >= first && core <= last)
			return 1;
		p = *end == ',' ? end + 1 : end;
	}
	return 0;
}
