// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source "scan" (P2): the host reads the run queues out of the guest's memory
 * by itself, so nothing is reported but where they are, once. Nothing is added
 * to any path of the kernel. All addresses are physical: the host has the
 * guest's memory mapped, not its page tables. Run queues are per-CPU variables
 * and lie in the direct map; the type information lies in the kernel's image.
 */
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "device.h"
#include "notify.h"
#include "source.h"
#include "symbol.h"

static struct rs_scan *description; /* from start to stop, as long as the host may read it */

static enum rs_scan_obstacle describe_types(struct rs_scan *scan)
{
	unsigned long start = rs_symbol_value("__start_BTF");
	unsigned long end = rs_symbol_value("__stop_BTF");

	if (!start || end <= start)
		return RS_SCAN_NO_BTF;
	scan->btf_address = cpu_to_le64(__pa(start));
	scan->btf_size = cpu_to_le32(end - start);
	return RS_SCAN_CLEAR;
}

static enum rs_scan_obstacle describe_queues(struct rs_scan *scan)
{
	void __percpu *queues = (void __percpu *)rs_symbol_value("runqueues");
	unsigned int cpu, count = 0;

	if (!queues)
		return RS_SCAN_NO_SYMBOLS;
	for_each_possible_cpu(cpu)
	{
		void *queue = per_cpu_ptr(queues, cpu);

		if (cpu >= RS_VCPU_MAX)
			break;
		/* Per-CPU memory made of single pages is not in one piece. */
		if (!virt_addr_valid(queue))
			return RS_SCAN_SCATTERED;
		scan->rq_address[cpu] = cpu_to_le64(virt_to_phys(queue));
		count = cpu + 1;
	}
	scan->vcpus = cpu_to_le16(count);
	return RS_SCAN_CLEAR;
}

static enum rs_scan_obstacle describe(struct rs_scan *scan)
{
	enum rs_scan_obstacle obstacle;

	if (rs_symbol_prepare())
		return RS_SCAN_NO_SYMBOLS;
	obstacle = describe_queues(scan);
	return obstacle ? obstacle : describe_types(scan);
}

/* What the guest cannot say is said as well: the host has somebody to tell. */
static int scan_start(void)
{
	enum rs_scan_obstacle obstacle;

	description = kzalloc(sizeof(*description), GFP_KERNEL);
	if (!description)
		return -ENOMEM;
	obstacle = describe(description);
	if (obstacle)
		memset(description, 0, sizeof(*description));
	description->magic = cpu_to_le32(RS_SCAN_MAGIC);
	description->revision = RS_REVISION;
	description->obstacle = obstacle;
	return 0;
}

static void scan_tell(void)
{
	const struct rs_report report = {
		.kind = RS_KIND_SCAN,
		.arg0 = sizeof(*description),
		.address = virt_to_phys(description),
	};

	/* Without a device it is told when there is one. */
	if (rs_device_present())
		rs_notify(&report);
}

static void scan_stop(void)
{
	kfree(description);
	description = NULL;
}

const struct rs_source_ops rs_source_scan = {
	.name = "scan",
	.kinds = BIT(RS_KIND_SCAN),
	.start = scan_start,
	.tell = scan_tell,
	.stop = scan_stop,
};
