/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version a result names: the commit these programs were built from. */
#ifndef RINGSCHED_VERSION_H
#define RINGSCHED_VERSION_H

const char *version_text(void);

#endif
