// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched status` as a table. */
#include <stdlib.h>
#include <string.h>

#include "harness/jsonread.h"
#include "harness/status.h"
#include "host/cleanup.h"

#define CELL 48

enum column { VM, ROLE, POLICY, VCPU, CORES, NOW, RINGS, BUDGET, COLUMNS };

struct row {
	char cells[COLUMNS][CELL];
};

struct table {
	struct row *rows; /* owned; the first is the heading */
	size_t count;
};

static struct row *add_row(struct table *t)
{
	struct row *more = realloc(t->rows, (t->count + 1) * sizeof(t->rows[0]));

	if (!more)
		return NULL; /* a line less, at the end of memory */
	t->rows = more;
	memset(&more[t->count], 0, sizeof(more[0]));
	return &more[t->count++];
}

/* What the kernel says of a vCPU's thread at this moment. */
static void say_now(struct json_object *vm, struct json_object *vcpu, char cell[CELL])
{
	const char *policy = json_shown(vcpu, "policy");
	uint64_t priority = 0;

	json_u64(vcpu, "priority", &priority);
	if (!strncmp(policy, "SCHED_", strlen("SCHED_")))
		policy += strlen("SCHED_");
	if (priority)
		snprintf(cell, CELL, "%s %u, boosted", policy, (unsigned int)priority);
	else if (!strcmp(policy, "DEADLINE"))
		snprintf(cell, CELL, "DEADLINE, boosted");
	else
		snprintf(cell, CELL, "%s%s", policy, json_true(vm, "low") ? ", low" : "");
}

/* "1 (priority 80), 2 (priority 70)": the rings that are active on that vCPU. */
static void say_rings(struct json_object *vm, uint64_t vcpu, char cell[CELL])
{
	struct json_object *rings = json_array(vm, "active_rings");
	size_t used = 0;

	for (unsigned long i = 0; i < json_count(rings) && used < CELL; i++) {
		struct json_object *ring = json_row(rings, i);
		uint64_t of = 0, id = 0, priority = 0;

		json_u64(ring, "vcpu", &of);
		json_u64(ring, "ring_id", &id);
		json_u64(ring, "ring_prio", &priority);
		if (of == vcpu)
			used += (size_t)snprintf(cell + used, CELL - used, "%s%u (priority %u)",
						 used ? ", " : "", (unsigned int)id,
						 (unsigned int)priority);
	}
	if (!used)
		strcpy(cell, "-");
}

static void say_budget(struct json_object *vm, char cell[CELL])
{
	struct json_object *budget = json_dict(vm, "budget");
	uint64_t permille = 0;

	json_u64(budget, "permille", &permille);
	if (!json_true(budget, "needed"))
		strcpy(cell, "-");
	else
		snprintf(cell, CELL, "%g %% by %.16s%s", (double)permille / 10,
			 json_shown(budget, "by"), json_true(budget, "cut") ? ", used up" : "");
}

static void add_vcpu(struct table *t, struct json_object *vm, struct json_object *vcpu)
{
	struct row *row = add_row(t);
	uint64_t index = 0;

	if (!row)
		return;
	snprintf(row->cells[VM], CELL, "%s", json_shown(vm, "name"));
	snprintf(row->cells[ROLE], CELL, "%s", json_shown(vm, "role"));
	snprintf(row->cells[POLICY], CELL, "%s", json_shown(vm, "policy"));
	if (!vcpu) {
		snprintf(row->cells[NOW], CELL, "%s",
			 json_true(vm, "connected") ? "no vCPU found yet" : "not connected");
		return;
	}
	json_u64(vcpu, "index", &index);
	snprintf(row->cells[VCPU], CELL, "%u", (unsigned int)index);
	snprintf(row->cells[CORES], CELL, "%s", json_shown(vcpu, "cores"));
	say_now(vm, vcpu, row->cells[NOW]);
	say_rings(vm, index, row->cells[RINGS]);
	say_budget(vm, row->cells[BUDGET]);
}

static void print_table(const struct table *t, FILE *to)
{
	int width[COLUMNS] = { 0 };

	for (size_t i = 0; i < t->count; i++)
		for (int c = 0; c < COLUMNS; c++)
			if ((int)strlen(t->rows[i].cells[c]) > width[c])
				width[c] = (int)strlen(t->rows[i].cells[c]);
	for (size_t i = 0; i < t->count; i++) {
		int last = COLUMNS - 1, blanks = 2;

		while (last > 0 && !*t->rows[i].cells[last])
			last--;
		for (int c = 0; c <= last; c++) {
			fprintf(to, "%*s%s", blanks, "", t->rows[i].cells[c]);
			blanks = width[c] - (int)strlen(t->rows[i].cells[c]) + 2;
		}
		fputc('\n', to);
	}
}

static void print_vms(struct json_object *vms, FILE *to)
{
	static const struct row heading = { { "VM", "ROLE", "POLICY", "VCPU", "CORES", "NOW",
					      "ACTIVE RINGS", "BUDGET" } };
	struct table t = { 0 };
	struct row *first = add_row(&t);

	if (first)
		*first = heading;
	for (unsigned long i = 0; i < json_count(vms); i++) {
		struct json_object *vm = json_row(vms, i), *vcpus = json_array(vm, "vcpus");

		if (!json_count(vcpus))
			add_vcpu(&t, vm, NULL);
		for (unsigned long k = 0; k < json_count(vcpus); k++)
			add_vcpu(&t, vm, json_row(vcpus, k));
	}
	print_table(&t, to);
	free(t.rows);
}

static void print_daemon(const struct status_daemon *d, FILE *to)
{
	struct json_object *vms = json_array(d->answer, "vms");

	fprintf(to, "ringschedd, pid %d", (int)d->pid);
	if (*d->run)
		fprintf(to, ", of run %s", d->run);
	if (d->why) {
		fprintf(to, ": could not be asked: %s\n", d->why);
		return;
	}
	fprintf(to, ", policy %s, %s", json_shown(d->answer, "policy"), d->control);
	if (!json_count(vms)) {
		fputs(": no VM\n", to);
		return;
	}
	fputc('\n', to);
	print_vms(vms, to);
}

static void print_shared(const char *cores, const char *vms, void *arg)
{
	fprintf(arg, "core%s %s: shared by %s\n", strpbrk(cores, ",-") ? "s" : "", cores, vms);
}

void status_print(const struct status *s, FILE *to)
{
	if (!s->count)
		fputs("no ringschedd runs on this machine, so no VM is looked after\n", to);
	for (size_t i = 0; i < s->count; i++)
		print_daemon(&s->daemons[i], to);
	status_each_shared(s, print_shared, to);
	if (!s->count && s->runs_alive)
		fprintf(to, "%u run%s under way, between two cells\n", s->runs_alive,
			s->runs_alive == 1 ? " is" : "s are");
	if (s->runs_dead)
		fprintf(to, "%u run%s killed and left something: `ringsched cleanup`\n",
			s->runs_dead, s->runs_dead == 1 ? " was" : "s were");
}
