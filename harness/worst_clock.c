// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's clock beside the host's: stamps of the guest, put in order with
 * what the host's trace says of the same vCPU, tell how far apart they are.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "harness/jsonread.h"
#include "harness/samples.h"
#include "harness/worst_look.h"

/* Stamps from so far before and after the period align its clock: long enough
 * for some thousand of them, short enough that the clocks do not drift apart. */
#define ALIGN_REACH_NS 4000000000ull
/* The clock of cell.json was compared before and after the rings; in between
 * either error may be in it. */
#define CLOCK_ERROR_FACTOR 2

static int add_stamp(struct look *l, uint64_t guest_ns, uint64_t seen, struct rs_error **err)
{
	struct align_stamp stamp = { .seen = seen };

	if (!guest_ns || !cell_host_ns(l->p->cell, l->p->ring->vm, guest_ns, &stamp.at) ||
	    stamp.at + ALIGN_REACH_NS < l->p->begin || stamp.at > l->p->end + ALIGN_REACH_NS)
		return 0;
	return LOOK_APPEND(&l->stamps, struct align_stamp, stamp, err);
}

static int add_stamps_of(struct look *l, const struct cell_ring *ring, struct rs_error **err)
{
	const struct samples *s = ring->samples;
	int ret = 0;

	if (strcmp(ring->vm, l->p->ring->vm) || look_vcpu(l, ring) != l->vcpu)
		return 0;
	for (size_t i = 0; i < s->count && !ret; i++)
		for (unsigned int k = 0; k < s->processes && !ret; k++) {
			ret = add_stamp(l, s->start_ns[k][i], 0, err);
			if (!ret)
				ret = add_stamp(l, s->end_ns[k][i], 0, err);
		}
	return ret;
}

static int add_messages(struct look *l, struct rs_error **err)
{
	uint64_t guest, seen, vcpu;
	int ret = 0;

	for (unsigned long i = 0; i < json_count(l->messages) && !ret; i++) {
		struct json_object *event = json_row(l->messages, i);

		if (look_is_message(event, l->p->ring->vm, &guest) && json_u64(event, "t", &seen) &&
		    json_u64(event, "vcpu", &vcpu) && (int)vcpu == l->vcpu)
			ret = add_stamp(l, guest, seen, err);
	}
	return ret;
}

static int compare_stamps(const void *a, const void *b)
{
	const struct align_stamp *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

uint64_t look_clock_error(const struct look *l)
{
	for (size_t i = 0; i < l->p->cell->clock_count; i++)
		if (!strcmp(l->p->cell->clocks[i].vm, l->p->ring->vm))
			return CLOCK_ERROR_FACTOR * l->p->cell->clocks[i].error_ns;
	return 0;
}

int look_align(struct look *l, struct rs_error **err)
{
	struct worst_period *p = l->p;
	uint64_t error = look_clock_error(l);
	int ret = 0;

	p->align.error_ns = error;
	for (size_t i = 0; i < p->cell->ring_count && !ret; i++)
		ret = add_stamps_of(l, &p->cell->rings[i], err);
	if (!ret)
		ret = add_messages(l, err);
	if (ret < 0)
		return ret;
	if (l->stamps.count)
		qsort(l->stamps.rows, l->stamps.count, sizeof(struct align_stamp), compare_stamps);
	ret = align_find(l->trace, l->tid, l->stamps.rows, l->stamps.count, error, &p->align, err);
	/* An interrupt's release is the host's own time. */
	if (!p->ring->by_interrupt)
		p->begin = look_shift(p->begin, p->align.correction_ns);
	p->end = look_shift(p->end, p->align.correction_ns);
	return ret;
}
