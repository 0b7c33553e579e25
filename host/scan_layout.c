// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/scan_layout.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "guest/uapi/ringsched.h"
#include "host/error.h"

/* By the names in the kernel's kernel/sched/sched.h. */
static const struct field {
	const char *path;
	uint32_t size;
	bool optional;
} fields[SCAN_FIELDS] = {
	[SCAN_NR_RUNNING] = { "nr_running", 4, false },
	[SCAN_CPU] = { "cpu", 4, false },
	[SCAN_RT_BITMAP] = { "rt.active.bitmap", SCAN_BITMAP_WORDS * 8, false },
	[SCAN_RT_NR_RUNNING] = { "rt.rt_nr_running", 4, false },
	[SCAN_RT_HIGHEST] = { "rt.highest_prio.curr", 4, false },
	[SCAN_RT_QUEUED] = { "rt.rt_queued", 4, false },
	[SCAN_RT_THROTTLED] = { "rt.rt_throttled", 4, true },
};

#define NAME_MAX_BYTES 32 /* of one part of a path */
#define MODIFIERS_MAX 16 /* typedefs and qualifiers around one type */

/* libbpf believes some of the header's numbers; we believe none. */
static int check_header(const void *bytes, size_t size, struct rs_error **err)
{
	struct btf_header h;

	if (size < sizeof(h) || size > RS_BTF_MAX)
		return rs_fail(err, EINVAL, "its type information has %zu bytes", size);
	memcpy(&h, bytes, sizeof(h));
	if (h.magic != BTF_MAGIC || h.version != BTF_VERSION || h.hdr_len != sizeof(h))
		return rs_fail(err, EINVAL, "its type information is not BTF version %d",
			       BTF_VERSION);
	size -= sizeof(h);
	if (h.type_off > size || h.type_len > size - h.type_off || h.str_off > size ||
	    h.str_len > size - h.str_off)
		return rs_fail(err, EINVAL, "its type information is cut short");
	return 0;
}

/* The type behind typedefs and qualifiers; NULL if there is none. */
static const struct btf_type *plain_type(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (int i = 0; t && i < MODIFIERS_MAX && (btf_is_mod(t) || btf_is_typedef(t)); i++)
		t = btf__type_by_id(btf, t->type);
	return t;
}

/* The member of that name, its place in bits; NULL if there is none. */
static const struct btf_member *find_member(const struct btf *btf, const struct btf_type *t,
					    const char *name, uint32_t *bits)
{
	const struct btf_member *m;

	if (!t || !btf_is_struct(t))
		return NULL;
	m = btf_members(t);
	for (uint16_t i = 0; i < btf_vlen(t); i++) {
		const char *is = btf__name_by_offset(btf, m[i].name_off);

		if (!is || strcmp(is, name))
			continue;
		*bits = btf_member_bit_offset(t, i);
		return btf_member_bitfield_size(t, i) ? NULL : &m[i];
	}
	return NULL;
}

/* Follows one path from struct rq; the offset in bytes, -1 if it does not lead
 * to a field, *size = of that field. */
static int64_t follow(const struct btf *btf, const struct btf_type *t, const char *path,
		      int64_t *size)
{
	const struct btf_member *m = NULL;
	uint64_t bytes = 0;

	while (*path) {
		size_t n = strcspn(path, ".");
		char name[NAME_MAX_BYTES];
		uint32_t bits;

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		path += n + (path[n] == '.');
		m = find_member(btf, t, name, &bits);
		if (!m || bits % 8)
			return -1;
		bytes += bits / 8;
		t = plain_type(btf, m->type);
	}
	*size = m ? btf__resolve_size(btf, m->type) : -1;
	return (int64_t)bytes;
}

static int place_field(struct scan_layout *layout, const struct btf *btf, const struct btf_type *rq,
		       enum scan_field which, struct rs_error **err)
{
	const struct field *f = &fields[which];
	int64_t size, offset = follow(btf, rq, f->path, &size);

	layout->offset[which] = SCAN_ABSENT;
	if (offset < 0 && f->optional)
		return 0;
	if (offset < 0)
		return rs_fail(err, EINVAL, "its struct rq has no field %s", f->path);
	if (size != f->size)
		return rs_fail(err, EINVAL, "%s of its struct rq has %lld bytes, not %u", f->path,
			       (long long)size, f->size);
	if (offset + size > layout->rq_size)
		return rs_fail(err, EINVAL, "%s lies %lld bytes into a struct rq of %u", f->path,
			       (long long)offset, layout->rq_size);
	layout->offset[which] = (uint32_t)offset;
	return 0;
}

static int place_fields(struct scan_layout *layout, const struct btf *btf, struct rs_error **err)
{
	int id = btf__find_by_name_kind(btf, "rq", BTF_KIND_STRUCT);
	const struct btf_type *rq = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	if (!rq)
		return rs_fail(err, EINVAL, "its type information has no struct rq");
	if (rq->size > SCAN_RQ_MAX)
		return rs_fail(err, EINVAL, "its struct rq has %u bytes", rq->size);
	layout->rq_size = rq->size;
	for (int i = 0; i < SCAN_FIELDS; i++)
		if (place_field(layout, btf, rq, (enum scan_field)i, err))
			return -EINVAL;
	return 0;
}

int scan_layout_parse(struct scan_layout *layout, const void *bytes, size_t size,
		      struct rs_error **err)
{
	struct btf *btf;
	int ret;

	if (check_header(bytes, size, err))
		return -EINVAL;
	libbpf_set_print(NULL); /* what it would say is said here, once */
	btf = btf__new(bytes, (uint32_t)size);
	if (!btf)
		return rs_fail(err, EINVAL, "its type information cannot be read");
	ret = place_fields(layout, btf, err);
	btf__free(btf);
	return ret;
}
