// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched compare`: is B worse than A? */
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
#include "host/policy.h"

struct options {
	struct option_operands dirs;
	const char *policy_a, *policy_b; /* of argv */
	struct gate_options gate;
	bool only; /* --metric was given: all others are left out */
	const char *json, *junit, *markdown;
};

#define AT(member) .offset = offsetof(struct options, member)

static int metric_index(const char *name, size_t *index, struct rs_error **err)
{
	const struct series_metric *m = series_metric_find(name, err);

	if (!m)
		return -EINVAL;
	*index = (size_t)(m - series_metrics);
	return 0;
}

static int take_noise(void *input, char *text, struct rs_error **err)
{
	struct options *o = input;
	char *value = strchr(text, '=');
	double percent = 0;
	size_t index;
	int ret;

	if (!value)
		return rs_fail(err, EINVAL, "'%.64s' is not of the form NAME=PERCENT", text);
	*value++ = '\0';
	ret = metric_index(text, &index, err);
	if (ret == 0)
		ret = option_real(value, 0, 1000, &percent, err);
	if (ret == 0)
		o->gate.noise[index] = percent / 100;
	return ret;
}

static int take_only(void *input, char *text, struct rs_error **err)
{
	struct options *o = input;
	size_t index;
	int ret = metric_index(text, &index, err);

	if (ret < 0)
		return ret;
	if (!o->only)
		memset(o->gate.left_out, true, sizeof(o->gate.left_out));
	o->only = true;
	o->gate.left_out[index] = false;
	return 0;
}

static int take_policies(void *input, char *text, struct rs_error **err)
{
	struct options *o = input;
	char *comma = strchr(text, ',');

	if (!comma || comma == text || !comma[1] || strchr(comma + 1, ','))
		return rs_fail(err, EINVAL, "'%.64s' is not two names, as none,ring_boot", text);
	*comma = '\0';
	o->policy_a = text;
	o->policy_b = comma + 1;
	return 0;
}

static int check(const void *input, struct rs_error **err)
{
	const struct options *o = input;

	if (o->dirs.count == 1 && !o->policy_a)
		return rs_fail(err, EINVAL,
			       "one folder: which of its policies? Give --policies A,B");
	return 0;
}

/* An option keeps together what belongs together. */
/* clang-format off */
static const struct option_row options[] = {
	{ .name = "policies", .value = "A,B", .take = take_policies, .word = policy_word,
	  .complete = COMPLETE_LIST,
	  .help = "compare policy B with policy A (needed for one folder; else each policy with "
		  "itself)" },
	{ .name = "ratios", .type = OPTION_FLAG, AT(gate.ratios_only),
	  .help = "ratios only: the sides were not measured on the same machine in the same hour" },
	{ .name = "metric", .value = "NAME", .take = take_only, .word = series_metric_word,
	  .help = "gate this metric only; may be given again" },
	{ .name = "noise", .value = "NAME=PERCENT", .take = take_noise,
	  .help = "a difference of up to PERCENT of A's median is noise; may be given again" },
	{ .name = "alpha", .value = "P", .type = OPTION_REAL, AT(gate.alpha), .min = 1e-9,
	  .max = 0.5, .help = "level of significance of all rows together (default: 0.01)" },
	{ .name = "json", .value = "FILE", .type = OPTION_TEXT, AT(json),
	  .complete = COMPLETE_FILE,
	  .help = "write the comparison as JSON too; -: to stdout, and nothing else" },
	{ .name = "junit", .value = "FILE", .type = OPTION_TEXT, AT(junit),
	  .complete = COMPLETE_FILE, .help = "write it as JUnit's XML too" },
	{ .name = "markdown", .value = "FILE", .type = OPTION_TEXT, AT(markdown),
	  .complete = COMPLETE_FILE, .help = "write it as Markdown too" },
	{ 0 },
};
/* clang-format on */

static bool metric_row(unsigned int index, struct option_term *term)
{
	const struct series_metric *m = &series_metrics[index];

	if (!m->name)
		return false;
	snprintf(term->name, sizeof(term->name), "%s", m->name);
	snprintf(term->text, sizeof(term->text), "%.0f %%  %s%s", 100 * m->noise, m->help,
		 m->ratio ? "" : " (no ratio)");
	return true;
}

static const struct option_list lists[] = {
	{ "Metrics, and the difference that is noise", metric_row },
	{ 0 },
};

static const struct option_exit exits[] = {
	{ EXIT_PASS, "PASS" },
	{ EXIT_ERROR, "cannot be compared" },
	{ EXIT_LIMIT, "REGRESSION" },
	{ EXIT_UNDECIDED, "UNDECIDED: more boots are needed, and it says how many" },
	{ 0 },
};

static const struct option_example examples[] = {
	{ .command = "ringsched compare results/before results/after --junit junit.xml",
	  .help = "a gate for CI: is the later run worse?",
	  .codes = "0 2 3" },
	{ .command = "ringsched compare results/before --policies none,ring_boot",
	  .help = "two policies of one run",
	  .codes = "0 2 3" },
	{ 0 },
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
	const char *second = o->dirs.list[o->dirs.count - 1];
	int ret = side_read(&sides[0], o->dirs.list[0], err);

	if (!ret)
		ret = side_read(&sides[1], second, err);
	if (!ret)
		ret = gate_make(g, &sides[0], &sides[1], o->policy_a, o->policy_b, &o->gate, err);
	return ret;
}

/* Each file that can be written is, and the first that cannot is told. */
static int write_files(const struct options *o, const struct gate *g, struct rs_error **err)
{
	int json = o->json ? write_json(g, o->json, err) : 0;
	int junit = o->junit ? gate_write_junit(g, o->junit, err) : 0;
	int markdown = o->markdown ? write_markdown(g, o->markdown, err) : 0;

	return json < 0 ? json : junit < 0 ? junit : markdown;
}

static int run(int argc, char **argv)
{
	cleanup_error struct rs_error *err = NULL;
	struct options o = { 0 };
	struct side sides[2] = { 0 };
	struct gate g = { 0 };
	int code;

	gate_defaults(&o.gate);
	if (!option_read(&command_compare.line, argc, argv, &o, &code))
		return code;
	if (compare(&o, &g, sides, &err) < 0) {
		code = command_fail(argv[0], err);
	} else {
		if (!o.json || strcmp(o.json, "-"))
			gate_print(&g, stdout);
		code = gate_exit_code(g.verdict);
		if (write_files(&o, &g, &err) < 0)
			code = command_fail(argv[0], err);
	}
	gate_clear(&g);
	side_clear(&sides[0]);
	side_clear(&sides[1]);
	return code;
}

const struct command command_compare = {
	.line = {
		.name = "ringsched compare",
		.summary = "is a run, or a policy, worse than another? For CI",
		.text = "Compare the boots of two runs, or of two policies of one run: is B worse "
			"than A? A folder that holds several runs counts as one run in parts.",
		.options = options,
		.operand = { .name = "A [B]", .min = 1, .max = 2, AT(dirs),
			     .missing = "which runs? Give the base's folder and the other's",
			     .complete = COMPLETE_FOLDER },
		.lists = lists,
		.exits = exits,
		.examples = examples,
		.check = check,
	},
	.run = run,
};
