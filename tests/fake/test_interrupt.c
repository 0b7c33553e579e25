// SPDX-License-Identifier: GPL-2.0-or-later
/* External interrupts of the real daemon: sources, events, boosts, refusals. */
#include <arpa/inet.h>
#include <json-c/json.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/record.h"
#include "tests/fake/world.h"

#define RING 1
#define PRIO 55
#define LONG_CONFIRM 3000000 /* us: of boosts that a test looks at in peace */
#define SLOWEST_RATE 100 /* a second: 64 at once, of which its boot has taken some */
#define FLOOD 200 /* datagrams, which all fit into a socket's buffer */

/* {"command":"add-interrupt","vm":"a",...}: what is added, as JSON members. */
static struct json_object *ask(struct world *w, const char *command, const char *members)
{
	char text[512];
	struct rs_error *err = NULL;
	struct json_object *request, *answer;

	snprintf(text, sizeof(text), "{\"command\":\"%s\",\"vm\":\"a\",%s}", command, members);
	request = json_tokener_parse(text);
	assert_non_null(request);
	answer = control_client_request(w->daemon.client, request, &err);
	json_object_put(request);
	if (!answer)
		print_message("%s\n", err ? err->message : "no answer");
	rs_error_free(&err);
	return answer;
}

static void add(struct world *w, const char *members)
{
	struct json_object *answer = ask(w, "add-interrupt", members);

	assert_non_null(answer);
	json_object_put(answer);
}

static struct frontend *boot(struct world *w, const char *policy)
{
	struct frontend *f;

	world_start(w, policy);
	f = world_boot(w, 0, "a", 0, NULL, NULL);
	ff_offer_events(f, 16);
	return f;
}

static void expect_interrupt(struct frontend *f, unsigned int number, struct rs_event *e)
{
	if (!ff_event(f, e, STEP_LIMIT_MS))
		fail_msg("no interrupt came on queue 1");
	assert_int_equal(e->kind, RS_EVENT_INTERRUPT);
	assert_int_equal(e->revision, RS_REVISION);
	assert_int_equal(e->arg0, number);
}

/* START of the period that this event released. */
static void start_about(struct frontend *f, uint32_t event)
{
	struct rs_message m = ff_message(f, RS_KIND_START, RING, PRIO);

	m.arg0 = event;
	ff_post(f, &m, sizeof(m), true);
	assert_true(ff_drained(f, RS_QUEUE_NOTIFY, STEP_LIMIT_MS));
}

static void test_generator(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, "ring_irq");
	struct rs_event e, before = { 0 };

	add(w, "\"number\":2,\"ring\":1,\"priority\":55,\"confirm_us\":3000000,"
	       "\"source\":\"generator\",\"interval_us\":50000,\"count\":3");
	for (unsigned int i = 0; i < 3; i++) {
		expect_interrupt(f, 2, &e);
		/* No waiting: it is boosted before the guest can see the event. */
		if (daemon_number(&w->daemon, "a", "vcpus.0.priority") != PRIO)
			fail_msg("interrupt %u came unboosted", i);
		if (i)
			assert_int_equal(e.host_ns - before.host_ns, 50000000);
		start_about(f, e.sequence);
		world_notify(f, RS_KIND_END, RING, PRIO);
		check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after END");
		before = e;
	}
	assert_false(ff_event(f, &e, 150)); /* three it was to be */
	check_number(&w->daemon, "a", "irq_raised", 3);
	check_number(&w->daemon, "a", "irq_confirmed", 3);
	check_number(&w->daemon, "a", "irq_unconfirmed", 0);
	check_number(&w->daemon, "a", "irq_lost", 0);
}

static void test_random_intervals(void **state)
{
	static const char *const names[] = { "uniform", "exponential" };
	struct world *w = *state;
	struct frontend *f = boot(w, "none");
	char members[256];

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t first = 0, last = 0, different = 0, step = 0;
		struct rs_event e;

		snprintf(members, sizeof(members),
			 "\"number\":%u,\"ring\":1,\"priority\":55,\"source\":\"generator\","
			 "\"interval_us\":5000,\"distribution\":\"%s\",\"seed\":7,\"count\":40",
			 i, names[i]);
		add(w, members);
		for (unsigned int k = 0; k < 40; k++) {
			expect_interrupt(f, i, &e);
			ff_offer_events(f, 1);
			different += k > 1 && e.host_ns - last != step;
			step = e.host_ns - last;
			last = e.host_ns;
			first = k ? first : last;
		}
		assert_in_range(last - first, 39 * 5000000 / 3, 39ull * 5000000 * 3);
		assert_true(different > 30);
	}
}

static void test_unconfirmed_is_taken_back(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, "ring_irq");
	struct rs_event e;

	add(w, "\"number\":0,\"ring\":1,\"priority\":55,\"confirm_us\":20000,"
	       "\"source\":\"generator\",\"interval_us\":10000,\"count\":1");
	expect_interrupt(f, 0, &e);
	check_becomes(&w->daemon, "a", "irq_unconfirmed", 1);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "taken back");
	check_number(&w->daemon, "a", "boosts", 1);
	check_number(&w->daemon, "a", "demotions", 1);
}

/* The comparison: the same interrupt, no boost until START. */
static void test_ring_does_not_boost_ahead(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, "ring");
	struct rs_event e;

	add(w, "\"number\":0,\"ring\":1,\"priority\":55,\"source\":\"generator\","
	       "\"interval_us\":10000,\"count\":1");
	expect_interrupt(f, 0, &e);
	check_number(&w->daemon, "a", "boosts", 0);
	start_about(f, e.sequence);
	check_sched(f->vm.tid[0], SCHED_FIFO, PRIO, "START");
	world_notify(f, RS_KIND_END, RING, PRIO);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "END");
	check_number(&w->daemon, "a", "irq_raised", 1);
	check_number(&w->daemon, "a", "irq_confirmed", 0);
}

static void send_datagrams(int domain, const void *address, socklen_t size, unsigned int count)
{
	int fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(sendto(fd, "now", 3 * (i & 1), 0, address, size), 3 * (i & 1));
	close(fd);
}

static void test_unix_datagrams(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, "ring_irq");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct rs_event first, e;
	char members[256];
	struct stat st;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/irq", w->daemon.folder);
	snprintf(members, sizeof(members),
		 "\"number\":4,\"ring\":1,\"priority\":55,\"confirm_us\":%d,"
		 "\"source\":\"unix\",\"path\":\"%s\"",
		 LONG_CONFIRM, address.sun_path);
	add(w, members);
	assert_int_equal(stat(address.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	send_datagrams(AF_UNIX, &address, sizeof(address), 3);
	expect_interrupt(f, 4, &first);
	expect_interrupt(f, 4, &e);
	expect_interrupt(f, 4, &e);
	assert_int_equal(e.sequence, first.sequence + 2);
	check_number(&w->daemon, "a", "irq_raised", 3);
	check_number(&w->daemon, "a", "irq_coalesced", 2);
	check_sched(f->vm.tid[0], SCHED_FIFO, PRIO, "three came");
	/* The first one's period ends: the others' START is still to come. */
	start_about(f, first.sequence);
	world_notify(f, RS_KIND_END, RING, PRIO);
	check_sched(f->vm.tid[0], SCHED_FIFO, PRIO, "two wait");
	start_about(f, e.sequence);
	world_notify(f, RS_KIND_END, RING, PRIO);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "none waits");
	check_number(&w->daemon, "a", "irq_confirmed", 1);
	json_object_put(ask(w, "remove-interrupt", "\"number\":4"));
	assert_int_equal(stat(address.sun_path, &st), -1);
	check_number(&w->daemon, "a", "interrupts.0.number", INT64_MIN);
}

/* A port that is free now, of the loopback address. */
static uint16_t free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void test_udp_datagrams(void **state)
{
	struct world *w = *state;
	struct frontend *f = boot(w, "ring_irq");
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(free_port()),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct json_object *answer;
	struct rs_event e;
	char members[256];

	snprintf(members, sizeof(members),
		 "\"number\":15,\"ring\":1,\"priority\":55,\"source\":\"udp\",\"port\":%u",
		 ntohs(address.sin_port));
	add(w, members);
	send_datagrams(AF_INET, &address, sizeof(address), 1);
	expect_interrupt(f, 15, &e);
	/* Taken by the first: the sentence names the port. */
	snprintf(members, sizeof(members),
		 "\"number\":14,\"ring\":1,\"priority\":55,\"source\":\"udp\",\"port\":%u",
		 ntohs(address.sin_port));
	answer = ask(w, "add-interrupt", members);
	assert_null(answer);
}

/* Whoever sends to a port is not asked who he is: his datagrams are charged to the
 * VM as its own notifications are, and it alone is held. */
static void test_flood_of_datagrams(void **state)
{
	struct world *w = *state;
	struct frontend *f = &w->vm[0], *other;
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(free_port()),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX], members[256];

	world_start(w, "ring_irq");
	check_ok(daemon_add_vm_bounded(&w->daemon, "a", 0, SLOWEST_RATE, &err), &err);
	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_boot(f, NULL, path, &err), &err);
	other = world_boot(w, 1, "b", 0, NULL, NULL);
	snprintf(members, sizeof(members),
		 "\"number\":0,\"ring\":1,\"priority\":55,\"confirm_us\":%d,"
		 "\"source\":\"udp\",\"port\":%u",
		 LONG_CONFIRM, ntohs(address.sin_port));
	add(w, members);
	check_number(&w->daemon, "a", "floods", 0);
	send_datagrams(AF_INET, &address, sizeof(address), FLOOD);
	assert_true(daemon_wait_number(&w->daemon, "a", "floods", 1, STEP_LIMIT_MS));
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "held");
	world_serves(other, "beside a flood of datagrams");
	assert_in_range(daemon_number(&w->daemon, "a", "irq_raised"), 1, FLOOD - 1);
	/* The others are not lost: they wait in the socket. */
	check_becomes(&w->daemon, "a", "irq_raised", FLOOD);
	json_object_put(ask(w, "remove-interrupt", "\"number\":0"));
	check_becomes(&w->daemon, "a", "bounds.held", 0);
	world_serves(f, "held no more");
}

/* No buffer of the guest's is left: counted, and the boost does not stay. */
static void test_lost(void **state)
{
	struct world *w = *state;
	struct frontend *f;

	world_start(w, "ring_irq");
	f = world_boot(w, 0, "a", 0, NULL, NULL);
	add(w, "\"number\":0,\"ring\":1,\"priority\":55,\"confirm_us\":100,"
	       "\"source\":\"generator\",\"interval_us\":1000,\"count\":300");
	check_becomes(&w->daemon, "a", "irq_raised", 300);
	assert_in_range(daemon_number(&w->daemon, "a", "irq_lost"), 300 - FF_QUEUE_SIZE, 299);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "all that was raised is over");
	add(w, "\"number\":1,\"ring\":1,\"priority\":55,\"confirm_us\":3000000,"
	       "\"source\":\"generator\",\"interval_us\":1000,\"count\":1");
	check_becomes(&w->daemon, "a", "irq_raised", 301);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "lost");
	check_number(&w->daemon, "a", "interrupts.1.boosted", 0);
}

static void test_vm_leaves_while_boosted(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = boot(w, "ring_irq");
	struct rs_event e;

	add(w, "\"number\":0,\"ring\":1,\"priority\":55,\"confirm_us\":3000000,"
	       "\"source\":\"generator\",\"interval_us\":10000");
	expect_interrupt(f, 0, &e);
	check_sched(f->vm.tid[0], SCHED_FIFO, PRIO, "boosted ahead");
	ff_disconnect(f);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "disconnected");
	/* The source goes on; there is nobody to raise it into. */
	assert_true(daemon_wait_number(&w->daemon, "a", "irq_lost", 2, STEP_LIMIT_MS));
	check_ok(daemon_command(&w->daemon, "remove-vm", "a", NULL, &err), &err);
	assert_true(daemon_alive(&w->daemon));
}

/* A boost before START is in the record like any other. */
static void test_sigkill_while_boosted(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = boot(w, "ring_irq");
	unsigned int count = 0;
	struct rs_event e;

	add(w, "\"number\":0,\"ring\":1,\"priority\":55,\"confirm_us\":3000000,"
	       "\"source\":\"generator\",\"interval_us\":10000,\"count\":1");
	expect_interrupt(f, 0, &e);
	check_ok(daemon_end(&w->daemon, SIGKILL, &err), &err);
	check_sched(f->vm.tid[0], SCHED_FIFO, PRIO, "after SIGKILL");
	check_ok(record_restore(w->daemon.record, &count, &err), &err);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "after the record was restored");
}

static const struct {
	const char *members, *sentence;
} refused[] = {
	{ "\"ring\":1,\"priority\":5,\"source\":\"unix\"", "lacks \"number\"" },
	{ "\"number\":0,\"priority\":5,\"source\":\"unix\"", "lacks \"ring\"" },
	{ "\"number\":0,\"ring\":1,\"source\":\"unix\"", "lacks \"priority\"" },
	{ "\"number\":0,\"ring\":1,\"priority\":5", "lacks \"source\"" },
	{ "\"number\":16,\"ring\":1,\"priority\":5,\"source\":\"unix\"", "interrupt 16" },
	{ "\"number\":-1,\"ring\":1,\"priority\":5,\"source\":\"unix\"", "whole number" },
	{ "\"number\":0,\"ring\":16,\"priority\":5,\"source\":\"unix\"", "ring 16" },
	{ "\"number\":0,\"ring\":1,\"priority\":0,\"source\":\"unix\"", "priority 0" },
	{ "\"number\":0,\"ring\":1,\"priority\":100,\"source\":\"unix\"", "priority 100" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"vcpu\":64,\"source\":\"unix\"", "vcpu 64" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"confirm_us\":99,\"source\":\"unix\"",
	  "confirm_us 99" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"dream\"", "no source \"dream\"" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"unix\"", "needs \"path\"" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"unix\",\"path\":\"/dev/null\"",
	  "/dev/null exists" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"udp\"", "needs \"port\"" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"udp\",\"port\":65536", "port" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"generator\"", "interval_us 0" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"generator\",\"interval_us\":99",
	  "interval_us 99" },
	{ "\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"generator\",\"interval_us\":1000,"
	  "\"distribution\":\"normal\"",
	  "'normal'" },
};

static void test_bad_requests_are_refused(void **state)
{
	struct world *w = *state;

	boot(w, "ring_irq");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct json_object *request, *answer;
		struct rs_error *err = NULL;
		char text[512];

		snprintf(text, sizeof(text), "{\"command\":\"add-interrupt\",\"vm\":\"a\",%s}",
			 refused[i].members);
		request = json_tokener_parse(text);
		assert_non_null(request);
		answer = control_client_request(w->daemon.client, request, &err);
		json_object_put(request);
		assert_null(answer);
		assert_non_null(err);
		if (!strstr(err->message, refused[i].sentence))
			fail_msg("%s: \"%s\" does not say \"%s\"", text, err->message,
				 refused[i].sentence);
		rs_error_free(&err);
	}
	assert_null(ask(w, "remove-interrupt", "\"number\":0"));
	add(w, "\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"generator\","
	       "\"interval_us\":1000000");
	assert_null(ask(w, "add-interrupt",
			"\"number\":0,\"ring\":1,\"priority\":5,\"source\":\"generator\","
			"\"interval_us\":1000000"));
	check_number(&w->daemon, "a", "interrupts.0.confirm_us", 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_generator),
		WORLD_TEST(test_random_intervals),
		WORLD_TEST(test_unconfirmed_is_taken_back),
		WORLD_TEST(test_ring_does_not_boost_ahead),
		WORLD_TEST(test_unix_datagrams),
		WORLD_TEST(test_udp_datagrams),
		WORLD_TEST(test_flood_of_datagrams),
		WORLD_TEST(test_lost),
		WORLD_TEST(test_vm_leaves_while_boosted),
		WORLD_TEST(test_sigkill_while_boosted),
		WORLD_TEST(test_bad_requests_are_refused),
	};

	return cmocka_run_group_tests_name("external interrupts", tests, NULL, NULL) ? 1 : 0;
}
