// SPDX-License-Identifier: GPL-2.0-or-later
/* Notifications one after the other, 48 bytes each, and what is left over. */
#include "host/vm.h"
#include "tests/fuzz/fuzz.h"

static struct vm *vm;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct vm_config config = {
		.name = "fuzz",
		.socket = "/nowhere",
		.ceiling = VM_CEILING_DEFAULT,
		.policy = policy_find("none", NULL),
	};

	(void)argc;
	(void)argv;
	vm = vm_add(&config, NULL);
	FUZZ_CHECK(vm);
	/* No policy is started: no thread behind these is ever touched. */
	vm->vcpu_count = 3;
	vm->vcpus[0].present = vm->vcpus[2].present = true;
	return 0;
}

static void check_rings(void)
{
	for (unsigned int i = 0; i < RS_RING_MAX; i++)
		FUZZ_CHECK(!vm->rings[i].active || (vm->rings[i].ring_prio >= RS_PRIO_MIN &&
						    vm->rings[i].ring_prio <= RS_PRIO_MAX &&
						    vm->rings[i].vcpu < RS_VCPU_MAX));
	for (unsigned int i = 0; i < RS_VCPU_MAX; i++)
		FUZZ_CHECK(vm_highest_ring(vm, i) <= RS_PRIO_MAX);
}

static void take(const uint8_t *bytes, size_t size)
{
	struct message msg;
	enum reject reason = message_parse(bytes, size, &msg);

	FUZZ_CHECK(reason < REJECT_COUNT &&
		   (size == sizeof(struct rs_message)) == (reason != REJECT_LENGTH));
	if (reason)
		vm_reject(vm, reason);
	else
		vm_message(vm, &msg, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pthread_mutex_lock(&vm->lock);
	vm_rings_clear(vm);
	for (; size > sizeof(struct rs_message); size -= sizeof(struct rs_message)) {
		take(data, sizeof(struct rs_message));
		data += sizeof(struct rs_message);
	}
	take(data, size);
	check_rings();
	pthread_mutex_unlock(&vm->lock);
	return 0;
}
