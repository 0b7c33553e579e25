// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rs-control: the agent inside a guest (docs/guest-protocol.md). It runs the
 * control workload's rings in processes of their own and sleeps in poll()
 * while they run. Ends with 0 on QUIT (whoever started it then powers the
 * guest off) and at the end of standard input, with 1 on an error.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/control/command.h"
#include "guest/control/rogue.h"

#define RESERVE_MIB_DEFAULT 32
#define RESERVE_MIB_MAX 4096
#define HOST_AWAY_MS 100
#define ROLE_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

struct options {
	const char *port;
	char role[32]; /* one word of HELLO */
	unsigned long reserve_mib;
	bool use_stdio;
};

static const char usage[] =
	"rs-control [--port PATH | --stdio] [--role NAME] [--reserve MIB] | --rogue KIND\n"
	"  --port PATH    talk over this device; otherwise the virtio-serial port\n"
	"                 org.ringsched.agent\n"
	"  --stdio        talk over standard input and output\n"
	"  --role NAME    what HELLO says; otherwise the name of the host\n"
	"  --reserve MIB  memory for samples, 1 to 4096 (default 32)\n"
	"  --rogue KIND   no agent, but a load of one that misbehaves until SIGTERM: hold\n"
	"                 (a ring that never ends), restart, flip\n";

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option table[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "role", required_argument, NULL, 'r' },
		{ "reserve", required_argument, NULL, 'm' },
		{ "rogue", required_argument, NULL, 'g' },
		{ "stdio", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char *end;
	int c;

	*options = (struct options){ .reserve_mib = RESERVE_MIB_DEFAULT };
	gethostname(options->role, sizeof(options->role) - 1);
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'p') {
			options->port = optarg;
		} else if (c == 'r') {
			if (strlen(optarg) >= sizeof(options->role))
				return -EINVAL;
			strcpy(options->role, optarg);
		} else if (c == 's') {
			options->use_stdio = true;
		} else if (c == 'm') {
			options->reserve_mib = strtoul(optarg, &end, 10);
			if (*end || !options->reserve_mib || options->reserve_mib > RESERVE_MIB_MAX)
				return -EINVAL;
		} else if (c == 'g') {
			exit(rsc_rogue(optarg));
		} else if (c == 'h') {
			fputs(usage, stdout);
			exit(0);
		} else {
			return -EINVAL;
		}
	}
	if (!*options->role || options->role[strspn(options->role, ROLE_LETTERS)])
		return -EINVAL;
	return optind == argc ? 0 : -EINVAL;
}

static int do_lines(struct rsc_agent *agent)
{
	char line[RSC_LINE_MAX + 1];
	size_t length;
	int got, err = 0;

	while (!err && !agent->quit && (got = rsc_port_line(&agent->port, line, &length)))
		err = got > 0 ? rsc_command_do(agent, line, length) :
				rsc_command_refuse(agent, -got, "a line has at most 1023 bytes");
	return err;
}

/*
 * 1 = go on, 0 = end, -errno. A port whose host is away reports POLLHUP at
 * once and always, so this looks again ten times a second until it is back:
 * no ring is measured in such a moment.
 */
static int serve_port(struct rsc_agent *agent, short events)
{
	int got = 1, err;

	if (events & (POLLIN | POLLHUP))
		got = rsc_port_fill(&agent->port);
	else if (events)
		return -EIO;
	if (got < 0)
		return got;
	err = do_lines(agent);
	if (err)
		return err;
	if (!got && !agent->port.serial)
		return 0;
	if (!got)
		poll(NULL, 0, HOST_AWAY_MS);
	return !agent->quit;
}

static int serve(struct rsc_agent *agent, int signals)
{
	struct pollfd wait[] = {
		{ .fd = agent->port.in, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	int state = rsc_command_hello(agent);

	if (state)
		return state;
	do {
		if (poll(wait, 2, -1) < 0)
			return -errno;
		if (wait[1].revents && rsc_child_reap())
			return 0;
		state = wait[0].revents ? serve_port(agent, wait[0].revents) : 1;
	} while (state > 0);
	return state;
}

int main(int argc, char **argv)
{
	static struct rsc_agent agent;
	struct rsc_reason why;
	struct options options;
	int signals, err;

	if (parse_options(argc, argv, &options)) {
		fputs(usage, stderr);
		return 1;
	}
	signals = rsc_child_init();
	if (signals < 0) {
		fprintf(stderr, "rs-control: signals: %s\n", strerror(-signals));
		return 1;
	}
	err = rsc_rings_open(&agent.rings, options.reserve_mib << 20, &why);
	agent.role = options.role;
	if (!err && options.use_stdio)
		rsc_port_stdio(&agent.port);
	else if (!err)
		err = rsc_port_open(&agent.port, options.port, &why);
	if (err) {
		fprintf(stderr, "rs-control: %s\n", why.sentence);
		return 1;
	}
	err = serve(&agent, signals);
	rsc_rings_stop(&agent.rings);
	rsc_loads_end(&agent.loads);
	if (err)
		fprintf(stderr, "rs-control: the line to the host: %s\n", strerror(-err));
	return err ? 1 : 0;
}
