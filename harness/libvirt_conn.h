/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to libvirt: by default its QEMU driver embedded in this
 * process (no libvirtd, no service), else whatever a URI names.
 */
#ifndef RINGSCHED_LIBVIRT_CONN_H
#define RINGSCHED_LIBVIRT_CONN_H

#include <libvirt/libvirt.h>

struct libvirt_conn;
struct rs_error;

/*
 * Connect. `root` = folder for the embedded driver's state; used, and its
 * etc/qemu.conf written, where uri is NULL; `log` = file for libvirt's own
 * warnings. A thread runs libvirt's event loop from the first call on (it is
 * pinned like its caller). Every wait (wait.h) fails once the connection is lost.
 */
struct libvirt_conn *libvirt_connect(const char *uri, const char *root, const char *log,
				     struct rs_error **err);
void libvirt_disconnect(struct libvirt_conn *c); /* NULL is allowed */

virConnectPtr libvirt_handle(struct libvirt_conn *c);

/* Versions as "9.0.0". */
void libvirt_version(struct libvirt_conn *c, char *text, size_t size);

/* Put libvirt's last error into *err behind the formatted context. */
int libvirt_fail(struct rs_error **err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
