// SPDX-License-Identifier: GPL-2.0-or-later
/* Rings of real processes, see rig.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest/lib/ringsched.h"
#include "tests/guest/rig.h"

static int failed(const char *what, int error)
{
	printf("  %s: %s\n", what, strerror(-error));
	return error;
}

static void log_turn(struct rig_member *member, const struct rs_turn *turn)
{
	unsigned int at = atomic_fetch_add(&member->shared->used, 1);

	if (at >= RIG_LOG_MAX)
		return;
	member->shared->log[at] = (struct rig_entry){
		.ring = turn->ring_id,
		.home = member->ring,
		.slot = member->slot,
		.flags = turn->flags,
		.sequence = turn->sequence,
	};
}

/* The whole life of a member's process. Its exit status is an errno value. */
static int live(struct rig_member *member, const struct rs_ring_params *params, rig_turn turn_done,
		int ready)
{
	struct sched_param fifo = { .sched_priority = (int)params->ring_prio };
	struct rs_turn turn;
	int error;

	if (sched_setscheduler(0, SCHED_FIFO, &fifo))
		return errno;
	member->fd = ringsched_open();
	if (member->fd < 0)
		return -member->fd;
	error = ringsched_join(member->fd, params, member->slot);
	if (error)
		return -error;
	if (write(ready, "j", 1) != 1)
		return EPIPE;
	close(ready);
	while (!(error = ringsched_wait(member->fd, &turn))) {
		log_turn(member, &turn);
		if (turn_done)
			turn_done(member, &turn);
	}
	return error == -ESHUTDOWN ? 0 : -error;
}

/* The process has joined when this returns 0: it says so through a pipe. */
static int add_member(struct rig *rig, struct rig_ring *ring, unsigned int slot, rig_turn turn)
{
	struct rig_member member = { .ring = ring->params.ring_id,
				     .slot = slot,
				     .shared = rig->shared };
	int pipes[2];
	char byte;
	ssize_t got;
	pid_t pid;

	if (pipe(pipes))
		return failed("pipe", -errno);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return failed("fork", -errno);
	if (!pid) {
		close(pipes[0]);
		_exit(live(&member, &ring->params, turn, pipes[1]));
	}
	ring->pids[slot] = pid;
	close(pipes[1]);
	got = read(pipes[0], &byte, 1);
	close(pipes[0]);
	return got == 1 ? 0 : failed("a member could not join", -EPIPE);
}

int rig_open(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->shared = mmap(NULL, sizeof(*rig->shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (rig->shared == MAP_FAILED) {
		rig->shared = NULL;
		rig->fd = -1;
		return failed("mmap", -errno);
	}
	rig->fd = ringsched_open();
	return rig->fd < 0 ? failed("open " RINGSCHED_DEVICE, rig->fd) : 0;
}

int rig_add(struct rig *rig, unsigned int id, unsigned int prio, unsigned int members,
	    unsigned int period_ms, rig_turn turn)
{
	struct rig_ring *ring = &rig->rings[rig->count];
	unsigned int slot;
	int error;

	ring->params = (struct rs_ring_params){
		.ring_id = id,
		.ring_prio = prio,
		.members = members,
		.vcpu = -1,
		.period_ns = period_ms * MS,
		/* The longest allowed: a stall of the host must not cut a turn off. */
		.deadline_ns = 10 * period_ms * MS,
	};
	error = ringsched_create(rig->fd, &ring->params);
	if (error)
		return failed("create ring", error);
	rig->count++;
	for (slot = 0; slot < members && !error; slot++)
		error = add_member(rig, ring, slot, turn);
	return error;
}

int rig_start(struct rig *rig)
{
	struct timespec now;
	unsigned long long base;
	unsigned int i;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &now);
	base = (unsigned long long)now.tv_sec * 1000 * MS + (unsigned long long)now.tv_nsec +
	       50 * MS;
	for (i = 0; i < rig->count && !error; i++)
		error = ringsched_start(rig->fd, rig->rings[i].params.ring_id, base);
	return error ? failed("start", error) : 0;
}

static unsigned int count_turns(const struct rig *rig, unsigned int ring, unsigned int slot)
{
	unsigned int used = atomic_load(&rig->shared->used), i, turns = 0;

	for (i = 0; i < used && i < RIG_LOG_MAX; i++)
		if (rig->shared->log[i].home == ring && rig->shared->log[i].slot == slot)
			turns++;
	return turns;
}

int rig_wait(struct rig *rig, unsigned int ring, unsigned int slot, unsigned int turns)
{
	const struct timespec pause = { .tv_nsec = 5 * MS };
	unsigned int wanted = count_turns(rig, ring, slot) + turns;
	struct timespec now;
	time_t end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec + RIG_TIMEOUT_S;
	while (count_turns(rig, ring, slot) < wanted) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end) {
			printf("  ring %u slot %u: %u turns of %u\n", ring, slot,
			       count_turns(rig, ring, slot), wanted);
			return failed("the ring does not turn", -ETIMEDOUT);
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int reap(pid_t pid, bool killed)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return failed("waitpid", -errno);
	if (killed || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
		return 0;
	if (!WIFEXITED(status))
		return failed("a member died", -ECHILD);
	return WEXITSTATUS(status) ? failed("a member failed", -WEXITSTATUS(status)) : 0;
}

int rig_stop(struct rig *rig)
{
	unsigned int i, slot;
	int error = 0;

	for (i = 0; i < rig->count && !error; i++)
		error = ringsched_stop(rig->fd, rig->rings[i].params.ring_id);
	if (error)
		return failed("stop", error);
	for (i = 0; i < rig->count; i++) {
		struct rig_ring *ring = &rig->rings[i];

		for (slot = 0; slot < ring->params.members; slot++) {
			int reaped = ring->pids[slot] ? reap(ring->pids[slot], false) : 0;

			ring->pids[slot] = 0;
			if (!error)
				error = reaped;
		}
	}
	return error;
}

void rig_close(struct rig *rig)
{
	unsigned int i, slot;

	for (i = 0; i < rig->count; i++) {
		for (slot = 0; slot < RS_MEMBER_MAX; slot++) {
			if (!rig->rings[i].pids[slot])
				continue;
			kill(rig->rings[i].pids[slot], SIGKILL);
			reap(rig->rings[i].pids[slot], true);
		}
	}
	ringsched_close(rig->fd);
	if (rig->shared)
		munmap(rig->shared, sizeof(*rig->shared));
}

pid_t rig_pid(const struct rig *rig, unsigned int ring, unsigned int slot)
{
	unsigned int i;

	for (i = 0; i < rig->count; i++)
		if (rig->rings[i].params.ring_id == ring)
			return rig->rings[i].pids[slot];
	return 0;
}

long long rig_stat(const char *name)
{
	FILE *file = fopen("/sys/kernel/debug/ringsched/stats", "re");
	long long value = -1, found;
	char key[64];

	if (!file)
		return -1;
	while (fscanf(file, "%63s %lld", key, &found) == 2)
		if (!strcmp(key, name))
			value = found;
	fclose(file);
	return value;
}

int rig_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}
