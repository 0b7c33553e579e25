// SPDX-License-Identifier: GPL-2.0-or-later
#define _XOPEN_SOURCE 700 /* nftw() */
#include "host/rootdomain.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/coreset.h"
#include "host/error.h"
#include "host/record.h"

#define KNOB "cpuset.sched_load_balance"
#define CPUS "cpuset.effective_cpus"

/* A group whose balancing was on before we came. */
struct node {
	char dir[CGROUP_DIR_MAX];
	int record;
};

static struct {
	struct node *nodes;
	size_t count;
} table;

static bool is_held(const char *dir)
{
	for (size_t i = 0; i < table.count; i++)
		if (!strcmp(table.nodes[i].dir, dir))
			return true;
	return false;
}

static int hold(const char *dir, struct record *record, struct rs_error **err)
{
	char path[CGROUP_DIR_MAX + 32];
	struct node node = { .record = -1 };
	struct node *grown;
	long long value;
	int ret;

	ret = cgroup_read_number(dir, KNOB, &value, err);
	if (ret || !value || is_held(dir))
		return ret;
	grown = realloc(table.nodes, (table.count + 1) * sizeof(*grown));
	if (!grown)
		return rs_fail(err, ENOMEM, "no memory for a root domain");
	table.nodes = grown;
	snprintf(node.dir, sizeof(node.dir), "%s", dir);
	snprintf(path, sizeof(path), "%s/" KNOB, dir);
	node.record = record_add_knob(record, path, "1");
	if (node.record < 0)
		return rs_fail(err, -node.record, "no room in the record for %s", path);
	ret = cgroup_set(dir, KNOB, "0", err);
	if (ret) {
		record_drop(record, node.record);
		return ret;
	}
	grown[table.count++] = node;
	return 0;
}

int rootdomain_part(const struct cgroup_place *place, struct record *record, struct rs_error **err)
{
	char dir[CGROUP_DIR_MAX];
	int ret = 0;

	memcpy(dir, place->dir, sizeof(dir));
	while (!ret && cgroup_parent(place->mount, dir))
		ret = hold(dir, record, err);
	if (!ret)
		ret = hold(place->mount, record, err);
	return ret ? rs_fail_wrap(err, "a root domain for SCHED_DEADLINE") : 0;
}

bool rootdomain_give_back(struct record *record, struct rs_error **err)
{
	bool any = table.count > 0;

	for (size_t i = table.count; i-- > 0;) {
		const struct node *node = &table.nodes[i];

		/* A failure leaves it in the record, for `ringsched cleanup`. */
		if (!cgroup_has(node->dir, KNOB) ||
		    !cgroup_set(node->dir, KNOB, "1", err && *err ? NULL : err))
			record_drop(record, node->record);
	}
	free(table.nodes);
	table.nodes = NULL;
	table.count = 0;
	return any;
}

bool rootdomain_held(void)
{
	return table.count > 0;
}

void rootdomain_each(rootdomain_visit visit, void *arg)
{
	char path[CGROUP_DIR_MAX + 32], value[16];

	for (size_t i = 0; i < table.count; i++) {
		if (cgroup_read(table.nodes[i].dir, KNOB, value, sizeof(value), NULL))
			continue; /* gone with its VM */
		snprintf(path, sizeof(path), "%s/" KNOB, table.nodes[i].dir);
		visit(path, value, arg);
	}
}

/* ---- explaining a refusal ---- */

static struct { /* nftw() passes no argument */
	const struct coreset *cores;
	char dir[CGROUP_DIR_MAX]; /* "" = none found */
} search;

/* Does it balance our cores with others? */
static bool balances(const char *dir)
{
	struct coreset cores = { 0 };
	char text[CORESET_TEXT_MAX];
	bool ours = false, others = false;
	long long value;

	if (cgroup_read_number(dir, KNOB, &value, NULL) || !value ||
	    cgroup_read(dir, CPUS, text, sizeof(text), NULL) || !coreset_parse(text, &cores))
		return false;
	for (unsigned int i = 0; i < CORESET_MAX; i++) {
		bool in = coreset_has(&cores, i);

		ours |= in && coreset_has(search.cores, i);
		others |= in && !coreset_has(search.cores, i);
	}
	return ours && others;
}

static int look(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type != FTW_D || !balances(path))
		return 0;
	snprintf(search.dir, sizeof(search.dir), "%s", path);
	return 1;
}

int rootdomain_explain(const struct cgroup_place *place, const struct coreset *cores,
		       struct rs_error **err)
{
	char text[CORESET_TEXT_MAX];

	coreset_text(cores, text, sizeof(text));
	if (place->version != 1)
		return rs_fail(err, EPERM,
			       "SCHED_DEADLINE needs a scheduling root domain of its own for core "
			       "%s, which cgroup v2 gives to libvirt's groups in no way: take the "
			       "core out of the balancing with isolcpus=%s on the kernel's command "
			       "line",
			       text, text);
	search.cores = cores;
	*search.dir = '\0';
	nftw(place->mount, look, 16, FTW_PHYS);
	if (*search.dir)
		return rs_fail(err, EPERM,
			       "SCHED_DEADLINE needs a scheduling root domain of its own for core "
			       "%s, but the cpuset %s balances it with others: write 0 to its " KNOB
			       ", or end what runs there; where nothing does, `ringsched cleanup` "
			       "removes what a killed run left",
			       text, search.dir);
	return rs_fail(err, EPERM,
		       "SCHED_DEADLINE needs a cpuset that has core %s alone and is balanced "
		       "(" KNOB " = 1), as libvirt makes one for a pinned vCPU; %s is none",
		       text, place->dir);
}
