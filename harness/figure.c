// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/figure.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness/format.h"
#include "harness/summary.h"
#include "host/cleanup.h"
#include "host/error.h"

extern char **environ;

const struct figure *const figures[] = { &figure_response,  &figure_ccdf,	   &figure_boots,
					 &figure_priority,  &figure_cost,	   &figure_blocking,
					 &figure_interrupt, &figure_notifications, NULL };

bool figure_applies(const struct figure *f, const struct summary *s)
{
	return !f->applies || f->applies(s);
}

const char *figure_colour(const char *policy)
{
	static const struct {
		const char *policy, *colour;
	} known[] = {
		{ "none", "#d55e00" },	    { "static", "#56b4e9" },
		{ "ring", "#e69f00" },	    { "ring_boot", "#0072b2" },
		{ "ring_irq", "#009e73" },  { "per_switch", "#cc79a7" },
		{ "dedicated", "#000000" }, { "deadline", "#999999" },
		{ "rq_scan", "#8c6d1f" }, /* beyond their eight: a dark yellow */
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].policy, policy))
			return known[i].colour;
	return "#332288"; /* a policy that was added and has no row yet: an indigo */
}

const char *figure_other_colour(size_t series)
{
	static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7",
					       "#e69f00", "#56b4e9", "#000000", "#999999" };

	return colours[series % (sizeof(colours) / sizeof(colours[0]))];
}

void figure_plot_exceeded(FILE *gp, const char *data, const struct summary *s, enum phase phase)
{
	char label[80];

	fputs("plot ", gp);
	for (size_t i = 0; i < s->policy_count; i++) {
		const char *colour = figure_colour(s->policies[i].name);

		figure_label(s->policies[i].name, label);
		fprintf(gp,
			"%s'%s' index %zu using 1:2 with steps linewidth 2.5 linecolor '%s' "
			"title '%s, %s'",
			i ? ", \\\n\t" : "", data, 2 * i, colour, label, phase_names[phase]);
		if (phase != PHASE_SOLO)
			fprintf(gp,
				", \\\n\t'' index %zu using 1:2 with steps linewidth 1.5 dashtype 2 "
				"linecolor '%s' title '%s, solo'",
				2 * i + 1, colour, label);
	}
	fputs("\n", gp);
}

const char *figure_label(const char *policy, char room[80])
{
	char *to = room;

	for (; *policy && to < room + 77; policy++) {
		if (strchr("_^@&~{}", *policy))
			*to++ = '\\';
		*to++ = *policy;
	}
	*to = '\0';
	return room;
}

/* Format and file can be set from outside, so that one script draws both. */
static void write_preamble(const struct figure *f, const struct summary *s, FILE *gp)
{
	unsigned int height = f->height_of ? f->height_of(s) : f->height;

	fprintf(gp,
		"# %s\n"
		"# Run by hand from this folder: gnuplot %s.gp\n"
		"# As SVG: gnuplot -e 'svg=1' %s.gp\n"
		"if (exists('svg')) {\n"
		"\tset terminal svg size %u,%u font 'DejaVu Sans,14' background '#ffffff'\n"
		"\tset output '%s.svg'\n"
		"} else {\n"
		"\tset terminal pngcairo size %u,%u font 'DejaVu Sans,12' background '#ffffff'\n"
		"\tset output '%s.png'\n"
		"}\n"
		"set encoding utf8\n"
		"set border linecolor '#444444'\n"
		"set grid linecolor '#dddddd' linetype 1\n"
		"set tics nomirror\n",
		f->title, f->name, f->name, f->width, height, f->name, f->width, height, f->name);
}

/* gnuplot's complaints stay in NAME.log where it has some. */
static int run_gnuplot(const char *folder, const struct figure *f, bool svg, struct rs_error **err)
{
	cleanup_free char *script = format_text(err, "%s.gp", f->name);
	cleanup_free char *log = format_text(err, "%s/%s.log", folder, f->name);
	char *const argv[] = { "gnuplot", "-e", svg ? "svg=1" : "png=1", script, NULL };
	posix_spawn_file_actions_t actions;
	struct stat log_stat;
	int status, ret;
	pid_t pid;

	if (!script || !log)
		return -ENOMEM;
	if (posix_spawn_file_actions_init(&actions))
		return rs_fail(err, ENOMEM, "no memory to start gnuplot");
	/* The log first: the other actions run in the figures' folder. */
	ret = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log,
					       O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (!ret)
		ret = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
						       O_RDONLY, 0);
	if (!ret)
		ret = posix_spawn_file_actions_addchdir_np(&actions, folder);
	if (!ret)
		ret = posix_spawnp(&pid, "gnuplot", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		unlink(log);
	if (ret)
		return rs_fail_errno(err, ret, "starting gnuplot (Debian: gnuplot-nox)");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return rs_fail_errno(err, errno, "waiting for gnuplot");
	if (!stat(log, &log_stat) && !log_stat.st_size)
		unlink(log);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return rs_fail(err, EIO, "gnuplot failed, see %s", log);
	return 0;
}

static int write_files(const struct summary *s, const char *folder, const struct figure *f,
		       struct rs_error **err)
{
	cleanup_free char *dat_path = format_text(err, "%s/%s.dat", folder, f->name);
	cleanup_free char *gp_path = format_text(err, "%s/%s.gp", folder, f->name);
	cleanup_file FILE *dat = NULL, *gp = NULL;
	int ret;

	if (!dat_path || !gp_path)
		return -ENOMEM;
	dat = fopen(dat_path, "we");
	gp = fopen(gp_path, "we");
	if (!dat || !gp)
		return rs_fail_errno(err, errno, "opening %s or %s", dat_path, gp_path);
	write_preamble(f, s, gp);
	ret = f->write(s, dat, gp, err);
	if (!ret && (fflush(dat) || fflush(gp)))
		ret = rs_fail_errno(err, errno, "writing %s or %s", dat_path, gp_path);
	if (ret) { /* half a figure is worse than none */
		unlink(dat_path);
		unlink(gp_path);
	}
	return ret;
}

/* Pictures of an earlier report must not stand in for one that fails now. */
static void remove_pictures(const char *folder, const struct figure *f)
{
	static const char *const kinds[] = { "png", "svg" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		cleanup_free char *path = format_text(NULL, "%s/%s.%s", folder, f->name, kinds[i]);

		if (path)
			unlink(path);
	}
}

static int draw_one(const struct summary *s, const char *folder, const struct figure *f,
		    struct rs_error **err)
{
	int ret;

	remove_pictures(folder, f);
	if (!figure_applies(f, s))
		return 0;
	ret = write_files(s, folder, f, err);
	if (!ret)
		ret = run_gnuplot(folder, f, false, err);
	if (!ret)
		ret = run_gnuplot(folder, f, true, err);
	if (ret) /* a picture cut short is worse than none */
		remove_pictures(folder, f);
	return ret;
}

int figures_draw(const struct summary *s, const char *dir, struct figures_drawn *drawn,
		 struct rs_error **err)
{
	cleanup_free char *folder = format_text(err, "%s/figures", dir);

	memset(drawn, 0, sizeof(*drawn));
	if (!folder)
		return -ENOMEM;
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return rs_fail_errno(err, errno, "making folder %s", folder);
	for (size_t i = 0; figures[i]; i++) {
		cleanup_error struct rs_error *why = NULL;

		if (draw_one(s, folder, figures[i], &why) < 0)
			drawn->why_not[i] = format_text(NULL, "%s", why ? why->message : "?");
	}
	return 0;
}

void figures_clear(struct figures_drawn *drawn)
{
	for (size_t i = 0; i < FIGURES_MAX; i++)
		free(drawn->why_not[i]);
	memset(drawn, 0, sizeof(*drawn));
}
