// SPDX-License-Identifier: GPL-2.0-or-later
/* The soak's command line, its loop, and what it writes: see soak.h. */
#include "tests/soak/soak.h"

#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/error.h"
#include "host/record.h"

#define STEPS_TO_REST 400 /* about: then all VMs are let go and leaks looked for */

struct options {
	long seconds;
	unsigned long long seed;
	const char *log, *json;
	bool nano;
};

static const struct argp_option option_table[] = {
	{ "seconds", 's', "N", 0, "how long (default 20)", 0 },
	{ "seed", 'S', "N", 0, "of the order of things (default: the clock)", 0 },
	{ "log", 'l', "FILE", 0, "what is done, a line a step", 0 },
	{ "json", 'j', "FILE", 0, "what came of it", 0 },
	{ "no-nano", 'n', NULL, 0, "fake VMs only, no QEMU", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 's':
		o->seconds = atol(text);
		return 0;
	case 'S':
		o->seed = strtoull(text, NULL, 10);
		return 0;
	case 'l':
		o->log = text;
		return 0;
	case 'j':
		o->json = text;
		return 0;
	case 'n':
		o->nano = false;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

unsigned int pick(struct soak *s, unsigned int n)
{
	return (unsigned int)prng_below(&s->random, n);
}

void note(struct soak *s, const char *format, ...)
{
	va_list args;

	if (!s->log)
		return;
	fprintf(s->log, "%.3f %llu ", (double)(now_ms() - s->start_ms) / 1e3,
		(unsigned long long)s->totals.steps);
	va_start(args, format);
	vfprintf(s->log, format, args);
	va_end(args);
	fputc('\n', s->log);
}

/* ---- the daemon's own life ---- */

static int start_daemon(struct soak *s, struct rs_error **err)
{
	int ret = daemon_start(&s->daemon, "ring", NULL, err);

	return ret ? ret : check_begin(s, err);
}

static int orphan_all(struct soak *s, struct rs_error **err)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < SOAK_SLOTS; i++)
		ret = slot_orphaned(s, &s->slots[i], err);
	return ret;
}

/* SIGTERM: it puts all back by itself, with its VMs running. */
static int end_daemon(struct soak *s, struct rs_error **err)
{
	int status = daemon_end(&s->daemon, SIGTERM, err);

	note(s, "daemon ended");
	s->totals.daemon_ends++;
	if (status < 0)
		return status;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return rs_fail(err, EBADE, "the daemon ended with status %#x",
			       (unsigned int)status);
	if (!access(s->daemon.record, F_OK))
		return rs_fail(err, EBADE, "the daemon left a record");
	return orphan_all(s, err);
}

/* SIGKILL: its record is for this. */
static int kill_daemon(struct soak *s, struct rs_error **err)
{
	char path[DAEMON_PATH_MAX];
	unsigned int count = 0;
	int ret = daemon_end(&s->daemon, SIGKILL, err);

	s->totals.daemon_kills++;
	if (ret >= 0)
		ret = record_restore(s->daemon.record, &count, err);
	for (unsigned int i = 0; i < SOAK_SLOTS; i++) { /* which it had no time to remove */
		daemon_vm_socket(&s->daemon, s->slots[i].name, path);
		unlink(path);
	}
	note(s, "daemon killed, %u put back", count);
	return ret < 0 ? ret : orphan_all(s, err);
}

static int renew_daemon(struct soak *s, struct rs_error **err)
{
	int ret = nano_stop(s, err);

	if (!ret)
		ret = pick(s, 2) ? end_daemon(s, err) : kill_daemon(s, err);
	return ret ? ret : start_daemon(s, err);
}

static int rest(struct soak *s, struct rs_error **err)
{
	int ret = nano_stop(s, err);

	for (unsigned int i = 0; !ret && i < SOAK_SLOTS; i++)
		ret = slot_remove(s, &s->slots[i], err);
	note(s, "rest");
	return ret ? ret : check_rest(s, err);
}

/* ---- the run ---- */

static int step(struct soak *s, struct rs_error **err)
{
	int ret;

	s->totals.steps++;
	if (!pick(s, STEPS_TO_REST))
		return rest(s, err);
	if (!pick(s, 4 * STEPS_TO_REST))
		return renew_daemon(s, err);
	ret = slot_step(s, &s->slots[pick(s, SOAK_SLOTS)], err);
	return ret ? ret : nano_step(s, err);
}

static int run(struct soak *s, long seconds, struct rs_error **err)
{
	int64_t end = s->start_ms + seconds * 1000;
	int ret = start_daemon(s, err);

	while (!ret && now_ms() < end)
		ret = step(s, err);
	/* However short the run: each of these at least once. */
	ret = ret ? ret : rest(s, err);
	ret = ret ? ret : renew_daemon(s, err);
	return ret ? ret : rest(s, err);
}

static void clean_up(struct soak *s, bool show_log)
{
	qemu_kill(&s->nano.qemu);
	for (unsigned int i = 0; i < SOAK_SLOTS; i++)
		ff_destroy(&s->slots[i].f);
	daemon_clean(&s->daemon, show_log);
}

static int write_json(const struct soak *s, const struct options *o, const char *failure)
{
	const struct totals *t = &s->totals;
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "seed", o->seed },
		{ "steps", t->steps },
		{ "fake_boots", t->fake_boots },
		{ "nano_boots", t->nano_boots },
		{ "nano_kills", t->nano_kills },
		{ "vm_kills", t->vm_kills },
		{ "floods", t->floods },
		{ "policies", t->policies },
		{ "daemon_ends", t->daemon_ends },
		{ "daemon_kills", t->daemon_kills },
		{ "counter_checks", t->checks },
		{ "leak_checks", t->rests },
		{ "kicks", t->kicks },
		{ "kicks_left", t->left_kicks },
		{ "messages", t->messages },
		{ "messages_rejected", t->rejects },
		{ "messages_left", t->left_messages },
		{ "numbers_lost", t->lost },
		{ "bytes_grown_most", (uint64_t)t->bytes_most },
		{ "bytes_bound", SOAK_BYTES_BOUND },
		{ "violations", failure != NULL },
	};
	struct json_object *json = json_object_new_object();
	int ret;

	json_object_object_add(json, "hours",
			       json_object_new_double((double)(now_ms() - s->start_ms) / 3.6e6));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_object_add(json, numbers[i].key,
				       json_object_new_uint64(numbers[i].value));
	json_object_object_add(json, "failure", failure ? json_object_new_string(failure) : NULL);
	ret = json_object_to_file_ext(o->json, json, JSON_C_TO_STRING_PRETTY);
	json_object_put(json);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "Endurance of ringschedd, with fake and nano VMs."
	};
	struct options o = { .seconds = 20, .seed = (unsigned long long)now_ms(), .nano = true };
	static struct soak s; /* large */
	struct rs_error *err = NULL;
	int ret;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	s.random.state = o.seed;
	s.nano.random.state = ~o.seed;
	s.use_nano = o.nano;
	s.start_ms = now_ms();
	s.log = o.log ? fopen(o.log, "we") : NULL;
	for (unsigned int i = 0; i < SOAK_SLOTS; i++)
		snprintf(s.slots[i].name, sizeof(s.slots[i].name), "fake%u", i);
	ret = run(&s, o.seconds, &err);
	if (ret)
		note(&s, "FAILED: %s", err ? err->message : strerror(-ret));
	printf("soak: seed %llu, %llu steps, %llu messages, %llu boots: %s\n", o.seed,
	       (unsigned long long)s.totals.steps, (unsigned long long)s.totals.messages,
	       (unsigned long long)(s.totals.fake_boots + s.totals.nano_boots),
	       !ret ? "all held" :
	       err  ? err->message :
		      strerror(-ret));
	if (o.json && write_json(&s, &o, !ret ? NULL : err ? err->message : strerror(-ret)) < 0)
		ret = -EIO;
	clean_up(&s, ret != 0);
	if (s.log)
		fclose(s.log);
	rs_error_free(&err);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
