// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/preset.h"

#include <errno.h>
#include <string.h>

#include "harness/stats.h"
#include "host/error.h"
#include "host/suggest.h"

const struct preset presets[] = {
	{ "demo", 3, "a demonstration: shows the effect, proves nothing" },
	{ "smoke", 6, "the fewest boots that can tell two policies apart" },
	{ "standard", 20, "intervals over boots; a miss in 1 boot of 7 would be seen" },
	{ "certify", 300, "a miss in 1 boot of 100 would be seen" },
	{ NULL, 0, NULL },
};

const struct preset *preset_find(const char *name, struct rs_error **err)
{
	struct suggestion nearest = { .word = name };
	const struct preset *p;
	char names[128] = "";
	size_t used = 0;

	for (p = presets; p->name; p++) {
		if (!strcmp(p->name, name))
			return p;
		suggest_offer(&nearest, p->name);
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 used ? ", " : "", p->name);
	}
	rs_fail(err, EINVAL, "'%.64s' is no preset (expected one of %s%s%s%s)", name, names,
		nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
		nearest.best ? "'?" : "");
	return NULL;
}

const char *preset_word(unsigned int index)
{
	return presets[index].name;
}

static const char *comparison_sentence(double smallest_p)
{
	if (smallest_p >= 0.05)
		return "A comparison of two policies cannot be significant with so few: this is "
		       "a demonstration.";
	if (smallest_p >= 0.01)
		return "A comparison of two policies can be significant at 5 %, not at 1 %.";
	return "A comparison of two policies can be significant at 1 %.";
}

char *preset_can_tell(unsigned int boots)
{
	char *text;

	if (asprintf(&text,
		     "%u boot%s a policy: no miss in %u boot%s bounds the probability of a boot "
		     "with a miss to %.3g %% (95 %% confidence). %s%s",
		     boots, boots == 1 ? "" : "s", boots, boots == 1 ? "" : "s",
		     100 * stats_zero_event_bound(boots),
		     comparison_sentence(stats_smallest_p(boots, boots)),
		     boots < STATS_BOOTSTRAP_MIN ? " No interval over boots below 10." : "") < 0)
		return NULL;
	return text;
}
