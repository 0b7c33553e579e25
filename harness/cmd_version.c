// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched version`: what a bug report or a result has to name. */
#include <argp.h>
#include <json-c/json_c_version.h>
#include <libfyaml.h>
#include <stdio.h>
#include <zlib.h>

#include "guest/uapi/ringsched.h"
#include "harness/command.h"

#ifndef RS_VERSION /* given by the Makefile, from git */
#define RS_VERSION "unknown"
#endif

static const struct argp argp = {
	.doc = "Print the version of ringsched, of its wire protocol and of its libraries.",
};

int cmd_version(int argc, char **argv)
{
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	printf("ringsched %s\n", RS_VERSION);
	printf("wire revision %d\n", RS_REVISION);
	printf("libfyaml %s, json-c %s, zlib %s\n", fy_library_version(), json_c_version(),
	       zlibVersion());
	return EXIT_PASS;
}
