#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The unit under systemd, with connects going on: killed, restarted, hanging, flushed. None fails; the
# sockets of the queues are systemd's to keep.
set -u
. tests/vm/lib.sh

rate=4 # connects a second: with 20 of them a start took 12 seconds here instead of 2
limit=1360

# is_new PID: it is another process than that, and ready.
is_new() {
	local MainPID ActiveState
	eval "$(systemctl show -p MainPID -p ActiveState "$unit")"
	[ "$MainPID" != 0 ] && [ "$MainPID" != "$1" ] && [ "$ActiveState" = active ]
}
# comes_back PID SECONDS: waits until it is new. Asked more often, systemd has no time to start it.
comes_back() {
	period=0.5 within "$2" is_new "$1"
}
kept() {
	systemctl show -P NFileDescriptorStore "$unit"
}
journal_count() {
	journalctl -q -u "$unit" --no-pager | grep -cE -- "$1"
}

# count_syns SIDE HOOK, syns SIDE: how many leave the client, or arrive at the server.
count_syns() {
	ip netns exec "$1" nft -f - <<-END
		table inet seen
		delete table inet seen
		table inet seen {
			chain $2 {
				type filter hook $2 priority -400
				tcp dport 7070 tcp flags & (syn | ack) == syn counter
			}
		}
	END
}
syns() {
	ip netns exec "$1" nft list table inet seen | grep -o 'packets [0-9]*' | cut -d' ' -f2
}
all_arrived() {
	[ "$(syns client)" = "$(syns server)" ]
}

# begin PROCESSOR: connects from client to server, until their FIFOs are closed, by that processor's queue.
begin() {
	count_syns client output
	count_syns server input
	rm -f /tmp/taker.* /tmp/maker.*
	mkfifo /tmp/taker.in /tmp/maker.in
	ip netns exec server build/connects -l 10.7.2.2 7070 $limit </tmp/taker.in >/tmp/taker.out &
	exec 7>/tmp/taker.in
	within 60 grep -q ready /tmp/taker.out
	on_processor "$1" ip netns exec client build/connects $rate 10.7.2.2 7070 $limit </tmp/maker.in >/tmp/maker.out &
	exec 8>/tmp/maker.in
}
# end WHAT: reports what became of them and of their SYNs. How long one waited says little here, where
# a start takes seconds: TCP may ask again meanwhile.
end() {
	exec 8>&-
	wait %?maker 2>/dev/null
	exec 7>&-
	wait
	read -r all lost again here longest </tmp/maker.out
	there=$(tail -n 1 /tmp/taker.out | cut -d' ' -f4)
	within 10 all_arrived # one that was sent again may come later than its connection
	gone=$(($(syns client) - $(syns server)))
	echo "      $1: $all connects, $lost failed, $again with a SYN sent again, $gone SYNs lost," \
		"$((here + there)) unclamped, longest $((longest / 1000)) ms"
}

systemd-sysusers mssclamp.conf
systemd-tmpfiles --create mssclamp.conf
topology - || exit 1
second_processor 1
sysctl -qw net.core.netdev_max_backlog=10000 # what waited in a queue comes all at once
systemctl daemon-reload
printf 'queues = { count = 2; };\npath = { probe = false; };\n' >/etc/mssclamp.conf
check "the unit starts" timeout 60 systemctl start "$unit"
check "systemd keeps a socket of each queue" equals 2 kept

begin 1
for _ in $(seq 20); do
	before=$(pid)
	kill -9 "$before"
	comes_back "$before" 90 || break
done
end "20 x kill -9"
check "20 kills in a row: it is back each time" equals active systemctl is-active "$unit"
check "enough connects were tried" test "$all" -gt 100
check "none failed" equals 0 echo "$lost"
check "no SYN was lost" equals 0 echo "$gone"
check "the sockets are still the same two" equals 2 kept
check "and none was unclamped" equals 0 echo $((here + there))

begin 0
for _ in $(seq 5); do
	systemctl restart "$unit" || break
done
end "5 x restart"
check "5 restarts, with connects meanwhile" test "$all" -gt 20
check "none failed" equals 0 echo "$lost"
check "no SYN was lost" equals 0 echo "$gone"
check "none was unclamped" equals 0 echo $((here + there))

begin 1
before=$(pid)
kill -STOP "$before"
comes_back "$before" 40
end "hanging until the watchdog"
check "connects were tried until the watchdog came" test "$all" -gt 20
check "what waited for the watchdog is answered by the next one" equals "0 0 0" echo "$lost $gone $((here + there))"

begin 0
for _ in $(seq 5); do
	nft flush ruleset
	sleep 0.5
done
end "5 x flush"
check "5 flushes, with connects meanwhile" test "$all" -gt 8
check "none failed" equals 0 echo "$lost"
check "no SYN was lost but what waited in a queue then" test "$gone" -le 2
check "the first queue had SYNs" queue_had_packets 5000
check "and the second" queue_had_packets 5001

check "clamped" connects 1360 1340
check "takeover is refused, and says what to do" grep -q "systemctl restart mssclampd" <(
	mssclampd --takeover -c /etc/mssclamp.conf 2>&1)
check "stop" systemctl stop mssclampd.socket "$unit"
check "nothing is kept of a stopped unit" equals 0 kept
check "connections pass, and the kernel clamps them" within 8 connects 1360 1340 client 100
rm /etc/mssclamp.conf
check "rules --remove" mssclampctl rules --remove
topology_remove -
second_processor 0
checks_end
