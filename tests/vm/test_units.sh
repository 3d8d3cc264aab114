#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The units beside mssclampd's, as installed: the exporter by its socket, the textfile by its timer, an
# alert told by mssclamp-notify's command; each in its sandbox, whose exposure is printed.
set -u
. tests/vm/lib.sh

conf=/etc/mssclamp.conf
dropin=/etc/systemd/system/mssclamp-exporter.socket.d
folder=/var/lib/prometheus/node-exporter
prom=$folder/mssclamp.prom

of_unit() { # UNIT FIELD: that line of /proc/PID/status of its process.
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$(systemctl show -P MainPID "$1")/status"
}
# exposure UNIT: what systemd-analyze thinks of the unit as it is loaded; fails above 1.8.
exposure() {
	systemd-analyze security --no-pager --threshold=18 "$1" >/tmp/exposure 2>&1
	local code=$?
	[ "$code" = 0 ] || cat /tmp/exposure
	return "$code"
}
scrape() {
	curl -sS -m 30 http://127.0.0.1:9863/metrics
}
scrape_has() {
	scrape | grep -x "$1"
}
# asker: a host with two addresses beside 10.8.0.1.
asker() {
	ip netns add asker && ip link add to_asker type veth peer name eth0 netns asker &&
		ip addr add 10.8.0.1/24 dev to_asker && ip link set to_asker up &&
		ip -n asker addr add 10.8.0.2/24 dev eth0 && ip -n asker addr add 10.8.0.3/24 dev eth0 &&
		ip -n asker link set eth0 up
}
asked_by() { # ADDRESS of asker
	ip netns exec asker curl -sS -m 15 --interface "$1" http://10.8.0.1:9863/metrics | grep -x "mssclamp_up 1"
}
told() {
	journalctl -q -t told --no-pager -o cat | grep -Ex -- "$1" && return
	journalctl -q -u mssclampd -u mssclamp-notify -t told --no-pager | tail -n 40
	return 1
}
modified() {
	stat -c %Y "$prom"
}
is_newer() { # than SECONDS since 1970
	[ "$(modified)" -gt "$1" ]
}

systemd-sysusers mssclamp.conf
systemd-tmpfiles --create mssclamp.conf
systemctl daemon-reload
cat >$conf <<'END'
path = { probe = false; };
alerts = {
	for = "1s";
	rules_reinstalled_per_hour = 1.0;
	command = "logger -t told \"$MSSCLAMP_STATE $MSSCLAMP_ALERT $MSSCLAMP_THRESHOLD as $(id -un)\"";
};
END
check "mssclampd starts" timeout 60 systemctl restart mssclampd.service

for unit in mssclampd mssclamp-facts mssclamp-exporter mssclamp-metrics mssclamp-notify; do
	check "$unit.service: exposure at most 1.8" exposure "$unit.service"
	sed -n 's/^.*Overall exposure level for/      exposure of/p' /tmp/exposure
done

check "mssclamp-notify starts" timeout 60 systemctl enable -q --now mssclamp-notify.service
check "without a capability" within 10 equals 0000000000000000 of_unit mssclamp-notify.service CapEff
nft flush ruleset # mssclampd puts its rules back, which is once within an hour

check "the exporter's socket is there" timeout 30 systemctl enable -q --now mssclamp-exporter.socket
check "and nobody behind it" equals inactive systemctl show -P ActiveState mssclamp-exporter.service
check "who asks starts it, and has the metrics" scrape_has "mssclamp_up 1"
check "it says that mssclampd clamps" within 30 scrape_has "mssclamp_rules_ok 1" # again, behind that flush
check "it runs" systemctl is-active --quiet mssclamp-exporter.service
check "without a capability" equals 0000000000000000 of_unit mssclamp-exporter.service CapEff
check "system calls are filtered" equals 2 of_unit mssclamp-exporter.service Seccomp
check "as nobody whom others know" refuses getent passwd "$(of_unit mssclamp-exporter.service Uid | cut -f1)" -s files

# The drop-in of the guide: another address, which comes later, and for one host alone.
mkdir -p $dropin
sed -n '/^  \[Socket\]$/,/^  ```$/{/```/d;s/^  //p}' doc/guides/prometheus.md >$dropin/override.conf
systemctl daemon-reload
check "the guide's drop-in holds before its address is there" timeout 60 systemctl restart mssclamp-exporter.socket
check "another host" asker
check "who is let in has the metrics" asked_by 10.8.0.2
check "who is not has nothing" refuses asked_by 10.8.0.3
rm -r $dropin
systemctl daemon-reload
check "without it the socket is as before" timeout 60 systemctl restart mssclamp-exporter.socket
check "for this host alone" scrape_has "mssclamp_up 1"
ip netns del asker

mkdir -p $folder
chown nobody: $folder
check "the timer starts" timeout 30 systemctl enable -q --now mssclamp-metrics.timer
check "a textfile is there" within 30 grep -qx "mssclamp_up 1" $prom
check "for node_exporter's user to read" equals 644 stat -c %a $prom
written=$(modified)
check "it is written again" within 90 is_newer "$written"
check "no unit has failed" equals "" systemctl --failed --plain --no-legend

check "the command was run, by the unit's user" within 60 told "firing rules_reinstalled 1 as mssclamp-notify"
sed -i 's/_per_hour = 1.0/_per_hour = 5.0/' $conf
check "a reload raises the threshold" systemctl reload mssclampd.service
check "that it is over is told too" within 60 told "cleared rules_reinstalled .* as mssclamp-notify"
check "and nothing went wrong on the way" equals "" journalctl -q -u mssclamp-notify -p err --no-pager

check "mssclampd stops" systemctl stop mssclampd.socket mssclampd.service
check "the exporter tells so" scrape_has "mssclamp_up 0"
check "the textfile's unit does not fail" timeout 60 systemctl start mssclamp-metrics.service
check "and the file tells so" grep -qx "mssclamp_up 0" $prom
check "no unit has failed by that" equals "" systemctl --failed --plain --no-legend
check "mssclamp-notify waits" equals active systemctl show -P ActiveState mssclamp-notify.service

check "all stop" timeout 60 systemctl stop mssclamp-metrics.timer mssclamp-exporter.socket \
	mssclamp-exporter.service mssclamp-notify.service
check "without a failure" equals "" systemctl --failed --plain --no-legend
systemctl disable -q mssclamp-metrics.timer mssclamp-exporter.socket mssclamp-notify.service
rm -rf $conf $folder
check "rules --remove" mssclampctl rules --remove
checks_end
