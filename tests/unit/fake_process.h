/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child process that looks like QEMU to the daemon: threads named "CPU 0/KVM"
 * and so on, and a worker. It obeys one-letter commands on a pipe and answers
 * each with the thread id that it concerns:
 *	x	the last vCPU thread exits
 *	w	a further worker is made, by the worker that is there
 *	s	the first vCPU thread uses FAKE_SPIN_MS of CPU time
 */
#ifndef TESTS_FAKE_PROCESS_H
#define TESTS_FAKE_PROCESS_H

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define FAKE_VCPUS_MAX 4
#define FAKE_SPIN_MS 30 /* of CPU time, however long that takes */

struct fake_process {
	pid_t pid;
	int command, answer;
	unsigned int vcpus;
	pid_t vcpu[FAKE_VCPUS_MAX];
	pid_t worker;
};

/* Inside the child. */
struct fake_thread {
	char name[16];
	int wake[2];
	int answer;
};

static void fake_answer(int fd, pid_t tid)
{
	if (write(fd, &tid, sizeof(tid)) != sizeof(tid))
		_exit(3);
}

static void fake_spin(void)
{
	struct timespec used, begin;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	while ((used.tv_sec - begin.tv_sec) * 1000 + (used.tv_nsec - begin.tv_nsec) / 1000000 <
	       FAKE_SPIN_MS);
}

/* Until its pipe says otherwise: 'x' ends it, 's' has it work, 'w' makes
 * another like it. */
static void *fake_run(void *arg)
{
	struct fake_thread *t = arg;
	pthread_t other;
	char order;

	prctl(PR_SET_NAME, t->name);
	fake_answer(t->answer, gettid());
	while (read(t->wake[0], &order, 1) == 1 && order != 'x')
		if (order == 's') {
			fake_spin();
			fake_answer(t->answer, 0);
		} else if (pthread_create(&other, NULL, fake_run, t) != 0)
			_exit(3);
	return NULL;
}

static void fake_main(int command, int answer, unsigned int vcpus)
{
	static struct fake_thread threads[FAKE_VCPUS_MAX + 1];
	const struct sched_param ordinary = { 0 };
	pthread_t id[FAKE_VCPUS_MAX + 1];
	char order;

	/* As QEMU is, whatever the tests run as (chrt -i, nice). */
	sched_setscheduler(0, SCHED_OTHER, &ordinary);
	setpriority(PRIO_PROCESS, 0, 0);
	for (unsigned int i = 0; i <= vcpus; i++) {
		threads[i].answer = answer;
		if (i < vcpus)
			snprintf(threads[i].name, sizeof(threads[i].name), "CPU %u/%s", i,
				 i ? "KVM" : "TCG");
		else
			snprintf(threads[i].name, sizeof(threads[i].name), "worker");
		if (pipe(threads[i].wake) || pthread_create(&id[i], NULL, fake_run, &threads[i]))
			_exit(3);
		/* One after the other, so that the answers come in order. */
		while (read(command, &order, 1) == 1 && order != 'n')
			;
	}
	while (read(command, &order, 1) == 1) {
		if (order == 'x') {
			if (write(threads[vcpus - 1].wake[1], "x", 1) != 1)
				_exit(3);
			pthread_join(id[vcpus - 1], NULL);
			fake_answer(answer, 0);
		} else if (write(threads[order == 's' ? 0 : vcpus].wake[1], &order, 1) != 1) {
			_exit(3);
		}
	}
	_exit(0);
}

static inline pid_t fake_process_order(struct fake_process *p, char order)
{
	pid_t tid = -1;

	if (order)
		assert_int_equal(write(p->command, &order, 1), 1);
	assert_int_equal(read(p->answer, &tid, sizeof(tid)), sizeof(tid));
	return tid;
}

static inline void fake_process_start(struct fake_process *p, unsigned int vcpus)
{
	int command[2], answer[2];

	assert_int_equal(pipe(command), 0);
	assert_int_equal(pipe(answer), 0);
	p->vcpus = vcpus;
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (!p->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(command[1]);
		close(answer[0]);
		fake_main(command[0], answer[1], vcpus);
	}
	close(command[0]);
	close(answer[1]);
	p->command = command[1];
	p->answer = answer[0];
	for (unsigned int i = 0; i <= vcpus; i++) {
		pid_t tid = fake_process_order(p, 0);

		*(i < vcpus ? &p->vcpu[i] : &p->worker) = tid;
		assert_int_equal(write(p->command, "n", 1), 1);
	}
}

static inline void fake_process_end(struct fake_process *p)
{
	int status;

	if (p->pid <= 0)
		return;
	close(p->command);
	close(p->answer);
	kill(p->pid, SIGKILL);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	p->pid = 0;
}

#endif
