// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/control_client.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/clock.h"
#include "host/error.h"
#include "host/json_add.h"

struct control_client {
	int fd;
	int timeout_ms;
	char *in; /* bytes of the answer so far */
	size_t have, room;
};

static int64_t monotonic_ms(void)
{
	return (int64_t)(monotonic_ns() / 1000000);
}

/* Wait until the socket is ready for `events`, or the deadline. */
static int wait_ready(int fd, short events, int64_t deadline_ms, struct rs_error **err)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = deadline_ms - monotonic_ms();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return rs_fail_errno(err, errno, "waiting for the daemon");
	return n ? 0 : rs_fail(err, ETIMEDOUT, "the daemon did not answer in time");
}

struct control_client *control_client_connect(const char *path, int timeout_ms,
					      struct rs_error **err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = -1;
	struct control_client *client;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    (int)sizeof(address.sun_path)) {
		rs_fail(err, ENAMETOOLONG, "the path %s has more than %zu bytes", path,
			sizeof(address.sun_path) - 1);
		return NULL;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A UNIX socket connects at once or fails; its queue is never waited for. */
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		rs_fail_errno(err, errno, "connecting to the daemon's control socket %s%s", path,
			      errno == EACCES ? " (root may, and for status the group of its "
						"--status-group)" :
						"");
		return NULL;
	}
	client = calloc(1, sizeof(*client));
	if (!client) {
		rs_fail(err, ENOMEM, "no memory for a connection");
		return NULL;
	}
	client->fd = steal_fd(&fd);
	client->timeout_ms = timeout_ms;
	return client;
}

void control_client_close(struct control_client *client)
{
	if (!client)
		return;
	close(client->fd);
	free(client->in);
	free(client);
}

static int send_all(struct control_client *client, const char *text, size_t size,
		    int64_t deadline_ms, struct rs_error **err)
{
	while (size) {
		ssize_t n = send(client->fd, text, size, MSG_NOSIGNAL);
		int ret;

		if (n >= 0) {
			text += n;
			size -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return rs_fail_errno(err, errno, "sending to the daemon");
		ret = wait_ready(client->fd, POLLOUT, deadline_ms, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int make_room(struct control_client *client, struct rs_error **err)
{
	size_t room = client->room ? client->room * 2 : 64 * 1024;
	char *grown;

	if (client->have < client->room)
		return 0;
	if (client->have >= CONTROL_ANSWER_MAX)
		return rs_fail(err, EPROTO, "the daemon's answer has more than %u bytes",
			       CONTROL_ANSWER_MAX);
	grown = realloc(client->in, room);
	if (!grown)
		return rs_fail(err, ENOMEM, "no memory for the daemon's answer");
	client->in = grown;
	client->room = room;
	return 0;
}

/* The length of the line that has come, its newline included. */
static ssize_t read_line(struct control_client *client, int64_t deadline_ms, struct rs_error **err)
{
	size_t searched = 0;

	for (;;) {
		char *end = client->have > searched ?
				    memchr(client->in + searched, '\n', client->have - searched) :
				    NULL;
		ssize_t n;
		int ret;

		if (end)
			return end - client->in + 1;
		searched = client->have;
		ret = make_room(client, err);
		if (!ret)
			ret = wait_ready(client->fd, POLLIN, deadline_ms, err);
		if (ret)
			return ret;
		n = recv(client->fd, client->in + client->have, client->room - client->have, 0);
		if (n == 0)
			return rs_fail(err, ECONNRESET, "the daemon has ended");
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return rs_fail_errno(err, errno, "reading the daemon's answer");
		client->have += n > 0 ? (size_t)n : 0;
	}
}

/* Takes the line out of the buffer. */
static struct json_object *parse_line(struct control_client *client, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *answer = NULL;

	if (tokener)
		answer = json_tokener_parse_ex(tokener, client->in, (int)length - 1);
	json_tokener_free(tokener);
	client->have -= length;
	memmove(client->in, client->in + length, client->have);
	return answer;
}

static struct json_object *check_answer(struct json_object *answer, struct rs_error **err)
{
	struct json_object *ok, *sentence;

	if (!json_object_is_type(answer, json_type_object) ||
	    !json_object_object_get_ex(answer, "ok", &ok) ||
	    !json_object_is_type(ok, json_type_boolean)) {
		rs_fail(err, EPROTO, "the daemon's answer is no object with \"ok\"");
	} else if (json_object_get_boolean(ok)) {
		return answer;
	} else {
		rs_fail(err, EREMOTEIO, "the daemon refused: %s",
			json_object_object_get_ex(answer, "error", &sentence) ?
				json_object_get_string(sentence) :
				"no reason given");
	}
	json_object_put(answer);
	return NULL;
}

struct json_object *control_client_request(struct control_client *client,
					   struct json_object *request, struct rs_error **err)
{
	int64_t deadline_ms = monotonic_ms() + client->timeout_ms;
	size_t size;
	const char *text =
		json_object_to_json_string_length(request, JSON_C_TO_STRING_PLAIN, &size);
	ssize_t length;

	if (!text) {
		rs_fail(err, ENOMEM, "no memory for a request");
		return NULL;
	}
	if (send_all(client, text, size, deadline_ms, err) ||
	    send_all(client, "\n", 1, deadline_ms, err))
		return NULL;
	length = read_line(client, deadline_ms, err);
	return length < 0 ? NULL : check_answer(parse_line(client, (size_t)length), err);
}

struct json_object *control_client_command(struct control_client *client, const char *command,
					   struct rs_error **err)
{
	struct json_object *request = json_object_new_object(), *answer;

	json_add_text(request, "command", command);
	answer = control_client_request(client, request, err);
	json_object_put(request);
	return answer;
}
