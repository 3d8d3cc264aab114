# SPDX-License-Identifier: GPL-2.0-or-later
# What goes where, and the tarball and packages that are made of it. Included by the Makefile.

SBINDIR = $(PREFIX)/sbin
BINDIR = $(PREFIX)/bin
UNITDIR = $(PREFIX)/lib/systemd/system
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
TMPFILESDIR = $(PREFIX)/lib/tmpfiles.d
CATALOGDIR = $(PREFIX)/lib/systemd/catalog
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/vendor-completions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d
DATADIR = $(PREFIX)/share/mssclamp
DOCDIR = $(PREFIX)/share/doc/mssclampd
MANDIR = $(PREFIX)/share/man

# One row a kind of file: how, from where, to where. A target that ends in / is a folder. How is a mode,
# or "unit" (@SBINDIR@, @BINDIR@ and @DOCDIR@ in it are filled in), "conf" (kept where there is one,
# and left behind by uninstall), "dir" (a folder alone).
define INSTALLED
0755 $(BUILD)/mssclampd $(SBINDIR)/
0755 $(BUILD)/mssclamp-facts $(SBINDIR)/
0755 $(BUILD)/mssclamp-notify $(SBINDIR)/
0755 $(BUILD)/mssclamp-exporter $(SBINDIR)/
0755 $(BUILD)/mssclampctl $(BINDIR)/
unit systemd/*.service $(UNITDIR)/
unit systemd/*.socket $(UNITDIR)/
unit systemd/*.timer $(UNITDIR)/
0644 systemd/mssclamp.sysusers $(SYSUSERSDIR)/mssclamp.conf
0644 systemd/mssclamp.tmpfiles $(TMPFILESDIR)/mssclamp.conf
0644 share/mssclamp.catalog $(CATALOGDIR)/
0644 share/completion/mssclampctl.bash $(BASHDIR)/mssclampctl
0644 share/completion/mssclampctl.zsh $(ZSHDIR)/_mssclampctl
0644 share/completion/mssclampctl.fish $(FISHDIR)/
0644 share/schema/*.json $(DATADIR)/schema/
0644 src/proto/org.mssclamp.varlink $(DATADIR)/schema/
0644 share/prometheus/*.yml $(DATADIR)/prometheus/
0644 share/grafana/*.json $(DATADIR)/grafana/
0644 README.md $(DOCDIR)/
0644 SECURITY.md $(DOCDIR)/
0644 CONTRIBUTING.md $(DOCDIR)/
0644 NEWS $(DOCDIR)/
0644 doc/*.md $(DOCDIR)/doc/
0644 doc/*.svg $(DOCDIR)/doc/
0644 doc/performance.json $(DOCDIR)/doc/
0644 doc/pictures/*.svg $(DOCDIR)/doc/pictures/
0644 doc/guides/*.md $(DOCDIR)/doc/guides/
0644 share/examples/wait-for-tunnel $(DOCDIR)/examples/
unit share/examples/*.service $(DOCDIR)/examples/
0644 doc/man/*.5 $(MANDIR)/man5/
0644 doc/man/*.7 $(MANDIR)/man7/
0644 doc/man/*.8 $(MANDIR)/man8/
0644 share/rt_protos.conf /etc/iproute2/rt_protos.d/mssclamp.conf
conf conf/mssclamp.conf /etc/
dir - /etc/mssclamp.conf.d/
endef
export INSTALLED SBINDIR BINDIR DOCDIR

install: all
	$(Q)printf '%s\n' "$$INSTALLED" | packaging/place install "$(DESTDIR)"

# Leaves the configuration and the users: they are the administrator's.
uninstall:
	$(Q)printf '%s\n' "$$INSTALLED" | packaging/place uninstall "$(DESTDIR)"
	$(Q)rm -rf "$(DESTDIR)$(DATADIR)" "$(DESTDIR)$(DOCDIR)"

# The tarball, which the packages are made from.
dist: configure
	$(call say,DIST,$(BUILD)/mssclamp-$(VERSION).tar.gz)
	$(Q)packaging/make-dist "$(BUILD)"
deb: dist
	$(call say,DEB,$(BUILD)/deb)
	$(Q)packaging/make-deb "$(BUILD)"
rpm: dist
	$(call say,RPM,$(BUILD)/rpm)
	$(Q)packaging/make-rpm "$(BUILD)"
# Whether what is committed can be released; SUITES: of tests/run-checks, else all.
release-check:
	$(Q)packaging/release-check $(SUITES)

.PHONY: install uninstall dist deb rpm release-check
