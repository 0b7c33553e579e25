// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched version`: what a bug report or a result has to name. */
#include <argp.h>
#include <json-c/json_c_version.h>
#include <libfyaml.h>
#include <sqlite3.h>
#include <stdio.h>
#include <zlib.h>

#include "guest/uapi/ringsched.h"
#include "harness/command.h"
#include "harness/version.h"

static const struct argp argp = {
	.doc = "Print the version of ringsched, of its wire protocol and of its libraries.",
};

int cmd_version(int argc, char **argv)
{
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	printf("ringsched %s\n", version_text());
	printf("wire revision %d\n", RS_REVISION);
	printf("libfyaml %s, json-c %s, SQLite %s, zlib %s\n", fy_library_version(),
	       json_c_version(), sqlite3_libversion(), zlibVersion());
	return EXIT_PASS;
}
