#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mssclampd started by hand in a network namespace, with no unit around it: the nftables backend.
set -u
. tests/vm/lib.sh

by_hand

table() {
	"${gateway[@]}" nft -t list table inet mssclamp # without signs of life, which age
}
three_chains() {
	local hook
	for hook in forward output input; do
		table | grep -E "hook $hook priority (mangle|-150)" || return 1
	done
}

# The table without what the kernel counts down: the elements of the dead-man switch.
written() {
	table | awk '/elements = [{]/ { skip = 1 } !skip { print } /[}]/ { skip = 0 }'
}

topology gateway || exit 1
write_conf 'firewall = "nftables"; queues = { first = 7000; count = 1; };'
starts "starts by hand"
check "three base chains" three_chains
check "the rule names its one queue" grep -E 'queue flags bypass to 7000( |$)' <(table)
check "clamps forwarded connections" connects 1360 1340
check "clamps connections of the gateway" connects 1360 1340 gateway
rules=$(written)
check "starting once more is refused" refuses "${gateway[@]}" timeout 20 mssclampd -c "$dir/conf"
check "and changed no rule" equals "$rules" written
check "rules agree with the plan" "${gateway[@]}" mssclampctl rules --diff
"${gateway[@]}" nft add table inet other
"${gateway[@]}" nft delete table inet mssclamp
check "a deleted table comes back" within 5 three_chains
check "the kernel's clamp stands by" within 10 status_has "fallback +standby"
ends "SIGTERM ends it with 0"
check "the rules stay" three_chains
check "and the kernel clamps at once" connects 1360 1340
check "the gateway's own too" connects 1360 1340 gateway
starts "starts again" 'firewall = "nftables"; queues = { first = 7000; count = 2; };'
check "the rule names both its queues" grep -E 'queue flags bypass,fanout to 7000-7001' <(table)
second_processor 1
check "clamps what the second processor sends" on_processor 1 connects 1360 1340
check "by the second queue" queue_had_packets 7001
second_processor 0
check "the kernel stands by again" within 10 status_has "fallback +standby"
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
check "within 5 s of kill -9 it clamps" within 8 connects 1360 1340 client 100
write_conf 'firewall = "iptables"; queues = { first = 7000; count = 1; };'
starts "the iptables backend starts"
check "and clamps" connects 1360 1340
ends "SIGTERM ends that with 0"
check "beside iptables the kernel clamps too" connects 1360 1340
check "remove takes both backends' rules away" "${gateway[@]}" mssclampctl rules --remove
check "nft has none of them" refuses table
check "iptables neither" refuses grep -r MSSCLAMP <("${gateway[@]}" iptables-nft-save; "${gateway[@]}" ip6tables-nft-save)
check "somebody else's table is left alone" "${gateway[@]}" nft list table inet other
[ "$failed" = 0 ] || tail -n 40 "$dir/log"
kill "$daemon" 2>/dev/null
topology_remove gateway
rm -rf "$dir"
checks_end
