// SPDX-License-Identifier: GPL-2.0-or-later
/* The only file of the harness that is built again for another commit. */
#include "harness/version.h"

#ifndef RS_VERSION /* given by the Makefile, from git */
#define RS_VERSION "unknown"
#endif

const char *version_text(void)
{
	return RS_VERSION;
}
