#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# mssclampd and mssclamp-facts as installed, each in its sandbox: what they find of WireGuard, IPsec and
# a device that OpenVPN holds.
set -u
. tests/vm/lib.sh

conf=/etc/mssclamp.conf
dir=$(mktemp -d)

of_facts() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$(systemctl show -P MainPID mssclamp-facts.service)/status"
}
# field LIST NAME KEY: that member of the row whose name (or peer) it is.
field() {
	mssclampctl --json "$1" | /usr/bin/python3 -c '
import json, sys
rows = json.load(sys.stdin)[sys.argv[1]]
print(*[row[sys.argv[3]] for row in rows if sys.argv[2] in (row.get("name"), row.get("peer"))])' "$@"
}
wireguard() {
	local peer
	ip link add wg0 type wireguard || return 1
	(umask 077 && wg genkey >"$dir/key")
	peer=$(wg genkey | wg pubkey)
	wg set wg0 private-key "$dir/key" peer "$peer" endpoint 10.7.2.2:51820 allowed-ips 10.8.0.7/32
	mkdir -p /etc/wireguard
	(umask 077 && printf '[Interface]\nPrivateKey = %s\n[Peer]\n# friendly_name = alice\nPublicKey = %s\n' \
		"$(cat "$dir/key")" "$peer" >/etc/wireguard/wg0.conf)
	ip link set wg0 up mtu 1420
}
policy() {
	ip xfrm state add src 10.7.2.1 dst 10.7.2.9 proto esp spi 1 reqid 1 mode tunnel \
		aead 'rfc4106(gcm(aes))' 0x1111111111111111111111111111111111111111 128 &&
		ip xfrm policy add src 10.1.0.0/24 dst 10.2.0.0/24 dir out \
			tmpl src 10.7.2.1 dst 10.7.2.9 proto esp reqid 1 mode tunnel
}
# A server that waits for its first client; its configuration is root's alone.
openvpn_server() {
	openvpn --genkey secret "$dir/static.key" || return 1
	(umask 077 && printf 'dev tun9\nproto udp4\nlocal 10.7.2.1\nremote 10.7.2.2\nifconfig 10.9.0.1 10.9.0.2\n%s\n' \
		"secret $dir/static.key
cipher AES-256-CBC
auth SHA256" >"$dir/server.conf")
	openvpn --config "$dir/server.conf" --daemon vpn --writepid "$dir/pid"
}

systemd-sysusers mssclamp.conf
systemd-tmpfiles --create mssclamp.conf
topology - || exit 1
systemctl daemon-reload
rm -f $conf
check "a WireGuard tunnel" wireguard
check "an IPsec policy" policy
check "an OpenVPN tunnel" openvpn_server
check "its device is there" within 20 ip link show tun9
check "the units start" timeout 60 systemctl enable -q --now mssclamp-facts.socket mssclampd.service
check "mssclampd clamps" within 30 mssclampctl wait --for 1
check "mssclamp-facts was started by its socket" within 10 systemctl is-active --quiet mssclamp-facts.service
check "with two capabilities and no more" within 10 equals 0000000000080004 of_facts CapEff
check "system calls are filtered" within 10 equals 2 of_facts Seccomp
# The path to the server carries 1400 bytes (topology).
check "WireGuard: 1400 - 60, down to a multiple of 16" within 10 equals 1328 field tunnels wg0 inner_mtu_bytes
check "its peer has the name of wg0.conf" within 10 equals 1288 field peers alice mss4_bytes
check "IPsec: 1400 - 54" within 10 equals 1346 field tunnels ipsec:10.7.2.9 inner_mtu_bytes
check "OpenVPN is known by name" within 10 equals openvpn field tunnels tun9 kind
# 1400 - IPv4 20 - UDP 8 - HMAC 32 - IV 16 = 1324, down to 16: 1312; at least 1 of padding, packet id 8
check "and by its cipher" within 10 equals 1303 field tunnels tun9 inner_mtu_bytes
check "no key is in what mssclampd may read" refuses grep -rqF "$(cat "$dir/key")" \
	<(mssclampctl --json peers; journalctl -q --no-pager -u mssclampd -u mssclamp-facts)

systemctl stop mssclamp-facts.socket mssclamp-facts.service
check "without mssclamp-facts the kernel's tunnels stay" equals 1328 field tunnels wg0 inner_mtu_bytes
check "and mssclampd still runs" mssclampctl status
kill "$(cat "$dir/pid")"
systemctl stop mssclampd.socket mssclampd.service
check "rules --remove" mssclampctl rules --remove
ip link del wg0
ip xfrm policy flush
ip xfrm state flush
topology_remove -
rm -rf "$dir" /etc/wireguard/wg0.conf
checks_end
