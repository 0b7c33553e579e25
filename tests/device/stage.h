/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One daemon, d, and a machine of two vCPUs whose two ringsched devices are its
 * VMs a and b: what the programs of this folder start from, and what they look
 * at. $DEVICE_KERNEL, $DEVICE_INITRD and $DEVICE_LOG (its serial port's file) say
 * what the machine is made of; ACCEL=kvm runs it under KVM.
 */
#ifndef TESTS_DEVICE_STAGE_H
#define TESTS_DEVICE_STAGE_H

#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/fake/world.h"
#include "tests/guest/machine.h"

#define MACHINE_LIMIT_MS 120000 /* under TCG it takes about 30 s */

static struct daemon d;
static struct json_object *trace; /* the daemon's, once stage_take_trace() was called */

/* The daemon, with room for so many trace events, and both VMs; 0 or -1. */
static inline int stage_start(const char *policy, const char *trace_events)
{
	const char *const extra[] = { "--trace", trace_events, NULL };
	struct rs_error *err = NULL;

	if (!daemon_start(&d, policy, extra, &err) && !daemon_add_vm(&d, "a", 0, NULL, &err) &&
	    !daemon_add_vm(&d, "b", 0, NULL, &err))
		return 0;
	fprintf(stderr, "%s\n", err ? err->message : "the daemon does not start");
	rs_error_free(&err);
	return -1;
}

static inline _Noreturn void stage_become(const char *script, const char *socket_a,
					  const char *socket_b)
{
	const char *accel = getenv("ACCEL");
	char append[96];
	const struct machine machine = {
		.name = "device",
		.accel = accel ? accel : "tcg,thread=multi",
		.vcpus = 2,
		.kernel = getenv("DEVICE_KERNEL"),
		.initrd = getenv("DEVICE_INITRD"),
		.append = append,
		.sockets = { socket_a, socket_b },
		.log = getenv("DEVICE_LOG"),
		.out = -1,
	};

	snprintf(append, sizeof(append), "panic_on_warn=1 rs.run=/tests/%s", script);
	machine_become(&machine);
}

/*
 * Runs the machine until it ends by itself: the guest powers it off. Calls
 * meanwhile() about every millisecond. 0; -1 where it did not end in time.
 */
static inline int stage_run(const char *script, void (*meanwhile)(void))
{
	char a[DAEMON_PATH_MAX], b[DAEMON_PATH_MAX];
	int64_t end = now_ms() + MACHINE_LIMIT_MS;
	int result = 0;
	pid_t pid;

	daemon_vm_socket(&d, "a", a);
	daemon_vm_socket(&d, "b", b);
	pid = fork();
	if (!pid)
		stage_become(script, a, b);
	if (pid < 0)
		return -1;
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (!result && now_ms() > end) {
			puts("the machine does not end");
			kill(pid, SIGKILL);
			result = -1;
		}
		if (meanwhile)
			meanwhile();
		short_pause();
	}
	return result;
}

/* Asking empties the daemon's trace: once, when all of it is there. 0 or -1. */
static inline int stage_take_trace(void)
{
	struct rs_error *err = NULL;

	trace = control_client_command(d.client, "trace", &err);
	rs_error_free(&err);
	return trace ? 0 : -1;
}

static inline void stage_end(bool show_log)
{
	json_object_put(trace);
	trace = NULL;
	daemon_clean(&d, show_log);
}

/* cmocka's tear-down of the group. */
static inline int stage_tear_down(void **state)
{
	(void)state;
	stage_end(getenv("SHOW_LOG") != NULL);
	return 0;
}

/* Prints what the guest's checks said; true where it said the token. */
static inline bool stage_guest_said(const char *token)
{
	FILE *f = fopen(getenv("DEVICE_LOG"), "re");
	bool passed = false;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		passed |= !strcmp(line, token);
		if (!strncmp(line, "device: ", 8) || !strncmp(line, "  line ", 7))
			puts(line);
	}
	if (f)
		fclose(f);
	return passed;
}

/* Of a trace event. */
static inline const char *text(struct json_object *event, const char *key)
{
	return json_object_get_string(json_object_object_get(event, key));
}

static inline int64_t number(struct json_object *event, const char *key)
{
	return json_object_get_int64(json_object_object_get(event, key));
}

#endif
