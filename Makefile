# SPDX-License-Identifier: GPL-2.0-or-later
# One Makefile for everything. V=1 shows the commands; BUILD= puts the results elsewhere;
# SAN=address,undefined (or thread) builds with sanitizers.

.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules
-include config.mk

BUILD ?= build
PREFIX ?= /usr
DESTDIR ?=
# What the person building may replace, and what the code needs in any case.
CFLAGS ?= -O2 -g
HARDEN ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong
WARN = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wvla -Wformat=2
SAN ?=
ifneq ($(SAN),)
SANFLAGS = -DMSSCLAMP_SANITIZED -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
HARDEN := -U_FORTIFY_SOURCE
endif
ALL_CFLAGS = -std=gnu11 $(WARN) -fPIE -pthread -Iinclude -I$(BUILD)/gen -D_GNU_SOURCE \
	-DVERSION='"$(VERSION)"' $(MNL_CFLAGS) $(NFQ_CFLAGS) $(CONFIG_CFLAGS) $(SYSTEMD_CFLAGS) \
	$(JANSSON_CFLAGS) $(NFTABLES_CFLAGS) $(MHD_CFLAGS) $(SECCOMP_CFLAGS) $(HARDEN) $(CPPFLAGS) $(CFLAGS) $(SANFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now $(SANFLAGS) $(LDFLAGS)

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

# A layer is a folder, with rooms in it where it is large, and an archive; what each may use stands in
# doc/design.md.
LAYERS = core base policy edge proto facts daemon ctl notify exporter
sources_of = $(filter-out %/main.c,$(wildcard src/$(1)/*.c src/$(1)/*/*.c))
objects_of = $(patsubst %.c,$(BUILD)/%.o,$(call sources_of,$(1)))
archive_of = $(BUILD)/lib$(1).a
below_core =
below_base =
below_policy = core base
below_edge = proto policy core base
below_proto = base
below_facts = proto policy core base
below_daemon = edge policy proto core base
below_ctl = edge policy proto core base
below_notify = ctl daemon edge policy proto core base
below_exporter = ctl edge policy proto core base
archives_of = $(foreach l,$(1) $(below_$(1)),$(call archive_of,$(l)))
libs_core =
libs_base = $(SECCOMP_LIBS)
libs_policy =
libs_edge = $(NFQ_LIBS) $(MNL_LIBS) $(NFTNL_LIBS) $(NFTABLES_LIBS) $(JANSSON_LIBS)
libs_proto = $(JANSSON_LIBS)
libs_facts = $(JANSSON_LIBS) $(SECCOMP_LIBS)
libs_daemon = $(libs_edge) $(SECCOMP_LIBS) $(CONFIG_LIBS) $(SYSTEMD_LIBS)
libs_ctl = $(libs_edge)
libs_notify = $(libs_daemon)
libs_exporter = $(MHD_LIBS) $(SYSTEMD_LIBS) $(JANSSON_LIBS) $(SECCOMP_LIBS)

PROGRAMS = $(BUILD)/mssclampd $(BUILD)/mssclampctl $(BUILD)/mssclamp-facts $(BUILD)/mssclamp-notify \
	$(BUILD)/mssclamp-exporter

all: $(PROGRAMS)

ifeq ($(wildcard config.mk),)
ifneq ($(filter-out clean distclean,$(or $(MAKECMDGOALS),all)),)
$(info configuring first)
endif
endif
configure: configure.ac
	$(call say,AUTOCONF,$@)
	$(Q)autoconf
config.mk: configure config.mk.in
	$(call say,CONFIGURE,$@)
	$(Q)./configure -q

$(BUILD)/%.o: %.c config.mk
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define layer_rules
$(call archive_of,$(1)): $(call objects_of,$(1))
	$$(call say,AR,$$@)
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
endef
AR ?= ar
$(foreach l,$(LAYERS),$(eval $(call layer_rules,$(l))))

$(BUILD)/mssclampd: $(BUILD)/src/daemon/main.o $(call archives_of,daemon)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_daemon)
$(BUILD)/mssclamp-facts: $(BUILD)/src/facts/main.o $(call archives_of,facts)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_facts)
$(BUILD)/mssclamp-notify: $(BUILD)/src/notify/main.o $(call archives_of,notify)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_notify)
$(BUILD)/mssclamp-exporter: $(BUILD)/src/exporter/main.o $(call archives_of,exporter)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_exporter)
$(BUILD)/mssclampctl: $(BUILD)/src/ctl/main.o $(call archives_of,ctl)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_ctl)

# The interface description as a C string: one source for server, client and documentation.
$(BUILD)/gen/idl.h: src/proto/org.mssclamp.varlink
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< >$@.tmp && mv $@.tmp $@
$(call objects_of,daemon) $(call objects_of,ctl) $(BUILD)/src/daemon/main.o: | $(BUILD)/gen/idl.h

# Unit tests: tests/unit/test_x.c links the archive of the layer that has x.c (or x.h alone), and those
# below it.
layer_with = $(firstword $(foreach l,$(LAYERS),$(if $(wildcard src/$(l)/$(1).c src/$(l)/*/$(1).c include/$(l)/$(1).h include/$(l)/*/$(1).h),$(l))))
UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
define unit_rule
$(BUILD)/unit/test_$(1): $(BUILD)/tests/unit/test_$(1).o $(call archives_of,$(2))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ $$(libs_$(2)) -lcmocka
endef
$(foreach t,$(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c)),\
	$(eval $(call unit_rule,$(t),$(or $(call layer_with,$(t)),$(error tests/unit/test_$(t).c: no $(t).c in src and no $(t).h in include)))))
unit: $(UNIT_TESTS)

# Simulated networks: tests/sim/test_x.c links tests/sim/sim_*.c and policy.
SIM_TESTS = $(patsubst tests/sim/%.c,$(BUILD)/sim/%,$(wildcard tests/sim/test_*.c))
$(SIM_TESTS): $(BUILD)/sim/%: $(BUILD)/tests/sim/%.o \
		$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/sim/sim_*.c)) $(call archives_of,policy)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lcmocka
sim: $(SIM_TESTS)

# Fuzz targets: tests/fuzz/fuzz_x.c names its layer in a line "layer: NAME". Their seeds run as plain
# programs in check; `make fuzz` builds them with libFuzzer and runs each FUZZ_SECONDS.
FUZZ_NAMES = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
fuzz_layer = $(shell sed -n 's/.*layer: \([a-z]*\).*/\1/p' tests/fuzz/fuzz_$(1).c | head -n 1)
fuzz_with_packet = $(BUILD)/tests/lib/oracle.o
fuzz_with_pcap = $(BUILD)/tests/lib/oracle.o
define fuzz_rule
$(BUILD)/fuzz/seeds_$(1): $(BUILD)/tests/fuzz/fuzz_$(1).o $(BUILD)/tests/fuzz/run_seeds.o \
		$(fuzz_with_$(1)) $(call archives_of,$(2))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ $$(libs_$(2))
$(BUILD)/fuzz/fuzz_$(1): $(BUILD)/tests/fuzz/fuzz_$(1).o $(fuzz_with_$(1)) \
		$(call archives_of,$(2))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -fsanitize=fuzzer -o $$@ $$^ $$(libs_$(2))
endef
$(foreach t,$(FUZZ_NAMES),$(eval $(call fuzz_rule,$(t),$(call fuzz_layer,$(t)))))
fuzz-seeds: $(FUZZ_NAMES:%=$(BUILD)/fuzz/seeds_%)
fuzz-programs: $(FUZZ_NAMES:%=$(BUILD)/fuzz/fuzz_%)
fuzz:
	$(Q)$(MAKE) BUILD=$(BUILD)/libfuzzer CC=clang SAN=address,undefined \
		CFLAGS="-O1 -g -fsanitize=fuzzer-no-link" fuzz-programs
	$(Q)tests/fuzz/run $(BUILD)/libfuzzer/fuzz $(FUZZ_SECONDS) $(FUZZ_NAMES)

# Which lines of the core and of the parsers the unit tests and the seeds reach.
coverage:
	$(Q)tests/coverage

# Serves somebody else's interface over our proto/, for tests alone.
$(BUILD)/certification-server: $(BUILD)/tests/certification/server.o $(call archives_of,proto)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_proto)

# Prints conf/mssclamp.conf from the table of settings; a test compares the two.
$(BUILD)/print-conf: $(BUILD)/tests/lib/print_conf.o $(call archives_of,daemon)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_daemon)
conf: $(BUILD)/print-conf
	$(Q)$< >conf/mssclamp.conf.tmp && mv conf/mssclamp.conf.tmp conf/mssclamp.conf

# Prints the table of doc/metrics.md from the table of metrics; a test compares the two.
$(BUILD)/print-metrics: $(BUILD)/tests/lib/print_metrics.o $(call archives_of,daemon)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_daemon)

# The manual pages, from doc/man/*.scd and the tables of the programs; a test compares both.
$(BUILD)/print-overhead: $(BUILD)/tests/lib/print_overhead.o $(call archives_of,ctl)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_ctl)
$(BUILD)/print-man: $(BUILD)/tests/lib/print_man.o $(call archive_of,exporter) $(call archive_of,facts) \
		$(call archives_of,notify)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_notify)
man: $(BUILD)/print-overhead $(BUILD)/print-man $(BUILD)/mssclampctl
	$(Q)doc/man/make $(BUILD) doc/man

# Completion of command lines, from the table of commands; a test compares both.
$(BUILD)/print-completion: $(BUILD)/tests/lib/print_completion.o $(call archives_of,ctl)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_ctl)
completion: $(BUILD)/print-completion
	$(Q)for shell in bash zsh fish; do \
		$< $$shell >share/completion/mssclampctl.$$shell || exit 1; done

# The pictures of README.md, of real runs; takes root. PICTURES: their names, else all.
pictures: all
	$(Q)MSSCLAMP_BUILD=$(BUILD) doc/pictures/make doc/pictures $(PICTURES)

# Many stacks of calc in one process, for the comparison with a second implementation.
$(BUILD)/calc-lines: $(BUILD)/tests/lib/calc_lines.o $(call archives_of,ctl)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(libs_ctl)

# Real connects at a steady rate, counted.
$(BUILD)/connects: $(BUILD)/tests/lib/connects.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

# Makes calls of a program fail that it is preloaded into; never with a sanitizer of its own.
$(BUILD)/failing.so: tests/faults/failing.c tests/faults/calls.h config.mk
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(filter-out $(SANFLAGS),$(ALL_CFLAGS))) -fPIC -shared -o $@ $<

# Tries in a worker of mssclampd what its sandbox is to refuse; has its libnftables hang; knows a group.
$(BUILD)/attempt.so $(BUILD)/hang.so $(BUILD)/nss_late.so: $(BUILD)/%.so: tests/lib/%.c config.mk
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(filter-out $(SANFLAGS),$(ALL_CFLAGS))) -fPIC -shared -o $@ $<

# What tests/net runs; then what all tests run.
net-programs: bench-programs $(BUILD)/connects $(BUILD)/failing.so $(BUILD)/attempt.so \
	$(BUILD)/hang.so $(BUILD)/nss_late.so
test-programs: net-programs unit sim fuzz-seeds $(BUILD)/certification-server \
	$(BUILD)/print-conf $(BUILD)/print-overhead $(BUILD)/print-metrics $(BUILD)/print-man \
	$(BUILD)/print-completion $(BUILD)/calc-lines $(BUILD)/bench/replay
check: all
	$(Q)tests/run-checks
# The benchmark (doc/performance.md); BENCH are options of tests/bench/run.
BENCH_PROGRAMS = $(BUILD)/bench/generator $(BUILD)/bench/sink $(BUILD)/bench/null_loop \
	$(BUILD)/bench/usual_loop $(BUILD)/bench/lookup $(BUILD)/bench/rebuild $(BUILD)/bench/soak
$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(bench_libs)
$(BUILD)/bench/generator $(BUILD)/bench/sink: $(BUILD)/tests/bench/frames.o
$(BUILD)/bench/generator: bench_libs = -lm
$(BUILD)/bench/soak: $(BUILD)/tests/bench/soak_packet.o $(BUILD)/tests/bench/frames.o \
		$(BUILD)/tests/lib/oracle.o
$(BUILD)/bench/usual_loop: bench_libs = $(NFQ_LIBS) $(MNL_LIBS)
$(BUILD)/bench/lookup: $(call archives_of,policy)
$(BUILD)/bench/rebuild: $(BUILD)/tests/bench/rebuild_scene.o $(call archives_of,daemon)
$(BUILD)/bench/rebuild: bench_libs = $(libs_daemon)
$(BUILD)/bench/replay: $(call archives_of,edge)
$(BUILD)/bench/replay: bench_libs = $(libs_edge)
bench-programs: all $(BENCH_PROGRAMS)
bench: bench-programs
	$(Q)MSSCLAMP_BUILD=$(BUILD) tests/bench/run $(BENCH)
demo: all
	$(Q)tests/demo/demo

include packaging/packaging.mk

# For tools that compile for themselves (tests/lint).
print-flags:
	@: $(info $(ALL_CFLAGS))

clean:
	rm -rf $(BUILD)
distclean: clean
	rm -rf configure configure~ config.mk config.log config.status autom4te.cache

.PHONY: all conf man completion pictures unit sim coverage fuzz fuzz-seeds fuzz-programs check bench bench-programs \
	net-programs demo test-programs print-flags clean distclean
-include $(shell find $(BUILD)/src $(BUILD)/tests -name '*.d' 2>/dev/null)
