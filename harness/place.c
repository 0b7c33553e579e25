// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/place.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/folder.h"
#include "host/cleanup.h"
#include "host/suggest.h"

#define GUESTS_VARIABLE "RINGSCHED_GUESTS" /* scripts/lib.sh knows it too */
#define INSTALLED "../share/ringsched" /* is there, beside the programs' folder */
#define SCENARIO_PREFIX "scenarios/"

/* From the folder of this program. scripts/install puts them there. */
static const struct {
	const char *built, *installed;
} places[PLACE_COUNT] = {
	[PLACE_DAEMON] = { "ringschedd", "../sbin/ringschedd" },
	[PLACE_GUESTS] = { "guest", "/var/lib/ringsched/guest" },
	[PLACE_SCENARIOS] = { "../scenarios", INSTALLED "/scenarios" },
};

/* "." where /proc is missing. */
static void program_folder(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	else
		strcpy(path, ".");
}

/* `name` as seen from `folder`, without the "..": these paths are printed. */
static char *seen_from(const char *folder, const char *name)
{
	size_t length = strlen(folder);
	char *path;

	if (name[0] == '/')
		return strdup(name);
	while (!strncmp(name, "../", 3) && memrchr(folder, '/', length)) {
		length = (size_t)((const char *)memrchr(folder, '/', length) - folder);
		name += 3;
	}
	return asprintf(&path, "%.*s/%s", (int)length, folder, name) < 0 ? NULL : path;
}

static bool is_installed(const char *folder)
{
	cleanup_free char *share = seen_from(folder, INSTALLED);

	return share && access(share, F_OK) == 0;
}

char *place_find(enum place place)
{
	const char *chosen = place == PLACE_GUESTS ? getenv(GUESTS_VARIABLE) : NULL;
	char folder[PATH_MAX];

	if (chosen && *chosen)
		return strdup(chosen);
	program_folder(folder);
	return seen_from(folder,
			 is_installed(folder) ? places[place].installed : places[place].built);
}

static const char *without_prefix(const char *name)
{
	return strncmp(name, SCENARIO_PREFIX, strlen(SCENARIO_PREFIX)) ?
		       name :
		       name + strlen(SCENARIO_PREFIX);
}

char *place_scenario(const char *name)
{
	static const char *const endings[] = { "", ".yaml" };
	cleanup_free char *folder = NULL;
	const char *plain = without_prefix(name);

	if (access(name, F_OK) == 0 || !*plain || strchr(plain, '/'))
		return strdup(name);
	folder = place_find(PLACE_SCENARIOS);
	for (size_t i = 0; folder && i < sizeof(endings) / sizeof(endings[0]); i++) {
		cleanup_free char *path = folder_path(folder, "%s%s", plain, endings[i]);

		if (path && access(path, R_OK) == 0)
			return steal_pointer(&path);
	}
	return strdup(name);
}

/* Cuts the ending off; false for a name that has another. */
static bool cut_ending(char *name)
{
	char *dot = strrchr(name, '.');

	if (!dot || strcmp(dot, ".yaml"))
		return false;
	*dot = '\0';
	return true;
}

char *place_nearest_scenario(const char *name)
{
	cleanup_free char *folder = place_find(PLACE_SCENARIOS), *plain = NULL, *best = NULL;
	struct suggestion nearest;
	struct dirent **list;
	int count = folder ? scandir(folder, &list, NULL, alphasort) : -1;

	plain = strdup(without_prefix(name));
	if (plain)
		cut_ending(plain);
	nearest = (struct suggestion){ .word = plain };
	for (int i = 0; i < count; i++)
		if (plain && cut_ending(list[i]->d_name))
			suggest_offer(&nearest, list[i]->d_name);
	if (nearest.best)
		best = strdup(nearest.best);
	for (int i = 0; i < count; i++)
		free(list[i]);
	if (count >= 0)
		free(list);
	return steal_pointer(&best);
}

char *place_command(const char *step)
{
	bool guests = !strcmp(step, "guests");
	char folder[PATH_MAX];
	char *command;

	program_folder(folder);
	if (is_installed(folder))
		return seen_from(folder, guests ? INSTALLED "/scripts/build-guests" :
						  INSTALLED "/scripts/setup");
	return asprintf(&command, "make %s", step) < 0 ? NULL : command;
}
