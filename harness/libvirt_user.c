// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libvirt's QEMU driver looks up the account it was built for (Debian:
 * libvirt-qemu) before it reads qemu.conf, and gives up without it. Only the
 * package that also starts libvirt's services creates that account. Our
 * qemu.conf runs QEMU as root anyway, so where the account is missing, this
 * program, and nobody else, sees root's entry under its name.
 *
 * It works because a function of the executable comes before libc's when the
 * dynamic linker resolves libvirt's calls.
 */
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/types.h>

#define ACCOUNT "libvirt-qemu"

typedef int passwd_lookup(const char *name, struct passwd *entry, char *buffer, size_t size,
			  struct passwd **result);
typedef int group_lookup(const char *name, struct group *entry, char *buffer, size_t size,
			 struct group **result);

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
	       struct passwd **result)
{
	static passwd_lookup *libc;
	int ret;

	if (!libc)
		libc = (passwd_lookup *)dlsym(RTLD_NEXT, "getpwnam_r");
	if (!libc)
		return ENOSYS;
	ret = libc(name, entry, buffer, size, result);
	if (!*result && !strcmp(name, ACCOUNT))
		ret = libc("root", entry, buffer, size, result);
	return ret;
}

int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size,
	       struct group **result)
{
	static group_lookup *libc;
	int ret;

	if (!libc)
		libc = (group_lookup *)dlsym(RTLD_NEXT, "getgrnam_r");
	if (!libc)
		return ENOSYS;
	ret = libc(name, entry, buffer, size, result);
	if (!*result && !strcmp(name, ACCOUNT))
		ret = libc("root", entry, buffer, size, result);
	return ret;
}
