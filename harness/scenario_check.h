/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Second half of scenario_load(): what no single key shows. Only called
 * once every key by itself is right.
 */
#ifndef RINGSCHED_SCENARIO_CHECK_H
#define RINGSCHED_SCENARIO_CHECK_H

#include <stdbool.h>

struct scenario;
struct scenario_vm;
struct yaml;
struct yaml_file;

/* Fill in the defaults that depend on other keys. 0 or -ENOMEM. */
int scenario_resolve(struct scenario *s, const struct yaml *root);

/* Note every contradiction between keys as a mistake of the file. */
void scenario_check(const struct scenario *s, const struct yaml *root, struct yaml_file *f);

/* The keys of one VM but its resource; scenario_check_vm.c. */
void scenario_check_vm(const struct scenario *s, const struct scenario_vm *vm,
		       const struct yaml *map, struct yaml_file *f);

/* The resource of one VM; scenario_resource.c, as the next. */
void scenario_check_resource(const struct scenario_vm *vm, const struct yaml *map,
			     struct yaml_file *f);
/* Is a resource had in both ways, so that they can be compared? */
bool scenario_compares_ways(const struct scenario *s);

#endif
