// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A text from a file on its way into report.html: as a text, and as Markdown.
 * Neither may become markup that this program did not write.
 */
#include <stdbool.h>

#include "harness/html.h"
#include "host/cleanup.h"
#include "tests/fuzz/fuzz.h"

/* All that html_markdown() may write; each stands alone, but for class="…". */
static const char *const tags[] = {
	"h2",
	"h3",
	"h4",
	"h5",
	"h6",
	"p",
	"ul",
	"li",
	"table",
	"thead",
	"tbody",
	"tr",
	"th",
	"td",
	"code",
	"strong",
	"td class=\"n\"",
	"th class=\"n\"",
	"td class=\"wide\"",
	"th class=\"wide\"",
	"div class=\"scroll\"",
	"div",
};

/* Behind a '<': one of these, opening or closing. */
static bool is_own_tag(const char *at)
{
	at += *at == '/';
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		size_t length = strlen(tags[i]);

		if (!strncmp(at, tags[i], length) && at[length] == '>')
			return true;
	}
	return false;
}

static char *written(void (*write)(FILE *to, const char *text), const char *text)
{
	char *html = NULL;
	size_t size;
	FILE *to = open_memstream(&html, &size);

	FUZZ_CHECK(to);
	write(to, text);
	FUZZ_CHECK(!fclose(to) && html);
	return html;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = calloc(1, size + 1), *plain = NULL, *markdown = NULL;

	FUZZ_CHECK(text);
	memcpy(text, data, size);
	plain = written(html_text, text);
	FUZZ_CHECK(!strpbrk(plain, "<>\"'"));
	for (const unsigned char *at = (unsigned char *)plain; *at; at++)
		FUZZ_CHECK(*at >= ' ' || *at == '\t' || *at == '\n');
	markdown = written(html_markdown, text);
	for (const char *at = markdown; (at = strchr(at, '<')); at++)
		FUZZ_CHECK(is_own_tag(at + 1));
	return 0;
}
