// SPDX-License-Identifier: GPL-2.0-or-later
/* `ringsched`, the command of the harness; its commands are in cmd_*.c. */
#include "harness/command.h"

int main(int argc, char **argv)
{
	return command_main(argc, argv);
}
