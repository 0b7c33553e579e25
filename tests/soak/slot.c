// SPDX-License-Identifier: GPL-2.0-or-later
/* One fake VM: a step of its life at a time, and the daemon's view of it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "tests/soak/soak.h"

#define FLOOD_MAX 8000
#define LONG_RING_MS 50000 /* daemon_add_vm() lets a ring last 60 s */
#define RANDOM_MAX 200 /* messages of one step */

/* Those that need nothing but a VM. Index 0 is the most common one. */
static const char *const policies_used[] = { "ring",	   "ring_boot", "none",	  "static",
					     "per_switch", "ring_irq",	"rq_scan" };

#define POLICIES (sizeof(policies_used) / sizeof(policies_used[0]))

static const char *some_policy(struct soak *s)
{
	return policies_used[pick(s, 3) ? pick(s, 2) : pick(s, POLICIES)];
}

/* Whether check_rings() knows what its threads must have: ring, ring_boot and
 * ring_irq do the same without interrupts. Nothing is said of rings that may be
 * cut because they last too long. */
static bool follows_rings(const struct slot *v)
{
	for (unsigned int r = 0; r < RS_RING_MAX; r++)
		if (v->prio[r] && now_ms() - v->since_ms[r] > LONG_RING_MS)
			return false;
	return v->modelled && !strncmp(v->policy, "ring", 4);
}

/* ---- what is sent, and what must be counted for it ---- */

static void send_message(struct slot *v, const struct rs_message *m, uint32_t size, bool kick)
{
	v->messages++;
	v->kicks += kick;
	ff_post(&v->f, m, size, kick);
}

static void send_good(struct slot *v, enum rs_kind kind, unsigned int ring, unsigned int prio,
		      unsigned int vcpu, bool kick)
{
	struct rs_message m = ff_message(&v->f, kind, ring, prio);

	m.vcpu = (uint16_t)vcpu;
	if (v->known && kind != RS_KIND_ATTACH)
		v->lost += v->gap;
	v->gap = 0;
	v->known = true;
	send_message(v, &m, sizeof(m), kick);
	if (kind == RS_KIND_START) {
		v->prio[ring] = (uint8_t)prio;
		v->vcpu[ring] = (uint8_t)vcpu;
		v->since_ms[ring] = now_ms();
		v->started = true;
	} else if (kind == RS_KIND_END) {
		v->prio[ring] = 0;
	} else {
		memset(v->prio, 0, sizeof(v->prio));
	}
}

/* Each is rejected for one reason; its number is believed to have been lost. */
static void send_bad(struct soak *s, struct slot *v, bool kick)
{
	struct rs_message m = ff_message(&v->f, RS_KIND_START, 1, 50);
	uint32_t size = sizeof(m);

	switch (pick(s, 7)) {
	case 0:
		m.revision++;
		break;
	case 1:
		m.kind = RS_KIND_COUNT;
		break;
	case 2:
		m.ring_id = RS_RING_MAX;
		break;
	case 3:
		m.ring_prio = RS_PRIO_MAX + 1;
		break;
	case 4:
		m.vcpu = RS_VCPU_MAX - 1;
		break;
	case 5:
		m.period_ns = RS_PERIOD_MIN_NS - 1;
		break;
	default:
		size = 1 + pick(s, sizeof(m) - 1);
	}
	v->rejects++;
	v->gap++;
	send_message(v, &m, size, kick);
}

static int drain(struct slot *v, struct rs_error **err)
{
	if (ff_drained(&v->f, RS_QUEUE_NOTIFY, SOAK_WAIT_MS))
		return 0;
	return rs_fail(err, ETIMEDOUT, "VM %s: its messages are not taken", v->name);
}

/* `count` messages, of which few are bad and some numbers are left out. */
static int send_many(struct soak *s, struct slot *v, unsigned int count, struct rs_error **err)
{
	for (unsigned int i = 0; i < count; i++) {
		bool kick = pick(s, 4) || i == count - 1;
		unsigned int ring = pick(s, RS_RING_MAX);

		/* Half a queue at once, so that the next is never on top of it. */
		if (i % (FF_QUEUE_SIZE / 2) == FF_QUEUE_SIZE / 2 - 1) {
			ff_kick(&v->f, RS_QUEUE_NOTIFY);
			v->kicks++;
			if (drain(v, err))
				return -ETIMEDOUT;
		}
		if (!pick(s, 50)) {
			unsigned int left_out = 1 + pick(s, 5);

			v->f.sequence += left_out;
			v->gap += left_out;
		}
		if (!pick(s, 20))
			send_bad(s, v, kick);
		else if (v->prio[ring])
			send_good(v, RS_KIND_END, ring, v->prio[ring], v->vcpu[ring], kick);
		else
			send_good(v, RS_KIND_START, ring, 1 + pick(s, RS_PRIO_MAX),
				  pick(s, v->f.vm.vcpus), kick);
	}
	return drain(v, err);
}

/* ---- life ---- */

static int add(struct soak *s, struct slot *v, struct rs_error **err)
{
	int ret;

	v->policy = some_policy(s);
	v->ceiling = 1 + pick(s, 89);
	v->kicks = v->messages = v->rejects = v->lost = v->left_kicks = v->left_messages = 0;
	ret = daemon_add_vm(&s->daemon, v->name, v->ceiling, v->policy, err);
	v->added = !ret;
	v->killed = false;
	note(s, "add %s policy %s ceiling %u", v->name, v->policy, v->ceiling);
	return ret;
}

static int attach(struct slot *v, const char *path, struct rs_error **err)
{
	int ret = ff_connect(&v->f, path, err);

	ret = ret ? ret : ff_realize(&v->f, err);
	ret = ret ? ret : ff_start_queues(&v->f, err);
	if (ret)
		return ret;
	v->connected = true;
	v->known = false;
	v->gap = 0;
	v->started = false;
	send_good(v, RS_KIND_ATTACH, 0, 0, 0, true);
	return drain(v, err);
}

static int boot(struct soak *s, struct slot *v, struct rs_error **err)
{
	const struct fake_vm_options options = { .vcpus = 1 + pick(s, 4) };
	char path[DAEMON_PATH_MAX];
	int ret = ff_create(&v->f, &options, err);

	if (ret)
		return ret;
	v->alive = true;
	v->kicks++; /* the eventfd begins with one, as QEMU's does */
	v->modelled = true;
	s->totals.fake_boots++;
	daemon_vm_socket(&s->daemon, v->name, path);
	ret = attach(v, path, err);
	note(s, "boot %s vcpus %u pid %d", v->name, options.vcpus, v->f.vm.pid);
	return ret || !follows_rings(v) ? ret : check_rings(v, err);
}

static int wait_gone(struct soak *s, struct slot *v, struct rs_error **err)
{
	int64_t end = now_ms() + SOAK_WAIT_MS;

	v->connected = false;
	while (daemon_number(&s->daemon, v->name, "connected") != 0) {
		if (now_ms() > end)
			return rs_fail(err, ETIMEDOUT, "VM %s stays connected", v->name);
		short_pause();
	}
	return 0;
}

/* What nobody will take any more: the named rest of the sum. */
static void count_left(struct slot *v)
{
	const struct ff_queue *q = &v->f.queue[RS_QUEUE_NOTIFY];
	uint64_t unread = 0;

	if (read(q->kick, &unread, sizeof(unread)) != sizeof(unread))
		unread = 0;
	v->left_kicks += unread;
	v->left_messages += (uint16_t)(q->avail->index - q->used->index);
}

/* SIGKILL, perhaps with messages under way. Bad ones among these, or a gap before
 * them, would leave open what was counted of it. */
static int kill_vm(struct soak *s, struct slot *v, struct rs_error **err)
{
	unsigned int under_way = v->gap ? 0 : pick(s, FF_QUEUE_SIZE);
	int ret = v->connected ? check_counters(s, v, err) : 0;

	v->killed = true;
	for (unsigned int i = 0; !ret && v->connected && i < under_way; i++)
		send_good(v, i & 1 ? RS_KIND_END : RS_KIND_START, 1, 40, 0, !pick(s, 8));
	fake_vm_kill(&v->f.vm);
	if (!ret && v->connected)
		ret = wait_gone(s, v, err);
	count_left(v);
	if (!ret)
		ret = check_counters(s, v, err);
	ff_destroy(&v->f);
	v->alive = false;
	s->totals.vm_kills++;
	note(s, "kill %s left %llu", v->name, (unsigned long long)v->left_messages);
	return ret;
}

static int disconnect(struct soak *s, struct slot *v, struct rs_error **err)
{
	int ret = check_counters(s, v, err); /* the last notification is counted */

	ff_disconnect(&v->f);
	ret = ret ? ret : wait_gone(s, v, err);
	ret = ret ? ret : check_own(v, err);
	v->modelled = false; /* the process has run: ring_boot does not lower it, say */
	note(s, "disconnect %s", v->name);
	return ret;
}

static int change_policy(struct soak *s, struct slot *v, struct rs_error **err)
{
	v->policy = some_policy(s);
	v->modelled = false;
	s->totals.policies++;
	note(s, "policy %s %s", v->name, v->policy);
	return daemon_command(&s->daemon, "policy", v->policy, v->name, err);
}

static int talk(struct soak *s, struct slot *v, struct rs_error **err)
{
	bool flood = !pick(s, 20);
	unsigned int count = 1 + pick(s, flood ? FLOOD_MAX : RANDOM_MAX);
	int ret = send_many(s, v, count, err);

	s->totals.floods += flood;
	note(s, "%s %s messages %u", flood ? "flood" : "talk", v->name, count);
	if (!ret && follows_rings(v))
		ret = check_rings(v, err);
	return ret ? ret : check_counters(s, v, err);
}

static int come_back(struct soak *s, struct slot *v, struct rs_error **err)
{
	char path[DAEMON_PATH_MAX];

	daemon_vm_socket(&s->daemon, v->name, path);
	note(s, "connect %s again", v->name);
	return attach(v, path, err);
}

/* What was sent and counted goes into the totals with the VM. */
static void forget(struct soak *s, struct slot *v)
{
	s->totals.kicks += v->kicks;
	s->totals.messages += v->messages;
	s->totals.rejects += v->rejects;
	s->totals.lost += v->lost;
	s->totals.left_kicks += v->left_kicks;
	s->totals.left_messages += v->left_messages;
	v->added = false;
}

int slot_remove(struct soak *s, struct slot *v, struct rs_error **err)
{
	bool connected = v->connected;
	int ret = 0;

	if (!v->added)
		return 0;
	if (v->connected && pick(s, 2))
		ret = kill_vm(s, v, err);
	else
		ret = check_counters(s, v, err);
	if (!ret)
		ret = daemon_command(&s->daemon, "remove-vm", v->name, NULL, err);
	note(s, "remove %s", v->name);
	if (!ret && v->alive && connected)
		ret = check_own(v, err);
	if (v->alive)
		ff_destroy(&v->f);
	v->alive = v->connected = false;
	forget(s, v);
	return ret;
}

int slot_orphaned(struct soak *s, struct slot *v, struct rs_error **err)
{
	int ret = v->alive ? check_own(v, err) : 0;

	if (v->alive)
		ff_destroy(&v->f);
	v->alive = v->connected = false;
	if (v->added)
		forget(s, v);
	return ret;
}

int slot_step(struct soak *s, struct slot *v, struct rs_error **err)
{
	if (!v->added)
		return add(s, v, err);
	if (!v->alive)
		return pick(s, 8) ? boot(s, v, err) : slot_remove(s, v, err);
	if (!v->connected)
		return pick(s, 4) ? come_back(s, v, err) : kill_vm(s, v, err);
	switch (pick(s, 16)) {
	case 0:
		return kill_vm(s, v, err);
	case 1:
		return disconnect(s, v, err);
	case 2:
	case 3:
		return change_policy(s, v, err);
	case 4:
		return slot_remove(s, v, err);
	default:
		return talk(s, v, err);
	}
}
