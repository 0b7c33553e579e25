// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmlist.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/control.h"
#include "host/error.h"
#include "host/json_add.h"
#include "host/log.h"

static struct {
	char *path; /* NULL = nothing is remembered */
	struct json_object *vms; /* add-vm requests by the VM's name */
	bool reading; /* what is added now is in the file already */
} list;

static int fail_foreign(const char *path, struct rs_error **err)
{
	return rs_fail(err, EUCLEAN,
		       "%s is no list of VMs that only we may write: remove it, or choose another "
		       "file",
		       path);
}

/* Every value is an object, as its request was. */
static bool is_list(struct json_object *vms)
{
	if (!json_object_is_type(vms, json_type_object))
		return false;
	json_object_object_foreach(vms, name, request) {
		(void)name;
		if (!json_object_is_type(request, json_type_object))
			return false;
	}
	return true;
}

static int read_list(const char *path, struct rs_error **err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		list.vms = json_object_new_object();
		return list.vms ? 0 : rs_fail(err, ENOMEM, "no memory for the list of VMs");
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return rs_fail_errno(err, errno, "opening the list of VMs %s", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return fail_foreign(path, err);
	list.vms = json_object_from_fd(fd);
	return is_list(list.vms) ? 0 : fail_foreign(path, err);
}

static void add_again(const char *name, struct json_object *request)
{
	struct json_object *answer = json_object_new_object();
	struct rs_error *err = NULL;

	/* Whatever the file says, it is this command. */
	json_add_text(request, "command", "add-vm");
	if (!control_handle(request, answer, &err))
		log_line("%s: added again, as before the last end", name);
	else
		log_error(name, &err);
	json_object_put(answer);
}

int vmlist_open(const char *path, struct rs_error **err)
{
	int ret;

	if (!path)
		return 0;
	ret = read_list(path, err);
	if (ret)
		return ret;
	list.reading = true;
	json_object_object_foreach(list.vms, name, request) {
		add_again(name, request);
	}
	list.reading = false;
	list.path = strdup(path);
	return list.path ? 0 : rs_fail(err, ENOMEM, "no memory for the list of VMs");
}

void vmlist_free(void)
{
	json_object_put(list.vms);
	free(list.path);
	memset(&list, 0, sizeof(list));
}

static int write_temporary(const char *temporary, struct rs_error **err)
{
	cleanup_close int fd =
		open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return rs_fail_errno(err, errno, "opening %s", temporary);
	if (json_object_to_fd(fd, list.vms, JSON_C_TO_STRING_PRETTY) < 0)
		return rs_fail(err, EIO, "writing %s: %s", temporary, json_util_get_last_err());
	return 0;
}

/* As a whole or not at all. */
static void keep(void)
{
	cleanup_free char *temporary = NULL;
	struct rs_error *err = NULL;

	if (!list.path || list.reading)
		return;
	if (asprintf(&temporary, "%s.new", list.path) < 0)
		temporary = NULL;
	if (!temporary)
		rs_fail(&err, ENOMEM, "no memory");
	else if (!write_temporary(temporary, &err) && rename(temporary, list.path) < 0)
		rs_fail_errno(&err, errno, "renaming %s", temporary);
	if (!err)
		return;
	if (temporary)
		unlink(temporary);
	log_error("the list of VMs is as it was before", &err);
}

void vmlist_put(const char *name, struct json_object *request)
{
	if (!list.path || list.reading)
		return;
	json_object_object_add(list.vms, name, json_object_get(request));
	keep();
}

void vmlist_policy(const char *name, const char *policy)
{
	struct json_object *request;

	if (!list.path || !json_object_object_get_ex(list.vms, name, &request))
		return;
	json_add_text(request, "policy", policy);
	keep();
}

void vmlist_drop(const char *name)
{
	if (!list.path)
		return;
	json_object_object_del(list.vms, name);
	keep();
}
