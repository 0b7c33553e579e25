// SPDX-License-Identifier: GPL-2.0-or-later
/* What must hold, read from the kernel and from the daemon's status. */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "tests/soak/soak.h"

/* ---- counters ---- */

static struct json_object *status_of(struct soak *s, const char *name, struct json_object **vm,
				     struct rs_error **err)
{
	struct json_object *status = control_client_command(s->daemon.client, "status", err);
	struct json_object *vms = status ? json_object_object_get(status, "vms") : NULL;

	*vm = NULL;
	for (size_t i = 0; vms && i < json_object_array_length(vms); i++) {
		struct json_object *o = json_object_array_get_idx(vms, i);

		if (!strcmp(json_object_get_string(json_object_object_get(o, "name")), name))
			*vm = o;
	}
	if (status && !*vm)
		rs_fail(err, ENOENT, "the daemon does not know VM %s any more", name);
	return status;
}

static uint64_t number(struct json_object *o, const char *key)
{
	return (uint64_t)json_object_get_int64(json_object_object_get(o, key));
}

/* Of an object of counters. */
static uint64_t sum(struct json_object *o, const char *key)
{
	uint64_t total = 0;

	json_object_object_foreach(json_object_object_get(o, key), name, value) {
		(void)name;
		total += (uint64_t)json_object_get_int64(value);
	}
	return total;
}

/* What must not happen while a VM's threads are there. */
static const char *const zeros[] = {
	"reordered",	   "apply_failed", "readback_mismatch", "record_full",
	"record_kept",	   "low_failed",   "place_failed",	"policy_errors",
	"protocol_errors", "io_failed",	   "peers_refused",	"protocol_unknown",
};

static int compare(const struct slot *v, struct json_object *vm, struct rs_error **err)
{
	const struct {
		const char *what;
		uint64_t sent, counted;
	} sums[] = {
		{ "notifications", v->kicks, number(vm, "kicks") + v->left_kicks },
		{ "messages", v->messages,
		  sum(vm, "messages") + sum(vm, "rejects") + v->left_messages },
		{ "bad messages", v->rejects, sum(vm, "rejects") },
		{ "numbers left out", v->lost, number(vm, "lost") },
	};

	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		if (sums[i].sent != sums[i].counted)
			return rs_fail(err, EBADE,
				       "VM %s: %llu %s were sent, %llu are accounted for", v->name,
				       (unsigned long long)sums[i].sent, sums[i].what,
				       (unsigned long long)sums[i].counted);
	for (size_t i = 0; !v->killed && i < sizeof(zeros) / sizeof(zeros[0]); i++)
		if (number(vm, zeros[i]))
			return rs_fail(err, EBADE, "VM %s: %s is %llu", v->name, zeros[i],
				       (unsigned long long)number(vm, zeros[i]));
	return 0;
}

/* The notification thread counts a kick a moment after the queue is empty. */
int check_counters(struct soak *s, struct slot *v, struct rs_error **err)
{
	int64_t end = now_ms() + SOAK_WAIT_MS;
	bool late;

	s->totals.checks++;
	do {
		struct rs_error *why = NULL;
		struct json_object *vm, *status = status_of(s, v->name, &vm, err);
		int ret = vm ? compare(v, vm, &why) : -EIO;

		json_object_put(status);
		late = now_ms() > end;
		if (!vm)
			return -EIO;
		if (ret && late)
			rs_fail(err, EBADE, "%s", why->message);
		rs_error_free(&why);
		if (!ret || late)
			return ret;
		short_pause();
	} while (!late);
	return -EBADE;
}

/* ---- threads ---- */

static int expect(pid_t tid, uint32_t policy, unsigned int priority, const struct slot *v,
		  const char *when, struct rs_error **err)
{
	struct sched_state last;

	if (thread_wait_sched(tid, policy, priority, SOAK_WAIT_MS, &last))
		return 0;
	return rs_fail(err, EBADE, "VM %s (%s), %s: thread %d has %s %u, expected %s %u", v->name,
		       v->policy, when, tid, sched_policy_name(last.policy), last.priority,
		       sched_policy_name(policy), priority);
}

int check_own(const struct slot *v, struct rs_error **err)
{
	int ret = expect(v->f.vm.pid, SCHED_OTHER, 0, v, "let go", err);

	for (unsigned int i = 0; !ret && i < v->f.vm.vcpus; i++)
		ret = expect(v->f.vm.tid[i], SCHED_OTHER, 0, v, "let go", err);
	return ret;
}

int check_rings(const struct slot *v, struct rs_error **err)
{
	bool low = !v->started && !strcmp(v->policy, "ring_boot");
	int ret = 0;

	for (unsigned int i = 0; !ret && i < v->f.vm.vcpus; i++) {
		unsigned int highest = 0;

		for (unsigned int r = 0; r < RS_RING_MAX; r++)
			if (v->vcpu[r] == i && v->prio[r] > highest)
				highest = v->prio[r];
		if (highest > v->ceiling)
			highest = v->ceiling;
		ret = expect(v->f.vm.tid[i],
			     highest ? SCHED_FIFO :
			     low     ? SCHED_IDLE :
				       SCHED_OTHER,
			     highest, v, "by its rings", err);
	}
	return ret;
}

/* ---- leaks ---- */

static unsigned int entries(const char *path)
{
	cleanup_dir DIR *dir = opendir(path);
	unsigned int count = 0;
	const struct dirent *e;

	while (dir && (e = readdir(dir)))
		count += e->d_name[0] != '.';
	return count;
}

static unsigned int of_daemon(const struct soak *s, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", s->daemon.pid, what);
	return entries(path);
}

static int64_t bytes_of_daemon(const struct soak *s)
{
	char path[64], line[128];
	cleanup_file FILE *f = NULL;
	long long kb = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", s->daemon.pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %lld", &kb) == 1)
			break;
	return kb * 1024;
}

int check_begin(struct soak *s, struct rs_error **err)
{
	if (!daemon_alive(&s->daemon)) /* it has taken our connection by then */
		return rs_fail(err, ECHILD, "the daemon does not answer");
	s->descriptors = of_daemon(s, "fd");
	s->threads = of_daemon(s, "task");
	s->bytes = 0;
	if (!s->descriptors || !s->threads)
		return rs_fail(err, EIO, "process %d cannot be looked at", s->daemon.pid);
	return 0;
}

int check_rest(struct soak *s, struct rs_error **err)
{
	int64_t end = now_ms() + SOAK_WAIT_MS, bytes;
	unsigned int descriptors, threads, files;

	s->totals.rests++;
	do {
		descriptors = of_daemon(s, "fd");
		threads = of_daemon(s, "task");
		files = entries(s->daemon.folder);
		if (descriptors == s->descriptors && threads == s->threads && files == 3)
			break;
		short_pause();
	} while (now_ms() < end);
	if (descriptors != s->descriptors || threads != s->threads)
		return rs_fail(
			err, EBADE,
			"without a VM the daemon has %u descriptors and %u threads, it began "
			"with %u and %u",
			descriptors, threads, s->descriptors, s->threads);
	if (files != 3) /* control, record, log */
		return rs_fail(err, EBADE, "without a VM %u files are in the daemon's folder",
			       files);
	bytes = bytes_of_daemon(s);
	if (!s->bytes)
		s->bytes = bytes;
	if (bytes - s->bytes > s->totals.bytes_most)
		s->totals.bytes_most = bytes - s->bytes;
	if (bytes - s->bytes > SOAK_BYTES_BOUND)
		return rs_fail(err, EBADE,
			       "the daemon has grown by %lld bytes since its first rest",
			       (long long)(bytes - s->bytes));
	return 0;
}
