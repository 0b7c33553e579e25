// SPDX-License-Identifier: GPL-2.0-or-later
/* A file of another tool, imported into a folder and reported from there. */
#include <unistd.h>

#include "harness/folder.h"
#include "harness/import.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "tests/fuzz/fuzz.h"

static char dir[64];

static void remove_dir(void)
{
	folder_remove(dir, NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *base = getenv("FUZZ_FOLDER");

	(void)argc;
	(void)argv;
	snprintf(dir, sizeof(dir), "%s/rs-fuzz-XXXXXX", base ? base : "/tmp");
	FUZZ_CHECK(mkdtemp(dir));
	return atexit(remove_dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *result = folder_path(dir, "imported.json");
	cleanup_free char *text = NULL;
	struct rs_error *err = NULL;
	struct fuzz_file file;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);
	int ret;

	FUZZ_CHECK(to && result);
	unlink(result);
	fuzz_file_open(&file, data, size);
	ret = import_files(dir, NULL, (char *const[]){ file.path }, 1, &err);
	fuzz_file_close(&file);
	FUZZ_CHECK((ret < 0) == (err != NULL));
	rs_error_free(&err);
	/* What was written is there whole. */
	if (ret >= 0)
		FUZZ_CHECK(import_report(dir, to, &err) >= 0 && !err);
	fclose(to);
	return 0;
}
