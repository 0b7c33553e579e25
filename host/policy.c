// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/policy.h"

#include <errno.h>
#include <string.h>

#include "host/error.h"
#include "host/policy/policies.h"
#include "host/tick.h"

/* clang-format off */
const struct policy *const policies[] = {
	&policy_none,
	&policy_static,
	&policy_ring,
	&policy_ring_boot,
	&policy_ring_irq,
	&policy_per_switch,
	&policy_dedicated,
	&policy_deadline,
	&policy_rq_scan,
	NULL
};
/* clang-format on */

static bool tick_fits(const struct policy *p)
{
	return p->tick ? p->tick_us >= TICK_MIN_US && p->tick_us <= TICK_MAX_US : !p->tick_us;
}

static const struct policy *check(const struct policy *p, struct rs_error **err)
{
	if (p->help && p->start && p->stop && (p->event || p->needs == RS_SOURCE_NONE) &&
	    tick_fits(p))
		return p;
	rs_fail(err, EINVAL, "policy %s lacks a required hook or interval (host/policy.h)",
		p->name);
	return NULL;
}

const struct policy *policy_find(const char *name, struct rs_error **err)
{
	char names[256] = "";

	for (size_t i = 0; policies[i]; i++) {
		if (!strcmp(policies[i]->name, name))
			return check(policies[i], err);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? ", " : "", policies[i]->name);
	}
	rs_fail(err, EINVAL, "there is no policy %s; there are: %s", name, names);
	return NULL;
}

const char *policy_word(unsigned int index)
{
	return policies[index] ? policies[index]->name : NULL;
}
