// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/resume/over_the_loop.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/error.h"
#include "host/record.h"
#include "host/sched.h"
#include "host/vm.h"
#include "tests/unit/fake_process.h"

#define PERIODS 5u
#define PRIORITY 50

static void send(struct vm *vm, enum rs_kind kind, uint32_t *sequence)
{
	const struct message m = {
		.kind = kind, .ring_prio = PRIORITY, .ring_id = 1, .sequence = ++*sequence
	};

	pthread_mutex_lock(&vm->lock);
	vm_message(vm, &m, 0);
	pthread_mutex_unlock(&vm->lock);
	while (vm_finish(vm)) /* what the daemon's main thread does */
		;
}

/* How many of the periods the vCPU was real-time in, read back each time. */
static unsigned int count_boosted(struct vm *vm, pid_t vcpu)
{
	unsigned int i, boosted = 0;
	struct sched_state now;
	uint32_t sequence = 0;

	for (i = 0; i < PERIODS; i++) {
		send(vm, RS_KIND_START, &sequence);
		boosted += sched_read(vcpu, &now) == 0 && now.policy == SCHED_FIFO;
		send(vm, RS_KIND_END, &sequence);
	}
	return boosted;
}

static int write_line(const char *path, const char *text, struct rs_error **err)
{
	FILE *to = fopen(path, "we");

	if (!to)
		return rs_fail_errno(err, errno, "opening %s", path);
	fputs(text, to);
	return fclose(to) ? rs_fail_errno(err, errno, "writing %s", path) : 0;
}

int over_the_loop(const char *policy, const char *path, struct rs_error **err)
{
	struct vm_config config = {
		.name = "loop",
		.socket = "/nowhere",
		.role = VM_ROLE_CONTROL,
		.ceiling = 70,
		.budget_permille = 4,
		.policy = policy_find(policy, err),
		.record = record_open(NULL, NULL),
	};
	struct vm *vm = config.policy ? vm_add(&config, err) : NULL;
	struct fake_process process;
	char text[64];
	int ret = -EIO;

	fake_process_start(&process, 1);
	if (vm && vm_connect(vm, process.pid, err) == 0 && vm_prepare(vm, err) == 0) {
		snprintf(text, sizeof(text), "boosted in %u of %u periods\n",
			 count_boosted(vm, process.vcpu[0]), PERIODS);
		ret = write_line(path, text, err);
	}
	if (vm)
		vm_remove(vm);
	record_close(config.record);
	fake_process_end(&process);
	return ret;
}
