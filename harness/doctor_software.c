// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks of what a run needs besides the kernel: programs, images, room. */
#include <glob.h>
#include <libvirt/libvirt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "harness/accel.h"
#include "harness/doctor.h"
#include "harness/domain.h"
#include "harness/domain_xml.h"
#include "harness/folder.h"
#include "harness/journal.h"
#include "harness/place.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"

#define QEMU_OVERHEAD_MIB 160 /* of a VM, beside its guest's memory */
#define DISK_MIB_A_BOOT 64 /* a neighbour's overlay while it is in use */
#define DISK_MIB_A_RUN 256 /* samples, traces and logs of a standard run */

#define TURN_ON                                                                \
	"turn virtualisation on in the firmware, or in the hypervisor below; " \
	"modprobe kvm_intel || modprobe kvm_amd"
#define OF_DEBIAN \
	"apt-get install qemu-system-x86 libvirt-daemon-driver-qemu, of Debian 12 or later"

/* The same as `make STEP`, wherever this program is. */
static void advise_step(struct doctor_finding *f, const char *step)
{
	cleanup_free char *command = place_command(step);

	doctor_advise(f, command ? command : step, "");
}

DOCTOR_LOOK(kvm)
{
	if (d->accel) {
		doctor_say(f, d->accel->kvm ? DOCTOR_PASS : DOCTOR_WARN, "%s: %s",
			   accel_name(d->accel), d->accel->why);
		if (!d->accel->kvm)
			doctor_advise(f, TURN_ON, "");
		return;
	}
	if (!doctor_exists(d, "/dev/kvm")) {
		doctor_say(f, DOCTOR_WARN, "there is no /dev/kvm");
		doctor_advise(f, TURN_ON, "");
		return;
	}
	doctor_say(f, DOCTOR_SKIP,
		   "/dev/kvm is there; only a trial guest would tell whether it works");
}

/* "QEMU emulator version 7.2.22 (…)", as libvirt counts: 7002022; 0 = unknown. */
static unsigned long qemu_version(const char *emulator)
{
	unsigned int major = 0, minor = 0, micro = 0;
	char command[512], line[256] = "";
	FILE *from;

	snprintf(command, sizeof(command), "'%s' --version", emulator);
	from = strchr(emulator, '\'') ? NULL : popen(command, "re");
	if (!from)
		return 0;
	if (!fgets(line, sizeof(line), from) ||
	    sscanf(line, "QEMU emulator version %u.%u.%u", &major, &minor, &micro) < 2)
		major = minor = micro = 0;
	pclose(from);
	return major * 1000000ul + minor * 1000ul + micro;
}

DOCTOR_LOOK(qemu)
{
	cleanup_error struct rs_error *err = NULL;
	const struct carrier *carrier;
	unsigned long v;

	if (!d->emulator) {
		doctor_say(f, DOCTOR_FAIL, "qemu-system-x86_64 is not in PATH");
		advise_step(f, "setup");
		return;
	}
	v = qemu_version(d->emulator);
	carrier = carrier_find(v, &err);
	if (!carrier) {
		doctor_say(f, DOCTOR_FAIL, "%s", err->message);
		doctor_advise(f, OF_DEBIAN, "");
		return;
	}
	doctor_say(f, DOCTOR_PASS, "%lu.%lu.%lu, carrier %.*s", v / 1000000, v / 1000 % 1000,
		   v % 1000, (int)strcspn(carrier->device, ","), carrier->device);
}

DOCTOR_LOOK(libvirt)
{
	static const char pattern[] =
		"/usr/lib*/*/libvirt/connection-driver/libvirt_driver_qemu.so";
	unsigned long v = 0;
	glob_t found = { 0 };
	bool driver = glob(pattern, 0, NULL, &found) == 0 ||
		      glob("/usr/lib*/libvirt/connection-driver/libvirt_driver_qemu.so", 0, NULL,
			   &found) == 0;

	(void)d;
	globfree(&found);
	virGetVersion(&v, NULL, NULL);
	if (!driver) {
		doctor_say(f, DOCTOR_FAIL, "libvirt's QEMU driver is not installed");
		advise_step(f, "setup");
		return;
	}
	doctor_say(f, v >= 9000000 ? DOCTOR_PASS : DOCTOR_WARN,
		   "%lu.%lu.%lu with its QEMU driver%s", v / 1000000, v / 1000 % 1000, v % 1000,
		   v >= 9000000 ? "" : "; 9.0 is the oldest that was tried");
	if (f->state == DOCTOR_WARN)
		doctor_advise(f, OF_DEBIAN, "");
}

DOCTOR_LOOK(guests)
{
	static const char *const images[] = { "rt/vmlinux", "control-rt.cpio.gz", "neighbour.img" };

	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		cleanup_free char *path = folder_path(d->guests, "%s", images[i]);

		if (path && access(path, R_OK) == 0)
			continue;
		doctor_say(f, DOCTOR_FAIL, "%s is missing in the folder of the guests", images[i]);
		advise_step(f, "guests");
		return;
	}
	doctor_say(f, DOCTOR_PASS, "built");
}

/* "MemAvailable: N kB" */
DOCTOR_LOOK(memory)
{
	const struct scenario *s = d->scenario;
	unsigned long long free_mib, needed = 0;
	char text[4096], *p;

	p = doctor_read(d, text, sizeof(text), "/proc/meminfo") ? strstr(text, "MemAvailable:") :
								  NULL;
	if (!p) {
		doctor_say(f, DOCTOR_SKIP, "/proc/meminfo does not tell");
		return;
	}
	free_mib = strtoull(p + strlen("MemAvailable:"), NULL, 10) / 1024;
	for (unsigned int i = 0; i < s->vm_count; i++)
		needed += s->vms[i].memory_mib + QEMU_OVERHEAD_MIB;
	doctor_say(f, free_mib < needed ? DOCTOR_FAIL : DOCTOR_PASS,
		   "%llu MiB available, the scenario's VMs take %llu", free_mib, needed);
	if (f->state == DOCTOR_FAIL)
		doctor_advise(f,
			      "end what holds memory (ps -eo pid,rss,comm --sort=-rss | head), or "
			      "give the VMs less (`memory` in the scenario)",
			      "");
}

DOCTOR_LOOK(disk)
{
	unsigned long long mib, needed = DISK_MIB_A_RUN;
	struct statvfs st;

	for (unsigned int i = 0; i < d->scenario->vm_count; i++)
		needed += DISK_MIB_A_BOOT * (d->scenario->vms[i].role == VM_ROLE_NEIGHBOUR);
	if (statvfs(d->out, &st) < 0) {
		doctor_say(f, DOCTOR_SKIP, "the folder for results does not exist yet");
		return;
	}
	mib = (unsigned long long)st.f_bavail * st.f_frsize >> 20;
	doctor_say(f, mib < needed ? DOCTOR_FAIL : DOCTOR_PASS,
		   "%llu MiB free for results, a run may take %llu", mib, needed);
	if (f->state == DOCTOR_FAIL)
		doctor_advise(f, "choose another folder with --out", "");
}

static bool limits_io(const struct scenario *s)
{
	for (unsigned int i = 0; i < s->vm_count; i++)
		if (s->vms[i].read_bytes_sec || s->vms[i].write_bytes_sec ||
		    s->vms[i].read_iops_sec || s->vms[i].write_iops_sec)
			return true;
	return false;
}

DOCTOR_LOOK(io_limits)
{
	cleanup_free char *device = NULL;

	if (!limits_io(d->scenario)) {
		doctor_say(f, DOCTOR_SKIP, "the scenario limits no I/O");
		return;
	}
	device = domain_block_device(d->out);
	if (device)
		doctor_say(f, DOCTOR_PASS, "results lie on a block device");
	else
		doctor_say(f, DOCTOR_FAIL, "the folder for results lies on no block device");
	if (!device)
		doctor_advise(f, "choose another folder with --out", "");
}

DOCTOR_LOOK(other_runs)
{
	unsigned int alive, dead;

	(void)d;
	journal_count(&alive, &dead);
	if (dead)
		doctor_say(f, DOCTOR_WARN, "%u run%s ended without cleaning up", dead,
			   dead == 1 ? "" : "s");
	else if (alive)
		doctor_say(f, DOCTOR_WARN, "%u run%s at work now", alive,
			   alive == 1 ? " is" : "s are");
	else
		doctor_say(f, DOCTOR_PASS, "no run is at work or left something");
	if (dead)
		doctor_advise(f, "ringsched cleanup", "");
	else if (alive)
		doctor_advise(f, "wait for its end; `ringsched status` shows its VMs", "");
}
