/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon serves: a listening socket a VM, their connections, and the
 * work the notification thread leaves to the main thread.
 */
#ifndef RINGSCHED_SERVER_H
#define RINGSCHED_SERVER_H

#include "host/vm.h"

struct rs_error;

/* The default policy and the record are the caller's to keep. */
int server_init(const struct policy *policy, struct record *record, struct rs_error **err);
/* Of VMs added from now on that bring none; 0 = as vm_bounds.h has them. */
void server_default_bounds(unsigned int longest_boost_us, unsigned int notify_rate);
/* All VMs removed, all scheduling restored. */
void server_free(void);

/* policy NULL: the daemon's own. config->record and own_policy are set here. */
struct vm *server_add_vm(struct vm_config *config, struct rs_error **err);
int server_remove_vm(const char *name, struct rs_error **err);

/* vm NULL: all VMs but those with a policy of their own, and later ones. */
int server_choose_policy(struct vm *vm, const struct policy *policy, struct rs_error **err);
const struct policy *server_policy(void);

#endif
