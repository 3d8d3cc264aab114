#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Mode mark where nft has `queue` too, so that all rules are in one table; by configuration, and
# where rules of the test's own drop what comes back changed, as newer kernels do in user namespaces.
set -u
. tests/vm/lib.sh

by_hand

mode() {
	mssclampctl --json status | grep -o '"mode": "[a-z]*"'
}
chains() {
	local count
	count=$("${gateway[@]}" nft list table inet mssclamp | grep -A 1 'chain mark_' |
		grep -c -E 'priority (mangle \+ 1|-149)')
	[ "$count" = "$1" ]
}
marks_left() {
	"${gateway[@]}" nft list chain inet spy behind | grep 'packets 0'
}

topology gateway || exit 1
"${gateway[@]}" nft -f - <<'EOF'
table inet spy {
	chain behind {
		type filter hook forward priority 0
		meta mark != 0 counter
	}
}
EOF
starts "starts in mode mark" 'mode = "mark"; firewall = "nftables";'
check "and says so" equals '"mode": "mark"' mode
check "three chains behind the queue's" chains 3
check "clamps forwarded connections" connects 1360 1340
check "clamps connections of the gateway" connects 1360 1340 gateway
check "no mark is left behind them" marks_left
check "rules agree with the plan" "${gateway[@]}" mssclampctl rules --diff
"${gateway[@]}" nft flush chain inet mssclamp mark_forward
check "what somebody empties is filled again" within 20 grep -q "changed our rules" "$dir/log"
check "and clamps" connects 1360 1340
ends "SIGTERM ends it with 0"
check "remove takes all of it away" "${gateway[@]}" mssclampctl rules --remove
check "nft has none of it" refuses "${gateway[@]}" nft list table inet mssclamp

small='tcp flags & (fin|syn|rst) == syn tcp option maxseg size <= 1200 counter drop'
"${gateway[@]}" nft -f - <<EOF
table inet refuse {
	chain forward {
		type filter hook forward priority -150
		meta mark & 0x00ff0000 == 0 $small
	}
	chain output {
		type filter hook output priority -150
		meta priority & 0xff0000 == 0 $small
	}
}
EOF
starts "starts where changed packets are dropped" \
	'firewall = "nftables"; rules = ({ mss = 1200; });'
check "and takes mode mark by itself" equals '"mode": "mark"' mode
check "clamps forwarded connections there" connects 1200 1200
check "clamps connections of the gateway there" connects 1200 1200 gateway
check "no mark is left behind those" marks_left
ends "SIGTERM ends that with 0"
starts "starts as queue" 'firewall = "nftables"; mode = "audit";'
check "and has emptied the chains" refuses grep "maxseg size set" \
	<("${gateway[@]}" nft list table inet mssclamp)
ends "SIGTERM ends the last one with 0"
"${gateway[@]}" mssclampctl rules --remove
[ "$failed" = 0 ] || tail -n 40 "$dir/log"
kill "$daemon" 2>/dev/null
topology_remove gateway
rm -rf "$dir"
checks_end
