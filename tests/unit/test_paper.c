// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of the paper's claims, their verdicts for numbers that are known, and
 * the page (golden/paper.md; RS_GOLDEN_UPDATE=1 writes it again).
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "host/error.h"
#include "tests/unit/paper_world.h"

#define BOUNDS 8 /* seven, one of them of two rows */

/* ---- the table ---- */

static void test_claims_are_all_there(void **state)
{
	unsigned int last = 0, musts = 0;

	(void)state;
	for (const struct paper_claim *c = paper_claims; c->title; c++) {
		assert_true(c->number == last || c->number == last + 1);
		last = c->number;
		assert_non_null(c->said);
		assert_non_null(c->here);
		assert_non_null(c->figures[0].file);
		for (const struct paper_row *r = c->rows; r->what; r++) {
			assert_true(r < c->rows + PAPER_ROWS_MAX - 1);
			assert_non_null(r->source);
			assert_non_null(r->value);
			/* A bar would end the cell of a table. */
			assert_null(strchr(r->what, '|'));
			assert_true(r->relation != PAPER_BETWEEN || r->high > r->bound);
			musts += r->must;
		}
	}
	assert_int_equal(last, 14);
	assert_int_equal(musts, BOUNDS);
}

/* What is measured is on the page, and what is on the page is measured. */
static void test_list_of_scenarios(void **state)
{
	static const char path[] = "scenarios/paper.list";
	cleanup_file FILE *list = fopen(path, "re");
	char line[256], name[64];
	unsigned int listed = 0, sources = 0;

	(void)state;
	assert_non_null(list);
	while (fgets(line, sizeof(line), list)) {
		bool found = false;

		if (line[0] == '#' || sscanf(line, "%63s", name) != 1)
			continue;
		listed++;
		for (unsigned int i = 0; paper_source(i); i++)
			found |= !strcmp(paper_source(i), name);
		if (!found)
			fail_msg("no claim reads %s of %s", name, path);
	}
	while (paper_source(sources))
		sources++;
	assert_int_equal(sources, listed);
}

/* ---- verdicts ---- */

static const struct paper_claim *claim(unsigned int number, const char *part)
{
	for (const struct paper_claim *c = paper_claims; c->title; c++)
		if (c->number == number && !strcmp(c->part ? c->part : "", part))
			return c;
	fail();
	return NULL;
}

static void test_verdicts(void **state)
{
	struct paper *p = open_folder();

	(void)state;
	assert_int_equal(paper_judge(p, claim(1, "")), PAPER_FAILS); /* dedicated missed 3 */
	assert_int_equal(paper_judge(p, claim(3, "")), PAPER_HOLDS);
	assert_int_equal(paper_judge(p, claim(4, "")), PAPER_UNKNOWN);
	assert_int_equal(paper_judge(p, claim(6, "")), PAPER_HOLDS);
	assert_int_equal(paper_judge(p, claim(10, "")), PAPER_PARTLY); /* no lower ring */
	assert_int_equal(paper_judge(p, claim(11, "")), PAPER_UNKNOWN);
	assert_int_equal(paper_judge(p, claim(14, "a")), PAPER_NOT_HERE);
	/* Its budget holds; of I/O priority nothing is measured. */
	assert_int_equal(paper_judge_rows(p, claim(14, "b")), PAPER_HOLDS);
	assert_int_equal(paper_judge(p, claim(14, "b")), PAPER_PARTLY);
	paper_close(p);
}

/* ---- the page ---- */

static const char golden[] = "tests/unit/golden/paper.md"; /* from the top of the tree */

static void test_page(void **state)
{
	cleanup_free char *made = folder_path(folder, "paper.md");
	cleanup_file FILE *a = NULL, *b = NULL;
	char x[1024], y[1024];
	enum paper_state all;
	unsigned int line = 0;

	(void)state;
	assert_int_equal(paper_make(folder, &all, NULL), 0);
	assert_int_equal(all, PAPER_FAILS);
	if (getenv("RS_GOLDEN_UPDATE")) {
		assert_int_equal(folder_copy(made, golden, NULL), 0);
		return;
	}
	a = fopen(made, "re");
	b = fopen(golden, "re");
	assert_non_null(a);
	assert_non_null(b);
	while (line++, fgets(x, sizeof(x), a)) {
		assert_non_null(fgets(y, sizeof(y), b));
		if (strcmp(x, y))
			fail_msg("line %u is %snot %s", line, x, y);
	}
	assert_null(fgets(y, sizeof(y), b));
}

static void test_empty_folder(void **state)
{
	cleanup_free char *dir = folder_path(folder, "empty");
	cleanup_error struct rs_error *err = NULL;
	enum paper_state all;

	(void)state;
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(paper_make(dir, &all, NULL), 0);
	assert_int_equal(all, PAPER_PARTLY);
	assert_true(paper_make("/nonexistent", &all, &err) < 0);
	assert_non_null(err);
}

/* No page is left in a folder that was not meant. */
static void test_other_folder(void **state)
{
	cleanup_free char *dir = folder_path(folder, "other");
	cleanup_free char *file = folder_path(dir, "notes.txt");
	cleanup_free char *page = folder_path(dir, "paper.md");
	cleanup_error struct rs_error *err = NULL;
	enum paper_state all;

	(void)state;
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(folder_write(file, "mine", NULL), 0);
	assert_int_equal(paper_make(dir, &all, &err), -ENOENT);
	assert_non_null(strstr(err->message, "--sources"));
	assert_int_equal(access(page, F_OK), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims_are_all_there),
		cmocka_unit_test(test_list_of_scenarios),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_empty_folder),
		cmocka_unit_test(test_other_folder),
	};

	return cmocka_run_group_tests_name("paper", tests, make_folder, remove_folder);
}
