// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/page.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/figure.h"
#include "harness/folder.h"
#include "harness/html.h"
#include "harness/jsonread.h"
#include "harness/page_internal.h"
#include "harness/plot.h"
#include "harness/report_internal.h"
#include "harness/verdict.h"
#include "host/cleanup.h"
#include "host/error.h"

static bool always(const struct page *page)
{
	(void)page;
	return true;
}

static bool has_tables(const struct page *page)
{
	return page->detail.tables;
}

static const struct section {
	const char *id, *title;
	bool (*applies)(const struct page *page);
	int (*write)(const struct page *page, FILE *to, struct rs_error **err);
} sections[] = {
	{ "verdict", "Verdict", always, page_limits },
	{ "figures", "Figures", always, page_figures },
	{ "worst", "Worst periods", always, page_worst },
	{ "tables", "All numbers", has_tables, page_tables },
	{ "environment", "Environment", always, page_environment },
	{ "doctor", "The doctor's findings", always, page_doctor },
	{ "command", "Made by", always, page_command },
};

#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* From all there is to what a page cannot do without. */
static const struct page_detail details[] = {
	{ .coarse = 1, .pictures = true, .tables = true },
	{ .coarse = 3, .pictures = true, .tables = true },
	{ .coarse = 6, .pictures = false, .tables = true },
	{ .coarse = 12, .pictures = false, .tables = false },
};

#define DETAILS (sizeof(details) / sizeof(details[0]))

/* ---- what sections share ---- */

void page_state(FILE *to, const char *class, enum page_kind kind, const char *word)
{
	static const struct {
		const char *class, *mark;
	} kinds[] = {
		[PAGE_GOOD] = { "good", "M2.5 8.8l3.6 3.7L13.5 4" },
		[PAGE_BAD] = { "bad", "M3.5 3.5l9 9M12.5 3.5l-9 9" },
		[PAGE_OPEN] = { "open", "M5 5.4a3 3 0 1 1 4.6 2.6C8.4 8.7 8 9.2 8 10.4M8 13.6v.1" },
	};

	fprintf(to,
		"<span class=\"%s %s\"><svg class=\"mark\" viewBox=\"0 0 16 16\" "
		"aria-hidden=\"true\"><path d=\"%s\"/></svg> ",
		class, kinds[kind].class, kinds[kind].mark);
	html_text(to, word);
	fputs("</span>", to);
}

void page_caption(FILE *to, const char *caption)
{
	fputs("<figcaption>", to);
	html_markdown(to, caption);
	fputs("</figcaption>\n</figure>\n", to);
}

int page_markdown(FILE *to, void (*write)(const struct summary *s, FILE *to),
		  const struct summary *s, struct rs_error **err)
{
	cleanup_free char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return rs_fail(err, ENOMEM, "no memory for a section");
	write(s, stream);
	if (fclose(stream))
		return rs_fail(err, ENOMEM, "no memory for a section");
	html_markdown(to, text);
	return 0;
}

size_t page_series(const struct page *page, const struct policy_result *p)
{
	return (size_t)(p - page->s->policies);
}

/* ---- sections that are Markdown elsewhere ---- */

int page_tables(const struct page *page, FILE *to, struct rs_error **err)
{
	return page_markdown(to, report_write_details, page->s, err);
}

int page_environment(const struct page *page, FILE *to, struct rs_error **err)
{
	return page_markdown(to, report_write_environment, page->s, err);
}

int page_command(const struct page *page, FILE *to, struct rs_error **err)
{
	cleanup_free char *command = NULL;
	size_t size;
	FILE *text = open_memstream(&command, &size);

	if (!text)
		return rs_fail(err, ENOMEM, "no memory for the command");
	report_write_command(page->s, text);
	if (fclose(text))
		return rs_fail(err, ENOMEM, "no memory for the command");
	html_element(to, "pre", *command ? command : "(not recorded)");
	fputs("<p class=\"small\">", to);
	html_printf(to, "Seed %s. ", report_seed(page->s));
	fputs("Numbers: <code>summary.json</code> beside this page; their definitions: "
	      "<code>docs/results.md</code>; the rules: <code>docs/statistics.md</code>.</p>\n",
	      to);
	return 0;
}

/* ---- the page ---- */

static void define_series(const struct page *page, FILE *to)
{
	const char *colours[PLOT_SERIES_MAX];
	size_t count = page->s->policy_count < PLOT_SERIES_MAX ? page->s->policy_count :
								 PLOT_SERIES_MAX;

	for (size_t i = 0; i < count; i++)
		colours[i] = figure_colour(page->s->policies[i].name);
	plot_define(to, colours, count);
}

static void write_contents(const struct page *page, FILE *to)
{
	fputs("<nav aria-label=\"Sections\"><ul>\n", to);
	for (size_t i = 0; i < SECTIONS; i++)
		if (sections[i].applies(page))
			fprintf(to, "<li><a href=\"#%s\">%s</a></li>\n", sections[i].id,
				sections[i].title);
	fputs("</ul></nav>\n", to);
}

static void write_left_out(const struct page *page, FILE *to)
{
	if (page->detail.coarse == details[0].coarse)
		return;
	fprintf(to,
		"<p class=\"note\">To keep this page below its largest size, dots that lie close "
		"together are drawn as one%s%s. <code>figures/</code> and <code>report.md</code> "
		"beside it have everything.</p>\n",
		page->detail.pictures ? "" : ", pictures are left out",
		page->detail.tables ? "" : ", and so are the tables of all numbers");
}

static int write_sections(const struct page *page, FILE *to, struct rs_error **err)
{
	const char *name = json_text(page->s->run->json, "scenario");
	int ret;

	html_begin(to, name ? name : page->s->run->scenario->name);
	define_series(page, to);
	ret = page_head(page, to, err);
	write_left_out(page, to);
	write_contents(page, to);
	fputs("</header>\n<main>\n", to);
	for (size_t i = 0; i < SECTIONS && !ret; i++) {
		if (!sections[i].applies(page))
			continue;
		fprintf(to, "<section id=\"%s\">\n<h2>%s</h2>\n", sections[i].id,
			sections[i].title);
		ret = sections[i].write(page, to, err);
		fputs("</section>\n", to);
	}
	fputs("</main>\n", to);
	html_end(to);
	return ret;
}

/* The whole page as a text, the caller's; NULL with *err set. */
static char *make_page(const struct page *page, size_t *size, struct rs_error **err)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, size);
	int ret;

	if (!to) {
		rs_fail(err, ENOMEM, "no memory for the page");
		return NULL;
	}
	ret = write_sections(page, to, err);
	if (fclose(to) && !ret)
		ret = rs_fail(err, ENOMEM, "no memory for the page");
	if (ret < 0) {
		free(text);
		return NULL;
	}
	return text;
}

void page_remove(const char *dir)
{
	cleanup_free char *path = folder_path(dir, "report.html");

	if (path)
		unlink(path);
}

int page_keep(const char *dir, const char *text, struct rs_error **err)
{
	cleanup_free char *path = folder_path(dir, "report.html");

	if (!path)
		return rs_fail(err, ENOMEM, "no memory for a path");
	if (folder_write(path, text, err) < 0) {
		page_remove(dir); /* half a page is worse than none */
		return rs_fail_wrap(err, "the report's page");
	}
	return 0;
}

int page_write(const struct summary *s, const struct verdict *v, const struct figures_drawn *drawn,
	       const char *dir, size_t bytes_max, struct rs_error **err)
{
	struct page page = { .s = s, .v = v, .drawn = drawn, .dir = dir };
	size_t size = 0;

	page_remove(dir); /* an old one must not stand in for one that fails */
	for (size_t i = 0; i < DETAILS; i++) {
		cleanup_free char *text = NULL;

		page.detail = details[i];
		text = make_page(&page, &size, err);
		if (!text)
			return rs_fail_wrap(err, "report.html");
		if (size <= bytes_max)
			return page_keep(dir, text, err);
	}
	return rs_fail(err, EFBIG,
		       "report.html would have %zu bytes at the least, more than the %zu it may "
		       "have; report.md and figures/ have the same",
		       size, bytes_max);
}
