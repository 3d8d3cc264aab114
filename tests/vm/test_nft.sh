#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mssclampd started by hand in a network namespace, with no unit around it: the nftables backend.
set -u
. tests/vm/lib.sh

by_hand

table() {
	"${gateway[@]}" nft list table inet mssclamp
}
three_chains() {
	local hook
	for hook in forward output input; do
		table | grep -E "hook $hook priority (mangle|-150)" || return 1
	done
}

topology gateway || exit 1
write_conf 'firewall = "nftables"; queues = { first = 7000; count = 1; };'
starts "starts by hand"
check "three base chains" three_chains
check "the rule names its one queue" grep -E 'queue flags bypass(,fanout)? to 7000' <(table)
check "clamps forwarded connections" connects 1360 1340
check "clamps connections of the gateway" connects 1360 1340 gateway
rules=$(table)
check "starting once more is refused" refuses "${gateway[@]}" timeout 20 mssclampd -c "$dir/conf"
check "and changed no rule" equals "$rules" table
check "rules agree with the plan" "${gateway[@]}" mssclampctl rules --diff
"${gateway[@]}" nft add table inet other
"${gateway[@]}" nft delete table inet mssclamp
check "a deleted table comes back" within 5 three_chains
ends "SIGTERM ends it with 0"
check "the rules stay" three_chains
write_conf 'firewall = "iptables"; queues = { first = 7000; count = 1; };'
starts "the iptables backend starts"
check "and clamps" connects 1360 1340
ends "SIGTERM ends that with 0"
check "remove takes both backends' rules away" "${gateway[@]}" mssclampctl rules --remove
check "nft has none of them" refuses table
check "iptables neither" refuses grep -r MSSCLAMP <("${gateway[@]}" iptables-nft-save; "${gateway[@]}" ip6tables-nft-save)
check "somebody else's table is left alone" "${gateway[@]}" nft list table inet other
[ "$failed" = 0 ] || tail -n 40 "$dir/log"
kill "$daemon" 2>/dev/null
topology_remove gateway
rm -rf "$dir"
checks_end
