#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mssclampctl doctor where the kernel has what others lack: nft queue, WireGuard, VTI, XFRM interfaces
# and flow tables.
set -u
. tests/vm/lib.sh

by_hand

# found: the checks that are neither ok nor skipped, as "MSS001 warn", on one line.
found() {
	"${gateway[@]}" mssclampctl -s "$dir/control" --json doctor >"$dir/answer"
	grep -A 1 '"id"' "$dir/answer" | sed -nE 's/.*"(MSS[0-9]+)".*/\1/p; s/.*"result": "(.*)".*/\1/p' |
		paste -d ' ' - - | grep -vE 'ok|skipped' | paste -s -d ,
}
finds() {
	equals "$1" found
}

topology gateway || exit 1
starts "starts with nft queue" 'firewall = "nftables";'
check "nothing is wrong" within 20 finds ""
"${gateway[@]}" nft -f - <<'EOF'
table inet fast {
	flowtable ft {
		hook ingress priority 0
		devices = { to_client, to_server }
	}
	chain forward {
		type filter hook forward priority 0
		meta l4proto tcp flow add @ft
	}
}
EOF
check "finds a flow table" within 20 finds "MSS032 warn"
"${gateway[@]}" nft delete table inet fast
ends "SIGTERM ends it with 0"
"${gateway[@]}" mssclampctl -s "$dir/control" rules --remove
"${gateway[@]}" nft -f - <<'EOF'
table inet clamps {
	chain forward {
		type filter hook forward priority 0
		tcp flags syn tcp option maxseg size set rt mtu
	}
}
EOF
check "without the daemon somebody else's clamping is told" finds "MSS001 warn"
"${gateway[@]}" ip link add vti1 type vti local 10.7.2.1 remote 10.7.2.2 key 7
"${gateway[@]}" ip link set vti1 up mtu 1480
check "VTI without room for ESP" finds "MSS001 warn,MSS013 warn"
"${gateway[@]}" ip link del vti1
"${gateway[@]}" ip link add xfrm1 type xfrm dev to_server if_id 7
"${gateway[@]}" ip link set xfrm1 up mtu 1500
check "an XFRM interface as the kernel makes it" finds "MSS001 warn,MSS013 warn"
"${gateway[@]}" ip link del xfrm1
"${gateway[@]}" ip link add wg1 type wireguard
wg genkey >"$dir/key"
"${gateway[@]}" wg set wg1 private-key "$dir/key" peer "$(wg genkey | wg pubkey)" endpoint 10.7.2.2:51820 \
	allowed-ips 10.8.0.0/24
"${gateway[@]}" ip link set wg1 up mtu 1420
check "WireGuard over 1400 bytes, reckoned without the daemon" finds "MSS001 warn,MSS010 warn"
check "and what fits: 1400 less 60, padded" grep -q 'ip link set wg1 mtu 1328' "$dir/answer"
"${gateway[@]}" ip link set wg1 mtu 1200
check "WireGuard for IPv4 alone may be below 1280" finds "MSS001 warn,MSS010 unknown"
"${gateway[@]}" wg set wg1 peer "$("${gateway[@]}" wg show wg1 peers)" allowed-ips 10.8.0.0/24,2001:db8:8::/64
check "and may not where its peers have IPv6" finds "MSS001 warn,MSS010 unknown,MSS014 warn"
"${gateway[@]}" ip link del wg1
[ "$failed" = 0 ] || cat "$dir/answer" "$dir/log"
kill "$daemon" 2>/dev/null
topology_remove gateway
rm -rf "$dir"
checks_end
