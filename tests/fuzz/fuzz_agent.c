// SPDX-License-Identifier: GPL-2.0-or-later
/* What a guest says on the port of its agent, through the harness's own link. */
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/agent.h"
#include "harness/samples.h"
#include "harness/wait.h"
#include "host/error.h"
#include "tests/fuzz/fuzz.h"

#define LIMIT_S 5 /* the guest has said all, so nothing waits */
#define ROUNDS 2 /* more commands would fill the socket, which nobody reads */

static int listener;
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void remove_socket(void)
{
	unlink(address.sun_path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *base = getenv("FUZZ_FOLDER");

	(void)argc;
	(void)argv;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/agent-%d", base ? base : "/tmp",
		 getpid());
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FUZZ_CHECK(!bind(listener, (const struct sockaddr *)&address, sizeof(address)));
	FUZZ_CHECK(!listen(listener, 1));
	return atexit(remove_socket);
}

/* What may be shown to a user. */
static void check_line(const char *line)
{
	for (; *line; line++)
		FUZZ_CHECK(*line >= ' ' && *line <= '~');
}

/* One command of each kind; false once the link is at its end. */
static bool talk(struct agent *a, struct rs_error **err)
{
	struct agent_clock clock;
	char answer[AGENT_LINE_MAX], *data = NULL;
	uint64_t value;
	size_t length;

	if (agent_command(a, LIMIT_S, answer, err, "STATS"))
		return false;
	check_line(answer);
	agent_value(answer, "ns", &value, NULL);
	if (agent_fetch(a, LIMIT_S, &data, &length, err, "SAMPLES ring=%d", 1))
		return false;
	FUZZ_CHECK(length <= AGENT_DATA_MAX && !data[length]);
	free(data);
	if (agent_clock(a, &clock, err))
		return false;
	FUZZ_CHECK(clock.at_guest_ns >= 0 && clock.at_guest_ns <= GUEST_NS_MAX);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_error *err = NULL;
	struct agent_hello hello;
	struct agent *a = agent_connect(address.sun_path, wait_deadline(LIMIT_S), NULL);
	int guest = accept(listener, NULL, NULL);

	FUZZ_CHECK(a && guest >= 0);
	FUZZ_CHECK(!size || send(guest, data, size, MSG_NOSIGNAL) == (ssize_t)size);
	shutdown(guest, SHUT_WR);
	if (!agent_hello(a, &hello, wait_deadline(LIMIT_S), &err)) {
		check_line(hello.role);
		check_line(hello.kernel);
		for (int i = 0; i < ROUNDS && talk(a, &err); i++)
			;
	}
	if (err)
		check_line(err->message);
	rs_error_free(&err);
	agent_close(a);
	close(guest);
	return 0;
}
