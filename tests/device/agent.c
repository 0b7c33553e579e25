// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs in a guest of two vCPUs with two ringsched devices: calls without the
 * ring engine, a second device that is refused, and devices that go and come
 * while a ring turns. What arrives at the host is checked there.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/lib/ringsched.h"
#include "tests/device/agent.h"
#include "tests/guest/expect.h"
#include "tests/guest/rig.h"

#define DRIVER "/sys/bus/virtio/drivers/ringsched"
#define DEVICES "/sys/bus/virtio/devices"
#define DEVICE_NAME_MAX 32

static char first[DEVICE_NAME_MAX], second[DEVICE_NAME_MAX]; /* as virtio0; first is bound */

static int bind_device(const char *name)
{
	return rig_write(DRIVER "/bind", name);
}

static int unbind_device(const char *name)
{
	return rig_write(DRIVER "/unbind", name);
}

static int is_bound(const char *name)
{
	char path[320];

	snprintf(path, sizeof(path), DRIVER "/%s", name);
	return !access(path, F_OK);
}

static int is_ours(const char *name)
{
	unsigned int type = 0;
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), DEVICES "/%s/device", name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%x", &type) != 1)
		type = 0;
	fclose(f);
	return type == RS_VIRTIO_ID;
}

static int find_devices(void)
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && is_ours(entry->d_name))
			snprintf(is_bound(entry->d_name) ? first : second, DEVICE_NAME_MAX, "%.31s",
				 entry->d_name);
	if (dir)
		closedir(dir);
	EXPECT(*first && *second);
	return 0;
}

static int pin(int vcpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(vcpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

/* P8: START and END from user space without any ring of the engine. */
static int library_calls(void)
{
	static const unsigned int rings[][2] = { { RING_LIBRARY, PRIO_LIBRARY },
						 { RING_LIBRARY_1, PRIO_LIBRARY_1 } };

	EXPECT(g_sched_notify_start(RS_RING_MAX, 10) == -EINVAL);
	EXPECT(g_sched_notify_start(1, 0) == -EINVAL);
	EXPECT(g_sched_notify_end(1, RS_PRIO_MAX + 1) == -EINVAL);
	for (int vcpu = 0; vcpu < 2; vcpu++) {
		TRY(pin(vcpu));
		for (int i = 0; i < 20; i++) {
			TRY(g_sched_notify_start(rings[vcpu][0], rings[vcpu][1]));
			TRY(g_sched_notify_end(rings[vcpu][0], rings[vcpu][1]));
		}
	}
	return 0;
}

/* A guest has one host: the probe of another device fails, and leaves nothing. */
static int probe_fails(void)
{
	for (int i = 0; i < 5; i++) {
		EXPECT(bind_device(second) == -EBUSY);
		EXPECT(is_bound(first) && !is_bound(second));
	}
	TRY(g_sched_notify_start(RING_LIBRARY_1, PRIO_LIBRARY_1));
	TRY(g_sched_notify_end(RING_LIBRARY_1, PRIO_LIBRARY_1));
	return 0;
}

/* Nothing is told while there is no device, and that is no failure of the ring. */
static int without_device(struct rig *rig)
{
	long long unsent = rig_stat("unsent"), starts = rig_stat("messages_start");

	EXPECT(g_sched_notify_start(RING_LIBRARY, PRIO_LIBRARY) == -ENODEV);
	TRY(rig_wait(rig, RING_ENGINE, 1, 10));
	EXPECT(rig_stat("unsent") >= unsent + 10);
	EXPECT(rig_stat("messages_start") == starts);
	return 0;
}

/* From here on a device hears of the ring again. */
static int with_device(struct rig *rig, const char *name)
{
	long long attached = rig_stat("messages_attach"), starts;

	TRY(bind_device(name));
	EXPECT(is_bound(name) && rig_stat("messages_attach") == attached + 1);
	starts = rig_stat("messages_start");
	TRY(rig_wait(rig, RING_ENGINE, 1, 10));
	EXPECT(rig_stat("messages_start") >= starts + 9);
	return 0;
}

static int turns_through_changes(struct rig *rig)
{
	TRY(rig_add(rig, RING_ENGINE, PRIO_ENGINE, 2, 20, NULL));
	TRY(rig_start(rig));
	TRY(rig_wait(rig, RING_ENGINE, 1, 10));
	TRY(unbind_device(first));
	TRY(without_device(rig));
	TRY(with_device(rig, second));
	TRY(unbind_device(second));
	TRY(without_device(rig));
	TRY(with_device(rig, first));
	return rig_stop(rig);
}

/* The device goes while files are open and members sleep. */
static int devices_come_and_go(void)
{
	struct rig rig;
	int error = rig_open(&rig);

	/* The members inherit it: START and END are due from vCPU 1. */
	if (!error)
		error = pin(1);
	if (!error)
		error = turns_through_changes(&rig);
	rig_close(&rig);
	return error;
}

static const struct {
	const char *name;
	int (*run)(void);
} checks[] = {
	{ "find_devices", find_devices },
	{ "library_calls", library_calls },
	{ "probe_fails", probe_fails },
	{ "devices_come_and_go", devices_come_and_go },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		int error = checks[i].run();

		printf("device: %s %s\n", checks[i].name, error ? "FAILED" : "ok");
		fflush(stdout);
		if (error)
			return 1;
	}
	return 0;
}
