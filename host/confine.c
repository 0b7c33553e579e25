// SPDX-License-Identifier: GPL-2.0-or-later
/* As whom the daemon runs, and with which capabilities. */
#include "host/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/cleanup.h"
#include "host/error.h"
#include "host/log.h"
#include "host/socket.h"

static bool always(void)
{
	return true;
}

static bool is_no_root(void)
{
	return geteuid() != 0;
}

static bool has_memory_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur != RLIM_INFINITY;
}

/* What the daemon cannot do its work without; docs/security.md says how each
 * was found. No others are kept, so no others have names here. */
static const struct {
	unsigned int bit;
	const char *name;
	bool (*needed)(void);
} kept[] = {
	/* Priorities, cores and I/O classes of other users' threads, and its own. */
	{ CAP_SYS_NICE, "sys_nice", always },
	/* The knobs of cgroups, which belong to root; sockets in root's folders. */
	{ CAP_DAC_OVERRIDE, "dac_override", is_no_root },
	/* Guests' memory is mapped, and what is mapped is locked. */
	{ CAP_IPC_LOCK, "ipc_lock", has_memory_limit },
};

static struct confine_state state = { .view = "whole" };

const struct confine_state *confine_state(void)
{
	return &state;
}

const char *confine_capability(unsigned int bit)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i].bit == bit)
			return kept[i].name;
	return NULL;
}

void confine_miss(const char *what, int code)
{
	log_line("this host does not offer %s (%s): going on without", what, strerror(code));
	if (state.missing_count < CONFINE_MISSING_MAX)
		state.missing[state.missing_count++] = what;
}

int confine_add_folder(struct confine_options *o, const char *folder, struct rs_error **err)
{
	for (unsigned int i = 0; i < o->folder_count; i++)
		if (!strcmp(o->folders[i], folder))
			return 0;
	if (o->folder_count == CONFINE_FOLDERS_MAX)
		return rs_fail(err, E2BIG, "sockets may be made in %d folders at most",
			       CONFINE_FOLDERS_MAX);
	o->folders[o->folder_count++] = folder;
	return 0;
}

int confine_add_folder_of(struct confine_options *o, const char *path, struct rs_error **err)
{
	const char *slash = strrchr(path, '/');
	unsigned int before = o->folder_count;
	char *folder;
	int ret;

	if (!slash)
		return confine_add_folder(o, ".", err);
	/* As long as the daemon lives. */
	folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (!folder)
		return rs_fail(err, ENOMEM, "no memory for a path");
	ret = confine_add_folder(o, folder, err);
	if (o->folder_count == before) /* it is there already, or there is no room */
		free(folder);
	return ret;
}

/* ---- capabilities ---- */

int confine_look(struct confine_seen *seen, struct rs_error **err)
{
	cleanup_file FILE *f = fopen("/proc/thread-self/status", "re");
	unsigned long long value;
	char line[256];

	*seen = (struct confine_seen){ 0 };
	if (!f)
		return rs_fail_errno(err, errno, "opening /proc/thread-self/status");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %llx", &value) == 1)
			seen->capabilities = value;
		else if (sscanf(line, "CapPrm: %llx", &value) == 1)
			seen->permitted = value;
		else if (sscanf(line, "NoNewPrivs: %llu", &value) == 1)
			seen->no_new_privs = value;
		else if (sscanf(line, "Seccomp: %llu", &value) == 1)
			seen->seccomp = (int)value;
	}
	return 0;
}

static uint64_t wanted_capabilities(void)
{
	uint64_t wanted = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i].needed())
			wanted |= 1ull << kept[i].bit;
	return wanted;
}

static int set_capabilities(uint64_t mask, struct rs_error **err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].effective = data[i].permitted = (uint32_t)(mask >> 32 * i);
	if (syscall(SYS_capset, &header, data) < 0)
		return rs_fail_errno(err, errno, "giving up capabilities");
	return 0;
}

/* What it has of what it needs. Read back, as every change is. */
static int drop_capabilities(struct rs_error **err)
{
	struct confine_seen seen;
	uint64_t mask;
	int ret = confine_look(&seen, err);

	if (ret)
		return ret;
	mask = seen.permitted & wanted_capabilities();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	ret = set_capabilities(mask, err);
	if (!ret)
		ret = confine_look(&seen, err);
	if (!ret && (seen.capabilities != mask || seen.permitted != mask))
		ret = rs_fail(err, EBADE, "capabilities were set to %#llx, but read %#llx",
			      (unsigned long long)mask, (unsigned long long)seen.permitted);
	return ret;
}

/* ---- the account ---- */

/* NULL without *err: stay who we are. */
static const struct passwd *find_account(const char *name, struct rs_error **err)
{
	const struct passwd *account;

	if (geteuid() != 0) {
		if (name)
			rs_fail(err, EPERM, "--user %s: only root can become another user", name);
		return NULL;
	}
	errno = 0;
	account = getpwnam(name ? name : CONFINE_USER);
	if (!account && name)
		rs_fail(err, ENOENT,
			"there is no user %s: `useradd --system --user-group %s` makes one", name,
			name);
	return account && account->pw_uid != 0 ? account : NULL;
}

static int find_group(const char *name, gid_t *gid, struct rs_error **err)
{
	const struct group *group = getgrnam(name);
	unsigned long number;
	char *end;

	if (group) {
		*gid = group->gr_gid;
		return 0;
	}
	number = strtoul(name, &end, 10);
	if (*name < '0' || *name > '9' || *end || number >= (gid_t)-1)
		return rs_fail(err, ENOENT, "there is no group %s", name);
	*gid = (gid_t)number;
	return 0;
}

/* The signal that tells of the parent's end is forgotten with the old user. */
static int become(const struct passwd *account, struct rs_error **err)
{
	pid_t parent = getppid();
	int death = 0;

	prctl(PR_GET_PDEATHSIG, &death);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    setresgid(account->pw_gid, account->pw_gid, account->pw_gid) < 0 ||
	    setresuid(account->pw_uid, account->pw_uid, account->pw_uid) < 0)
		return rs_fail_errno(err, errno, "becoming user %s", account->pw_name);
	prctl(PR_SET_PDEATHSIG, death);
	if (death && getppid() != parent)
		raise(death);
	return 0;
}

/*
 * VMs' sockets go to the group that was asked for, else, with another user, to
 * the one the daemon was started with: a QEMU of root's that libvirt has taken
 * the capabilities from must still be able to connect. Being in the groups of
 * its sockets, the daemon needs no capability to give them away.
 */
static int choose_groups(const struct confine_options *o, bool becomes, struct rs_error **err)
{
	gid_t groups[2] = { getegid() };
	size_t count = 1;

	if (o->socket_group && find_group(o->socket_group, &groups[0], err))
		return -ENOENT;
	if (o->status_group && find_group(o->status_group, &groups[count++], err))
		return -ENOENT;
	if (geteuid() == 0 && setgroups(count, groups) < 0)
		return rs_fail_errno(err, errno, "leaving root's groups");
	if (becomes || o->socket_group)
		socket_share(groups[0]);
	if (o->status_group)
		socket_share_control(groups[1]);
	return 0;
}

static int choose_user(const struct confine_options *o, struct rs_error **err)
{
	struct rs_error *why = NULL;
	const struct passwd *account = find_account(o->user, &why);
	int ret;

	if (why) {
		ret = rs_fail(err, why->code, "%s", why->message);
		rs_error_free(&why);
		return ret;
	}
	ret = choose_groups(o, account, err);
	if (ret)
		return ret;
	if (account)
		snprintf(state.user, sizeof(state.user), "%s", account->pw_name);
	else if (geteuid() == 0)
		snprintf(state.user, sizeof(state.user), "root");
	else
		snprintf(state.user, sizeof(state.user), "%u", geteuid());
	return account ? become(account, err) : 0;
}

/* ---- all of it ---- */

/* So that locking memory takes no capability. Not allowed in containers that
 * withhold CAP_SYS_RESOURCE. */
static void lift_memory_limit(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &all);
}

/* What a program that it started could have at most: none is ever started, so
 * this is but a second lock, and not being allowed to is no loss. */
static void drop_bounding_set(void)
{
	for (unsigned int bit = 0; bit <= 63; bit++)
		prctl(PR_CAPBSET_DROP, bit, 0, 0, 0);
}

static int grow_no_more(struct rs_error **err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return rs_fail_errno(err, errno, "setting no_new_privs");
	return 0;
}

int confine_child(struct rs_error **err)
{
	int ret;

	drop_bounding_set();
	ret = drop_capabilities(err);
	return ret ? ret : grow_no_more(err);
}

int confine_begin(const struct confine_options *o, struct rs_error **err)
{
	struct rs_error *why = NULL;
	int ret;

	state.off = o->off;
	if (o->off) {
		snprintf(state.user, sizeof(state.user), "%u", geteuid());
		log_line("--unconfined: all privileges are kept");
		return 0;
	}
	lift_memory_limit();
	drop_bounding_set();
	ret = choose_user(o, err);
	if (!ret)
		ret = drop_capabilities(err);
	if (!ret)
		ret = grow_no_more(err);
	if (ret)
		return ret;
	ret = confine_view(o, &state.view_revision, &why);
	if (ret == -ENOSYS || ret == -EOPNOTSUPP) {
		confine_miss("a view of few files (Landlock)", -ret);
		rs_error_free(&why);
	} else if (ret) {
		ret = rs_fail(err, -ret, "%s", why ? why->message : strerror(-ret));
		rs_error_free(&why);
		return ret;
	} else {
		state.view = "landlock";
	}
	return 0;
}
