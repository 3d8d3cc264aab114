#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of what mssclamp-facts reads and sends, the same ones in each run.

The status files are the recorded ones of tests/unit/openvpn_status_files.h.
"""

import pathlib
import re
import shutil

HERE = pathlib.Path(__file__).resolve().parent
RECORDED = HERE.parent / "unit" / "openvpn_status_files.h"
HEX = "b85996fecc9c7f1fc6d2572a76eda11d59bcd20be8e543b15ce4bd85a8e75a33"
KEY = "uFmW/sycfx/G0lcqdu2hHVm80gvo5UOxXOS9hajnWjM="


def recorded():
    """Name and text of each string in the header."""
    text = RECORDED.read_text(encoding="ascii")
    for name, body in re.findall(r"(\w+)\[\] =\n((?:\t\".*\"\n?)+?);", text):
        pieces = re.findall(r"^\t\"(.*)\"$", body, re.MULTILINE)
        yield name, "".join(pieces).encode().decode("unicode_escape").encode()


def status_seeds():
    yield from recorded()
    header = (b"TITLE,OpenVPN 2.7.0 x\nHEADER,CLIENT_LIST,Common Name,Real Address,"
              b"Virtual Address,Username,Peer ID,Data Channel Cipher\n")
    yield "names with commas", header + (b"CLIENT_LIST,a, b,udp4:192.0.2.1:1,10.0.0.1,x, y,3,"
                                         b"AES-128-GCM\nGLOBAL_STATS,dco_enabled,1\nEND\n")
    yield "learned", header + (b"HEADER,ROUTING_TABLE,Virtual Address,Common Name,Real Address\n"
                               b"ROUTING_TABLE,10.0.0.1C,a,192.0.2.1:1\nEND\n")
    yield "routes without a header", header + b"ROUTING_TABLE,10.0.0.1,a,192.0.2.1:1\nEND\n"
    yield "cut", header


def config_seeds():
    def seed(arguments, text=b""):
        return b"\0".join(arguments.encode().split(b" ")) + b"\0\0" + text

    yield "server", seed("openvpn --config s.conf", b"""port 1194
proto udp6
dev tun
server 10.8.0.0 255.255.255.0
data-ciphers AES-256-GCM:?AES-256-CBC:DEFAULT
auth "SHA256" # comment
<tls-crypt>
-----BEGIN OpenVPN Static key V1-----
</tls-crypt>
status /run/s.log 10
""")
    yield "client", seed("openvpn c.ovpn", b"""client
<connection>
remote 192.0.2.1 443 tcp4
</connection>
remote [2001:db8::1]
cipher AES-256-CBC
comp-lzo no
fragment 1300
""")
    yield "arguments", seed("openvpn --dev tap0 --secret k --remote 2001:db8::1 5000 --port 7 "
                            "--socks-proxy 192.0.2.3 1080 --mark 7 --tun-mtu 1400 --compat-mode 2.3")
    yield "itself", seed("openvpn --cd /x --config y", b"config y\nconfig y\nlport 5\nnobind\n")
    yield "quotes", seed("openvpn y", b"\xef\xbb\xbfauth 'a b'\ncipher a\\ b\nproto \"tcp\n;x\n")


def uapi_seeds():
    yield "device", (f"private_key={HEX}\nlisten_port=5\nfwmark=7\ns4=32\npublic_key={HEX}\n"
                     f"preshared_key={HEX}\nendpoint=[2001:db8::1%eth0]:5\nallowed_ip=10.0.0.0/8\n"
                     "allowed_ip=::/0\nlast_handshake_time_sec=7\nerrno=0\n\n").encode()
    yield "error", b"errno=1\n\n"
    yield "cut", b"listen_port=5\nerrno=0\n"


def wg_conf_seeds():
    yield "two peers", (f"[Interface]\nPrivateKey = {KEY}\n[Peer]\n# friendly_name = alice\n"
                        f"PublicKey = {KEY}\n[Peer]\nPublicKey={KEY} # x\n#friendly_name=b\xe4\n"
                        ).encode("latin-1")
    yield "no key", b"[peer]\n# friendly_name = x\nPublicKey = x\n"


def ppp_seeds():
    yield "call", b"pppd\0call\0x\0\0plugin rp-pppoe.so eth0\npassword \"x y\"\n+mppe\ncall x\n"
    yield "pptp", b"pppd\0pty\0pptp 192.0.2.1 --nolaunchpppd\0require-mppe\0\0"
    yield "a line end in a word", b"pppd\0plugin\0pppoe.so\0x1\ny\0\0"
    yield "server", b"pppd\0file\0/etc/ppp/pptpd-options\0remotenumber\0192.0.2.1\0\0mppe\n"


def facts_seeds():
    yield "empty", b"{}"
    unit = (HERE.parent / "unit" / "test_record.c").read_text(encoding="ascii")
    body = re.search(r"whole\[\] =\n(.*?);\n", unit, re.DOTALL).group(1).replace('" KEY "', KEY)
    text = "".join(re.findall(r"^\t\"(.*)\"$", body, re.MULTILINE))
    yield "whole", text.replace('\\"', '"').encode()
    client = ('{"name":"a","endpoint":"192.0.2.1","port":7,"peer_id":0,"has_peer_id":true,'
              '"cipher":"AES-256-GCM","addresses":["10.0.0.1/32"]}')
    for role in ("server", "client", "p2p"):
        yield role, (
            '{"tunnels":[{"ifname":"%s","program":"openvpn","pid":7,"openvpn":[{"role":"%s",'
            '"proto":"tcp","ciphers":["AES-128-CBC","x"],"remotes":[{"address":"192.0.2.9"}],'
            '"status":[{"file":"/s","version":"2.7","clients":[%s]}]}]}]}'
            % ("dco0" if role == "p2p" else "tun0", role, client if role == "server" else "")
        ).encode()
    yield "status alone", b'{"status":[{"file":"/t","clients":[' + client.encode() + b"]}]}"
    yield "WireGuard", (
        '{"wireguard":[{"ifname":"wg0","kind":"amneziawg","s4":9,"peers":[{"key":"%s",'
        '"endpoint":"::1","allowed":["::/0"]}]}],"names":[{"key":"%s","name":"x"}]}'
        % (KEY, KEY)).encode()
    yield "ppp", b'{"ppp":[{"ifname":"ppp0","kind":"pptp","pid":1,"remote":"::1","mppe":true}]}'


def write(folder, seeds):
    folder = HERE / "seeds" / folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in seeds:
        path = folder / re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        assert not path.exists(), path
        path.write_bytes(content)


write("openvpn_status", status_seeds())
write("openvpn_config", config_seeds())
write("uapi", uapi_seeds())
write("wg_conf", wg_conf_seeds())
write("ppp_options", ppp_seeds())
write("facts", facts_seeds())
