// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/domain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/journal.h"
#include "harness/libvirt_conn.h"
#include "harness/reaper.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"

extern char **environ;

/* libvirt sends SIGTERM, then SIGKILL, within 15 s of its own. Where it cannot,
 * a QEMU that is ending gets a moment for that. */
#define DESTROY_S 20
#define ENDING_S 1

/* libvirt collects the process that started QEMU within a few ms. */
#define CREATE_PATIENCE_MS 500

static int find_qemu(struct domain *d, struct journal *j, struct rs_error **err)
{
	char needle[80];
	int ret;

	snprintf(needle, sizeof(needle), "guest=%s,", d->name);
	d->qemu = process_find(needle);
	if (!d->qemu.pid)
		return rs_fail(err, ESRCH, "the QEMU process of %s is not on this machine",
			       d->name);
	ret = journal_add(j, err, "qemu %d %llu %s", (int)d->qemu.pid,
			  (unsigned long long)d->qemu.start, d->name);
	if (ret < 0)
		return ret;
	d->pidfd = process_open(&d->qemu, err);
	if (d->pidfd < 0)
		return d->pidfd;
	return wait_watch(d->pidfd, d->name, err);
}

int domain_create(struct domain *d, struct libvirt_conn *c, struct journal *j, const char *xml,
		  struct rs_error **err)
{
	struct reaper reaper;

	/* For a QEMU that fails to start: libvirt waits for its end. */
	reaper_begin(&reaper, CREATE_PATIENCE_MS);
	d->handle = virDomainCreateXML(libvirt_handle(c), xml, VIR_DOMAIN_START_PAUSED);
	reaper_end(&reaper);
	if (!d->handle)
		return libvirt_fail(err, "starting %s", d->name);
	return find_qemu(d, j, err);
}

int domain_limit_memory(struct domain *d, unsigned int mib, struct rs_error **err)
{
	virTypedParameterPtr limit = NULL;
	int count = 0, room = 0, ret;

	if (virTypedParamsAddULLong(&limit, &count, &room, VIR_DOMAIN_MEMORY_HARD_LIMIT,
				    (unsigned long long)mib * 1024) < 0)
		return rs_fail(err, ENOMEM, "out of memory");
	ret = virDomainSetMemoryParameters(d->handle, limit, count, VIR_DOMAIN_AFFECT_LIVE);
	virTypedParamsFree(limit, count);
	return ret < 0 ? libvirt_fail(err, "limiting the memory of %s", d->name) : 0;
}

int domain_resume(struct domain *d, struct rs_error **err)
{
	return virDomainResume(d->handle) < 0 ? libvirt_fail(err, "resuming %s", d->name) : 0;
}

void domain_destroy(struct domain *d)
{
	struct pollfd gone = { .fd = d->pidfd, .events = POLLIN };
	int patience_s = ENDING_S;
	struct reaper reaper;

	if (d->pidfd >= 0)
		wait_unwatch(d->pidfd);
	if (d->handle) {
		/* A guest that powered off by itself is gone already. */
		reaper_begin(&reaper, 0);
		if (virDomainDestroy(d->handle) == 0)
			patience_s = DESTROY_S;
		reaper_end(&reaper);
		virDomainFree(d->handle);
		d->handle = NULL;
	}
	if (d->pidfd >= 0) {
		if (poll(&gone, 1, patience_s * 1000) != 1)
			process_end(&d->qemu, 0);
		close(d->pidfd);
		d->pidfd = -1;
	}
	d->qemu.pid = 0;
}

/* Raw unless it says that it is qcow2; QEMU itself refuses to guess. */
static const char *image_format(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char magic[4];

	if (fd >= 0 && read(fd, magic, 4) == 4 && !memcmp(magic, "QFI\xfb", 4))
		return "qcow2";
	return "raw";
}

static int run_qemu_img(const char *const *argv, const char *path, struct rs_error **err)
{
	int status = -1, ret;
	pid_t pid;

	ret = posix_spawnp(&pid, "qemu-img", NULL, NULL, (char *const *)argv, environ);
	if (ret != 0)
		return rs_fail_errno(err, ret, "starting qemu-img");
	do
		ret = waitpid(pid, &status, 0);
	while (ret < 0 && errno == EINTR);
	if (ret < 0 || status != 0)
		return rs_fail(err, EIO, "qemu-img could not make %s", path);
	return 0;
}

int domain_make_disk(const char *path, const char *base, struct rs_error **err)
{
	cleanup_free char *absolute = realpath(base, NULL);
	const char *const argv[] = { "qemu-img", "create", "-q",
				     "-f",	 "qcow2",  "-b",
				     absolute,	 "-F",	   image_format(base),
				     path,	 NULL };

	if (!absolute)
		return rs_fail_errno(err, errno, "disk image %s", base);
	return run_qemu_img(argv, path, err);
}

int domain_make_scratch(const char *path, unsigned int mib, struct rs_error **err)
{
	char size[16];
	const char *const argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL };

	snprintf(size, sizeof(size), "%uM", mib);
	return run_qemu_img(argv, path, err);
}

void domain_forget_cached(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fdatasync(fd) == 0) /* what is dirty stays */
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

bool domain_direct_io(const char *dir)
{
	cleanup_free char *path = folder_path(dir, ".direct-io-%d", (int)getpid());
	cleanup_close int fd = -1;

	if (!path)
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_DIRECT | O_CLOEXEC, 0600);
	unlink(path);
	return fd >= 0;
}

char *domain_block_device(const char *dir)
{
	char path[64], text[512], *name;
	struct stat st;

	if (stat(dir, &st) < 0)
		return NULL;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/uevent", major(st.st_dev),
		 minor(st.st_dev));
	if (folder_read(path, text, sizeof(text), NULL) < 0)
		return NULL;
	name = strstr(text, "DEVNAME=");
	if (!name)
		return NULL;
	name += strlen("DEVNAME=");
	name[strcspn(name, "\n")] = '\0';
	return folder_path("/dev", "%s", name);
}
