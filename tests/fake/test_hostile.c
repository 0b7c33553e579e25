// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One VM attacks, another goes on with its rings. After each attack: the
 * daemon lives, the attacker got no boost, the other VM gets its own, and the
 * daemon holds no descriptor and no memory of the attacker any more.
 */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "tests/fake/attacks.h"
#include "tests/fake/world.h"

static unsigned int count_fds(pid_t pid)
{
	char path[32];
	cleanup_dir DIR *dir = NULL;
	unsigned int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	return n;
}

/* Mappings of guest memory that the daemon has. */
static unsigned int count_mappings(pid_t pid)
{
	cleanup_file FILE *f = NULL;
	unsigned int n = 0;
	char line[512];

	snprintf(line, sizeof(line), "/proc/%d/maps", (int)pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "memfd:guest") != NULL;
	return n;
}

static unsigned int count_running(pid_t pid)
{
	cleanup_dir DIR *dir = NULL;
	unsigned int n = 0;
	struct dirent *e;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		cleanup_file FILE *f = NULL;
		char state = 'S';

		snprintf(path, sizeof(path), "/proc/%d/task/%.12s/stat", (int)pid, e->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1)
			n += state == 'R';
	}
	return n;
}

/*
 * No thread of the daemon is busy: twenty looks in a row find each asleep. A
 * notification thread that spins would never be found so, and would hold its
 * core at the highest priority there is.
 */
static bool daemon_rests(pid_t pid, int limit_ms)
{
	int64_t end = now_ms() + limit_ms;
	int rests = 0;

	while (rests < 20 && now_ms() < end) {
		rests = count_running(pid) ? 0 : rests + 1;
		short_pause();
	}
	return rests == 20;
}

/* Waits: the daemon may have a file of /proc open just now. */
static void check_count(unsigned int (*count)(pid_t), pid_t pid, unsigned int expected,
			const char *what)
{
	int64_t end = now_ms() + STEP_LIMIT_MS;

	while (count(pid) != expected && now_ms() < end)
		short_pause();
	if (count(pid) != expected)
		fail_msg("the daemon holds %u %s, %u before", count(pid), what, expected);
}

/* What the daemon holds at rest: the fewest of many looks, for the same reason. */
static unsigned int count_at_rest(unsigned int (*count)(pid_t), pid_t pid)
{
	unsigned int fewest = count(pid);

	for (int i = 0; i < 50; i++) {
		unsigned int now;

		short_pause();
		now = count(pid);
		fewest = now < fewest ? now : fewest;
	}
	return fewest;
}

static void behave_until(struct frontend *f, enum attack_stage stage, const char *path)
{
	struct rs_error *err = NULL;

	check_ok(ff_create(f, NULL, &err), &err);
	check_ok(ff_connect(f, path, &err), &err);
	if (stage >= ATTACK_REALIZED)
		check_ok(ff_realize(f, &err), &err);
	if (stage < ATTACK_STARTED)
		return;
	check_ok(ff_start_queues(f, &err), &err);
	ff_offer_events(f, 4);
	world_notify(f, RS_KIND_ATTACH, 0, 0);
}

static void good_vm_is_served(struct frontend *good, const char *after)
{
	world_notify(good, RS_KIND_START, 1, 60);
	check_sched(good->vm.tid[0], SCHED_FIFO, 60, after);
	world_notify(good, RS_KIND_END, 1, 60);
	check_sched(good->vm.tid[0], SCHED_OTHER, 0, after);
}

static void attack(struct world *w, const struct attack *a)
{
	struct frontend *good = &w->vm[0], *bad = &w->vm[1];
	struct rs_error *err = NULL;
	char path[DAEMON_PATH_MAX];

	print_message("  %s\n", a->name);
	check_ok(daemon_add_vm(&w->daemon, "bad", 0, NULL, &err), &err);
	daemon_vm_socket(&w->daemon, "bad", path);
	behave_until(bad, a->stage, path);
	a->run(bad);
	good_vm_is_served(good, a->name);
	if (!daemon_alive(&w->daemon))
		fail_msg("the daemon did not survive");
	if (a->counter && !daemon_wait_number(&w->daemon, "bad", a->counter, 1, STEP_LIMIT_MS))
		fail_msg("%s was not counted", a->counter);
	check_sched(bad->vm.tid[0], SCHED_OTHER, 0, "the attacker");
	if (!daemon_rests(w->daemon.pid, STEP_LIMIT_MS))
		fail_msg("a thread of the daemon spins");
	/* An event for everyone, the attacker's broken queue included. */
	check_ok(daemon_command(&w->daemon, "policy", "none", "bad", &err), &err);
	check_ok(daemon_command(&w->daemon, "remove-vm", "bad", NULL, &err), &err);
	ff_destroy(bad);
	good_vm_is_served(good, "after the attacker was removed");
}

static void all_attacks(struct world *w, const struct attack *a)
{
	unsigned int fds, mappings;

	world_simple(w);
	good_vm_is_served(&w->vm[0], "before");
	fds = count_at_rest(count_fds, w->daemon.pid);
	mappings = count_at_rest(count_mappings, w->daemon.pid);
	assert_true(mappings > 0);
	for (; a->name; a++) {
		attack(w, a);
		check_count(count_fds, w->daemon.pid, fds, "descriptors");
		check_count(count_mappings, w->daemon.pid, mappings, "mappings of guest memory");
	}
}

static void test_protocol_attacks(void **state)
{
	all_attacks(*state, protocol_attacks);
}

static void test_ring_attacks(void **state)
{
	all_attacks(*state, ring_attacks);
}

/* A second front end on the same socket: the first one keeps its VM. */
static void test_second_connection(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = world_simple(w), *second = &w->vm[1];
	char path[DAEMON_PATH_MAX];

	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_create(second, NULL, &err), &err);
	if (ff_connect(second, path, &err)) /* refused at once: as good */
		rs_error_free(&err);
	else
		ff_send(second, FF_GET_FEATURES, NULL, 0, NULL, 0, NULL);
	good_vm_is_served(f, "with a second connection");
	check_number(&w->daemon, "a", "pid", f->vm.pid);
	check_sched(second->vm.tid[0], SCHED_OTHER, 0, "the second process");
}

/* A process that has no vCPU threads is no VM; nothing of it is touched. */
static void test_no_vcpu_threads(void **state)
{
	struct rs_error *err = NULL;
	struct world *w = *state;
	struct frontend *f = &w->vm[0];
	char path[DAEMON_PATH_MAX];

	world_start(w, "ring");
	check_ok(daemon_add_vm(&w->daemon, "a", 0, NULL, &err), &err);
	daemon_vm_socket(&w->daemon, "a", path);
	check_ok(ff_create(f, &(struct fake_vm_options){ .accelerator = "xyz" }, &err), &err);
	check_ok(ff_connect(f, path, &err), &err);
	if (!ff_realize(f, &err) && !ff_start_queues(f, &err))
		ff_notify(f, RS_KIND_START, 1, 50);
	rs_error_free(&err);
	check_sched(f->vm.tid[0], SCHED_OTHER, 0, "a thread that is no vCPU");
	assert_true(daemon_alive(&w->daemon));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_protocol_attacks),
		WORLD_TEST(test_ring_attacks),
		WORLD_TEST(test_second_connection),
		WORLD_TEST(test_no_vcpu_threads),
	};

	return cmocka_run_group_tests_name("hostile VMs", tests, NULL, NULL) ? 1 : 0;
}
