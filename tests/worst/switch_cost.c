// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the recording adds to a context switch: two threads on the shared core
 * hand a byte to and fro through pipes, with it and without it in turn.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "harness/hostrecord.h"
#include "host/error.h"

#define CORE 1
#define HOUSEKEEPING 0
#define ROUNDS 15 /* of each kind */
#define HANDOVERS 20000 /* a round; a switch each */

static int there[2], back[2];

static void *answer(void *arg)
{
	char byte;

	(void)arg;
	while (read(there[0], &byte, 1) == 1 && byte)
		if (write(back[1], &byte, 1) != 1)
			break;
	return NULL;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static double ns_a_switch(void)
{
	uint64_t begin = now_ns();
	char byte = 1;

	for (int i = 0; i < HANDOVERS / 2; i++)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			exit(1);
	return (double)(now_ns() - begin) / HANDOVERS;
}

static void pin(int core)
{
	cpu_set_t cores;

	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	if (sched_setaffinity(0, sizeof(cores), &cores) < 0)
		exit(1);
}

static double with_recording(void)
{
	const int core = CORE;
	struct rs_error *err = NULL;
	struct hostrecord *r;
	double ns;

	pin(HOUSEKEEPING); /* its thread is born there */
	r = hostrecord_start(&core, 1, &err);
	pin(CORE);
	if (!r) {
		fprintf(stderr, "%s\n", err->message);
		exit(1);
	}
	ns = ns_a_switch();
	if (hostrecord_stop(r)->count < HANDOVERS) {
		fprintf(stderr, "%zu events only\n", hostrecord_stop(r)->count);
		exit(1);
	}
	hostrecord_free(r);
	return ns;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(void)
{
	double without[ROUNDS], with[ROUNDS];
	const char end = 0;
	pthread_t thread;

	if (pipe(there) < 0 || pipe(back) < 0)
		return 1;
	pin(CORE);
	if (pthread_create(&thread, NULL, answer, NULL) != 0)
		return 1;
	ns_a_switch();
	for (int i = 0; i < ROUNDS; i++) {
		without[i] = ns_a_switch();
		with[i] = with_recording();
	}
	if (write(there[1], &end, 1) != 1)
		return 1;
	pthread_join(thread, NULL);
	qsort(without, ROUNDS, sizeof(without[0]), compare);
	qsort(with, ROUNDS, sizeof(with[0]), compare);
	printf("a switch (pipes, core %d): %.0f ns without, %.0f ns with the recording (medians "
	       "of %d; without %.0f to %.0f, with %.0f to %.0f)\n",
	       CORE, without[ROUNDS / 2], with[ROUNDS / 2], ROUNDS, without[0], without[ROUNDS - 1],
	       with[0], with[ROUNDS - 1]);
	return 0;
}
