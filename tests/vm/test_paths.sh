#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The unit as installed measures a path of kernel WireGuard: within its sandbox, as its user, by ping;
# what it found lies in its state directory and outlives it.
set -u
. tests/vm/lib.sh

conf=/etc/mssclamp.conf
state=/var/lib/mssclamp/paths
dir=$(mktemp -d)

# wireguard NETNS ENDPOINT NUMBER OTHER PRIVATE-KEY PEER: wg0, whose far end is 10.8.0.OTHER. NETNS
# "-" is this one.
wireguard() {
	local inside=()
	[ "$1" = - ] || inside=(ip netns exec "$1")
	"${inside[@]}" ip link add wg0 type wireguard || return 1
	"${inside[@]}" wg set wg0 listen-port 51820 private-key "$5" peer "$6" endpoint "$2:51820" \
		allowed-ips "10.8.0.$4/32" || return 1
	"${inside[@]}" ip addr add "10.8.0.$3/24" dev wg0
	"${inside[@]}" ip link set wg0 up mtu 1420
}
tunnel() {
	local name
	for name in near far; do
		(umask 077 && wg genkey >"$dir/$name") || return 1
	done
	wireguard - 10.7.2.2 1 2 "$dir/near" "$(wg pubkey <"$dir/far")" &&
		wireguard server 10.7.2.1 2 1 "$dir/far" "$(wg pubkey <"$dir/near")"
}
# The server's side takes 1433 bytes, and no fragments, without a word.
swallow() {
	local rules="ip length > 1433 drop
ip frag-off & 0x3fff != 0 drop"
	ip netns exec server nft -f - <<-EOF
		table inet hole {
			chain in { type filter hook prerouting priority -450;
				iifname eth0 goto large
			}
			chain out { type filter hook postrouting priority 450;
				oifname eth0 goto large
			}
			chain large {
				$rules
			}
		}
	EOF
}
journal_says() {
	journalctl -q --no-pager "_PID=$(pid)" | grep -E -- "$1"
}
journal_counts() {
	journal_says "$1" | wc -l
}
of_process() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$(pid)/status"
}
# The peer's path, its source and MSS.
path() {
	mssclampctl --json peers wg0 | /usr/bin/python3 -c '
import json, sys
for row in json.load(sys.stdin)["peers"]:
    print(row["path_source"], row["path_mtu_bytes"], row["mss4_bytes"])'
}
measured() {
	equals "probe 1433 1320" path
}
has_route() {
	ip route show table all proto 77 | grep -E "^10\.8\.0\.2 dev wg0 .*mtu 1360"
}
# What a probe by hand says, and how it asked on both sides.
by_hand() {
	mssclampctl --json probe "$(wg show wg0 peers)" >"$dir/answer"
	[ $? = 1 ] || return 1
	/usr/bin/python3 -c '
import json, sys
answer = json.load(sys.stdin)
print(answer["result"], *answer["methods"].values())' <"$dir/answer"
}
exits() {
	local code=$1
	shift
	"$@"
	[ $? = "$code" ]
}

systemd-sysusers mssclamp.conf
systemd-tmpfiles --create mssclamp.conf
topology - && ip link set to_server mtu 1500 && tunnel && swallow || exit 1
systemctl daemon-reload
rm -rf $conf $state
sysctl -qw net.ipv4.ping_group_range="1 0" # as a kernel begins; newer systems open it

begin=$(date +%s%3N)
check "the unit starts" timeout 60 systemctl enable -q --now "$unit"
check "the path is measured, and the MSS is exact" within 20 measured
echo "      after $(($(date +%s%3N) - begin)) ms"
check "without ping the journal says so" within 10 equals 1 journal_counts "ping sockets are not allowed"
check "a probe by hand asks by UDP then" equals "black_hole udp udp" by_hand
sysctl -qw net.ipv4.ping_group_range="0 2147483647"
check "reload" systemctl reload "$unit"
check "the journal says that it may ping now" within 10 equals 2 journal_counts "ping sockets are allowed now"
check "with ping it asks by that on both sides" equals "black_hole ping ping" by_hand
check "nothing is forbidden to it" refuses journal_says "not permitted|Permission denied"
check "CAP_NET_ADMIN alone is still enough" equals 0000000000001000 of_process CapEff
check "a member of mssclamp may not probe" exits 4 setpriv --reuid nobody --regid nogroup \
	--groups nogroup,mssclamp mssclampctl probe "$(wg show wg0 peers)"

check "it is written down" within 20 test -s $state
check "for its user alone" equals "600 mssclamp mssclamp" stat -c '%a %U %G' $state
check "restart" systemctl restart "$unit"
check "is known at once" within 2 measured
before=$(pid) count=$(restarts)
kill -9 "$before"
check "killed, it comes back" within 60 restarted "$before"
check "at the first try" equals $((count + 1)) restarts
check "and knows it" within 2 measured
systemctl stop mssclampd.socket "$unit"
echo damaged >$state
check "a damaged file is no reason not to start" timeout 60 systemctl start "$unit"
check "it is set aside" test -e $state.damaged
check "and the path is measured again" within 20 measured

echo 'path = { set_route_mtu = true; };' >$conf
check "reload with set_route_mtu" systemctl reload "$unit"
check "the kernel has a route with the MTU" within 5 has_route
check "stop" systemctl stop mssclampd.socket "$unit"
check "takes it away" equals "" ip route show table all proto 77
rm -f $conf $state $state.damaged
mssclampctl rules --remove
ip link del wg0
topology_remove -
rm -rf "$dir"
checks_end
