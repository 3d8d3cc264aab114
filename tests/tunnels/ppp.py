# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels that carry PPP. Their daemons write to /etc/ppp and /run: only for a machine that is
thrown away, which the VM is."""

import pathlib

import formulas as f
from ipsec import GCM, costs, secure
from kernel import BIG
from lab import modules
from userspace import wireguard_configure

ETC = pathlib.Path("/etc/ppp")
OPTIONS = """
noauth
nodetach
noproxyarp
nodefaultroute
ifname t0
noccp
novj
lcp-echo-interval 0
"""


def addresses(lab, mtu=BIG, device="t0"):
    """pppd gives the IPv4 addresses; its MTU is out of the way as elsewhere."""
    lab.wait_device(device, 60)
    lab.wait_up(device)
    lab.ip(f"link set {device} mtu {mtu}\naddr add $inner6/64 dev {device} nodad\n")


def pppoe_link(lab, options=""):
    """A session: in the kernel at a; b is an access concentrator, whose pppd talks through a pipe
    and takes no more than 1492 bytes."""
    modules("pppoe")
    text = OPTIONS + options
    server = lab.write("b.ppp", text)
    client = lab.write("a.ppp", f"plugin rp-pppoe.so\nnic-outer\n{text}")
    lab.start(lab.b, "pppoe-server", "-F", "-I", "outer", "-L", "10.99.0.2",
              "-R", "10.99.0.1", "-N", "1", "-O", server)
    lab.start(lab.a, "pppd", "file", client)


def pppoe(options=""):
    def build(lab):
        pppoe_link(lab, options)
        addresses(lab)
    return build


XL2TPD_SERVER = """
[global]
port = 1701
[lns default]
ip range = 10.99.0.1-10.99.0.1
local ip = 10.99.0.2
require authentication = no
pppoptfile = $options
length bit = $length
"""
XL2TPD_CLIENT = """
[global]
port = 1701
[lac lab]
lns = 198.51.100.2
autodial = yes
redial = yes
redial timeout = 1
pppoptfile = $options
length bit = $length
"""


def l2tp2(options="", length="no", kernel=True):
    def build(lab):
        if kernel:
            modules("l2tp_ppp")
        for host, text in ((lab.b, XL2TPD_SERVER), (lab.a, XL2TPD_CLIENT)):
            me = host.facts["me"]
            file = lab.write(f"{me}.ppp", OPTIONS.replace("nodetach\n", "") + options)
            config = lab.write(f"{me}.xl2tpd", host.fill(text, options=file, length=length))
            lab.start(host, "xl2tpd", "-D", "-c", config, "-p", f"{lab.directory}/{me}.pid",
                      "-C", f"{lab.directory}/{me}.control")
        addresses(lab)
    return build


MPPE = "require-mppe-128\nrequire-mschap-v2\n"
SECRETS = 'lab * "not a secret" *\n'


def pptp(options=""):
    def build(lab):
        (ETC / "chap-secrets").write_text(SECRETS, encoding="utf-8")
        text = OPTIONS.replace("nodetach\n", "") + options
        server = text
        if MPPE in options:
            text = text.replace("noccp\n", "").replace("require-mschap-v2\n", "")
            server = text.replace("noauth\n", "auth\nrequire-mschap-v2\n") + "name server\n"
        config = lab.write("b.pptpd", f"option {lab.write('b.ppp', server)}\n"
                           "localip 10.99.0.2\nremoteip 10.99.0.1\nlisten 198.51.100.2\n")
        client = lab.write("a.ppp", text + "nodetach\nname lab\nremotename server\n")
        lab.start(lab.b, "pptpd", "--fg", "--conf", config, "--pidfile", f"{lab.directory}/b.pid")
        lab.start(lab.a, "pppd", "pty", "pptp 198.51.100.2 --nolaunchpppd", "file", client)
        addresses(lab)
    return build


def wireguard_over_pppoe(lab):
    """WireGuard's own addresses outside are those of the PPP link."""
    pppoe_link(lab)
    lab.wait_device("t0", 60)
    lab.wait_up("t0")
    lab.ip(f"link set t0 mtu {BIG}\nlink add w0 type wireguard\n")
    for host in lab.hosts:
        host.facts |= {"local4": host.facts["inner4"], "remote4": host.facts["far4"],
                       "inner4": f"10.97.0.{host.facts['n']}", "far4": f"10.97.0.{host.facts['m']}"}
    wireguard_configure(lab, 4, 1420, ("w0", "w0"))


def l2tp2_over_ipsec(lab):
    secure(lab, GCM, mode="transport", selectors=(("$local4", "$remote4"),))
    l2tp2()(lab)


CASES = [
    ("pppoe", pppoe(), f.fixed(8)),
    ("l2tpv2", l2tp2(), f.fixed(20 + 8 + 6 + 4)),
    ("l2tpv2 with length bit", l2tp2(length="yes"), f.fixed(20 + 8 + 6 + 4)),
    ("l2tpv2 over esp transport", l2tp2_over_ipsec,
     f.through(f.esp_transport(**costs(GCM)), f.fixed(20 + 8 + 6 + 4))),
    ("pptp", pptp(), f.fixed(20 + 12 + 4 + 1)),
    ("pptp with mppe", pptp(MPPE), f.fixed(20 + 12 + 4 + 1 + 2 + 2)),
    ("wireguard over pppoe", wireguard_over_pppoe, f.through(f.fixed(8), f.wireguard())),
]
