// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fake/measuring.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "host/error.h"
#include "tests/fake/daemon.h"
#include "tests/fake/fake_frontend.h"

double measuring_number(const char *text, double min, double max, struct argp_state *state)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || end == text || !(value >= min && value <= max))
		argp_error(state, "%s is not a number from %g to %g", text, min, max);
	return value;
}

void measuring_sleep_until(uint64_t at_ns)
{
	const struct timespec at = { (time_t)(at_ns / 1000000000), (long)(at_ns % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

int measuring_boot(struct daemon *d, struct frontend *f, const char *name, struct rs_error **err)
{
	char path[DAEMON_PATH_MAX];

	daemon_vm_socket(d, name, path);
	if (daemon_add_vm(d, name, 0, NULL, err) || ff_boot(f, NULL, path, err))
		return rs_fail_wrap(err, "%s", name);
	f->queue[RS_QUEUE_NOTIFY].avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	return 0;
}

int measuring_exit_code(const char *program, int error, bool holds, struct rs_error *err)
{
	if (!error)
		return holds ? 0 : 2;
	fprintf(stderr, "%s: %s\n", program, err ? err->message : "it could not be measured");
	rs_error_free(&err);
	return 1;
}
