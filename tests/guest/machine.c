// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/guest/machine.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#define WORDS_MAX 48

struct words {
	char *all[WORDS_MAX + 1]; /* NULL-ended; the process that has them becomes QEMU */
	unsigned int count;
};

static __attribute__((format(printf, 3, 4))) void add(struct words *w, const char *option,
						      const char *format, ...)
{
	char *value;
	va_list args;

	va_start(args, format);
	if (w->count + 2 > WORDS_MAX || vasprintf(&value, format, args) < 0)
		_exit(127);
	va_end(args);
	w->all[w->count++] = (char *)option;
	w->all[w->count++] = value;
}

static void add_devices(struct words *w, const char *const *sockets)
{
	for (unsigned int i = 0; i < MACHINE_DEVICES_MAX && sockets[i]; i++) {
		add(w, "-chardev", "socket,id=rs%u,path=%s", i, sockets[i]);
		add(w, "-device", "vhost-user-gpio-pci,chardev=rs%u", i);
	}
}

static void add_serial_ports(struct words *w, const struct machine *m)
{
	if (m->log)
		add(w, "-serial", "file:%s", m->log);
	if (m->out < 0)
		return;
	add(w, "-serial", "stdio");
	dup2(m->in, STDIN_FILENO);
	dup2(m->out, STDOUT_FILENO);
}

_Noreturn void machine_become(const struct machine *m)
{
	struct words w = {
		.all = { "qemu-system-x86_64", "-no-user-config", "-nodefaults", "-no-reboot" },
		.count = 4,
	};

	add(&w, "-display", "none");
	add(&w, "-name", "%s,debug-threads=on", m->name);
	add(&w, "-machine", "q35,memory-backend=memory");
	add(&w, "-m", "256M");
	add(&w, "-object", "memory-backend-memfd,id=memory,size=256M,share=on");
	add(&w, "-accel", "%s", m->accel);
	add(&w, "-smp", "%u", m->vcpus);
	add_devices(&w, m->sockets);
	add_serial_ports(&w, m);
	add(&w, "-kernel", "%s", m->kernel);
	add(&w, "-initrd", "%s", m->initrd);
	add(&w, "-append", "console=ttyS0 quiet tsc=reliable panic=-1 %s", m->append);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(3, ~0u, 0);
	execvp(w.all[0], w.all);
	_exit(127);
}
