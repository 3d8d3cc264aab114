#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Started by root by hand, where the user mssclamp exists: it becomes that user and has no group of
# root's, and stays root where that user could not read the configuration again.
set -u
. tests/vm/lib.sh

by_hand
of_process() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$daemon/status" | sed 's/[[:space:]]*$//'
}
logged() {
	grep -E -- "$1" "$dir/log"
}
numbers() {
	mssclampctl --json stats | /usr/bin/python3 -c '
import json, sys
print({type(queue["fail_open_total"]).__name__ for queue in json.load(sys.stdin)["queues"]}.pop())'
}

systemd-sysusers mssclamp.conf
topology gateway || exit 1
chown root:mssclamp "$dir"
chmod 770 "$dir"
mkdir -p "$dir/conf.d" "$dir/elsewhere"
own=$(id -g mssclamp)
text="queues = { first = 6000; count = 1; }; path = { state = \"$dir/paths\"; probe = false; };"

echo 'mode = "audit";' >"$dir/elsewhere/a.conf"
ln -s "$dir/elsewhere/a.conf" "$dir/conf.d/10-a.conf"
starts "started by root" "$text"
check "it becomes the user" logged 'is user "mssclamp" now'
check "with that user's group and no other" equals "$own" of_process Groups
check "it has CAP_NET_ADMIN alone" equals 0000000000001000 of_process CapEff
check "the kernel's file of queues is in that group" equals "root mssclamp 440" \
	"${gateway[@]}" stat -c '%U %G %a' /proc/net/netfilter/nfnetlink_queue
check "so the queue's numbers are known" equals int numbers
ends "it ends"

chmod 600 "$dir/elsewhere/a.conf"
starts "a drop-in that the user may not read"
check "root stays, and the log says why" logged "stays user 0, .* may not read $dir/conf.d/10-a.conf"
check "the queue's numbers are known to root too" equals int numbers
check "and a reload reads it" mssclampctl reload
ends "it ends"

check "rules --remove" "${gateway[@]}" mssclampctl rules --remove
topology_remove gateway
rm -rf "$dir"
checks_end
