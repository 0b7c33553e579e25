// SPDX-License-Identifier: GPL-2.0-or-later
/* The nano guest in a real QEMU, one at a time, beside the fake VMs. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/error.h"
#include "tests/soak/soak.h"

#define NAME "nano"
#define LIFE_MS 60000 /* of one guest, its boot included */
#define TICK_MS 1 /* to look at its serial line */

/* What a guest is told to do, and what must come of it. */
struct nano_plan {
	const char *mode; /* tests/nano/modes.c */
	bool hostile; /* at least one reject; how many is not for us to say */
	bool counts; /* `count` rings: all counted */
};

static const struct nano_plan plans[] = {
	{ "rings", false, true },  { "hold", false, false },   { "nest", false, false },
	{ "reset", false, false }, { "outside", true, false }, { "short", true, false },
	{ "loop", true, false },   { "flood", true, false },   { "garbage", true, false },
};

static unsigned int some(struct nano *n, unsigned int below)
{
	return (unsigned int)prng_below(&n->random, below);
}

static int start(struct soak *s, struct rs_error **err)
{
	struct nano *n = &s->nano;
	const struct nano_plan *plan = &plans[some(n, sizeof(plans) / sizeof(plans[0]))];
	char path[DAEMON_PATH_MAX], append[96];
	int ret = daemon_add_vm(&s->daemon, NAME, 60, "ring", err);

	n->count = 1 + some(n, 50);
	snprintf(append, sizeof(append), "mode=%s count=%u prio=%u work=%u", plan->mode, n->count,
		 1 + some(n, 80), some(n, 3000));
	daemon_vm_socket(&s->daemon, NAME, path);
	if (!ret)
		ret = qemu_start(&n->qemu, "tcg", path, append, s->daemon.log, err);
	if (ret)
		return ret;
	n->plan = plan;
	n->answered = 0;
	n->end_ms = now_ms() + LIFE_MS;
	n->kill_ms = some(n, 4) ? 0 : now_ms() + some(n, 8000);
	s->totals.nano_boots++;
	note(s, "nano %s", append);
	return 0;
}

static int forget(struct soak *s, struct rs_error **err)
{
	int64_t end = now_ms() + SOAK_WAIT_MS;

	s->nano.plan = NULL;
	while (daemon_number(&s->daemon, NAME, "connected") != 0) {
		if (now_ms() > end)
			return rs_fail(err, ETIMEDOUT, "the nano guest stays connected");
		short_pause();
	}
	return daemon_command(&s->daemon, "remove-vm", NAME, NULL, err);
}

static int judge(struct soak *s, int code, struct rs_error **err)
{
	const struct nano *n = &s->nano;
	struct daemon *d = &s->daemon;
	/* One a message, and the one QEMU makes when it takes the queue up. */
	int64_t kicks = daemon_number(d, NAME, "kicks"), sent = 2 * (int64_t)n->count + 3;

	if (code != QEMU_EXIT_OK)
		return rs_fail(err, EBADE, "nano guest, %s: exit code %d; it said: %s",
			       n->plan->mode, code, n->qemu.text);
	if (n->plan->hostile && daemon_rejects(d, NAME) < 1)
		return rs_fail(err, EBADE, "nano guest, %s: nothing was rejected", n->plan->mode);
	if (!n->plan->hostile && daemon_rejects(d, NAME) != 0)
		return rs_fail(err, EBADE, "nano guest, %s: messages were rejected", n->plan->mode);
	if (n->plan->counts &&
	    (kicks != sent || daemon_number(d, NAME, "messages.start") != (int64_t)n->count ||
	     daemon_number(d, NAME, "messages.end") != (int64_t)n->count ||
	     daemon_number(d, NAME, "lost") != 0))
		return rs_fail(err, EBADE,
			       "nano guest, %u rings: %lld kicks of %lld, or messages missing",
			       n->count, (long long)kicks, (long long)sent);
	return 0;
}

/* It stops at points of its own until it is told to go on. */
static void listen(struct nano *n)
{
	qemu_says(&n->qemu, "\001", TICK_MS); /* never said: only reads */
	if (n->qemu.length == n->answered)
		return;
	n->answered = n->qemu.length;
	if (strstr(n->qemu.text, "nano: ok"))
		return; /* it is about to end */
	qemu_go_on(&n->qemu);
}

int nano_stop(struct soak *s, struct rs_error **err)
{
	if (!s->nano.plan)
		return 0;
	qemu_kill(&s->nano.qemu);
	s->totals.nano_kills++;
	note(s, "nano killed");
	return forget(s, err);
}

int nano_step(struct soak *s, struct rs_error **err)
{
	struct nano *n = &s->nano;
	int code, ret;

	if (!s->use_nano)
		return 0;
	if (!n->plan)
		return some(n, 20) ? 0 : start(s, err);
	listen(n);
	if (n->kill_ms && now_ms() > n->kill_ms)
		return nano_stop(s, err);
	if (now_ms() > n->end_ms)
		return rs_fail(err, ETIMEDOUT, "nano guest, %s: no end; it said: %s", n->plan->mode,
			       n->qemu.text);
	code = qemu_exit_code(&n->qemu, 0);
	if (n->qemu.pid)
		return 0;
	ret = judge(s, code, err);
	note(s, "nano ended, code %d", code);
	return ret ? ret : forget(s, err);
}
