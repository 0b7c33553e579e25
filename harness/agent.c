// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/agent.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "harness/samples.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"

struct agent {
	int fd;
	size_t used; /* bytes in buffer that were not handed out yet */
	char buffer[65536];
};

struct connecting {
	const struct sockaddr_un *address;
	int fd;
};

static int try_connect(void *arg, struct rs_error **err)
{
	struct connecting *c = arg;

	if (connect(c->fd, (const struct sockaddr *)c->address, sizeof(*c->address)) == 0)
		return 1;
	if (errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN)
		return 0;
	return rs_fail_errno(err, errno, "connecting to %s", c->address->sun_path);
}

struct agent *agent_connect(const char *path, int64_t deadline_ns, struct rs_error **err)
{
	cleanup_free struct agent *a = calloc(1, sizeof(*a));
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct connecting connecting = { .address = &address, .fd = fd };

	if (!a || fd < 0) {
		rs_fail_errno(err, a ? errno : ENOMEM, "making a socket");
		return NULL;
	}
	if (strlen(path) >= sizeof(address.sun_path)) {
		rs_fail(err, ENAMETOOLONG, "socket path %s is too long", path);
		return NULL;
	}
	strcpy(address.sun_path, path);
	if (wait_poll(try_connect, &connecting, 5, deadline_ns, err) < 0) {
		rs_fail_wrap(err, "guest agent at %s", path);
		return NULL;
	}
	a->fd = steal_fd(&fd);
	return steal_pointer(&a);
}

void agent_close(struct agent *a)
{
	if (!a)
		return;
	close(a->fd);
	free(a);
}

bool agent_has_sent(const struct agent *a)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };

	return a->used || poll(&p, 1, 0) > 0;
}

/* Take what is there into the buffer; at least one byte, or an error. */
static int fill(struct agent *a, int64_t deadline_ns, struct rs_error **err)
{
	ssize_t got;
	int ret = wait_fd(a->fd, POLLIN, deadline_ns, err);

	if (ret < 0)
		return ret;
	got = recv(a->fd, a->buffer + a->used, sizeof(a->buffer) - a->used, 0);
	if (got > 0) {
		a->used += (size_t)got;
		return 0;
	}
	if (got == 0)
		return rs_fail(err, ECONNRESET, "the VM closed the link to its agent");
	return errno == EAGAIN ? 0 : rs_fail_errno(err, errno, "reading from the guest agent");
}

static void drop(struct agent *a, size_t bytes)
{
	a->used -= bytes;
	memmove(a->buffer, a->buffer + bytes, a->used);
}

/* Printable, so that a guest cannot write on the user's terminal. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static int read_line(struct agent *a, char *line, int64_t deadline_ns, struct rs_error **err)
{
	const char *end;
	size_t length;
	int ret;

	while (!(end = memchr(a->buffer, '\n', a->used))) {
		if (a->used >= AGENT_LINE_MAX)
			return rs_fail(err, EPROTO, "the guest agent sent a line without end");
		ret = fill(a, deadline_ns, err);
		if (ret < 0)
			return ret;
	}
	length = (size_t)(end - a->buffer);
	if (length >= AGENT_LINE_MAX)
		return rs_fail(err, EPROTO, "the guest agent sent a line of %zu bytes", length);
	memcpy(line, a->buffer, length);
	line[length] = '\0';
	make_printable(line);
	drop(a, length + 1);
	return 0;
}

static int read_data(struct agent *a, char *data, size_t length, int64_t deadline_ns,
		     struct rs_error **err)
{
	size_t part;
	int ret;

	while (length) {
		part = a->used < length ? a->used : length;
		memcpy(data, a->buffer, part);
		drop(a, part);
		data += part;
		length -= part;
		ret = length ? fill(a, deadline_ns, err) : 0;
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int send_line(struct agent *a, const char *line, size_t length, int64_t deadline_ns,
		     struct rs_error **err)
{
	ssize_t sent;
	int ret;

	while (length) {
		ret = wait_fd(a->fd, POLLOUT, deadline_ns, err);
		if (ret < 0)
			return ret;
		sent = send(a->fd, line, length, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			return rs_fail_errno(err, errno, "writing to the guest agent");
		if (sent > 0) {
			line += sent;
			length -= (size_t)sent;
		}
	}
	return 0;
}

static int expect_ok(const char *line, char *answer, struct rs_error **err)
{
	if (!strncmp(line, "OK", 2) && (line[2] == ' ' || !line[2])) {
		if (answer)
			strcpy(answer, line[2] ? line + 3 : "");
		return 0;
	}
	if (!strncmp(line, "ERR ", 4))
		return rs_fail(err, EREMOTEIO, "the guest says: %s", line + 4);
	return rs_fail(err, EPROTO, "the guest agent answered '%s'", line);
}

/* Length from "DATA bytes=N". */
static int data_length(const char *line, size_t *length, struct rs_error **err)
{
	uint64_t bytes;
	int ret = agent_value(line, "bytes", &bytes, err);

	if (ret < 0)
		return ret;
	if (bytes > AGENT_DATA_MAX)
		return rs_fail(err, EPROTO, "the guest agent wants to send %" PRIu64 " bytes",
			       bytes);
	*length = (size_t)bytes;
	return 0;
}

/* One command. Data that comes without being wanted is an error. */
static int converse(struct agent *a, const char *command, double timeout_s, char *answer,
		    char **data, size_t *length, struct rs_error **err)
{
	int64_t deadline = wait_deadline(timeout_s);
	cleanup_free char *body = NULL;
	char line[AGENT_LINE_MAX];
	int ret = send_line(a, command, strlen(command), deadline, err);

	if (ret == 0)
		ret = read_line(a, line, deadline, err);
	if (ret < 0)
		return ret;
	if (data && !strncmp(line, "DATA ", 5)) {
		ret = data_length(line, length, err);
		if (ret < 0)
			return ret;
		body = malloc(*length + 1);
		if (!body)
			return rs_fail(err, ENOMEM, "out of memory");
		ret = read_data(a, body, *length, deadline, err);
		if (ret == 0)
			ret = read_line(a, line, deadline, err);
		if (ret < 0)
			return ret;
		body[*length] = '\0';
	}
	ret = expect_ok(line, answer, err);
	if (ret == 0 && data && !body)
		return rs_fail(err, EPROTO, "the guest agent sent no data");
	if (ret == 0 && data)
		*data = steal_pointer(&body);
	return ret;
}

/* The command with its "\n"; the protocol's bound is checked here. */
static __attribute__((format(printf, 3, 0))) int
format_command(char *command, struct rs_error **err, const char *format, va_list args)
{
	int length = vsnprintf(command, AGENT_LINE_MAX, format, args);

	if (length < 0 || length > AGENT_LINE_MAX - 2)
		return rs_fail(err, EMSGSIZE, "a command for the guest agent is too long");
	strcpy(command + length, "\n");
	return 0;
}

/* "control: RING: ..." needs the first word only. */
static int wrap_command(struct rs_error **err, const char *command)
{
	return rs_fail_wrap(err, "%.*s", (int)strcspn(command, " \n"), command);
}

static __attribute__((format(printf, 7, 0))) int ask(struct agent *a, double timeout_s,
						     char *answer, char **data, size_t *length,
						     struct rs_error **err, const char *format,
						     va_list args)
{
	char command[AGENT_LINE_MAX];
	int ret = format_command(command, err, format, args);

	if (ret < 0)
		return ret;
	ret = converse(a, command, timeout_s, answer, data, length, err);
	return ret < 0 ? wrap_command(err, command) : 0;
}

int agent_command(struct agent *a, double timeout_s, char *answer, struct rs_error **err,
		  const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = ask(a, timeout_s, answer, NULL, NULL, err, format, args);
	va_end(args);
	return ret;
}

int agent_fetch(struct agent *a, double timeout_s, char **data, size_t *length,
		struct rs_error **err, const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = ask(a, timeout_s, NULL, data, length, err, format, args);
	va_end(args);
	return ret;
}

/* The text behind "key=", up to a blank; NULL where there is none. */
static const char *find_value(const char *answer, const char *key)
{
	size_t length = strlen(key);
	const char *p;

	for (p = answer; (p = strstr(p, key)); p += length)
		if ((p == answer || p[-1] == ' ') && p[length] == '=')
			return p + length + 1;
	return NULL;
}

int agent_value(const char *answer, const char *key, uint64_t *value, struct rs_error **err)
{
	const char *text = find_value(answer, key);

	if (!text || sscanf(text, "%" SCNu64, value) != 1)
		return rs_fail(err, ENOENT, "the guest agent's answer '%s' has no %s=NUMBER",
			       answer, key);
	return 0;
}

static void copy_word(const char *answer, const char *key, char *to, size_t size)
{
	const char *text = find_value(answer, key);

	snprintf(to, size, "%.*s", text ? (int)strcspn(text, " ") : 0, text ? text : "");
}

int agent_hello(struct agent *a, struct agent_hello *hello, int64_t deadline_ns,
		struct rs_error **err)
{
	char line[AGENT_LINE_MAX];
	uint64_t revision, vcpus, module;
	int ret = read_line(a, line, deadline_ns, err);

	if (ret < 0)
		return rs_fail_wrap(err, "waiting for the guest's HELLO");
	if (strncmp(line, "HELLO ", 6))
		return rs_fail(err, EPROTO, "the guest agent began with '%s', not HELLO", line);
	ret = agent_value(line, "revision", &revision, err);
	if (ret == 0)
		ret = agent_value(line, "vcpus", &vcpus, err);
	if (ret == 0)
		ret = agent_value(line, "module", &module, err);
	if (ret == 0)
		ret = agent_value(line, "uptime_us", &hello->uptime_us, err);
	if (ret < 0)
		return ret;
	hello->revision = (unsigned int)revision;
	hello->vcpus = (unsigned int)vcpus;
	hello->module = (unsigned int)module;
	copy_word(line, "role", hello->role, sizeof(hello->role));
	copy_word(line, "kernel", hello->kernel, sizeof(hello->kernel));
	return 0;
}

int agent_clock(struct agent *a, struct agent_clock *clock, struct rs_error **err)
{
	char answer[AGENT_LINE_MAX];
	int64_t before, round_trip;
	uint64_t guest;
	int i, ret;

	clock->error_ns = INT64_MAX;
	for (i = 0; i < AGENT_PINGS; i++) {
		before = wait_now_ns();
		ret = agent_command(a, 10, answer, err, "CLOCK");
		round_trip = wait_now_ns() - before;
		if (ret == 0)
			ret = agent_value(answer, "ns", &guest, err);
		if (ret == 0 && guest > GUEST_NS_MAX)
			ret = rs_fail(err, EPROTO, "the guest's clock is at %" PRIu64 " ns", guest);
		if (ret < 0)
			return ret;
		if (round_trip / 2 >= clock->error_ns)
			continue;
		clock->error_ns = round_trip / 2;
		clock->offset_ns = before + round_trip / 2 - (int64_t)guest;
		clock->at_guest_ns = (int64_t)guest;
	}
	return 0;
}
