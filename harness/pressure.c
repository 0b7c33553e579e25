// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/pressure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "harness/folder.h"
#include "harness/group.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

struct use {
	uint64_t memory_hits; /* allocations that found the limit reached */
	uint64_t memory_max; /* bytes */
	uint64_t read_bytes, write_bytes, reads, writes; /* of our device */
};

/* "MAJOR:MINOR Read N" of version 1 or "MAJOR:MINOR rbytes=N rios=N" of 2. */
static uint64_t of_device(const char *text, dev_t device, const char *word)
{
	char start[32];
	const char *line, *at;
	uint64_t value = 0;

	snprintf(start, sizeof(start), "%u:%u ", major(device), minor(device));
	for (line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		if (strncmp(line, start, strlen(start)))
			continue;
		at = strstr(line, word);
		if (at && at < line + strcspn(line, "\n"))
			sscanf(at + strlen(word), "%" SCNu64, &value);
	}
	return value;
}

static int read_file(const char *dir, const char *name, char *text, size_t size,
		     struct rs_error **err)
{
	cleanup_free char *path = folder_path(dir, "%s", name);

	*text = '\0';
	return path ? folder_read(path, text, size, err) : rs_fail(err, ENOMEM, "out of memory");
}

static int read_memory(pid_t qemu, struct use *use, struct rs_error **err)
{
	bool v2;
	cleanup_free char *dir = group_find(qemu, qemu, "memory", &v2);
	char text[4096];
	const char *hits;
	int ret;

	if (!dir)
		return rs_fail(err, ENOENT, "no cgroup with controller memory");
	group_up_to_vm(dir);
	ret = read_file(dir, v2 ? "memory.events" : "memory.failcnt", text, sizeof(text), err);
	if (ret < 0)
		return ret;
	hits = v2 ? strstr(text, "\nmax ") : text; /* behind "low N", "high N" */
	if (hits)
		sscanf(hits + (v2 ? strlen("\nmax ") : 0), "%" SCNu64, &use->memory_hits);
	/* memory.peak is younger than version 2: without it the maximum stays 0. */
	if (read_file(dir, v2 ? "memory.peak" : "memory.max_usage_in_bytes", text, sizeof(text),
		      NULL) == 0)
		sscanf(text, "%" SCNu64, &use->memory_max);
	return 0;
}

static int read_io(pid_t qemu, dev_t device, struct use *use, struct rs_error **err)
{
	bool v2;
	cleanup_free char *dir = group_find(qemu, qemu, "blkio", &v2);
	char bytes[8192], requests[8192];
	int ret;

	if (!dir)
		return rs_fail(err, ENOENT, "no cgroup with controller blkio");
	group_up_to_vm(dir);
	ret = read_file(dir, v2 ? "io.stat" : "blkio.throttle.io_service_bytes", bytes,
			sizeof(bytes), err);
	if (ret == 0)
		ret = read_file(dir, v2 ? "io.stat" : "blkio.throttle.io_serviced", requests,
				sizeof(requests), err);
	use->read_bytes = of_device(bytes, device, v2 ? "rbytes=" : "Read ");
	use->write_bytes = of_device(bytes, device, v2 ? "wbytes=" : "Write ");
	use->reads = of_device(requests, device, v2 ? "rios=" : "Read ");
	use->writes = of_device(requests, device, v2 ? "wios=" : "Write ");
	return ret < 0 ? ret : 0;
}

/*
 * Seconds for which requests were held to a limit, at least: nothing is served
 * faster than at the limit's rate, so what was served took so long. Of four
 * limits that which held them longest.
 */
static double at_limit_s(const struct scenario_vm *vm, const struct use *use)
{
	const struct {
		uint64_t used, a_second;
	} limits[] = {
		{ use->read_bytes, vm->read_bytes_sec },
		{ use->write_bytes, vm->write_bytes_sec },
		{ use->reads, vm->read_iops_sec },
		{ use->writes, vm->write_iops_sec },
	};
	double longest = 0;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].a_second &&
		    (double)limits[i].used / (double)limits[i].a_second > longest)
			longest = (double)limits[i].used / (double)limits[i].a_second;
	return longest;
}

static void add_row(const struct scenario_vm *vm, const struct use *use, double limited_s,
		    struct json_object *rows)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "memory_limit_bytes", (uint64_t)vm->memory_limit_mib << 20 },
		{ "memory_max_bytes", use->memory_max },
		{ "memory_limit_hits", use->memory_hits },
		{ "read_bytes", use->read_bytes },
		{ "write_bytes", use->write_bytes },
		{ "reads", use->reads },
		{ "writes", use->writes },
	};
	struct json_object *row = json_object_new_object();

	json_add_text(row, "vm", vm->name);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_add_u64(row, numbers[i].key, numbers[i].value);
	json_object_object_add(row, "io_limited_s", json_object_new_double(limited_s));
	json_object_array_add(rows, row);
}

static int check(const struct scenario_vm *vm, const struct use *use, bool io, double limited_s,
		 struct rs_error **err)
{
	if (vm->memory_limit_mib && !use->memory_hits)
		return rs_fail(err, ENODATA,
			       "VM %s shall be under pressure, but never met its memory limit: of "
			       "%u MiB it used %" PRIu64 " at most. Lower memory_limit in the "
			       "scenario",
			       vm->name, vm->memory_limit_mib, use->memory_max >> 20);
	if (io && limited_s < PRESSURE_IO_S)
		return rs_fail(err, ENODATA,
			       "VM %s shall be under pressure, but its I/O limits held it up for "
			       "%.1f s only (%" PRIu64 " bytes read, %" PRIu64 " written, %.0f s "
			       "are expected). Lower them in the scenario",
			       vm->name, limited_s, use->read_bytes, use->write_bytes,
			       PRESSURE_IO_S);
	return 0;
}

int pressure_read(const struct scenario_vm *vm, pid_t qemu, const char *block_device,
		  struct json_object *rows, struct rs_error **err)
{
	struct use use = { 0 };
	double limited_s;
	struct stat st;
	int ret;

	if (!vm->memory_limit_mib && !block_device)
		return 0;
	ret = read_memory(qemu, &use, err);
	if (ret == 0 && block_device && stat(block_device, &st) < 0)
		ret = rs_fail_errno(err, errno, "block device %s", block_device);
	if (ret == 0 && block_device)
		ret = read_io(qemu, st.st_rdev, &use, err);
	if (ret < 0)
		return ret;
	limited_s = at_limit_s(vm, &use);
	add_row(vm, &use, limited_s, rows);
	return vm->pressure ? check(vm, &use, block_device != NULL, limited_s, err) : 0;
}
