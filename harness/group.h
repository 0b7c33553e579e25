/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cgroups that libvirt makes for a VM, whichever version they are of. */
#ifndef RINGSCHED_GROUP_H
#define RINGSCHED_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Folder of the thread's group under the controller, allocated; *v2 tells
 * which version it is of. NULL where the controller is in neither.
 */
char *group_find(pid_t pid, pid_t tid, const char *controller, bool *v2);

/*
 * The VM's own group is where libvirt's name of it is: the groups below it
 * ("emulator", "vcpu0", in v2 "libvirt/vcpu0") hold the threads.
 */
void group_up_to_vm(char *dir);

#endif
