// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched version`: what a bug report or a result has to name. */
#include <json-c/json_c_version.h>
#include <libfyaml.h>
#include <sqlite3.h>
#include <stdio.h>
#include <zlib.h>

#include "guest/uapi/ringsched.h"
#include "harness/command.h"
#include "harness/version.h"

static int run(int argc, char **argv)
{
	int code;

	if (!option_read(&command_version.line, argc, argv, NULL, &code))
		return code;
	printf("ringsched %s\n", version_text());
	printf("wire revision %d\n", RS_REVISION);
	printf("libfyaml %s, json-c %s, SQLite %s, zlib %s\n", fy_library_version(),
	       json_c_version(), sqlite3_libversion(), zlibVersion());
	return EXIT_PASS;
}

const struct command command_version = {
	.line = {
		.name = "ringsched version",
		.summary = "print versions",
		.text = "Print the version of ringsched, of its wire protocol and of its "
			"libraries: what a bug report or a result has to name.",
	},
	.run = run,
};
