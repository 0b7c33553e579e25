// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/memory.h"
#include "tests/fuzz/fuzz.h"

void fuzz_file_open(struct fuzz_file *f, const uint8_t *data, size_t size)
{
	f->fd = memfd_create("input", MFD_CLOEXEC);
	FUZZ_CHECK(f->fd >= 0);
	FUZZ_CHECK(write(f->fd, data, size) == (ssize_t)size);
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
}

void fuzz_file_close(struct fuzz_file *f)
{
	close(f->fd);
	f->fd = -1;
}

unsigned int fuzz_count_files(void)
{
	cleanup_dir DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (dir && readdir(dir))
		n++;
	return n;
}

/* ---- faults ---- */

static struct sigaction before;

static void on_bus(int number, siginfo_t *info, void *context)
{
	if (memory_mend(info->si_addr))
		return;
	/* None of ours: the sanitizer's own handler tells of it. */
	if (before.sa_flags & SA_SIGINFO && before.sa_sigaction)
		before.sa_sigaction(number, info, context);
	abort();
}

void fuzz_mend_faults(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_bus,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	FUZZ_CHECK(!sigaction(SIGBUS, &action, &before));
}
