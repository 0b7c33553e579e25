/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMs that were added, remembered in a file (--vms), so that a daemon that
 * is started again listens for them again and their QEMUs can come back. Kept:
 * each add-vm request as it came, and the VM's policy as it was chosen last.
 * Main thread. Without a file every call does nothing.
 */
#ifndef RINGSCHED_VMLIST_H
#define RINGSCHED_VMLIST_H

struct json_object;
struct rs_error;

/*
 * Add the VMs of the file, which need not exist. One that cannot be added is
 * told in the log and stays in the file. EUCLEAN: the file is none of this kind,
 * or not ours alone to write.
 */
int vmlist_open(const char *path, struct rs_error **err);
void vmlist_free(void);

/* A change that cannot be written (disk full) is told in the log. */
void vmlist_put(const char *name, struct json_object *request);
void vmlist_policy(const char *name, const char *policy);
void vmlist_drop(const char *name);

#endif
