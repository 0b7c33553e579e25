// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/guestfiles.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/folder.h"
#include "harness/format.h"
#include "harness/place.h"
#include "harness/scenario.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/json_add.h"

#define FILES_MAX 3 /* of one VM */
#define READ_MAX (128 << 20) /* what is read whole takes a fraction of a second */

/* Calls fn(arg, name, path) with each file of each VM. */
static int each_file(const struct scenario *s, const char *guests,
		     int (*fn)(void *arg, const char *name, const char *path,
			       struct rs_error **err),
		     void *arg, struct rs_error **err)
{
	unsigned int i, k;
	int ret = 0;

	for (i = 0; ret == 0 && i < s->vm_count; i++) {
		const char *flavour = s->vms[i].kernel == VM_KERNEL_RT ? "rt" : "standard";
		char names[FILES_MAX][64] = { "", "neighbour.img", "neighbour-initrd.cpio.gz" };

		snprintf(names[0], sizeof(names[0]), "%s/vmlinux", flavour);
		if (s->vms[i].image == VM_IMAGE_SMALL) {
			snprintf(names[1], sizeof(names[1]), "control-%s.cpio.gz", flavour);
			strcpy(names[2], scenario_has_load(&s->vms[i]) ? "tools.img" : "");
		}
		for (k = 0; ret == 0 && k < FILES_MAX && names[k][0]; k++) {
			cleanup_free char *path = folder_path(guests, "%s", names[k]);

			ret = path ? fn(arg, names[k], path, err) :
				     rs_fail(err, ENOMEM, "out of memory");
		}
	}
	return ret;
}

static int check_one(void *arg, const char *name, const char *path, struct rs_error **err)
{
	(void)arg;
	(void)name;
	cleanup_free char *command = NULL;
	int code;

	if (access(path, R_OK) == 0)
		return 0;
	code = errno;
	command = place_command("guests");
	return rs_fail_errno(err, code, "%s (`%s`, as root, builds it)", path,
			     command ? command : "make guests");
}

int guestfiles_check(const struct scenario *s, const char *guests, struct rs_error **err)
{
	return each_file(s, guests, check_one, NULL, err);
}

static int file_crc(const char *path, unsigned long *crc, struct rs_error **err)
{
	cleanup_file FILE *from = fopen(path, "re");
	unsigned char block[1 << 16];
	size_t length;

	if (!from)
		return rs_fail_errno(err, errno, "opening %s", path);
	*crc = crc32(0, NULL, 0);
	while ((length = fread(block, 1, sizeof(block), from)))
		*crc = crc32(*crc, block, (unsigned int)length);
	return ferror(from) ? rs_fail_errno(err, errno, "reading %s", path) : 0;
}

static char *mark_of(const char *path, struct rs_error **err)
{
	cleanup_free char *stamp = format_text(err, "%s.stamp", path);
	unsigned long crc;
	struct stat st;

	if (!stamp)
		return NULL;
	if (stat(path, &st) < 0) {
		rs_fail_errno(err, errno, "%s", path);
		return NULL;
	}
	if (st.st_size > READ_MAX && access(stamp, R_OK) < 0)
		return format_text(err, "%jd bytes, of time %jd", (intmax_t)st.st_size,
				   (intmax_t)st.st_mtime);
	if (file_crc(st.st_size > READ_MAX ? stamp : path, &crc, err) < 0)
		return NULL;
	return format_text(err, "%jd bytes, %s %08lx", (intmax_t)st.st_size,
			   st.st_size > READ_MAX ? "stamp" : "crc32", crc);
}

static int add_mark(void *arg, const char *name, const char *path, struct rs_error **err)
{
	struct json_object *marks = arg;
	cleanup_free char *mark = NULL;

	if (json_object_object_get_ex(marks, name, NULL))
		return 0;
	mark = mark_of(path, err);
	if (!mark)
		return -EIO;
	json_add_text(marks, name, mark);
	return 0;
}

struct json_object *guestfiles_marks(const struct scenario *s, const char *guests,
				     struct rs_error **err)
{
	struct json_object *marks = json_object_new_object();

	if (each_file(s, guests, add_mark, marks, err) == 0)
		return marks;
	json_object_put(marks);
	return NULL;
}
