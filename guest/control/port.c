// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest/control/port.h"

#define PORT_NAME "org.ringsched.agent"
#define PORT_LINK "/dev/virtio-ports/" PORT_NAME
#define PORT_CLASS "/sys/class/virtio-ports"
#define FIND_TRIES 300
#define FIND_PAUSE_MS 100

/* The first line of a small file of sysfs; false where there is none. */
static bool read_word(const char *path, char *word, size_t size)
{
	FILE *f = fopen(path, "re");
	bool good;

	if (!f)
		return false;
	good = fgets(word, (int)size, f) != NULL;
	fclose(f);
	if (good)
		word[strcspn(word, "\n")] = '\0';
	return good;
}

/* Where nothing made the device node: sysfs has its number. */
static bool make_node(const char *entry, const char *path)
{
	unsigned int major_number, minor_number;
	char file[512], word[64];

	if (access(path, F_OK) == 0)
		return true;
	snprintf(file, sizeof(file), PORT_CLASS "/%s/dev", entry);
	if (!read_word(file, word, sizeof(word)) ||
	    sscanf(word, "%u:%u", &major_number, &minor_number) != 2)
		return false;
	return mknod(path, S_IFCHR | 0600, makedev(major_number, minor_number)) == 0;
}

static bool find(char *path, size_t size)
{
	DIR *dir;
	struct dirent *entry;
	bool found = false;

	if (access(PORT_LINK, F_OK) == 0) {
		snprintf(path, size, "%s", PORT_LINK);
		return true;
	}
	dir = opendir(PORT_CLASS);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		char file[512], name[64];

		snprintf(file, sizeof(file), PORT_CLASS "/%s/name", entry->d_name);
		if (entry->d_name[0] == '.' || !read_word(file, name, sizeof(name)) ||
		    strcmp(name, PORT_NAME))
			continue;
		snprintf(path, size, "/dev/%s", entry->d_name);
		found = make_node(entry->d_name, path);
	}
	closedir(dir);
	return found;
}

int rsc_port_open(struct rsc_port *port, const char *path, struct rsc_reason *why)
{
	char found[512] = "";
	int fd;

	/*
	 * The port's name reaches the guest by a message of the device after
	 * its driver is loaded; nothing announces it where udev is not there.
	 */
	for (int i = 0; !path && i < FIND_TRIES; i++) {
		if (find(found, sizeof(found)))
			path = found;
		else
			poll(NULL, 0, FIND_PAUSE_MS);
	}
	if (!path)
		return rsc_fail(why, ENODEV,
				"no virtio-serial port is named " PORT_NAME
				" (is virtio_console loaded?)");
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return rsc_fail(why, errno, "opening %s: %s", path, strerror(errno));
	memset(port, 0, sizeof(*port));
	port->in = fd;
	port->out = fd;
	port->serial = true;
	return 0;
}

void rsc_port_stdio(struct rsc_port *port)
{
	memset(port, 0, sizeof(*port));
	port->in = STDIN_FILENO;
	port->out = STDOUT_FILENO;
}

int rsc_port_fill(struct rsc_port *port)
{
	ssize_t n;

	/* Full without a line's end in it: the rest of that line is dropped. */
	if (port->used == sizeof(port->buffer)) {
		port->overlong = true;
		port->used = 0;
	}
	n = read(port->in, port->buffer + port->used, sizeof(port->buffer) - port->used);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -errno;
	if (n == 0) {
		/* Half a line of a host that went away is not one of the next. */
		port->used = 0;
		port->overlong = false;
		return 0;
	}
	port->used += (size_t)n;
	return 1;
}

int rsc_port_line(struct rsc_port *port, char *line, size_t *length)
{
	char *end = memchr(port->buffer, '\n', port->used);
	bool overlong = port->overlong;
	size_t n, taken;

	if (!end)
		return 0;
	n = (size_t)(end - port->buffer);
	taken = n + 1;
	if (n > RSC_LINE_MAX)
		overlong = true;
	if (!overlong) {
		memcpy(line, port->buffer, n);
		line[n] = '\0';
		*length = n;
	}
	port->used -= taken;
	memmove(port->buffer, end + 1, port->used);
	port->overlong = false;
	return overlong ? -EMSGSIZE : 1;
}

int rsc_port_write(struct rsc_port *port, const void *data, size_t length)
{
	const char *at = data;

	while (length && !port->error) {
		ssize_t n = write(port->out, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			port->error = -errno;
			break;
		}
		at += n;
		length -= (size_t)n;
	}
	return port->error;
}

int rsc_port_print(struct rsc_port *port, const char *format, ...)
{
	char line[RSC_LINE_MAX + 1];
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	if (n < 0)
		return -EINVAL;
	if ((size_t)n >= sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	return rsc_port_write(port, line, (size_t)n);
}
