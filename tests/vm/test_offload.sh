#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Mode offload where nft has `queue`: the chains of the kernel's tables send the rest there themselves.
set -u
. tests/vm/lib.sh

by_hand

told() {
	mssclampctl --json offload | grep -o "\"$1\": [^,]*" | head -n 1
}
is_taken() {
	mssclampctl --json offload | grep -q '"taken_total": [1-9]'
}

topology gateway || exit 1
starts "starts in mode offload" 'mode = "offload"; firewall = "nftables";'
check "and is active" equals '"state": "active"' told state
check "no SYN is queued twice: no rule beside offload" refuses grep -q "chain forward" \
	<("${gateway[@]}" nft list chain inet mssclamp forward | grep queue)
check "the queue is nft's" grep -q "queue flags bypass" \
	<("${gateway[@]}" nft list chain inet mssclamp offload_queue)
check "clamps forwarded connections" connects 1360 1340
check "clamps connections of the gateway" connects 1360 1340 gateway
check "by the kernel" is_taken
check "with nothing for the queue" equals '"queued_total": 0' told queued_total
check "rules agree with the plan" "${gateway[@]}" mssclampctl rules --diff
"${gateway[@]}" nft list ruleset >"$dir/saved"
check "what nft lists it can load" "${gateway[@]}" nft -c -f "$dir/saved"
"${gateway[@]}" nft flush chain inet mssclamp offload_in4
check "what somebody empties is filled again" within 20 grep -q "restored after" "$dir/log"
check "and clamps" connects 1360 1340
printf 'control = { socket = "%s"; };\nmode = "offload"; firewall = "nftables";
rules = ({ prefix = "10.0.0.0/8"; mss = 1111; }, { prefix = "::/0"; mss = 1112; });
' "$MSSCLAMP_SOCKET" >"$dir/conf"
check "reloads" mssclampctl reload
check "and clamps to the new limits" within 5 connects 1111 1112
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
check "the kernel goes on without us" connects 1111 1112
starts "starts as queue" 'firewall = "nftables";'
check "and has emptied the chains" refuses grep -q goto \
	<("${gateway[@]}" nft list table inet mssclamp)
check "and clamps by the queue" connects 1360 1340
ends "SIGTERM ends it with 0"
check "remove takes all of it away" "${gateway[@]}" mssclampctl rules --remove
check "nft has none of it" refuses "${gateway[@]}" nft list table inet mssclamp
[ "$failed" = 0 ] || tail -n 40 "$dir/log"
kill "$daemon" 2>/dev/null
topology_remove gateway
rm -rf "$dir"
checks_end
