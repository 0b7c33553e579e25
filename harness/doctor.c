// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/folder.h"

#define PATH_MAX_HERE 512

#define CHECK(id, sentence)                     \
	{                                       \
#id, sentence, doctor_look_##id \
	}

/* As a person would look: may it run at all, the cores, the kernel, the rest. */
const struct doctor_check doctor_checks[] = {
	CHECK(root, "a run starts VMs and changes the scheduling of their threads"),
	CHECK(cores, "VMs share one core, everything else needs another"),
	CHECK(kvm, "under emulation only ratios mean something, times do not"),
	CHECK(hypervisor, "the core is itself shared with others, and its speed wanders"),
	CHECK(steal, "time that a hypervisor below takes looks like a late process"),
	CHECK(witness, "what delays the highest priority of all delays every result"),
	CHECK(busy, "other work on the shared core is measured with the VMs"),
	CHECK(siblings, "a sibling thread of the shared core takes its execution units"),
	CHECK(governor, "a frequency that follows the load makes a lightly loaded guest slow"),
	CHECK(idle_states, "waking from a deep idle state takes longer than a notification"),
	CHECK(isolated, "the scheduler may put any other task on the shared core"),
	CHECK(nohz_full, "the tick interrupts the shared core some hundred times a second"),
	CHECK(irq_affinity, "a device's interrupts may be handled on the shared core"),
	CHECK(irq_default, "a device that comes later has its interrupts on these cores"),
	CHECK(interrupts, "interrupts on the shared core come before every priority"),
	CHECK(irqbalance, "it moves interrupts to the shared core while a run goes on"),
	CHECK(clocksource, "a slow clock costs microseconds at every reading"),
	CHECK(cpu_flags,
	      "the time stamp counter must run evenly; KVM needs the virtualisation flag"),
	CHECK(preemption, "a kernel that cannot be preempted delays a boosted vCPU"),
	CHECK(sched_info, "a vCPU's wait for the core is the disturbance itself"),
	CHECK(rt_runtime, "real-time threads are stopped when this share of a second is used up"),
	CHECK(rt_group, "with it, a VM's cgroup needs a real-time budget, which the daemon grants"),
	CHECK(cgroups, "CPU, cores, memory and I/O of a VM are allotted by them"),
	CHECK(cpu_idle_group,
	      "without it a booting VM's group keeps a small weight instead of none"),
	CHECK(timer_migration, "timers may be put on the shared core by others"),
	CHECK(nmi_watchdog, "its interrupt cannot be held off"),
	CHECK(soft_watchdog, "its thread runs on every core, above every priority"),
	CHECK(ksm, "it scans and splits the guests' memory while they run"),
	CHECK(huge_pages, "defragmentation stops a guest that touches new memory"),
	CHECK(swap, "a guest's page that was swapped out is late by milliseconds"),
	CHECK(numa_balancing, "it unmaps guests' pages to see who touches them"),
	CHECK(stat_interval, "counters are folded on the shared core as often"),
	CHECK(qemu, "it must have a stock device that carries the notifications"),
	CHECK(libvirt, "VMs are started through it"),
	CHECK(guests, "a run boots the images that `make guests` builds"),
	CHECK(memory, "all VMs of the scenario are in memory at once"),
	CHECK(disk, "each boot of the neighbour writes to a disk of its own"),
	CHECK(io_limits, "the scenario limits I/O, which takes a block device that can be limited"),
	CHECK(other_runs, "what an earlier run left takes part in this one"),
	{ NULL, NULL, NULL },
};

_Static_assert(sizeof(doctor_checks) / sizeof(doctor_checks[0]) <= DOCTOR_CHECKS_MAX, "room");

static __attribute__((format(printf, 3, 0))) void path_of(const struct doctor *d, char *path,
							  const char *format, va_list args)
{
	int used = snprintf(path, PATH_MAX_HERE, "%s", d->root);

	vsnprintf(path + used, PATH_MAX_HERE - (size_t)used, format, args);
}

bool doctor_read(const struct doctor *d, char *text, size_t size, const char *format, ...)
{
	char path[PATH_MAX_HERE];
	va_list args;

	va_start(args, format);
	path_of(d, path, format, args);
	va_end(args);
	return folder_read(path, text, size, NULL) >= 0;
}

bool doctor_number(const struct doctor *d, long long *value, const char *path)
{
	char text[64], *end;

	if (!doctor_read(d, text, sizeof(text), "%s", path))
		return false;
	*value = strtoll(text, &end, 10);
	return end != text;
}

bool doctor_exists(const struct doctor *d, const char *format, ...)
{
	char path[PATH_MAX_HERE];
	va_list args;

	va_start(args, format);
	path_of(d, path, format, args);
	va_end(args);
	return access(path, F_OK) == 0;
}

void doctor_say(struct doctor_finding *f, enum doctor_state state, const char *format, ...)
{
	va_list args;

	f->state = state;
	va_start(args, format);
	vsnprintf(f->found, sizeof(f->found), format, args);
	va_end(args);
}

void doctor_advise(struct doctor_finding *f, const char *change, const char *undo)
{
	snprintf(f->change, sizeof(f->change), "%s", change);
	snprintf(f->undo, sizeof(f->undo), "%s", undo);
}

/* Adds "echo VALUE >PATH" to a line of commands, as far as there is room. */
static void add_command(char *line, size_t size, const char *value, const char *path)
{
	size_t used = strlen(line);

	snprintf(line + used, size - used, "%secho %s >%s", used ? "; " : "", value, path);
}

/* GRUB's is Debian's; what another boot loader wants, its user knows. */
void doctor_advise_boot(const struct doctor *d, struct doctor_finding *f, const char *words)
{
#define LINE "/^GRUB_CMDLINE_LINUX=/s"
#define BOOT " /etc/default/grub && update-grub && reboot"
	if (!doctor_exists(d, "/etc/default/grub")) {
		snprintf(f->change, sizeof(f->change),
			 "add %s to the kernel's command line and boot again", words);
		snprintf(f->undo, sizeof(f->undo), "take it away and boot again");
		return;
	}
	snprintf(f->change, sizeof(f->change), "sed -i '" LINE "/=\"/&%s /'" BOOT, words);
	snprintf(f->undo, sizeof(f->undo), "sed -i '" LINE "/%s //'" BOOT, words);
#undef LINE
#undef BOOT
}

void doctor_chosen(char *text)
{
	char *open = strpbrk(text, "[("), *close = open ? strpbrk(open, "])") : NULL;

	if (!close)
		return;
	*close = '\0';
	memmove(text, open + 1, strlen(open + 1) + 1);
}

void doctor_offer(const struct doctor *d, struct doctor_finding *f, const char *wanted,
		  const char *format, ...)
{
	char path[PATH_MAX_HERE], now[256];
	struct doctor_change *more;
	va_list args;

	va_start(args, format);
	path_of(d, path, format, args);
	va_end(args);
	more = realloc(f->changes, (f->change_count + 1) * sizeof(*more));
	if (!more || folder_read(path, now, sizeof(now), NULL) < 0)
		goto keep;
	f->changes = more;
	more += f->change_count;
	*more = (struct doctor_change){ strdup(path), strdup(wanted) };
	f->change_count++;
	doctor_chosen(now);
	add_command(f->change, sizeof(f->change), wanted, path);
	add_command(f->undo, sizeof(f->undo), now, path);
	return;
keep: /* without memory there is no offer, and the finding stands */
	if (more)
		f->changes = more;
}

void doctor_examine(const struct doctor *d, struct doctor_report *r)
{
	*r = (struct doctor_report){ 0 };
	for (size_t i = 0; doctor_checks[i].name; i++) {
		doctor_checks[i].look(d, &r->findings[i]);
		r->count[r->findings[i].state]++;
	}
}

void doctor_report_clear(struct doctor_report *r)
{
	for (size_t i = 0; i < DOCTOR_CHECKS_MAX; i++) {
		for (size_t k = 0; k < r->findings[i].change_count; k++) {
			free(r->findings[i].changes[k].path);
			free(r->findings[i].changes[k].wanted);
		}
		free(r->findings[i].changes);
	}
	*r = (struct doctor_report){ 0 };
}
