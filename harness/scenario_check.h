/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Second half of scenario_load(): what no single key shows. Only called
 * once every key by itself is right.
 */
#ifndef RINGSCHED_SCENARIO_CHECK_H
#define RINGSCHED_SCENARIO_CHECK_H

struct scenario;
struct yaml;
struct yaml_file;

/* Fill in the defaults that depend on other keys. 0 or -ENOMEM. */
int scenario_resolve(struct scenario *s, const struct yaml *root);

/* Note every contradiction between keys as a mistake of the file. */
void scenario_check(const struct scenario *s, const struct yaml *root, struct yaml_file *f);

#endif
