/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The error object of all user-space code (docs/errors.md).
 *
 * A function that can fail takes `struct rs_error **err` last and returns a
 * negative errno value (or NULL). On failure *err holds the code and one
 * sentence; each caller on the way up may put its context in front. Failing
 * is one expression: return rs_fail(err, EINVAL, "period %d is too short", n);
 */
#ifndef RINGSCHED_ERROR_H
#define RINGSCHED_ERROR_H

struct rs_error {
	int code; /* positive errno value, never 0 */
	char *message; /* owned; never NULL */
};

/*
 * Set *err (a NULL err or an err already set is left alone) to code and the
 * formatted sentence; returns -code. rs_fail_errno() appends strerror(code).
 */
int rs_fail(struct rs_error **err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int rs_fail_errno(struct rs_error **err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "context: " in front of *err's sentence; returns -(*err)->code. */
int rs_fail_wrap(struct rs_error **err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void rs_error_free(struct rs_error **err);

#define cleanup_error __attribute__((cleanup(rs_error_free)))

#endif
