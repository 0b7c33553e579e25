// SPDX-License-Identifier: GPL-2.0-or-later
/* What processes are told between RING and START: to visit another ring (P6). */
#include <errno.h>
#include <string.h>

#include "guest/control/ring.h"

/* Room for one more process in the samples of the ring it will visit. */
static int make_visitor(struct rsc_rings *rings, struct rsc_seat *seat, uint32_t to,
			struct rsc_reason *why)
{
	int err = rsc_log_widen(&rings->arena, rings->ring[to].log);

	if (err)
		return rsc_fail(why, -err, "no room for a visitor's samples in ring %u", to);
	seat->change_to = to;
	seat->change_column = rings->ring[to].log->columns - 1;
	seat->change_log = rings->ring[to].log;
	return 0;
}

/* Both there, not the same, and nothing runs yet. */
static int check_rings(const struct rsc_rings *rings, const char *command, uint32_t id, uint32_t to,
		       struct rsc_reason *why)
{
	if (rings->phase != RSC_PHASE_SETUP)
		return rsc_fail(why, EBUSY, "%s belongs between RING and START", command);
	if (!rings->ring[id].used || !rings->ring[to].used)
		return rsc_fail(why, ENOENT, "there is no ring %u", rings->ring[id].used ? to : id);
	if (id == to)
		return rsc_fail(why, EINVAL, "ring %u is the process's own", to);
	return 0;
}

int rsc_ring_change(struct rsc_rings *rings, uint32_t id, uint32_t slot, uint32_t to,
		    uint32_t every, struct rsc_reason *why)
{
	struct rsc_ring *ring = &rings->ring[id];
	struct rsc_seat *seat;
	int err = check_rings(rings, "CHANGE", id, to, why);

	if (err)
		return err;
	if (slot >= ring->spec.params.members)
		return rsc_fail(why, EINVAL, "ring %u has %u processes, slot %u is past them", id,
				ring->spec.params.members, slot);
	seat = ring->seat[slot];
	if (seat->change_log)
		return rsc_fail(why, EEXIST, "process %u of ring %u has a change already", slot,
				id);
	err = make_visitor(rings, seat, to, why);
	if (!err)
		seat->change_every = every;
	return err;
}

static int take_resource(struct rsc_rings *rings, const struct rsc_resource_spec *spec,
			 struct rsc_reason *why)
{
	struct rsc_resource *resource = rsc_arena_take(&rings->arena, sizeof(*resource));
	struct rsc_uses *uses = rsc_uses_take(&rings->arena, rings->ring[spec->user].spec.samples);
	int err;

	if (!resource || !uses)
		return rsc_fail(why, ENOMEM, "no room for the uses of a resource");
	err = rsc_resource_init(resource, spec->lock_us * 1000, spec->change_us * 1000);
	if (err)
		return rsc_fail(why, -err, "making a mutex that processes share: %s",
				strerror(-err));
	rings->resource = resource;
	rings->resource_user = spec->user;
	rings->uses = uses;
	return 0;
}

int rsc_ring_resource(struct rsc_rings *rings, const struct rsc_resource_spec *spec,
		      struct rsc_reason *why)
{
	struct rsc_ring *owner = &rings->ring[spec->owner], *user = &rings->ring[spec->user];
	int err = check_rings(rings, "RESOURCE", spec->user, spec->owner, why);

	if (err)
		return err;
	if (!spec->lock_us && !spec->change_us)
		return rsc_fail(why, EINVAL, "lock_us and change_us are both 0: no way is left");
	if (rings->resource)
		return rsc_fail(why, EEXIST, "there is a resource already");
	if (user->seat[0]->change_log)
		return rsc_fail(why, EEXIST, "process 0 of ring %u has a change already",
				spec->user);
	err = take_resource(rings, spec, why);
	if (!err)
		err = make_visitor(rings, user->seat[0], spec->owner, why);
	if (err)
		return err;
	owner->seat[0]->claim = (struct rsc_claim){
		.role = RSC_CLAIM_OWNER,
		.resource = rings->resource,
	};
	for (uint32_t i = 0; i < user->spec.params.members; i++)
		user->seat[i]->claim = (struct rsc_claim){
			.resource = rings->resource,
			.uses = rings->uses,
		};
	user->seat[0]->claim.role = RSC_CLAIM_USER;
	user->seat[0]->claim.iterations = rsc_work_iterations(&rings->speed, spec->use_us);
	user->seat[0]->claim.every = spec->every;
	return 0;
}
