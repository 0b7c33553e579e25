// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks of the scenario's cores and of what else happens on them. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/doctor.h"
#include "harness/domain_xml.h"
#include "harness/scenario.h"
#include "harness/schedstat.h"
#include "host/cleanup.h"

#define CPU "/sys/devices/system/cpu"
#define BUSY_SHARE_MAX 0.02 /* the witness itself takes 0.6 % */
#define STEAL_SHARE_MAX 0.005
#define INTERRUPTS_MAX 50.0 /* a second: one a period of 20 ms */
#define WAKEUP_WARN_US 300.0 /* what the witness calls a stall */
#define IDLE_LATENCY_MAX_US 20 /* an idle state that takes longer to leave */

DOCTOR_LOOK(root)
{
	(void)d;
	if (geteuid() == 0)
		doctor_say(f, DOCTOR_PASS, "run as root");
	else
		doctor_say(f, DOCTOR_FAIL, "run as user %d", (int)geteuid());
	if (geteuid())
		doctor_advise(f, "run the same command with sudo", "");
}

/* The first of the list that is not online; -1 = all are. */
static int offline(const char *online, const int *cores, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!schedstat_names(online, cores[i]))
			return cores[i];
	return -1;
}

static bool names_any(const char *list, const int *cores, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (schedstat_names(list, cores[i]))
			return true;
	return false;
}

DOCTOR_LOOK(cores)
{
	const struct scenario *s = d->scenario;
	char online[256];
	int missing;

	if (!doctor_read(d, online, sizeof(online), CPU "/online")) {
		doctor_say(f, DOCTOR_SKIP, "the kernel does not list its cores");
		return;
	}
	missing = offline(online, s->shared_cores, s->shared_core_count);
	if (missing < 0)
		missing = offline(online, s->housekeeping_cores, s->housekeeping_core_count);
	if (missing >= 0)
		doctor_say(f, DOCTOR_FAIL, "the scenario names core %d, this machine runs %s",
			   missing, online);
	else
		doctor_say(f, DOCTOR_PASS, "%u shared, %u for housekeeping, of %s",
			   s->shared_core_count, s->housekeeping_core_count, online);
	if (missing >= 0)
		doctor_advise(f, "change cores.shared and cores.housekeeping in the scenario", "");
}

DOCTOR_LOOK(siblings)
{
	const struct scenario *s = d->scenario;
	char list[128], active[32];

	if (doctor_read(d, active, sizeof(active), CPU "/smt/active") && !strcmp(active, "0")) {
		doctor_say(f, DOCTOR_PASS, "one thread a core");
		return;
	}
	for (unsigned int i = 0; i < s->shared_core_count; i++) {
		if (!doctor_read(d, list, sizeof(list), CPU "/cpu%d/topology/thread_siblings_list",
				 s->shared_cores[i]))
			continue;
		if (strpbrk(list, ",-")) {
			doctor_say(f, DOCTOR_WARN, "shared core %d is one of the threads %s",
				   s->shared_cores[i], list);
			doctor_offer(d, f, "off", CPU "/smt/control");
			if (!f->change_count)
				doctor_advise_boot(d, f, "nosmt");
			return;
		}
		doctor_say(f, DOCTOR_PASS, "no sibling thread is online");
	}
	if (!*f->found)
		doctor_say(f, DOCTOR_SKIP, "the kernel shows no topology");
}

DOCTOR_LOOK(governor)
{
	const struct scenario *s = d->scenario;
	char now[64];

	for (unsigned int i = 0; i < s->shared_core_count; i++) {
		if (!doctor_read(d, now, sizeof(now), CPU "/cpu%d/cpufreq/scaling_governor",
				 s->shared_cores[i]))
			continue;
		if (!strcmp(now, "performance")) {
			if (f->state == DOCTOR_PASS)
				doctor_say(f, DOCTOR_PASS, "performance");
			continue;
		}
		doctor_say(f, DOCTOR_WARN, "governor %s on core %d", now, s->shared_cores[i]);
		doctor_offer(d, f, "performance", CPU "/cpu%d/cpufreq/scaling_governor",
			     s->shared_cores[i]);
	}
	if (!*f->found)
		doctor_say(f, DOCTOR_SKIP, "the kernel does not scale this machine's frequency");
}

/* Idle states of one core that take too long to leave. */
static void look_at_idle(const struct doctor *d, struct doctor_finding *f, int core)
{
	char path[128], disabled[16];
	long long latency;

	for (int state = 0; state < 16; state++) {
		snprintf(path, sizeof(path), CPU "/cpu%d/cpuidle/state%d/latency", core, state);
		if (!doctor_number(d, &latency, path))
			return;
		if (f->state == DOCTOR_SKIP)
			doctor_say(f, DOCTOR_PASS, "no state takes longer than %d us to leave",
				   IDLE_LATENCY_MAX_US);
		if (latency <= IDLE_LATENCY_MAX_US ||
		    (doctor_read(d, disabled, sizeof(disabled),
				 CPU "/cpu%d/cpuidle/state%d/disable", core, state) &&
		     strcmp(disabled, "0")))
			continue;
		doctor_say(f, DOCTOR_WARN,
			   "core %d has idle states that take up to %lld us to leave", core,
			   latency);
		doctor_offer(d, f, "1", CPU "/cpu%d/cpuidle/state%d/disable", core, state);
	}
}

DOCTOR_LOOK(idle_states)
{
	doctor_say(f, DOCTOR_SKIP, "the kernel shows no idle states");
	for (unsigned int i = 0; i < d->scenario->shared_core_count; i++)
		look_at_idle(d, f, d->scenario->shared_cores[i]);
}

/* A list of cores of the kernel that should name every shared core: a parameter
 * of its command line, with another that belongs to it, or NULL. */
static void look_at_list(const struct doctor *d, struct doctor_finding *f, const char *path,
			 const char *parameter, const char *with)
{
	const struct scenario *s = d->scenario;
	char list[256] = "", cores[128], words[320];
	bool known = doctor_read(d, list, sizeof(list), "%s", path);
	int missing = offline(list, s->shared_cores, s->shared_core_count);

	if (known && missing < 0) {
		doctor_say(f, DOCTOR_PASS, "%s=%s", parameter, list);
		return;
	}
	doctor_say(f, DOCTOR_WARN, "%s does not name core %d", parameter, missing);
	cores_text(s->shared_cores, s->shared_core_count, cores, sizeof(cores));
	if (with)
		snprintf(words, sizeof(words), "%s=%s %s=%s", parameter, cores, with, cores);
	else
		snprintf(words, sizeof(words), "%s=%s", parameter, cores);
	doctor_advise_boot(d, f, words);
}

DOCTOR_LOOK(isolated)
{
	look_at_list(d, f, CPU "/isolated", "isolcpus", NULL);
}

DOCTOR_LOOK(nohz_full)
{
	look_at_list(d, f, CPU "/nohz_full", "nohz_full", "rcu_nocbs");
}

/* One loop instead of a command an interrupt; the way back only where it is
 * the same for all (--undo knows each by itself). */
static void shorten(struct doctor_finding *f, const char *irqs, const char *home,
		    const char *before)
{
#define LOOP "for irq in%s; do echo %s >/proc/irq/$irq/smp_affinity_list; done"
	snprintf(f->change, sizeof(f->change), LOOP, irqs, home);
	if (*before)
		snprintf(f->undo, sizeof(f->undo), LOOP, irqs, before);
	else
		snprintf(f->undo, sizeof(f->undo), "write each one's own list back");
#undef LOOP
}

/* Interrupts that may be handled on a shared core, each an offer to move. */
DOCTOR_LOOK(irq_affinity)
{
	const struct scenario *s = d->scenario;
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	char path[512], list[256], home[16], irqs[512] = "", before[256] = "";
	unsigned int on_shared = 0, all = 0;
	size_t used = 0;

	snprintf(path, sizeof(path), "%s/proc/irq", d->root);
	dir = opendir(path);
	snprintf(home, sizeof(home), "%d", s->housekeeping_cores[0]);
	while (dir && (entry = readdir(dir))) {
		int irq = atoi(entry->d_name);

		if (irq <= 0 ||
		    !doctor_read(d, list, sizeof(list), "/proc/irq/%d/smp_affinity_list", irq))
			continue;
		all++;
		if (!names_any(list, s->shared_cores, s->shared_core_count))
			continue;
		doctor_offer(d, f, home, "/proc/irq/%d/smp_affinity_list", irq);
		if (used < sizeof(irqs))
			used += (size_t)snprintf(irqs + used, sizeof(irqs) - used, " %d", irq);
		if (!on_shared++)
			snprintf(before, sizeof(before), "%s", list);
		else if (strcmp(before, list))
			*before = '\0';
	}
	if (on_shared)
		shorten(f, irqs, home, before);
	if (!all)
		doctor_say(f, DOCTOR_SKIP, "no interrupt's cores can be read");
	else if (on_shared)
		doctor_say(f, DOCTOR_WARN, "%u of %u interrupts may come to a shared core",
			   on_shared, all);
	else
		doctor_say(f, DOCTOR_PASS, "none of %u interrupts may come to a shared core", all);
}

/* The core's digit of a mask as the kernel writes it ("ffffffff,00000003"), and
 * *bit in it; NULL where the mask is too short. */
static char *mask_digit(char *mask, int core, unsigned int *bit)
{
	int before = core / 4;

	*bit = 1u << core % 4;
	for (char *p = mask + strlen(mask); p > mask; p--)
		if (isxdigit((unsigned char)p[-1]) && !before--)
			return p - 1;
	return NULL;
}

/* Takes the core out; false where it was not in. */
static bool mask_clear(char *mask, int core)
{
	unsigned int bit, value;
	char *digit = mask_digit(mask, core, &bit);

	if (!digit)
		return false;
	value = (unsigned int)(isdigit((unsigned char)*digit) ? *digit - '0' :
								(*digit | 0x20) - 'a' + 10);
	if (!(value & bit))
		return false;
	*digit = "0123456789abcdef"[value & ~bit];
	return true;
}

/* What irqaffinity= sets. */
DOCTOR_LOOK(irq_default)
{
#define MASK "/proc/irq/default_smp_affinity"
	const struct scenario *s = d->scenario;
	char mask[512], others[512], words[160] = "irqaffinity=";
	unsigned int on_shared = 0;

	if (!doctor_read(d, mask, sizeof(mask), MASK)) {
		doctor_say(f, DOCTOR_SKIP, "this kernel has no " MASK);
		return;
	}
	strcpy(others, mask);
	for (unsigned int i = 0; i < s->shared_core_count; i++)
		on_shared += mask_clear(others, s->shared_cores[i]);
	doctor_say(f, on_shared ? DOCTOR_WARN : DOCTOR_PASS, "cores by mask %.255s", mask);
	if (!on_shared)
		return;
	if (strpbrk(others, "123456789abcdef")) {
		doctor_offer(d, f, others, MASK);
		return;
	}
	/* No core would be left: the kernel wants one. */
	cores_text(s->housekeeping_cores, s->housekeeping_core_count, words + strlen(words),
		   sizeof(words) - strlen(words));
	doctor_advise_boot(d, f, words);
#undef MASK
}

DOCTOR_LOOK(interrupts)
{
	if (!d->watch.known) {
		doctor_say(f, DOCTOR_SKIP, "not watched");
		return;
	}
	doctor_say(f, d->watch.interrupts_per_s > INTERRUPTS_MAX ? DOCTOR_WARN : DOCTOR_PASS,
		   "%.0f device interrupts a second on the shared core", d->watch.interrupts_per_s);
	if (f->state == DOCTOR_WARN)
		doctor_advise(f, "see irq_affinity", "");
}

/* Is there a process with that name? */
static bool runs(const struct doctor *d, const char *name)
{
	cleanup_dir DIR *dir = NULL;
	const struct dirent *entry;
	char path[512], comm[64];

	snprintf(path, sizeof(path), "%s/proc", d->root);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 0 &&
		    doctor_read(d, comm, sizeof(comm), "/proc/%d/comm", atoi(entry->d_name)) &&
		    !strcmp(comm, name))
			return true;
	return false;
}

DOCTOR_LOOK(irqbalance)
{
	if (!runs(d, "irqbalance")) {
		doctor_say(f, DOCTOR_PASS, "does not run");
		return;
	}
	doctor_say(f, DOCTOR_WARN, "irqbalance runs");
	doctor_advise(f, "systemctl stop irqbalance", "systemctl start irqbalance");
}

DOCTOR_LOOK(busy)
{
	if (!d->watch.known) {
		doctor_say(f, DOCTOR_SKIP, "not watched");
		return;
	}
	doctor_say(f, d->watch.busy_share > BUSY_SHARE_MAX ? DOCTOR_WARN : DOCTOR_PASS,
		   "%.1f %% of the shared core in use within %.1f s", 100 * d->watch.busy_share,
		   d->watch.seconds);
	if (f->state == DOCTOR_WARN)
		doctor_advise(f,
			      "end or move what runs there: ps -eo pid,psr,pcpu,comm --sort=-pcpu",
			      "");
}

DOCTOR_LOOK(steal)
{
	if (!d->watch.known)
		doctor_say(f, DOCTOR_SKIP, "not watched");
	else
		doctor_say(f, d->watch.steal_share > STEAL_SHARE_MAX ? DOCTOR_WARN : DOCTOR_PASS,
			   "%.2f %% of the shared core stolen within %.1f s",
			   100 * d->watch.steal_share, d->watch.seconds);
	if (f->state == DOCTOR_WARN)
		doctor_advise(f,
			      "measure on a machine that is not shared; periods it disturbs are "
			      "marked as stained",
			      "");
}

DOCTOR_LOOK(witness)
{
	if (!d->watch.witnessed) {
		doctor_say(f, DOCTOR_SKIP, "the witness did not run (it needs root)");
		return;
	}
	doctor_say(f, d->watch.latest_wakeup_us > WAKEUP_WARN_US ? DOCTOR_WARN : DOCTOR_PASS,
		   "its latest wake-up was %.0f us late within %.1f s", d->watch.latest_wakeup_us,
		   d->watch.seconds);
	if (f->state == DOCTOR_WARN)
		doctor_advise(f,
			      "look at steal, interrupts and idle_states; hwlatdetect (package "
			      "rt-tests) finds what firmware does",
			      "");
}
