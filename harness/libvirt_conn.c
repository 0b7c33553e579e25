// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/libvirt_conn.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/reaper.h"
#include "harness/wait.h"
#include "host/cleanup.h"
#include "host/error.h"

/*
 * Of the embedded driver: it runs as the user that started the run, without
 * virtlogd, and labels nothing. cgroup_device_acl is left as it is.
 */
static const char qemu_conf[] = "stdio_handler = \"file\"\n"
				"user = \"root\"\n"
				"group = \"root\"\n"
				"dynamic_ownership = 0\n"
				"remember_owner = 0\n"
				"security_driver = \"none\"\n"
				"namespaces = []\n";

struct libvirt_conn {
	virConnectPtr handle;
	pthread_t loop;
	int timer; /* wakes the loop, so that it sees `stop` */
	atomic_bool stop;
	int lost; /* eventfd, readable once the connection is; watched by every wait */
};

/* libvirt writes errors to standard error by default; ours carry them. */
static void ignore_error(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

static void on_timer(int timer, void *arg)
{
	(void)timer;
	(void)arg;
}

static void *run_loop(void *arg)
{
	struct libvirt_conn *c = arg;

	while (!atomic_load(&c->stop) && virEventRunDefaultImpl() == 0)
		;
	return NULL;
}

int libvirt_fail(struct rs_error **err, const char *format, ...)
{
	cleanup_free char *context = NULL;
	const char *message = virGetLastErrorMessage();
	va_list args;

	va_start(args, format);
	if (vasprintf(&context, format, args) < 0)
		context = NULL;
	va_end(args);
	return rs_fail(err, EIO, "%s: libvirt: %s", context ? context : "error", message);
}

static int write_conf(const char *root, struct rs_error **err)
{
	cleanup_free char *dir = folder_path(root, "etc");
	cleanup_free char *path = folder_path(root, "etc/qemu.conf");
	int ret;

	if (!dir || !path)
		return rs_fail(err, ENOMEM, "out of memory");
	ret = folder_make(dir, 0700, err);
	return ret < 0 ? ret : folder_write(path, qemu_conf, err);
}

/* The loop must run before the connection is opened: the driver opens
 * QEMU's monitors through it. Signals are for the main thread. */
static int start_loop(struct libvirt_conn *c, struct rs_error **err)
{
	static bool registered;
	sigset_t all, before;
	int ret;

	virSetErrorFunc(NULL, ignore_error);
	if (!registered && virEventRegisterDefaultImpl() < 0)
		return libvirt_fail(err, "event loop");
	registered = true;
	c->timer = virEventAddTimeout(-1, on_timer, NULL, NULL);
	if (c->timer < 0)
		return libvirt_fail(err, "event loop");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&c->loop, NULL, run_loop, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret != 0) {
		virEventRemoveTimeout(c->timer);
		return rs_fail_errno(err, ret, "starting libvirt's event loop");
	}
	return 0;
}

static void stop_loop(struct libvirt_conn *c)
{
	atomic_store(&c->stop, true);
	virEventUpdateTimeout(c->timer, 0);
	pthread_join(c->loop, NULL);
	virEventRemoveTimeout(c->timer);
}

/* Warnings and errors (level 3 and up) to the file; libvirt reads this once,
 * when it is first used. */
static void set_log(const char *log)
{
	cleanup_free char *outputs = NULL;

	if (asprintf(&outputs, "3:file:%s", log) < 0) {
		outputs = NULL;
		return;
	}
	setenv("LIBVIRT_LOG_OUTPUTS", outputs, 0);
}

/* Called by libvirt's loop. The embedded driver is in this process: it never is. */
static void on_close(virConnectPtr handle, int reason, void *arg)
{
	struct libvirt_conn *c = arg;
	const uint64_t one = 1;

	(void)handle;
	if (reason != VIR_CONNECT_CLOSE_REASON_CLIENT && write(c->lost, &one, sizeof(one)) < 0)
		return; /* a full counter says it as well */
}

static int watch_connection(struct libvirt_conn *c, struct rs_error **err)
{
	c->lost = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->lost < 0)
		return rs_fail_errno(err, errno, "watching the connection to libvirt");
	virConnectRegisterCloseCallback(c->handle, on_close, c, NULL);
	return wait_watch(c->lost, "the connection to libvirt's daemon", err);
}

struct libvirt_conn *libvirt_connect(const char *uri, const char *root, const char *log,
				     struct rs_error **err)
{
	cleanup_free struct libvirt_conn *c = calloc(1, sizeof(*c));
	cleanup_free char *embedded = NULL;
	unsigned long version;
	struct reaper reaper;

	if (!c || asprintf(&embedded, "qemu:///embed?root=%s", root) < 0) {
		embedded = NULL;
		rs_fail(err, ENOMEM, "out of memory");
		return NULL;
	}
	if (!uri && write_conf(root, err) < 0)
		return NULL;
	set_log(log);
	if (start_loop(c, err) < 0)
		return NULL;
	c->handle = virConnectOpen(uri ? uri : embedded);
	/* With the first question it asks every QEMU there is what it can, and
	 * waits for their ends. */
	reaper_begin(&reaper, 0);
	if (c->handle)
		virConnectGetVersion(c->handle, &version);
	reaper_end(&reaper);
	if (!c->handle) {
		libvirt_fail(err, "connecting to %s", uri ? uri : embedded);
		stop_loop(c);
		return NULL;
	}
	if (watch_connection(c, err) < 0) {
		libvirt_disconnect(steal_pointer(&c));
		return NULL;
	}
	return steal_pointer(&c);
}

void libvirt_disconnect(struct libvirt_conn *c)
{
	if (!c)
		return;
	wait_unwatch(c->lost);
	virConnectUnregisterCloseCallback(c->handle, on_close);
	virConnectClose(c->handle);
	stop_loop(c);
	if (c->lost >= 0)
		close(c->lost);
	free(c);
}

virConnectPtr libvirt_handle(struct libvirt_conn *c)
{
	return c->handle;
}

void libvirt_version(struct libvirt_conn *c, char *text, size_t size)
{
	unsigned long v = 0;

	if (virConnectGetLibVersion(c->handle, &v) < 0)
		v = 0;
	snprintf(text, size, "%lu.%lu.%lu", v / 1000000, v / 1000 % 1000, v % 1000);
}
