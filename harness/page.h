/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DIR/report.html: the report of a run, or of imported results, in one file
 * that needs nothing else: no network, no script, light and dark, for a
 * phone, a screen and paper.
 */
#ifndef RINGSCHED_PAGE_H
#define RINGSCHED_PAGE_H

#include <stddef.h>

struct figures_drawn;
struct json_object;
struct rs_error;
struct summary;
struct verdict;

#define PAGE_BYTES_MAX 3000000

/*
 * Write the page of a run whose figures have been drawn. What would be larger
 * than `bytes_max` is made smaller: fewer dots, then no pictures, then no full
 * tables, each of which the page says. EFBIG where even that is too large;
 * an older page is then removed.
 */
int page_write(const struct summary *s, const struct verdict *v, const struct figures_drawn *drawn,
	       const char *dir, size_t bytes_max, struct rs_error **err);

/* The same of an imported.json. */
int page_write_import(struct json_object *root, const char *dir, size_t bytes_max,
		      struct rs_error **err);

#endif
