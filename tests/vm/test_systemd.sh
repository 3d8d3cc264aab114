#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The unit as installed, on a stock kernel: its sandbox, reload, kill, flush, stop, a start that is slow.
set -u
. tests/vm/lib.sh

conf=/etc/mssclamp.conf

# of_process FIELD: that line of /proc/PID/status.
of_process() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$(pid)/status" | sed 's/[[:space:]]*$//'
}
rules_loaded() {
	nft list table inet mssclamp | grep -E 'queue flags bypass,fanout to 5000-500[1-3]'
}
# as_member GROUPS COMMAND...: an ordinary user with those groups.
as_member() {
	local groups=$1
	shift
	setpriv --reuid nobody --regid nogroup --groups "nogroup$groups" "$@"
}
exits() {
	local code=$1
	shift
	"$@"
	[ $? = "$code" ]
}
journal_has() {
	journalctl -q -u "$unit" --no-pager | grep -E -- "$1"
}
clock_ms() {
	date +%s%3N
}
# start_ms: from the last start of the process until it was ready.
start_ms() {
	local ExecMainStartTimestampMonotonic ActiveEnterTimestampMonotonic
	eval "$(systemctl show -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic "$unit")"
	echo $(((ActiveEnterTimestampMonotonic - ExecMainStartTimestampMonotonic) / 1000))
}
# slow_iptables MILLISECONDS: each run of it takes that much longer, until iptables_again.
iptables=/usr/sbin/xtables-nft-multi
slow_iptables() {
	mv $iptables $iptables.real
	printf '#!/bin/bash\nsleep %d.%03d\nexec -a "$0" %s "$@"\n' \
		$(($1 / 1000)) $(($1 % 1000)) $iptables.real >$iptables
	chmod 755 $iptables
}
iptables_again() {
	mv $iptables.real $iptables
}

systemd-sysusers mssclamp.conf
systemd-tmpfiles --create mssclamp.conf
topology - || exit 1
second_processor 1 # as many queues are there by default
systemctl daemon-reload
check "without mssclampd both ends announce what their own link carries" connects 1460 1440 client 100

rm -f $conf
check "the unit starts without a configuration and says READY" timeout 60 systemctl enable -q --now "$unit" || {
	systemctl status --no-pager "$unit"
	journalctl -q --no-pager -n 60
	checks_end
	exit 1
}
check "it is running" equals running systemctl show -P SubState "$unit"
check "as the user mssclamp" equals mssclamp ps -o user= -p "$(pid)"
for set in CapEff CapPrm CapBnd CapAmb; do
	check "$set is CAP_NET_ADMIN alone" equals 0000000000001000 of_process $set
done
check "in no group but its own" equals "$(id -g mssclamp)" of_process Groups
check "no new privileges" equals 1 of_process NoNewPrivs
check "system calls are filtered" equals 2 of_process Seccomp
check "core dumps are off" grep -E '^Max core file size +0 +0 ' "/proc/$(pid)/limits"
check "the watchdog is set" equals 10s systemctl show -P WatchdogUSec "$unit"
check "firewall auto takes nftables: rules with queue, bypass and fanout" rules_loaded

check "clamped to the smaller link, IPv4 and IPv6" connects 1360 1340
check "status says running" exits 0 mssclampctl status
check "the queue's numbers are known" equals int /usr/bin/python3 -c '
import json, subprocess
queues = json.loads(subprocess.check_output(["mssclampctl", "--json", "stats"]))["queues"]
print({type(q["fail_open_total"]).__name__ for q in queues}.pop())'

check "the control socket belongs to the group" equals "660 root mssclamp" stat -c '%a %U %G' /run/mssclamp/control
check "an outsider cannot reach it" exits 4 as_member "" mssclampctl status
check "a member of mssclamp may read" exits 0 as_member ,mssclamp mssclampctl status
check "but not reload" exits 4 as_member ,mssclamp mssclampctl reload
check "a member of mssclamp-admin may" exits 0 as_member ,mssclamp,mssclamp-admin mssclampctl reload

echo 'rules = ({ interface = "to_server"; mss = 1300; });' >$conf
check "reload takes a new configuration" systemctl reload "$unit"
check "and it holds" connects 1300 1300
echo 'rules = ({ interface = "to_server"; mss = 13; colour = 4 });' >$conf
check "reload of a bad configuration fails" refuses systemctl reload "$unit"
check "the old one is kept" connects 1300 1300
check "the unit is still running" equals running systemctl show -P SubState "$unit"
echo 'rules = ({ interface = "to_server"; mss = 1300; });' >$conf

pkill -STOP -x clamp-iptables
pkill -KILL -x clamp-iptables
check "without the process that runs iptables, status tells what helps" within 10 status_has \
	"clamp-iptables, .* is gone; a restart of mssclampd brings it back"
before=$(pid) count=$(restarts)
kill -9 "$before"
check "killed, it comes back by itself" within 60 restarted "$before"
check "at the first try" equals $((count + 1)) restarts
check "and clamps" connects 1300 1300
before=$(pid) count=$(restarts)
kill -STOP "$before"
check "hanging, the watchdog ends it and it comes back" within 90 restarted "$before"
check "at the first try" equals $((count + 1)) restarts
check "and clamps again" connects 1300 1300

start=$(clock_ms)
nft flush ruleset
check "a flushed ruleset is repaired" within 5 rules_loaded
echo "      after $(($(clock_ms) - start)) ms"
check "and the journal names who did it" within 10 journal_has 'nft, pid [0-9]+'
check "and clamps after the flush" connects 1300 1300

before=$(pid)
check "restart" systemctl restart "$unit"
check "is another process" refuses equals "$before" pid
check "that clamps" connects 1300 1300
seconds=$((5 + $(start_ms) / 1000)) # more than a start takes here

# remakes FILE: what is removed is noticed, said with the remedy, and back by it.
remakes() {
	rm -r "$1"
	check "without $1 the journal says what recreates it" within 10 journal_has \
		'its file is gone, .*: systemctl restart mssclampd mssclampd.socket recreates it'
	check "and systemctl status that it is gone" within 10 equals \
		"clamping; the file of its control socket is gone, see the log" \
		systemctl show -P StatusText "$unit"
	check "mssclampctl names the process and the remedy" within 10 tells_of_process
	check "so does doctor" within 60 doctor_fixes_socket
	check "it goes on clamping" connects 1300 1300
	check "the remedy" systemctl restart mssclampd mssclampd.socket
	check "helps" exits 0 mssclampctl status
	check "it has the same mode and group" equals "660 mssclamp" stat -c '%a %G' /run/mssclamp/control
	check "and it clamps" connects 1300 1300
	journalctl -q --rotate --vacuum-time=1us >/dev/null 2>&1 # the next one is looked for there
}
tells_of_process() {
	local said
	said=$(mssclampctl status 2>&1 | tr -s ' \n' ' ')
	[[ $said == *"it runs, as process $(pid): the file of its socket is not there"* &&
		$said == *"systemctl restart mssclampd mssclampd.socket recreates the file"* ]]
}
doctor_fixes_socket() {
	mssclampctl --json doctor | /usr/bin/python3 -c '
import json, sys
found = {one["id"]: one for one in json.load(sys.stdin)["checks"]}["MSS001"]
assert found["result"] == "fail", found
assert found["fix"] == ["systemctl restart mssclampd mssclampd.socket"], found'
}
remakes /run/mssclamp/control
remakes /run/mssclamp

check "stop" systemctl stop mssclampd.socket "$unit"
check "without a failure" equals success systemctl show -P Result "$unit"
check "connections pass while it is stopped" connect client 100
check "the rules stay" rules_loaded
check "status of a stopped daemon" exits 3 mssclampctl status

echo 'rules = 7;' >$conf
check "a bad configuration refuses to start" refuses timeout 60 systemctl start "$unit"
check "once, not over and over" equals 0 restarts
check "and the journal says where" within 10 journal_has "mssclamp.conf:1: rules"
rm $conf
systemctl reset-failed "$unit" mssclampd.socket
systemctl stop mssclampd.socket
check "rules --remove removes the table" mssclampctl rules --remove
check "nothing of it is left" equals "" nft list ruleset

slow_iptables $((seconds * 100)) # a start has some 16 runs
echo 'firewall = "iptables"; fallback = false;' >$conf
mkdir -p "/run/systemd/system/$unit.d"
printf '[Service]\nTimeoutStartSec=%s\n' $seconds >"/run/systemd/system/$unit.d/slow.conf"
systemctl daemon-reload
check "a start beside a slow iptables is given more time than it has" timeout 120 systemctl start "$unit"
echo "      $(start_ms) ms, with TimeoutStartSec=$seconds"
check "which it has taken" test "$(start_ms)" -gt $((seconds * 1000))
check "at the first try" equals 0 restarts
check "and it clamps" connects 1360 1340
iptables_again
systemctl stop mssclampd.socket "$unit"
rm -r $conf "/run/systemd/system/$unit.d"
systemctl daemon-reload
mssclampctl rules --remove
nft flush ruleset
topology_remove -
second_processor 0
checks_end
