#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The limit per source as nft's own sets and rules: loaded, read back, counted, changed, taken away.
set -u
. tests/vm/lib.sh

by_hand

table() {
	"${gateway[@]}" nft list table inet mssclamp
}
# What stands in our table, but for counters and who was seen.
rules() {
	"${gateway[@]}" nft --terse --stateless list table inet mssclamp
}
# knocks COUNT: SYNs of the client, over both families, to a port where nobody listens.
knocks() {
	# shellcheck disable=SC2016
	ip netns exec client bash -c 'for ((i = 0; i < $1; i++)); do
		: <>/dev/tcp/10.7.2.2/9; : <>/dev/tcp/fd07:2::2/9; done' - "$1" 2>/dev/null
}
number() {
	grep -o "\"$1\": [0-9]*" | head -n 1 | grep -o '[0-9]*$'
}
over_limit() {
	mssclampctl --json rules | number over_limit_total
}
repairs() {
	mssclampctl --json rules | number reinstalled_total
}
# Every SYN that the rules have counted went to the daemon or over the limit.
adds_up() {
	[ "$(mssclampctl --json rules | number forward)" = \
		$(($(over_limit) + $(mssclampctl --json stats | number seen_total))) ]
}
has_limit_of() {
	rules | grep -q "update @from4_$1 { ip saddr limit rate over $1/second burst $2 packets } counter.* accept" &&
		rules | grep -q "update @to6_$1 { ip6 daddr & ffff:ffff:ffff:ffff:: limit rate over $1/second"
}
all_sets_are_whole() {
	[ "$(rules | grep -c 'size 16384')" = 4 ] && rules | grep -q 'update @from4_1'
}
# at_least LEAST COMMAND...
at_least() {
	local least=$1
	shift
	[ "$("$@")" -ge "$least" ]
}

topology gateway || exit 1
write_conf 'firewall = "nftables"; fallback = false;'
starts "starts without a limit"
plain=$(rules)
check "which has no set" refuses grep -q "set " <(rules)
write_conf 'firewall = "nftables"; fallback = false; queues = { per_source = 1; };'
check "a reload brings it" mssclampctl reload
check "the rules are there" has_limit_of 1 20
check "and are the planned ones" grep -q "No difference" <(mssclampctl rules --diff)
check "clamps" connects 1360 1340
check "nobody was over it" equals 0 over_limit
# Of 120 SYNs 40 are the bursts of both families; each second that the knocking takes is 2 more.
knocks 60
check "who knocks often is over it" within 5 at_least 10 over_limit
check "each SYN is counted once" within 5 adds_up
check "and no rule was touched for that" equals 0 repairs
table >"$dir/saved"
check "what nft lists it can load" "${gateway[@]}" nft -c -f "$dir/saved"
with=$(rules)
"${gateway[@]}" nft flush chain inet mssclamp forward
check "what somebody empties comes back" within 5 equals "$with" rules
"${gateway[@]}" nft delete table inet mssclamp
check "what somebody deletes too" within 5 equals "$with" rules
"${gateway[@]}" nft 'flush table inet mssclamp; delete set inet mssclamp from4_1; add set inet mssclamp from4_1 { type ipv4_addr; size 7; flags dynamic,timeout; timeout 9s; }'
check "and a set of another size" within 5 all_sets_are_whole
check "as planned" grep -q "No difference" <(mssclampctl rules --diff)
write_conf 'firewall = "nftables"; fallback = false; queues = { per_source = 50; };'
check "reloads another rate" mssclampctl reload
check "which holds" has_limit_of 50 100
check "the sets of the old one are gone" refuses grep -q "_1 " <(rules)
write_conf 'firewall = "nftables"; fallback = false;'
check "reloads to none" mssclampctl reload
check "all is as before" equals "$plain" rules
write_conf 'firewall = "nftables"; fallback = false; mode = "offload"; queues = { per_source = 1; };'
check "reloads to mode offload" mssclampctl reload
check "there it stands before its queue" grep -q "update @offload_from4_1 " \
	<("${gateway[@]}" nft list chain inet mssclamp offload_queue)
check "clamps there" connects 1360 1340
table >"$dir/saved"
check "what nft lists of that it can load" "${gateway[@]}" nft -c -f "$dir/saved"
write_conf 'firewall = "nftables"; fallback = false;'
check "reloads to mode queue" mssclampctl reload
check "with no set left" refuses grep -q "set .*_1" <(rules)
ends "SIGTERM ends it with 0"
check "remove takes all of it away" "${gateway[@]}" mssclampctl rules --remove
check "nft has none of it" refuses table
[ "$failed" = 0 ] || { tail -n 40 "$dir/log"; rules; }
kill "$daemon" 2>/dev/null
topology_remove gateway
rm -rf "$dir"
checks_end
