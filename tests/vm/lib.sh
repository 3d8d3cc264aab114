# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by the tests that run in the VM: the topology and what they ask of it.
. tests/checks.sh

# topology GATEWAY: namespaces client and server, joined by veth pairs to the namespace GATEWAY ("-":
# this one). Its link to the server carries 1400 bytes, which neither end knows.
topology() {
	local gateway=() side
	ip netns add client && ip netns add server || return 1
	if [ "$1" != - ]; then
		ip netns add "$1" || return 1
		gateway=(ip netns exec "$1")
		ip -n "$1" link set lo up
	fi
	for side in client server; do
		ip link add "to_$side" type veth peer name eth0 netns "$side"
		[ "$1" = - ] || ip link set "to_$side" netns "$1"
		topology_side "$side" || return 1
	done
	"${gateway[@]}" ip link set to_server mtu 1400
	"${gateway[@]}" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# The two ends of one link: .1 is the gateway, .2 the host.
topology_side() {
	local n=1
	[ "$1" = client ] || n=2
	ip netns exec "$1" sysctl -qw net.ipv4.tcp_timestamps=0
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up
	ip -n "$1" addr add "10.7.$n.2/24" dev eth0
	ip -n "$1" addr add "fd07:$n::2/64" dev eth0 nodad
	"${gateway[@]}" ip link set "to_$1" up
	"${gateway[@]}" ip addr add "10.7.$n.1/24" dev "to_$1"
	"${gateway[@]}" ip addr add "fd07:$n::1/64" dev "to_$1" nodad
	ip -n "$1" route add default via "10.7.$n.1"
	ip -n "$1" route add default via "fd07:$n::1"
}

# topology_remove GATEWAY
topology_remove() {
	ip netns del client
	ip netns del server
	[ "$1" = - ] || ip netns del "$1"
}

# connects MSS4 MSS6 [CLIENT [BYTES]]: both ends of a connection through the gateway may send that much.
# Few bytes where nothing clamps: a large segment would bring ICMP, whose path MTU the ends remember.
connects() {
	equals "$1 $1
$2 $2" connect "${3:-client}" "${4:-65536}"
}

# connect CLIENT BYTES: one connection a family from there to the server.
connect() {
	/usr/bin/python3 tests/vm/connect.py "$1" server "$2" 10.7.2.2 fd07:2::2
}

# second_processor 1|0: the VM of this suite has two, of which one is asleep, as two would take much more of the host.
second_processor() {
	echo "$1" >/sys/devices/system/cpu/cpu1/online
}

# on_processor NUMBER COMMAND...: what that sends goes to the queue of that processor.
on_processor() {
	(
		taskset -p -c "$1" $BASHPID >/dev/null || exit
		shift
		"$@"
	)
}

# queue_had_packets QUEUE: prints how many, as the kernel has numbered them (nfnetlink_queue.c, id_sequence).
queue_had_packets() {
	"${gateway[@]}" awk -v queue="$1" '$1 == queue && $8 > 0 { had = 1; print $8 } END { exit !had }' \
		/proc/net/netfilter/nfnetlink_queue
}

# status_has PATTERN
status_has() {
	COLUMNS=1000 mssclampctl status | grep -E -- "$1"
}

unit=mssclampd.service
# pid: that of the unit, 0 where it does not run. restarted PID: whether it is another process now.
# restarts: how often systemd has started it anew by itself.
pid() {
	systemctl show -P MainPID "$unit"
}
restarted() {
	[ "$(pid)" != 0 ] && [ "$(pid)" != "$1" ] && systemctl is-active --quiet "$unit"
}
restarts() {
	systemctl show -P NRestarts "$unit"
}

# by_hand: where a daemon without a unit keeps its files ($dir), and the namespace it is started in
# ($gateway, a command's first words). write_conf, starts and ends are about that one.
by_hand() {
	dir=$(mktemp -d)
	export MSSCLAMP_SOCKET=$dir/control
	gateway=(ip netns exec gateway)
}

# write_conf TEXT
write_conf() {
	printf 'control = { socket = "%s"; };\n%s\n' "$MSSCLAMP_SOCKET" "$1" >"$dir/conf"
}

# starts NAME [TEXT]: with that configuration, or the one written last.
starts() {
	[ $# = 1 ] || write_conf "$2"
	"${gateway[@]}" mssclampd -v -c "$dir/conf" >>"$dir/log" 2>&1 </dev/null &
	daemon=$!
	check "$1" within 20 mssclampctl status
}

# ends NAME: by SIGTERM, with exit code 0.
ends() {
	local code=0
	kill -TERM "$daemon"
	wait "$daemon" || code=$?
	check "$1" equals 0 echo $code
}
