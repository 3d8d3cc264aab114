#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The unit under systemd, with connects going on: killed, restarted, hanging, flushed. None fails; the
# sockets of the queues are systemd's to keep.
set -u
. tests/vm/lib.sh

unit=mssclampd.service
rate=20 # connects a second: a restart takes a second here
limit=1360

pid() {
	systemctl show -P MainPID "$unit"
}
# is_new PID: it is another process than that, and ready.
is_new() {
	local MainPID ActiveState
	eval "$(systemctl show -p MainPID -p ActiveState "$unit")"
	[ "$MainPID" != 0 ] && [ "$MainPID" != "$1" ] && [ "$ActiveState" = active ]
}
kept() {
	systemctl show -P NFileDescriptorStore "$unit"
}
journal_count() {
	journalctl -q -u "$unit" --no-pager | grep -cE -- "$1"
}

# begin: connects from client to server, until their FIFOs are closed.
begin() {
	rm -f /tmp/taker.* /tmp/maker.*
	mkfifo /tmp/taker.in /tmp/maker.in
	ip netns exec server build/connects -l 10.7.2.2 7070 $limit </tmp/taker.in >/tmp/taker.out &
	exec 7>/tmp/taker.in
	within 5 grep -q ready /tmp/taker.out
	ip netns exec client build/connects $rate 10.7.2.2 7070 $limit </tmp/maker.in >/tmp/maker.out &
	exec 8>/tmp/maker.in
}
# end WHAT: reports what became of them; none may have failed, or needed another SYN.
end() {
	exec 8>&-
	wait %?maker 2>/dev/null
	exec 7>&-
	wait
	read -r all lost again here longest </tmp/maker.out
	there=$(tail -n 1 /tmp/taker.out | cut -d' ' -f4)
	echo "      $1: $all connects, $lost failed, $again with a SYN sent again, $((here + there))" \
		"unclamped, longest $((longest / 1000)) ms"
}

systemd-sysusers mssclamp.conf
systemd-tmpfiles --create mssclamp.conf
topology - || exit 1
systemctl daemon-reload
printf 'queues = { count = 2; };\npath = { probe = false; };\n' >/etc/mssclamp.conf
check "the unit starts" timeout 60 systemctl start "$unit"
check "systemd keeps a socket of each queue" equals 2 kept

begin
for _ in $(seq 20); do
	before=$(pid)
	kill -9 "$before"
	within 40 is_new "$before" || break
done
end "20 x kill -9"
check "20 kills in a row: it is back each time" equals active systemctl is-active "$unit"
check "enough connects were tried" test "$all" -gt 100
check "none failed" equals 0 echo "$lost" # a start takes seconds here, so TCP may ask twice
check "the sockets are still the same two" equals 2 kept
check "unclamped passed only what was being answered" test $((here + there)) -le \
	"$(journalctl -q -u "$unit" --no-pager -o cat | sed -nE 's/.*: ([0-9]+) SYNs that the process before.*/\1/p' | awk '{ n += $1 } END { print n + 0 }')"

begin
for _ in $(seq 5); do
	systemctl restart "$unit" || break
done
end "5 x restart"
check "5 restarts: none failed" equals 0 echo "$lost"
check "none needed another SYN" equals 0 echo "$again"

begin
before=$(pid)
kill -STOP "$before"
within 40 is_new "$before"
end "hanging until the watchdog"
check "what waited for the watchdog is answered by the next one" equals "0 0" echo "$lost $((here + there))"

begin
for _ in $(seq 5); do
	nft flush ruleset
	sleep 0.5
done
end "5 x flush"
check "5 flushes: none failed" equals 0 echo "$lost"
check "none needed another SYN" equals 0 echo "$again"

check "clamped" connects 1360 1340
check "takeover is refused, and says what to do" grep -q "systemctl restart mssclampd" <(
	mssclampd --takeover -c /etc/mssclamp.conf 2>&1)
check "stop" systemctl stop mssclampd.socket "$unit"
check "nothing is kept of a stopped unit" equals 0 kept
check "connections pass" connect client 100
rm /etc/mssclamp.conf
check "rules --remove" mssclampctl rules --remove
topology_remove -
checks_end
