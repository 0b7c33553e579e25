// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/control.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/error.h"
#include "host/json_add.h"
#include "host/log.h"
#include "host/loop.h"
#include "host/socket.h"

#define CLIENTS_MAX 32
#define VISITORS_MAX 16 /* of these, so that they leave room for the others */
#define JSON_DEPTH_MAX 8

struct client {
	int fd;
	struct loop_watch *watch;
	bool visitor; /* neither root nor the daemon's own user: may ask for status */
	char in[CONTROL_REQUEST_MAX];
	size_t in_have;
	char *out; /* answer under way; further requests wait until it is out */
	size_t out_size, out_done;
	struct client *next;
};

static struct {
	int listener;
	char *path;
	struct loop_watch *watch;
	struct client *clients;
	unsigned int count, visitors;
	uint64_t refused;
} control = { .listener = -1 };

uint64_t control_refused(void)
{
	return control.refused;
}

static void close_client(struct client *c)
{
	struct client **at = &control.clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	control.count--;
	control.visitors -= c->visitor;
	loop_remove(c->watch);
	close(c->fd);
	free(c->out);
	free(c);
}

/* The answer as one line, or NULL if memory is short. */
static char *answer_line(struct json_object *answer, size_t *size)
{
	const char *text;
	char *line;

	text = json_object_to_json_string_length(answer, JSON_C_TO_STRING_PLAIN, size);
	line = text ? malloc(*size + 2) : NULL;
	if (!line)
		return NULL;
	memcpy(line, text, *size);
	line[(*size)++] = '\n';
	return line;
}

static bool asks_for_status(struct json_object *request)
{
	struct json_object *command;

	return json_object_object_get_ex(request, "command", &command) &&
	       json_object_is_type(command, json_type_string) &&
	       !strcmp(json_object_get_string(command), "status");
}

static void answer(struct client *c, const char *request, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	struct json_object *in = NULL, *out = json_object_new_object();
	struct rs_error *err = NULL;
	int ret;

	if (tokener) {
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		in = json_tokener_parse_ex(tokener, request, (int)length);
	}
	if (!in || json_tokener_get_error(tokener) != json_tokener_success ||
	    !json_object_is_type(in, json_type_object))
		ret = rs_fail(&err, EPROTO, "the request is no JSON object of one line");
	else if (c->visitor && !asks_for_status(in))
		ret = rs_fail(&err, EPERM,
			      "the group of --status-group may ask for status alone: all else is "
			      "root's");
	else
		ret = control_handle(in, out, &err);
	if (ret) {
		control.refused++;
		/* What a failed request has put into its answer is not told. */
		json_object_put(out);
		out = json_object_new_object();
		json_add_text(out, "error", err ? err->message : strerror(-ret));
	}
	json_add_bool(out, "ok", !ret);
	c->out = answer_line(out, &c->out_size);
	c->out_done = 0;
	rs_error_free(&err);
	json_object_put(out);
	json_object_put(in);
	if (tokener)
		json_tokener_free(tokener);
}

/* False: the client is to be closed. */
static bool flush(struct client *c)
{
	while (c->out_done < c->out_size) {
		ssize_t n = send(c->fd, c->out + c->out_done, c->out_size - c->out_done,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN) {
			loop_modify(c->watch, EPOLLOUT);
			return true;
		}
		if (n < 0)
			return false;
		c->out_done += (size_t)n;
	}
	free(c->out);
	c->out = NULL;
	c->out_size = 0;
	loop_modify(c->watch, EPOLLIN);
	return true;
}

/* Requests that have come in whole, one after the other. */
static bool serve(struct client *c)
{
	char *end;

	while (!c->out && (end = memchr(c->in, '\n', c->in_have))) {
		size_t length = (size_t)(end - c->in);

		answer(c, c->in, length);
		c->in_have -= length + 1;
		memmove(c->in, end + 1, c->in_have);
		if (!c->out || !flush(c))
			return false;
	}
	return c->in_have < sizeof(c->in); /* else: a line without end */
}

static void client_ready(void *arg, uint32_t events)
{
	struct client *c = arg;
	bool ok = true;

	if (c->out) {
		ok = flush(c);
	} else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		ssize_t n =
			recv(c->fd, c->in + c->in_have, sizeof(c->in) - c->in_have, MSG_DONTWAIT);

		if (n > 0)
			c->in_have += (size_t)n;
		else
			ok = n < 0 && errno == EAGAIN;
	}
	if (!ok || !serve(c))
		close_client(c);
}

/* Of the group that the socket was given to: others are root, or us. */
static bool is_visitor(int fd)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return true;
	return peer.uid != 0 && peer.uid != geteuid();
}

/* NULL without *err: there are too many. Not logged, for a visitor could fill
 * the log with it. */
static struct client *new_client(int fd, struct rs_error **err)
{
	bool visitor = is_visitor(fd);
	struct client *c;

	if (control.count == CLIENTS_MAX || (visitor && control.visitors == VISITORS_MAX))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		rs_fail(err, ENOMEM, "no memory for a connection");
		return NULL;
	}
	c->fd = fd;
	c->visitor = visitor;
	c->watch = loop_add(fd, EPOLLIN, client_ready, c, err);
	if (!c->watch) {
		free(c);
		return NULL;
	}
	return c;
}

static void listener_ready(void *arg, uint32_t events)
{
	int fd = accept4(control.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct rs_error *err = NULL;
	struct client *c;

	(void)arg;
	(void)events;
	if (fd < 0)
		return;
	c = new_client(fd, &err);
	if (!c) {
		log_error("control socket", &err);
		close(fd);
		return;
	}
	c->next = control.clients;
	control.clients = c;
	control.count++;
	control.visitors += c->visitor;
}

int control_init(const char *path, struct rs_error **err)
{
	control.listener = socket_control(path, err);
	if (control.listener < 0)
		return control.listener;
	control.path = strdup(path);
	control.watch = loop_add(control.listener, EPOLLIN, listener_ready, NULL, err);
	return control.watch ? 0 : -EIO;
}

void control_free(void)
{
	while (control.clients) {
		/* The answer to `shutdown` is on its way: it is short. */
		if (control.clients->out)
			flush(control.clients);
		close_client(control.clients);
	}
	loop_remove(control.watch);
	control.watch = NULL;
	if (control.listener < 0)
		return;
	close(control.listener);
	control.listener = -1;
	if (control.path)
		unlink(control.path);
	free(control.path);
	control.path = NULL;
}
