/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A QEMU that runs the nano guest, its serial line in the test's hands. */
#ifndef NANO_QEMU_H
#define NANO_QEMU_H

#include <stdbool.h>
#include <sys/types.h>

#define QEMU_EXIT_OK 33 /* NANO_OK (platform.h) as isa-debug-exit passes it on */
#define QEMU_TEXT_MAX 4096

struct rs_error;

struct qemu {
	pid_t pid; /* 0: does not run */
	int serial; /* both directions */
	char text[QEMU_TEXT_MAX]; /* all that the guest said; cut off past that */
	size_t length;
	size_t seen; /* up to here qemu_says() has looked */
};

/* Does /dev/kvm open, and make a VM? Else `why` holds one line. */
bool qemu_has_kvm(char *why, size_t size);

/*
 * Start QEMU with accelerator "tcg" or "kvm", the device on the vhost-user
 * socket `socket` and `append` as the guest's command line. QEMU's standard
 * error is appended to the file `log`. It dies with the calling thread.
 */
int qemu_start(struct qemu *q, const char *accelerator, const char *socket, const char *append,
	       const char *log, struct rs_error **err);

/*
 * The same with a QEMU that connects to its daemon again (once a second), whose
 * guest may restart, and with its monitor (HMP) on the socket `monitor`.
 */
int qemu_start_lasting(struct qemu *q, const char *accelerator, const char *socket,
		       const char *append, const char *log, const char *monitor,
		       struct rs_error **err);

/* A byte to the guest of mode "obey". */
void qemu_order(struct qemu *q, char byte);

/*
 * One command to the monitor at `path`; what it answers, without the prompt, in
 * `answer`. False where the monitor does not answer.
 */
bool qemu_monitor(const char *path, const char *command, char *answer, size_t size);

/* The vCPU's thread, as debug-threads=on names it; 0 when there is none. */
pid_t qemu_vcpu(const struct qemu *q, const char *accelerator);

/* Wait until the guest says `text` (after what it was last heard to say). */
bool qemu_says(struct qemu *q, const char *text, int limit_ms);

/* One byte to the guest: it may go on. */
void qemu_go_on(struct qemu *q);

/* QEMU's exit code; -1 when it was killed or does not end in time. */
int qemu_exit_code(struct qemu *q, int limit_ms);

/* SIGKILL, if it still runs; may be called twice and on a zeroed struct. */
void qemu_kill(struct qemu *q);

#endif
