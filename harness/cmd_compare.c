// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched compare`: is B worse than A? */
#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/command.h"
#include "harness/folder.h"
#include "harness/gate.h"
#include "harness/jsonread.h"
#include "host/cleanup.h"
#include "host/error.h"

enum {
	OPT_POLICIES = 256,
	OPT_RATIOS,
	OPT_NOISE,
	OPT_ONLY,
	OPT_ALPHA,
	OPT_JSON,
	OPT_JUNIT,
	OPT_MARKDOWN
};

struct options {
	const char *dirs[2];
	unsigned int dir_count;
	char *policy_a, *policy_b; /* owned as one: policy_a */
	struct gate_options gate;
	bool only; /* --metric was given: all others are left out */
	const char *json, *junit, *markdown;
};

static const struct argp_option option_table[] = {
	{ "policies", OPT_POLICIES, "A,B", 0,
	  "compare policy B with policy A (needed for one folder; else each policy with itself)",
	  0 },
	{ "ratios", OPT_RATIOS, NULL, 0,
	  "ratios only: the sides were not measured on the same machine in the same hour", 0 },
	{ "metric", OPT_ONLY, "NAME", 0, "gate this metric only; may be given again", 0 },
	{ "noise", OPT_NOISE, "NAME=PERCENT", 0,
	  "a difference of up to PERCENT of A's median is noise; may be given again", 0 },
	{ "alpha", OPT_ALPHA, "P", 0, "level of significance of all rows together (default 0.01)",
	  0 },
	{ "json", OPT_JSON, "FILE", 0, "write the comparison as JSON too", 0 },
	{ "junit", OPT_JUNIT, "FILE", 0, "write it as JUnit's XML too", 0 },
	{ "markdown", OPT_MARKDOWN, "FILE", 0, "write it as Markdown too", 0 },
	{ 0 },
};

static size_t metric_index(const char *name, struct argp_state *state)
{
	cleanup_error struct rs_error *err = NULL;
	const struct series_metric *m = series_metric_find(name, &err);

	if (!m)
		argp_error(state, "%s", err->message);
	return (size_t)(m - series_metrics);
}

static double number(const char *text, double min, double max, struct argp_state *state)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "%")) || !(value >= min && value <= max))
		argp_error(state, "'%s' is not a number from %g to %g", text, min, max);
	return value;
}

static void take_noise(struct options *o, char *arg, struct argp_state *state)
{
	char *value = strchr(arg, '=');

	if (!value)
		argp_error(state, "--noise wants NAME=PERCENT, not '%s'", arg);
	*value++ = '\0';
	o->gate.noise[metric_index(arg, state)] = number(value, 0, 1000, state) / 100;
}

static void take_only(struct options *o, const char *arg, struct argp_state *state)
{
	size_t index = metric_index(arg, state);

	if (!o->only)
		memset(o->gate.left_out, true, sizeof(o->gate.left_out));
	o->only = true;
	o->gate.left_out[index] = false;
}

static void take_policies(struct options *o, const char *arg, struct argp_state *state)
{
	char *comma;

	free(o->policy_a);
	o->policy_a = strdup(arg);
	comma = o->policy_a ? strchr(o->policy_a, ',') : NULL;
	if (!comma || comma == o->policy_a || !comma[1] || strchr(comma + 1, ','))
		argp_error(state, "--policies wants two names, as none,ring_boot; not '%s'", arg);
	*comma = '\0';
	o->policy_b = comma + 1;
}

static error_t check_folders(const struct options *o, struct argp_state *state)
{
	if (!o->dir_count)
		argp_error(state, "which runs? Give the base's folder and the other's");
	if (o->dir_count == 1 && !o->policy_a)
		argp_error(state, "one folder: which of its policies? Give --policies A,B");
	return 0;
}

static error_t take_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_POLICIES:
		take_policies(o, arg, state);
		return 0;
	case OPT_RATIOS:
		o->gate.ratios_only = true;
		return 0;
	case OPT_ONLY:
		take_only(o, arg, state);
		return 0;
	case OPT_NOISE:
		take_noise(o, arg, state);
		return 0;
	case OPT_ALPHA:
		o->gate.alpha = number(arg, 1e-9, 0.5, state);
		return 0;
	case OPT_JSON:
		o->json = arg;
		return 0;
	case OPT_JUNIT:
		o->junit = arg;
		return 0;
	case OPT_MARKDOWN:
		o->markdown = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (o->dir_count == 2)
			argp_error(state, "two folders are enough, '%s' is a third one", arg);
		o->dirs[o->dir_count++] = arg;
		return 0;
	case ARGP_KEY_END:
		return check_folders(o, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The metrics and their thresholds come from their table. */
static char *help_filter(int key, const char *text, void *input)
{
	char *help = NULL;
	size_t size;
	FILE *f;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || !(f = open_memstream(&help, &size)))
		return (char *)text;
	fprintf(f, "%s\n\nMetrics, and the difference that is noise:\n", text);
	for (const struct series_metric *m = series_metrics; m->name; m++)
		fprintf(f, "  %-29s %3.0f %%  %s%s\n", m->name, 100 * m->noise, m->help,
			m->ratio ? "" : " (no ratio)");
	fclose(f);
	return help;
}

static const struct argp argp = {
	.options = option_table,
	.parser = take_option,
	.args_doc = "A [B]",
	.doc = "Compare the boots of two runs, or of two policies of one run: is B worse than A? A "
	       "folder that holds several runs counts as one run in parts.\v"
	       "Exit code: 0 PASS, 1 cannot be compared, 2 REGRESSION, 3 UNDECIDED (need more "
	       "boots).",
	.help_filter = help_filter,
};

static int write_json(const struct gate *g, const char *path, struct rs_error **err)
{
	cleanup_json struct json_object *json = gate_json(g, err);

	return json ? json_write(json, path, err) : -ENOMEM;
}

static int write_markdown(const struct gate *g, const char *path, struct rs_error **err)
{
	cleanup_free char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return rs_fail(err, ENOMEM, "no memory for %s", path);
	gate_print_markdown(g, f);
	if (fclose(f))
		return rs_fail(err, ENOMEM, "no memory for %s", path);
	return folder_write(path, text, err);
}

static int compare(const struct options *o, struct gate *g, struct side sides[2],
		   struct rs_error **err)
{
	const char *second = o->dir_count == 2 ? o->dirs[1] : o->dirs[0];
	int ret = side_read(&sides[0], o->dirs[0], err);

	if (!ret)
		ret = side_read(&sides[1], second, err);
	if (!ret)
		ret = gate_make(g, &sides[0], &sides[1], o->policy_a, o->policy_b, &o->gate, err);
	if (!ret && o->json)
		ret = write_json(g, o->json, err);
	if (!ret && o->junit)
		ret = gate_write_junit(g, o->junit, err);
	if (!ret && o->markdown)
		ret = write_markdown(g, o->markdown, err);
	return ret;
}

int cmd_compare(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	struct options o = { 0 };
	struct side sides[2] = { 0 };
	struct gate g = { 0 };
	int code;

	gate_defaults(&o.gate);
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (compare(&o, &g, sides, &err) < 0) {
		code = command_fail(argv[0], err);
	} else {
		gate_print(&g, stdout);
		code = gate_exit_code(g.verdict);
	}
	gate_clear(&g);
	side_clear(&sides[0]);
	side_clear(&sides[1]);
	free(o.policy_a);
	return code;
}
