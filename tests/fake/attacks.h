/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hostile VM does to the daemon; tables in attacks_*.c. */
#ifndef FAKE_ATTACKS_H
#define FAKE_ATTACKS_H

#include "tests/fake/fake_frontend.h"

enum attack_stage { /* how far the VM behaves before it attacks */
		    ATTACK_CONNECTED,
		    ATTACK_REALIZED,
		    ATTACK_STARTED, /* ATTACH was taken */
};

struct attack {
	const char *name;
	enum attack_stage stage;
	/* Whether a call fails is of no interest: the daemon may have closed. */
	void (*run)(struct frontend *f);
	/* The reject counter that must have grown ("rejects.address"), or NULL. */
	const char *counter;
};

/* Ended by a row without a name. */
extern const struct attack protocol_attacks[];
extern const struct attack ring_attacks[];

#endif
