# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels that a program carries: they run on any kernel that has /dev/net/tun."""

import os
import pathlib
import subprocess

import formulas as f
from lab import LARGE
from netns import until
from wireguard import wireguard_keys

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
UAPI = pathlib.Path("/var/run/wireguard")


def openssl(directory, *argv):
    subprocess.run(["openssl", *argv], cwd=directory, check=True, capture_output=True)


def certificates(lab, *clients):
    """An authority, a server "b" and clients by their common names: NAME.pem and NAME.key."""
    names = ("b", *clients)
    at = lab.directory
    openssl(at, "req", "-x509", *CURVE, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    for name in names:
        openssl(at, "req", *CURVE, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")
        openssl(at, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-days", "2", "-out", f"{name}.pem")


COMMON = """
ca ca.pem
cert $name.pem
key $name.key
dev t0
dev-type $kind
proto $proto
tun-mtu $tun_mtu
mssfix 0
verb 3
ping 0
disable-dco
topology subnet
script-security 2
$options
"""
SERVER = COMMON + """
$bind
port 1194
tls-server
dh none
mode server
tls-version-min 1.2
ifconfig 10.99.0.2 255.255.255.0
ifconfig-pool 10.99.0.10 10.99.0.20 255.255.255.0
ifconfig-ipv6 fd99::2/64 fd99::1
ifconfig-ipv6-pool fd99::10/64
client-config-dir ccd
push "topology subnet"
status $status 1
status-version $version
$server_options
"""
CLIENT = COMMON + """
client
remote $remote 1194
nobind
$client_options
"""


def openvpn(outer=4, kind="tun", proto="udp", tun_mtu=LARGE, options="data-ciphers AES-256-GCM",
            server_options="", client_options="", version=2,
            clients=("a",), any_address=False):
    """One client at a, the server at b; the status file is server.status."""
    def build(lab):
        certificates(lab, *clients)
        carrier = proto + ("6" if outer == 6 else "4")
        values = {"kind": kind, "tun_mtu": tun_mtu, "options": options, "version": version,
                  "status": lab.directory / "server.status",
                  "server_options": server_options, "client_options": client_options,
                  "bind": "" if any_address else f"local {lab.b.facts[f'local{outer}']}",
                  "remote": lab.b.facts[f"local{outer}"]}
        ends = ((lab.b, SERVER, "-server"), (lab.a, CLIENT, "-client"))
        (lab.directory / "ccd").mkdir()
        lab.write("ccd/a", "ifconfig-push 10.99.0.1 255.255.255.0\n"
                           "ifconfig-ipv6-push fd99::1/64 fd99::2\n"
                           "iroute 192.0.2.0 255.255.255.0\niroute-ipv6 2001:db8:1::/64\n")
        for host, text, role in ends:
            name = host.facts["me"]
            config = host.fill(text, name=name, **{
                **values, "proto": carrier + (role if proto == "tcp" else "")})
            lab.start(host, "openvpn", "--cd", str(lab.directory),
                      "--config", lab.write(f"{name}.conf", config))
        lab.wait_device("t0")
    return build


def openvpn_static(options):
    """Two ends with one key and no TLS: the oldest form, gone in 2.7."""
    def build(lab):
        subprocess.run(["openvpn", "--genkey", "secret", str(lab.directory / "static.key")],
                       check=True)
        for host in lab.hosts:
            text = host.fill("dev t0\ndev-type tun\nproto udp4\nlocal $local4\nremote $remote4\n"
                             "ifconfig 10.99.0.$n 10.99.0.$m\nifconfig-ipv6 fd99::$n/64 fd99::$m\n"
                             "secret static.key\ntun-mtu 9000\nmssfix 0\n" + options)
            lab.start(host, "openvpn", "--cd", str(lab.directory),
                      "--config", lab.write(f"{host.facts['me']}.conf", text))
        lab.wait_device("t0")
    return build


def wireguard_configure(lab, outer, mtu, devices=("t0", "t0"), allowed=2 * ("0.0.0.0/0,::/0",)):
    """Keys, peers, addresses and MTU of wireguard devices that are there already."""
    keys = [wireguard_keys() for _ in lab.hosts]
    for i, host in enumerate(lab.hosts):
        peer, address = keys[1 - i][1], host.facts[f"remote{outer}"]
        address = f"[{address}]" if outer == 6 else address
        key = lab.write(f"wg{i}.key", keys[i][0] + "\n")
        host.run("wg", "set", devices[i], "listen-port", "51820", "private-key", key, "peer", peer,
                 "endpoint", f"{address}:51820", "allowed-ips", host.fill(allowed[i]))
        host.ip(host.fill(f"addr add $inner4/24 dev {devices[i]}\n"
                          f"addr add $inner6/64 dev {devices[i]} nodad\n"
                          f"link set {devices[i]} mtu {mtu} up\n"))
    return keys


class Uapi:
    """The socket of a userspace WireGuard; wireguard-go leaves it behind when it is killed."""

    def __init__(self, name):
        self.path = UAPI / f"{name}.sock"

    def close(self):
        self.path.unlink(missing_ok=True)


def wireguard_go_name(host):
    """The socket's folder is the machine's own. One lab of a process at a time has such links."""
    return f"wg{host.facts['me']}{os.getpid()}"


def wireguard_go(outer=4, mtu=1420, **more):
    def build(lab):
        names = tuple(wireguard_go_name(host) for host in lab.hosts)
        for host, name in zip(lab.hosts, names):
            lab.keep(Uapi(name))
            lab.start(host, "wireguard-go", "-f", name)
            until(lambda n=name: (UAPI / f"{n}.sock").exists(), f"{name} has its socket")
        wireguard_configure(lab, outer, mtu, names, **more)
    return build


GCM = "data-ciphers AES-256-GCM"
CBC = "data-ciphers AES-128-CBC\nauth SHA256"
COMPRESS = GCM + "\nallow-compression yes\n"

# name, how it is built, what it should carry
CASES = [
    ("openvpn aes-gcm", openvpn(), f.openvpn_aead()),
    ("openvpn aes-gcm over IPv6", openvpn(6), f.openvpn_aead(6)),
    ("openvpn chacha20", openvpn(options="data-ciphers CHACHA20-POLY1305"), f.openvpn_aead()),
    ("openvpn aes-cbc sha256", openvpn(options=CBC), f.openvpn_cbc(hmac=32)),
    ("openvpn aes-cbc sha256 over IPv6", openvpn(6, options=CBC), f.openvpn_cbc(6, hmac=32)),
    ("openvpn aes-cbc sha1", openvpn(options="data-ciphers AES-128-CBC\nauth SHA1"),
     f.openvpn_cbc(hmac=20)),
    ("openvpn aes-cbc sha512", openvpn(options="data-ciphers AES-256-CBC\nauth SHA512"),
     f.openvpn_cbc(hmac=64)),
    ("openvpn 3des-cbc sha1", openvpn(options="data-ciphers DES-EDE3-CBC\nauth SHA1"),
     f.openvpn_cbc(hmac=20, iv=8, block=8)),
    ("openvpn none sha256", openvpn(options="data-ciphers none\nauth SHA256"),
     f.fixed(20 + 8 + 4 + 32 + 4)),
    ("openvpn tap aes-gcm", openvpn(kind="tap"), f.openvpn_aead(extra=14)),
    ("openvpn tap aes-cbc sha256", openvpn(kind="tap", options=CBC),
     f.openvpn_cbc(hmac=32, extra=14)),
    ("openvpn comp-lzo no", openvpn(options=COMPRESS + "comp-lzo no"), f.openvpn_aead(extra=1)),
    ("openvpn compress stub", openvpn(options=COMPRESS + "compress stub"), f.openvpn_aead(extra=1)),
    ("openvpn compress stub-v2", openvpn(options=COMPRESS + "compress stub-v2"), f.openvpn_aead()),
    ("openvpn fragment", openvpn(options=GCM + "\nfragment 1800"), f.openvpn_aead(extra=4)),
    ("openvpn static key aes-cbc sha256",
     openvpn_static("cipher AES-128-CBC\nauth SHA256\n"),
     f.openvpn_cbc(hmac=32, head=0, packet_id=8)),
    ("wireguard-go", wireguard_go(), f.wireguard()),
    ("wireguard-go over IPv6", wireguard_go(6), f.wireguard(6)),
    ("wireguard-go mtu 1440", wireguard_go(mtu=1440), f.wireguard(ifmtu=1440)),
    ("wireguard-go mtu 1412", wireguard_go(mtu=1412), f.wireguard(ifmtu=1412)),
    ("wireguard-go mtu 8920", wireguard_go(mtu=8920), f.wireguard(ifmtu=8920)),
]
