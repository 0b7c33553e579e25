// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A comparison as JUnit's XML, which CI systems show: a regression is a
 * failure, an undecided row is skipped with its reason.
 */
#include <errno.h>
#include <libxml/xmlwriter.h>

#include "harness/gate.h"
#include "host/cleanup.h"
#include "host/error.h"

static void attribute(xmlTextWriterPtr w, const char *name, const char *value)
{
	xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST value);
}

static void attribute_count(xmlTextWriterPtr w, const char *name, size_t value)
{
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST name, "%zu", value);
}

static void outcome(xmlTextWriterPtr w, const char *element, const char *message)
{
	xmlTextWriterStartElement(w, BAD_CAST element);
	attribute(w, "message", message);
	xmlTextWriterEndElement(w);
}

static void write_row(xmlTextWriterPtr w, const struct gate_row *row)
{
	char sentence[512], message[600];

	gate_row_sentence(row, sentence, sizeof(sentence));
	xmlTextWriterStartElement(w, BAD_CAST "testcase");
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "classname", "ringsched.%s", row->policy_b);
	attribute(w, "name", row->metric->name);
	if (row->verdict == GATE_REGRESSION)
		outcome(w, "failure", sentence);
	if (row->verdict == GATE_UNDECIDED) {
		snprintf(message, sizeof(message), "undecided (%zu more boots a side): %s",
			 row->more_boots, sentence);
		outcome(w, "skipped", message);
	}
	xmlTextWriterWriteElement(w, BAD_CAST "system-out", BAD_CAST sentence);
	xmlTextWriterEndElement(w);
}

/* A test case about the sides as a whole. */
static void write_whole(xmlTextWriterPtr w, const char *about, const char *name,
			const char *element, const char *message)
{
	xmlTextWriterStartElement(w, BAD_CAST "testcase");
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST "classname", "ringsched.%s", about);
	attribute(w, "name", name);
	outcome(w, element, message);
	xmlTextWriterEndElement(w);
}

static size_t count_rows(const struct gate *g, enum gate_verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < g->count; i++)
		n += g->rows[i].verdict == verdict;
	return n;
}

int gate_write_junit(const struct gate *g, const char *path, struct rs_error **err)
{
	cleanup_file FILE *probe = fopen(path, "we"); /* libxml2 does not say why not */
	xmlTextWriterPtr w = probe ? xmlNewTextWriterFilename(path, 0) : NULL;
	bool limit = g->limit_missed != NULL, lacks = *g->incomplete != '\0';

	if (!probe)
		return rs_fail_errno(err, errno, "writing %s", path);
	if (!w)
		return rs_fail(err, ENOMEM, "no memory to write %s", path);
	xmlTextWriterSetIndent(w, 1);
	xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL);
	xmlTextWriterStartElement(w, BAD_CAST "testsuite");
	attribute(w, "name", "ringsched compare");
	attribute_count(w, "tests", g->count + limit + lacks);
	attribute_count(w, "failures", count_rows(g, GATE_REGRESSION) + limit);
	attribute_count(w, "errors", 0);
	attribute_count(w, "skipped", count_rows(g, GATE_UNDECIDED) + lacks);
	for (size_t i = 0; i < g->count; i++)
		write_row(w, &g->rows[i]);
	if (limit)
		write_whole(w, g->limit_missed, "limits of the scenario", "failure",
			    "a limit of the scenario is missed: see the report of the run");
	if (lacks)
		write_whole(w, "sides", "everything was measured", "skipped", g->incomplete);
	xmlTextWriterEndElement(w);
	/* The last call that can tell that the disk is full. */
	if (xmlTextWriterEndDocument(w) < 0 || xmlTextWriterFlush(w) < 0) {
		xmlFreeTextWriter(w);
		return rs_fail(err, EIO, "%s could not be written to its end", path);
	}
	xmlFreeTextWriter(w);
	return 0;
}
