// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs in the guest: what ringsched.ko makes of a host that cannot be trusted
 * (fakehost/). A ring turns all the while and must not notice; what
 * went wrong must be told and counted; and with the next device all is well.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest/lib/ringsched.h"
#include "tests/guest/expect.h"
#include "tests/guest/rig.h"

#define COMMANDS "/sys/kernel/debug/rs_fakehost/do"
#define PARAMETERS "/sys/module/rs_fakehost/parameters/"
#define STATE "/sys/kernel/debug/ringsched/state"
#define RING 3
#define PRIO 50
#define LIBRARY_RING 5 /* told by hand */
#define UNPLUG_LIMIT_MS 2000

static struct rig rig;

static int host(const char *command)
{
	return rig_write(COMMANDS, command);
}

/* What the next device is like; `was`, if wanted, is what they were so far. */
static int host_is(const char *parameter, const char *value, char was[32])
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), PARAMETERS "%s", parameter);
	f = was ? fopen(path, "re") : NULL;
	if (was && (!f || !fgets(was, 32, f)))
		return -EIO;
	if (f)
		fclose(f);
	return rig_write(path, value);
}

/* Is this in the module's state, as "device present"? */
static bool state_is(const char *text)
{
	FILE *f = fopen(STATE, "re");
	char line[256] = "";

	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return strstr(line, text);
}

static int turns(void)
{
	return rig_wait(&rig, RING, 1, 5);
}

/* A device that works: what the ring does is told, and taken. */
static int told(void)
{
	long long starts = rig_stat("messages_start"), broken = rig_stat("broken"),
		  dropped = rig_stat("dropped");

	EXPECT(state_is("device present"));
	TRY(rig_wait(&rig, RING, 1, 10));
	EXPECT(rig_stat("messages_start") >= starts + 8);
	EXPECT(rig_stat("broken") == broken && rig_stat("dropped") == dropped);
	TRY(g_sched_notify_start(LIBRARY_RING, PRIO));
	return g_sched_notify_end(LIBRARY_RING, PRIO);
}

/* After whatever there was: the next device is as good as any. */
static int recovers(void)
{
	TRY(host("unplug"));
	EXPECT(state_is("device absent"));
	TRY(turns());
	TRY(host("plug"));
	return told();
}

static int good_host(void)
{
	TRY(host("plug"));
	TRY(told());
	for (int i = 0; i < 5; i++)
		TRY(recovers());
	return host("unplug");
}

/* No device that the driver can use: it says so, and that is all. */
static int devices_refused(void)
{
	static const char *const bad[][2] = {
		{ "magic", "1" },	    { "revision", "77" }, { "restless", "1" },
		{ "access_platform", "1" }, { "no_queues", "1" }, { "size", "0" },
	};
	char was[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		printf("  %s %s\n", bad[i][0], bad[i][1]);
		TRY(host_is(bad[i][0], bad[i][1], was));
		TRY(host("plug"));
		EXPECT(state_is("device absent"));
		EXPECT(g_sched_notify_start(LIBRARY_RING, PRIO) == -ENODEV);
		TRY(turns());
		TRY(host("unplug"));
		TRY(host_is(bad[i][0], was, NULL));
	}
	TRY(host("plug"));
	TRY(told());
	return host("unplug");
}

/* A source that there is not, until an event names one that there is. */
static int source_unknown(void)
{
	long long muted = rig_stat("muted");

	TRY(host_is("source", "200", NULL));
	TRY(host("plug"));
	EXPECT(state_is("device present, source none"));
	TRY(turns());
	EXPECT(rig_stat("muted") > muted);
	TRY(host("event_ring"));
	TRY(turns());
	TRY(told());
	TRY(host_is("source", "1", NULL));
	return host("unplug");
}

/* A queue of one entry: what has no room is dropped, and nothing waits for it. */
static int queue_of_one(void)
{
	TRY(host_is("size", "1", NULL));
	TRY(host("plug"));
	EXPECT(state_is("device present"));
	TRY(turns());
	TRY(host("unplug"));
	return host_is("size", "256", NULL);
}

/* The used ring makes no sense. Where that shows, calls fail and say so. */
static int used_garbage(void)
{
	static const struct {
		const char *command;
		bool shows; /* else the guest can as well go on */
	} bad[] = {
		{ "used_beyond", true }, { "used_idle", true },	 { "used_twice", false },
		{ "used_ahead", false }, { "used_back", false },
	};

	TRY(host("plug"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		long long broken = rig_stat("broken");

		printf("  %s\n", bad[i].command);
		TRY(told());
		TRY(host(bad[i].command));
		TRY(turns());
		if (bad[i].shows) {
			EXPECT(g_sched_notify_start(LIBRARY_RING, PRIO) == -EIO);
			EXPECT(rig_stat("broken") > broken);
			EXPECT(state_is("device broken"));
		}
		TRY(turns());
		TRY(recovers());
	}
	return host("unplug");
}

static int event_queue_garbage(void)
{
	TRY(host("plug"));
	TRY(host("event_beyond"));
	EXPECT(state_is("device broken"));
	TRY(turns());
	TRY(recovers());
	TRY(host("event_ahead"));
	for (int i = 0; i < 50; i++)
		TRY(host("interrupt"));
	TRY(turns());
	TRY(recovers());
	return host("unplug");
}

/* Each is counted as refused, and changes nothing. */
static int bad_events(void)
{
	static const char *const bad[] = { "event_kind",      "event_revision", "event_source",
					   "event_interrupt", "event_short",	"event_long" };

	TRY(host("plug"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		long long refused = rig_stat("events_refused");

		printf("  %s\n", bad[i]);
		TRY(host(bad[i]));
		EXPECT(rig_stat("events_refused") == refused + 1);
		TRY(told());
	}
	TRY(host("change_config"));
	TRY(host("interrupt"));
	TRY(told());
	return host("unplug");
}

/* Events as fast as they are taken; no ring is bound to these interrupts. */
static int event_storm(void)
{
	long long events = rig_stat("events"), refused = rig_stat("events_refused");

	TRY(host("plug"));
	TRY(host("storm"));
	EXPECT(rig_stat("events") > events + 1000 && rig_stat("events_refused") > refused + 1000);
	TRY(told());
	return host("unplug");
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* A host that uses nothing: messages are dropped, and it may still be unplugged. */
static int stalled_host(void)
{
	long long dropped = rig_stat("dropped"), begin;
	int error = 0;

	TRY(host("plug"));
	TRY(host("stall"));
	for (int i = 0; i < 1000 && !error; i++)
		error = g_sched_notify_start(LIBRARY_RING, PRIO);
	EXPECT(error == -ENOSPC);
	EXPECT(rig_stat("dropped") > dropped);
	TRY(turns());
	begin = now_ms();
	TRY(host("unplug"));
	EXPECT(now_ms() - begin < UNPLUG_LIMIT_MS);
	TRY(turns());
	TRY(host("plug"));
	TRY(told());
	return host("unplug");
}

/* In a child on that vCPU, until it is killed: as many calls as it can make. */
static _Noreturn void hammer(int vcpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(vcpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(1);
	for (;;) {
		int error = vcpu ? g_sched_notify_end(LIBRARY_RING, PRIO) :
				   g_sched_notify_start(LIBRARY_RING, PRIO);

		if (error && error != -ENODEV && error != -EIO && error != -ENOSPC)
			_exit(2);
	}
}

static int come_and_go(const char *leave)
{
	for (int i = 0; i < 10; i++) {
		TRY(host("plug"));
		TRY(turns());
		if (i % 3 == 1)
			TRY(host("stall"));
		if (i % 3 == 2)
			TRY(host("used_beyond"));
		TRY(host(leave));
	}
	return 0;
}

/* The device goes while both vCPUs are inside it. */
static int removed_in_flight(void)
{
	pid_t pids[2];
	int error, status;

	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			hammer(i);
	}
	error = come_and_go("unplug");
	if (!error)
		error = come_and_go("vanish");
	for (int i = 0; i < 2; i++) {
		kill(pids[i], SIGKILL);
		if (waitpid(pids[i], &status, 0) != pids[i] || !WIFSIGNALED(status))
			error = error ? error : -ECHILD;
	}
	TRY(error);
	TRY(host("plug"));
	TRY(told());
	return host("unplug");
}

static const struct {
	const char *name;
	int (*run)(void);
} checks[] = {
	{ "good_host", good_host },	      { "devices_refused", devices_refused },
	{ "source_unknown", source_unknown }, { "queue_of_one", queue_of_one },
	{ "used_garbage", used_garbage },     { "event_queue_garbage", event_queue_garbage },
	{ "bad_events", bad_events },	      { "event_storm", event_storm },
	{ "stalled_host", stalled_host },     { "removed_in_flight", removed_in_flight },
};

static int run_checks(void)
{
	TRY(rig_add(&rig, RING, PRIO, 2, 20, NULL));
	TRY(rig_start(&rig));
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		int error = checks[i].run();

		printf("confused: %s %s\n", checks[i].name, error ? "FAILED" : "ok");
		fflush(stdout);
		if (error)
			return error;
	}
	return rig_stop(&rig);
}

int main(void)
{
	int error = rig_open(&rig);

	if (!error)
		error = run_checks();
	rig_close(&rig);
	return error ? 1 : 0;
}
