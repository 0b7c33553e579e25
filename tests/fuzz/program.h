/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input of fuzz_vhost.c: a byte of settings, then steps, each a byte and
 * what the table says. So a seed can hold a whole session, and a mutation of it
 * reaches into the middle. Numbers are little-endian.
 */
#ifndef TESTS_FUZZ_PROGRAM_H
#define TESTS_FUZZ_PROGRAM_H

#include <stdint.h>

/* Settings. */
#define PROGRAM_SCANS 0x01u /* the VM's policy reads run queues */
#define PROGRAM_FLIPS 0x02u /* the guest changes what was just read */

enum step {
	STEP_REQUEST, /* u8 request, u8 flags, u8 files, their kinds, u16 size, payload */
	STEP_RAW, /* u8 size, bytes onto the socket */
	STEP_WRITE, /* u16 offset, u8 size, bytes into the guest's memory */
	STEP_KICK, /* u8 queue */
	STEP_DRAIN,
	STEP_RAISE, /* u8 interrupt */
	STEP_FINISH, /* what main does when it is woken */
	STEP_SCAN, /* what a tick of rq_scan reads */
	STEP_RESIZE, /* u8 pages that the guest's memory has from now on */
	STEP_TELL, /* the policy's source has changed */
	STEP_RECONNECT,
	STEP_PASS, /* u8 times PROGRAM_PASS_NS pass, and the bounds' timer fires */
	STEP_COUNT
};

/* What a file that comes with a request is. */
enum file_kind {
	FILE_MEMORY, /* the guest's */
	FILE_EVENT,
	FILE_SEALED, /* one page, sealed */
	FILE_NULL, /* /dev/null */
	FILE_PIPE,
	FILE_SOCKET, /* the connection itself */
	FILE_FULL, /* an eventfd whose counter is full, and that blocks */
	FILE_FOLDER,
	FILE_KINDS
};

#define PROGRAM_MEMORY 0x10000u /* bytes of the guest's memory at first */
#define PROGRAM_GUEST 0x40000000ull /* where the seeds have it */
#define PROGRAM_USER 0x7f0000000000ull
#define PROGRAM_FILES_MAX 12
#define PROGRAM_RATE 100 /* notifications a second; 64 of them at once: see bound.h */
#define PROGRAM_BURST 65 /* one more than that */
#define PROGRAM_PASS_NS 4000000ull

#endif
