# SPDX-License-Identifier: GPL-2.0-or-later
# `make help` lists what there is. Everything that is built lands in build/.

B := build
CC ?= gcc
PKGS := json-c libbpf libfyaml libseccomp libvirt libvirt-qemu libxml-2.0 sqlite3 zlib
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Werror
# The daemon is privileged and hears guests; the second line is for its sake.
CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
LDFLAGS ?= -Wl,-z,relro,-z,now
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -I. $(WARN) $(CFLAGS) $(PKG_CFLAGS) -MMD -MP \
	-DRS_VERSION='"$(VERSION)"'
# Asked when a recipe runs, not when this file is read: `make test` may still
# have to install pkg-config.
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PKGS))
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

HOST_SRC := $(filter-out host/main.c,$(wildcard host/*.c host/policy/*.c))
HOST_SRC += $(if $(TRACE_LOADS),tests/fuzz/flip.c) # see "hostile bytes"
HARNESS_SRC := $(filter-out harness/main.c,$(wildcard harness/*.c harness/workload/*.c))
objects = $(patsubst %.c,$(B)/obj/%.o,$(1))

# Without root, scripts/setup can only name what is missing. That shall end with
# 1; make has 2 for a failed recipe, and 1 for what question mode finds undone.
ifneq ($(filter eval fuzz paper regress sanitize soak test setup guests,$(MAKECMDGOALS)),)
ifneq ($(shell id -u),0)
ifeq ($(shell scripts/setup >&2 && echo complete),)
MAKEFLAGS += -q
endif
endif
endif

# A demonstration by default; the page of the paper's claims wants more.
ifneq ($(filter paper,$(MAKECMDGOALS)),)
PRESET ?= smoke
endif
PRESET ?= demo
PREFIX ?= /usr/local
SCENARIO ?= scenarios/boot-interference.yaml
REGRESS_SCENARIO ?= scenarios/regress.yaml

.PHONY: FORCE all help eval paper figures regress test soak security unit setup guests host docs \
	install uninstall deb clean
.PHONY: fuzz fuzz-targets sanitize sanitize-address sanitize-thread
all: host

help:
	@echo 'make eval    install what is missing, build, run the experiment, write the report'
	@echo '             [PRESET=demo|smoke|standard|certify] [OUT=DIR] [SCENARIO=FILE] [POLICIES=a,b]'
	@echo 'make regress is the head of the repository worse than its base? [BASE=REF] [BOOTS=N]'
	@echo '             [REFERENCE=DIR] [POLICIES=a,b] [OUT=DIR]; scripts/regress says more'
	@echo 'make paper   every scenario, and a page with each claim of the paper and its verdict (hours)'
	@echo '             [PRESET=smoke] [OUT=DIR] [SCENARIOS=a,b] [DRY_RUN=1]; again with the same OUT it goes on'
	@echo 'make figures draw the figures of a result again from its data [DIR=FOLDER]'
	@echo 'make test    install what is missing, build, run every test'
	@echo 'make fuzz    feed hostile bytes to whatever reads some [TIME=60 seconds a target] [TARGETS="a b"]'
	@echo 'make sanitize run the unit tests, and the daemon under attack, with sanitizers'
	@echo 'make soak    VMs that come, flood and die, for hours, and what must hold [HOURS=2] [SEED=N]'
	@echo 'make security draw up the table of docs/security.md from what was measured'
	@echo '             [PARTS="fuzz faults bounds soak"]'
	@echo 'make unit    build the unit tests under build/tests/'
	@echo 'make host    build build/ringsched and build/ringschedd, and what `make docs` makes'
	@echo 'make docs    manual pages and shell completion: man -l build/share/man/man1/ringsched.1'
	@echo 'make guests  build the guest images and the module (cached by content)'
	@echo 'make install put programs, scenarios, documents and what builds guests below PREFIX'
	@echo '             [PREFIX=/usr/local] [DESTDIR=DIR] [UNITDIR=DIR]; make uninstall takes it away'
	@echo 'make deb     Debian packages of them, and of the module for DKMS, in build/deb'
	@echo 'make clean   remove build/'

host: $(B)/ringschedd $(B)/ringsched docs

# Manual pages and shell completion, from the program's own tables. Their date
# is the commit's, so that one commit makes the same files everywhere.
docs: $(B)/share/made
$(B)/share/made: $(B)/ringsched
	@rm -rf $(B)/share
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)} \
		$(B)/ringsched generate share $(B)/share
	@touch $@

# EARLY: see "hostile bytes".
$(B)/ringschedd: $(call objects,host/main.c $(EARLY) $(HOST_SRC))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lpthread -lm

$(B)/ringsched: $(call objects,harness/main.c $(HARNESS_SRC) $(HOST_SRC))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lpthread -lm

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Rewritten only when it changes, so that a result names the commit that made it.
$(B)/obj/host/daemon_line.o $(B)/obj/harness/version.o: $(B)/version
$(B)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

setup:
	scripts/setup

guests: setup
	scripts/build-guests

eval: setup
	$(MAKE) host guests
	scripts/eval --preset '$(PRESET)' --scenario '$(SCENARIO)' --out '$(OUT)' --policies '$(POLICIES)'

regress: setup
	$(MAKE) host guests
	scripts/regress --base '$(BASE)' --reference '$(REFERENCE)' --boots '$(BOOTS)' \
		--scenario '$(REGRESS_SCENARIO)' --policies '$(POLICIES)' --out '$(OUT)'

paper: setup
	$(MAKE) host $(if $(DRY_RUN),,guests)
	scripts/paper --preset '$(PRESET)' --out '$(OUT)' --scenarios '$(SCENARIOS)' $(if $(DRY_RUN),--dry-run)

figures:
	scripts/figures $(if $(DIR),'$(DIR)')

test: setup
	$(MAKE) host guests
	tests/run

HOURS ?= 2
SEED ?= $(shell date +%s)
soak: setup
	$(MAKE) host
	tests/soak/run --hours '$(HOURS)' --seed '$(SEED)' --out "results/soak-$$(date +%Y%m%d-%H%M%S)"

security:
	scripts/security-table $(PARTS)

INSTALL := scripts/install --prefix '$(PREFIX)' --destdir '$(DESTDIR)' --unitdir '$(UNITDIR)'

install: host
	$(INSTALL)

uninstall:
	$(INSTALL) --uninstall

deb: host
	scripts/build-deb

clean:
	rm -rf $(B)

UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))

unit: $(UNIT_TESTS)

# Run queues of a guest, made by hand: also of use to the tests of the daemon.
$(B)/tests/test_scan $(B)/tests/test_policy_scan: $(call objects,tests/fake/scan_image.c)

$(B)/tests/%: $(B)/obj/tests/unit/%.o $(call objects,$(HARNESS_SRC) $(HOST_SRC))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka -lpthread -lm

# ---- hostile bytes ----

# Objects of another kind, by the same rules: a second make with a folder of its
# own. The guest's bytes change while they are read (tests/fuzz/flip.c): for that
# the compiler tells of each load in the files that read them. A sanitizer asks
# another program for the names of functions: the daemon's is started early, for it
# may start none later.
ADDRESS := B=build/address CC=clang EARLY=tests/sanitize/early.c TRACE_LOADS=-fsanitize-coverage=trace-loads CFLAGS='-O1 -g \
	-fno-omit-frame-pointer -fsanitize=address,undefined,float-cast-overflow,fuzzer-no-link \
	-fno-sanitize-recover=all'
THREAD := B=build/thread CC=clang EARLY=tests/sanitize/early.c CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=thread'

$(call objects,host/vring.c host/vhost_queue.c host/scan.c): ALL_CFLAGS += $(TRACE_LOADS)

FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SRC := tests/fuzz/support.c tests/fake/scan_image.c $(HARNESS_SRC) $(HOST_SRC)

fuzz-targets:
	$(MAKE) $(ADDRESS) $(addprefix build/address/fuzz/,seeds $(FUZZ_TARGETS))

# A target takes of these what it needs.
$(B)/fuzz/all.a: $(call objects,$(FUZZ_SRC))
	@mkdir -p $(@D)
	rm -f $@
	ar rcs $@ $^

$(B)/fuzz/%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/fuzz/all.a
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS) -lpthread -lm

# No request may make or remove files where it likes.
$(B)/fuzz/control: LDFLAGS += -Wl,--wrap=bind,--wrap=unlink

$(B)/fuzz/seeds: $(call objects,tests/fuzz/seeds.c tests/fake/scan_image.c host/error.c)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

fuzz: setup
	scripts/fuzz $(if $(TIME),--time '$(TIME)') $(TARGETS)

# SANITIZE_TESTS: names of unit tests.
sanitize-address:
	$(MAKE) $(ADDRESS) build/address/ringschedd $(patsubst %,build/address/tests/test_%,$(SANITIZE_TESTS))

sanitize-thread:
	$(MAKE) $(THREAD) HARNESS_SRC= build/thread/ringschedd $(patsubst %,build/thread/tests/test_%,$(SANITIZE_TESTS))

sanitize: setup
	$(MAKE) host
	tests/sanitize/run address thread daemon

.SECONDARY:

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
