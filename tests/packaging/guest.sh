#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a VM with a clean Debian and systemd as PID 1: the packages from install to purge, with traffic; then
# what `make install` has written. Both by the lines of doc/install.md.
set -u
. tests/vm/lib.sh

old=(/debs/mssclampd_*.deb /debs/mssclamp-exporter_*.deb)
new=(/debs/mssclampd.deb /debs/mssclamp-exporter.deb)
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# page HEAD N: the commands of the Nth block of a section of doc/install.md, for root.
page() {
	awk -v head="## $1" -v n="$2" '/^## / { here = $0 == head; i = 0 }
		here && /^```/ { inside = !inside; i += inside; next }
		here && inside && i == n { gsub(/sudo /, ""); print }' doc/install.md
}
# page_words: the commands within the sentence on removing what `make install` has written.
page_words() {
	awk '/^After `make install`/, /^$/' doc/install.md | paste -sd' ' | grep -oE '`[^`]+`' | tr -d '`' |
		sed '1d; s|^make uninstall$|bash build/packaging/uninstall|'
}
units() { # is-enabled|is-active
	systemctl "$1" mssclampd.service mssclampd.socket mssclamp-facts.socket mssclamp-exporter.socket \
		mssclamp-notify.service mssclamp-metrics.timer | paste -sd' '
}
pid() { # UNIT
	systemctl show -P MainPID "$1.service"
}
exporter_answers() {
	exec 3<>/dev/tcp/127.0.0.1/9863
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
	grep -a '^mssclamp_up 1' <&3
}
# traffic: connects, one after the other, until told to end; one line each, and one for each that fails.
traffic() {
	local addresses=()
	for _ in {1..30}; do addresses+=(10.7.2.2 fd07:2::2); done
	export CONNECT_PAUSE=0.2
	while [ ! -e /tmp/traffic.end ]; do
		/usr/bin/python3 tests/vm/connect.py client server 100 "${addresses[@]}" || echo failed
	done >>/tmp/traffic 2>&1
}
# more_traffic LINES: there are that many lines more than now.
more_traffic() {
	local lines
	lines=$(($(wc -l </tmp/traffic) + $1))
	within 120 sh -c "[ \$(wc -l </tmp/traffic) -ge $lines ]"
}
ours() {
	find / -xdev -name '*mssclamp*' ! -path '/debs/*' ! -path '/tree/*'
	find /run -name '*mssclamp*' ! -path '/run/tree/*' ! -path '/run/extra/*' ! -path '/run/systemd/*' \
		! -path '/run/vm/*'
	getent passwd mssclamp mssclamp-notify
	getent group mssclamp mssclamp-notify mssclamp-admin
	systemctl list-units --all --plain --no-legend 'mssclamp*'
	pgrep -la mssclamp
	nft list ruleset
}

topology - || exit 1
check "who wants to look first, by the lines of the page" sh -ec "$(page Debian 2)"
check "dpkg installs" dpkg -i "${old[@]}"
check "and no SYN is changed" connects 1460 1440 client 100
check "but counted" sh -c 'mssclampctl stats >/tmp/stats && grep "^Audit mode" /tmp/stats && grep "clamped *[1-9]" /tmp/stats'
rm /etc/mssclamp.conf.d/audit.conf
check "without that file it begins" systemctl restart mssclampd
check "the service starts at boot; what is for some alone does not" equals \
	"enabled enabled enabled enabled disabled disabled" units is-enabled
check "and runs" equals "active active active active inactive inactive" units is-active
check "it clamps" connects 1360 1340
check "the exporter answers" exporter_answers
echo 'alerts = { for = "2m"; };' >/etc/mssclamp.conf
echo 'mode = "queue";' >/etc/mssclamp.conf.d/zz-doctor-MSS006.conf
check "a configuration of one's own" systemctl reload mssclampd
mkdir -p /var/lib/prometheus/node-exporter
check "what is for some alone starts when asked" systemctl enable --now mssclamp-notify.service \
	mssclamp-metrics.timer
check "and writes its files" within 60 test -s /var/lib/prometheus/node-exporter/mssclamp.prom \
	-a -d /var/lib/mssclamp-notify

traffic &
check "there is traffic" more_traffic 10
before=$(pid mssclampd)
told=$(pid mssclamp-notify)
check "an upgrade" dpkg --force-confold --force-confdef -i "${new[@]}"
check "starts the new daemon" refuses equals "$before" pid mssclampd
check "and the new mssclamp-notify" refuses equals "$told" pid mssclamp-notify
check "which run" equals "active active active active active active" units is-active
check "there is still traffic" more_traffic 10
touch /tmp/traffic.end
wait
check "each connection, before, meanwhile and after, was made and clamped" equals "1340 1340
1360 1360" sort -u /tmp/traffic
echo "      $(wc -l </tmp/traffic) connections"
check "the configuration is still one's own" grep -q alerts /etc/mssclamp.conf

check "removing it" dpkg -r mssclamp-exporter mssclampd
check "takes the rules out" equals "" nft list ruleset
check "and leaves no process" refuses pgrep -la mssclamp
check "the configuration stays" test -e /etc/mssclamp.conf
check "purge" dpkg -P mssclamp-exporter mssclampd
check "leaves nothing" equals "" ours
check "no unit has failed" equals "" systemctl --failed --plain --no-legend

check "what make install writes" cp -a build/packaging/installed/. /
check "the lines of the page" sh -ec "$(page 'From the sources' 1)"
check "start it" equals active systemctl is-active mssclampd.service
check "it clamps as well" connects 1360 1340
check "for what it was told there are explanations" sh -c 'journalctl -q -x -u mssclampd | grep "Defined-By: mssclampd"'
check "what the page removes it with" sh -ec "$(page_words)"
check "and with" sh -c "$(page Removing 1)"
check "leaves nothing either" equals "" ours
check "still no unit has failed" equals "" systemctl --failed --plain --no-legend
checks_end
