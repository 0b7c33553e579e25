// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's side: boots the machine with two VMs' devices, a and b, and checks
 * what the daemon was told, by which vCPU, and what the kernel said of that
 * vCPU's thread then. Started by tests/device/run.
 */
#include <json-c/json.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/error.h"
#include "tests/device/agent.h"
#include "tests/fake/daemon.h"

#define TOKEN "RINGSCHED-DEVICE-PASSED"
#define LIMIT_MS 240000 /* under TCG it takes about 30 s */

static struct daemon d;
static struct json_object *status, *trace;

static _Noreturn void become_qemu(const char *socket_a, const char *socket_b)
{
	const char *accel = getenv("ACCEL"), *log = getenv("DEVICE_LOG");
	char serial[128], a[160], b[160];
	const char *args[] = { "qemu-system-x86_64",
			       "-no-user-config",
			       "-nodefaults",
			       "-no-reboot",
			       "-display",
			       "none",
			       "-name",
			       "device,debug-threads=on",
			       "-machine",
			       "q35,memory-backend=memory",
			       "-m",
			       "256M",
			       "-object",
			       "memory-backend-memfd,id=memory,size=256M,share=on",
			       "-accel",
			       accel ? accel : "tcg,thread=multi",
			       "-smp",
			       "2",
			       "-chardev",
			       a,
			       "-device",
			       "vhost-user-gpio-pci,chardev=a",
			       "-chardev",
			       b,
			       "-device",
			       "vhost-user-gpio-pci,chardev=b",
			       "-serial",
			       serial,
			       "-kernel",
			       getenv("DEVICE_KERNEL"),
			       "-initrd",
			       getenv("DEVICE_INITRD"),
			       "-append",
			       "console=ttyS0 quiet tsc=reliable panic=-1 panic_on_warn=1 "
			       "rs.run=/tests/device.sh",
			       NULL };

	snprintf(serial, sizeof(serial), "file:%s", log);
	snprintf(a, sizeof(a), "socket,id=a,path=%s", socket_a);
	snprintf(b, sizeof(b), "socket,id=b,path=%s", socket_b);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(args[0], (char *const *)args);
	_exit(127);
}

/* Prints what the guest's checks said; true where its last word was the token. */
static bool read_log(void)
{
	FILE *f = fopen(getenv("DEVICE_LOG"), "re");
	bool passed = false;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		passed |= !strcmp(line, TOKEN);
		if (!strncmp(line, "device: ", 8) || !strncmp(line, "  line ", 7))
			puts(line);
	}
	if (f)
		fclose(f);
	return passed;
}

/* The machine ends by itself: the guest powers it off. */
static int run_machine(void)
{
	char a[DAEMON_PATH_MAX], b[DAEMON_PATH_MAX];
	int64_t end = now_ms() + LIMIT_MS;
	int result = 0;
	pid_t pid;

	daemon_vm_socket(&d, "a", a);
	daemon_vm_socket(&d, "b", b);
	pid = fork();
	if (!pid)
		become_qemu(a, b);
	if (pid < 0)
		return -1;
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (now_ms() > end) {
			puts("the machine does not end");
			kill(pid, SIGKILL);
			result = -1;
		}
		short_pause();
	}
	return result;
}

static int set_up(void **state)
{
	static const char *const extra[] = { "--trace", "8192", NULL };
	struct rs_error *err = NULL;

	(void)state;
	if (daemon_start(&d, "ring", extra, &err) || daemon_add_vm(&d, "a", 0, NULL, &err) ||
	    daemon_add_vm(&d, "b", 0, NULL, &err)) {
		fprintf(stderr, "%s\n", err ? err->message : "the daemon does not start");
		return -1;
	}
	if (run_machine())
		return -1;
	trace = control_client_command(d.client, "trace", &err);
	status = control_client_command(d.client, "status", &err);
	return trace && status ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	json_object_put(trace);
	json_object_put(status);
	daemon_clean(&d, getenv("SHOW_LOG") != NULL);
	return 0;
}

static const char *text(struct json_object *event, const char *key)
{
	return json_object_get_string(json_object_object_get(event, key));
}

static int number(struct json_object *event, const char *key)
{
	return json_object_get_int(json_object_object_get(event, key));
}

static void check_event(struct json_object *e, int vcpu, int prio)
{
	bool start = !strcmp(text(e, "kind"), "START");

	assert_int_equal(number(e, "vcpu"), vcpu);
	assert_int_equal(number(e, "ring_prio"), prio);
	assert_string_equal(text(e, "policy"), start ? "SCHED_FIFO" : "SCHED_OTHER");
	assert_int_equal(number(e, "priority"), start ? prio : 0);
}

/* Every START and END of the ring: from that vCPU, in force, given back. */
static int check_ring(const char *vm, int ring, int vcpu, int prio)
{
	struct json_object *events = json_object_object_get(trace, "events");
	int found = 0;

	for (size_t i = 0; i < json_object_array_length(events); i++) {
		struct json_object *e = json_object_array_get_idx(events, i);

		if (number(e, "ring_id") != ring || strcmp(text(e, "vm"), vm) ||
		    (strcmp(text(e, "kind"), "START") && strcmp(text(e, "kind"), "END")))
			continue;
		check_event(e, vcpu, prio);
		found++;
	}
	return found;
}

static void test_guest_passed(void **state)
{
	(void)state;
	assert_true(read_log());
}

static void test_calls_name_the_vcpu(void **state)
{
	(void)state;
	assert_int_equal(check_ring("a", RING_LIBRARY, 0, PRIO_LIBRARY), 40);
	assert_int_equal(check_ring("a", RING_LIBRARY_1, 1, PRIO_LIBRARY_1), 42);
	assert_int_equal(check_ring("a", RING_KERNEL, 1, PRIO_KERNEL), 6);
}

static void test_ring_engine_on_both_devices(void **state)
{
	(void)state;
	assert_true(check_ring("a", RING_ENGINE, 1, PRIO_ENGINE) >= 30);
	assert_true(check_ring("b", RING_ENGINE, 1, PRIO_ENGINE) >= 15);
}

static void test_counts(void **state)
{
	/* a: bound at boot, again after b, three reloads; each ends with BYE. */
	static const struct {
		const char *vm, *path;
		int64_t wanted;
	} counts[] = {
		{ "a", "messages.attach", 5 },
		{ "a", "messages.bye", 5 },
		{ "a", "lost", 0 },
		{ "b", "messages.attach", 1 },
		{ "b", "messages.bye", 1 },
		{ "b", "lost", 0 },
		{ "a", "apply_failed", 0 },
		{ "b", "apply_failed", 0 },
		{ "a", "reordered", 0 },
		{ "a", "policy_errors", 0 },
		{ "b", "policy_errors", 0 },
		{ "a", "stray_ends", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int64_t is = daemon_number(&d, counts[i].vm, counts[i].path);

		if (is != counts[i].wanted)
			fail_msg("%s of %s is %lld, not %lld", counts[i].path, counts[i].vm,
				 (long long)is, (long long)counts[i].wanted);
	}
	assert_int_equal(daemon_rejects(&d, "a"), 0);
	assert_int_equal(daemon_rejects(&d, "b"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guest_passed),
		cmocka_unit_test(test_calls_name_the_vcpu),
		cmocka_unit_test(test_ring_engine_on_both_devices),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
