#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever needs a clamped tunnel is started when it is one: mssclamp-wait@.service of the examples, before
# a service that asks, with the tunnel made by systemd-networkd.
set -u
. tests/vm/lib.sh

examples=/usr/share/doc/mssclampd/examples

# unit NAME TEXT
unit() {
	printf '%s\n' "$2" >"/etc/systemd/system/$1"
}
state() {
	systemctl show -P ActiveState "$1"
}

systemd-sysusers mssclamp.conf
systemd-tmpfiles --create mssclamp.conf
cp $examples/mssclamp-wait@.service /etc/systemd/system/
unit asks.service "[Unit]
Wants=mssclamp-wait@wg9.service
After=mssclamp-wait@wg9.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sh -c 'mssclampctl tunnels >/run/asked'"
mkdir -p /etc/systemd/network
cat >/etc/systemd/network/50-wg9.netdev <<'END'
[NetDev]
Name=wg9
Kind=wireguard
[WireGuard]
PrivateKey=gJXOGAUISwCKQJCSPZjjJO7hJpTKIOYUYW0J8KLPkX8=
ListenPort=51820
END
printf '[Match]\nName=wg9\n[Network]\nAddress=10.9.0.1/24\n' >/etc/systemd/network/50-wg9.network
chmod 644 /etc/systemd/network/*
systemctl daemon-reload
check "mssclampd starts" timeout 60 systemctl restart mssclampd.service

systemctl start --no-block asks.service
check "the unit of the example waits" within 20 equals activating state mssclamp-wait@wg9.service
check "and who needs the tunnel for it" equals inactive state asks.service
check "networkd starts" timeout 60 systemctl start systemd-networkd.service
check "it makes the tunnel, and the service goes on" within 60 equals active state asks.service
check "the tunnel was known by then" grep -E '^wg9 +wireguard ' /run/asked
check "the wait has not failed" equals success systemctl show -P Result mssclamp-wait@wg9.service

checks_end
