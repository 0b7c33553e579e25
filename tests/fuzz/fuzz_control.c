// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes that a client writes to the control socket, through the daemon's own
 * loop. No VM is connected, so no scheduling is touched; sockets that requests
 * name are made without a name (the two __wrap_ functions).
 */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/control.h"
#include "host/error.h"
#include "host/loop.h"
#include "host/record.h"
#include "host/server.h"
#include "host/trace.h"
#include "tests/fuzz/fuzz.h"

#define VISITS 24 /* of the loop: enough for all that is under way */

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_unlink(const char *path);
int __real_bind(int fd, const struct sockaddr *address, socklen_t size);

static struct sockaddr_un control_address;
static socklen_t control_size;

/* The kernel chooses a name outside of the file system; the first is our own. */
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	const struct sockaddr_un unnamed = { .sun_family = AF_UNIX };
	int ret;

	if (address->sa_family != AF_UNIX)
		return __real_bind(fd, address, size);
	ret = __real_bind(fd, (const struct sockaddr *)&unnamed, sizeof(sa_family_t));
	if (!ret && !control_size) {
		control_size = sizeof(control_address);
		ret = getsockname(fd, (struct sockaddr *)&control_address, &control_size);
	}
	return ret;
}

int __wrap_unlink(const char *path)
{
	(void)path;
	return 0;
}

static unsigned int visits;

static void visited(void *arg, uint32_t events)
{
	(void)arg;
	(void)events;
	if (!--visits)
		loop_quit();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return trace_init(64, NULL);
}

static int connect_client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	FUZZ_CHECK(fd >= 0 &&
		   !connect(fd, (const struct sockaddr *)&control_address, control_size));
	return fd;
}

static void run(const uint8_t *data, size_t size)
{
	int always = eventfd(1, EFD_CLOEXEC), client = connect_client();
	struct loop_watch *watch = loop_add(always, EPOLLIN, visited, NULL, NULL);
	char answers[65536];

	FUZZ_CHECK(watch);
	visits = VISITS;
	if (send(client, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(client, SHUT_WR);
	FUZZ_CHECK(!loop_run(NULL));
	/* Each answer is a line that says how it went. */
	while (recv(client, answers, sizeof(answers), MSG_DONTWAIT) > 0)
		;
	loop_remove(watch);
	close(client);
	close(always);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record *record;
	unsigned int files;

	if (!record)
		record = record_open(NULL, NULL);
	files = fuzz_count_files();
	control_size = 0;
	FUZZ_CHECK(record && !loop_init(NULL));
	FUZZ_CHECK(!server_init(policy_find("none", NULL), record, NULL));
	FUZZ_CHECK(!control_init("/fuzz", NULL));
	run(data, size);
	server_free();
	control_free();
	loop_free();
	FUZZ_CHECK(fuzz_count_files() == files);
	return 0;
}
