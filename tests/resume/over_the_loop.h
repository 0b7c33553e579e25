/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_OVER_THE_LOOP_H
#define TESTS_OVER_THE_LOOP_H

struct rs_error;

/*
 * A few periods of a ring, sent straight to the policy of a VM that is a child
 * process; file `path` gets how often its vCPU was real-time, read back.
 */
int over_the_loop(const char *policy, const char *path, struct rs_error **err);

#endif
