# SPDX-License-Identifier: GPL-2.0-or-later
"""share/examples/wait-for-tunnel, called as each program calls its hooks; by wg-quick, OpenVPN and
Debian's /etc/ppp/ip-up themselves. It waits for the right tunnel, and never stands in the way."""

import pytest
from conftest import BUS, HOOK, INSTALL
from daemon import TOP
from labs import Running
from netns import until

PAGE = TOP / "doc" / "integrations.md"
WAIT = 60  # seconds; what is waited for is there much sooner
POST_UP = "PostUp = mssclampctl wait --tunnel %i --for 10 || true"
HOOK_UP = f"PostUp = {HOOK} %i || true"
PRE_UP = f"ln -s {HOOK} /etc/NetworkManager/dispatcher.d/pre-up.d/"
OPENVPN = f"script-security 2\nup {HOOK}\n"
WG = """[Interface]
Address = 10.9.0.1/24
ListenPort = 51820
PrivateKey = gJXOGAUISwCKQJCSPZjjJO7hJpTKIOYUYW0J8KLPkX8=
%s
[Peer]
PublicKey = NJYFaQFy19gnT0gqYbgAByNkJl7KF0xDCGj+h/T4Ogs=
AllowedIPs = 10.9.0.2/32
"""
POLICY = """
ip xfrm policy add dir out src 192.168.1.0/24 dst 192.168.2.0/24 \\
    tmpl src 203.0.113.1 dst 203.0.113.2 proto esp mode tunnel reqid 1
"""
# It leaves alone what else there is; its scripts are run by a program beside it, or by none where that
# does not answer yet.
NETWORK_MANAGER = f"""
{BUS}
rm -f /etc/NetworkManager/dispatcher.d/[0-9]*
printf '%s\\n' "[keyfile]" "unmanaged-devices=*,except:interface-name:t0" \\
    >/etc/NetworkManager/conf.d/t0.conf
setsid /usr/lib/NetworkManager/nm-dispatcher --persist >/run/dispatcher.log 2>&1 </dev/null &
until dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetNameOwner \\
    string:org.freedesktop.nm_dispatcher; do sleep 0.1; done
setsid NetworkManager --no-daemon >/run/NetworkManager.log 2>&1 </dev/null &
until nmcli general status; do sleep 0.1; done
nmcli connection add type tun ifname t0 con-name t0 mode tun ip4 10.9.0.1/24 autoconnect no
"""
TUNNEL = """
ip tuntap add t0 mode tun
ip addr add 10.9.0.1/24 dev t0
ip link set t0 up
"""


def shell(hooked, script, **more):
    return hooked.shell(f"export MSSCLAMP_WAIT={WAIT}\n{script}", **more)


CALLS = {
    # how                        call, and what is waited for
    "by hand":                  ("wait-for-tunnel t0", "t0"),
    "networkd-dispatcher":      ("IFACE=t0 STATE=routable wait-for-tunnel", "t0"),
    "and of Ethernet":          ("IFACE=eth0 STATE=routable wait-for-tunnel", None),
    "NetworkManager":           ("NM_DISPATCHER_ACTION=pre-up wait-for-tunnel t0 pre-up", "t0"),
    "a VPN of it":              ("NM_DISPATCHER_ACTION=vpn-pre-up VPN_IP_IFACE=t0 "
                                 "wait-for-tunnel eth0 vpn-pre-up", "t0"),
    "Ethernet of it":           ("NM_DISPATCHER_ACTION=pre-up wait-for-tunnel eth0 pre-up", None),
    "what ends of it":          ("NM_DISPATCHER_ACTION=down wait-for-tunnel t0 down", None),
    "ppp":                      (f"ln -s {HOOK} /etc/ppp/ip-up.d/\n"
                                 "/etc/ppp/ip-up t0 /dev/pts/7 0 10.9.0.1 10.9.0.2 vpn", "t0"),
    "strongSwan":               ("PLUTO_VERB=up-client PLUTO_PEER=203.0.113.2 PLUTO_INTERFACE=eth0 "
                                 "wait-for-tunnel", "ipsec:203.0.113.2"),
    "an interface of it":       ("PLUTO_VERB=up-client-v6 PLUTO_PEER=203.0.113.2 PLUTO_IF_ID_OUT=7 "
                                 "wait-for-tunnel", ""),
    "a VTI of it":              ("PLUTO_VERB=up-client PLUTO_PEER=203.0.113.2 "
                                 "PLUTO_MARK_OUT=7/0xffffffff wait-for-tunnel", ""),
    "the end of it":            ("PLUTO_VERB=down-client PLUTO_PEER=203.0.113.2 wait-for-tunnel",
                                 None),
}


def test_each_call_waits_for_its_tunnel(hooked, start):
    daemon = start()
    hooked.server.shell(TUNNEL + POLICY)
    for how, (command, name) in CALLS.items():
        shell(hooked, command)
        tunnel = f" --tunnel {name}" if name else ""
        expected = [] if name is None else [f"wait{tunnel} --for {WAIT}"]
        assert hooked.asked() == expected, how
    names = [tunnel["name"] for tunnel in daemon.json("tunnels")["tunnels"]]
    assert {"t0", "ipsec:203.0.113.2"} <= set(names)


def test_it_waits_until_the_tunnel_is_there(hooked, start):
    daemon = start()
    shell(hooked, "(wait-for-tunnel t0; echo $? >/run/code) >/dev/null 2>&1 &")
    until(lambda: "--tunnel t0" in shell(hooked, "cat /run/asked", check=False), "it waits")
    assert "No such file" in shell(hooked, "cat /run/code", check=False)
    shell(hooked, TUNNEL)
    until(lambda: shell(hooked, "cat /run/code", check=False) == "0\n", "it goes on", WAIT)
    assert any(tunnel["name"] == "t0" and tunnel["mss4_bytes"]
               for tunnel in daemon.json("tunnels")["tunnels"])


def test_without_mssclampd_it_does_not_wait(hooked):
    shell(hooked, "wait-for-tunnel t0")
    assert hooked.asked() == []
    shell(hooked, f"rm /usr/local/sbin/mssclampctl; PATH=/usr/sbin:/usr/bin:/sbin:/bin {HOOK} t0")


def test_it_gives_up_and_says_why(hooked, start):
    start()
    said = shell(hooked, "MSSCLAMP_WAIT=3 wait-for-tunnel nowhere")
    assert "there is no tunnel nowhere" in said


def test_it_waits_for_one_that_is_slow_to_answer(hooked, start):
    daemon = start()
    daemon.hold()
    shell(hooked, "MSSCLAMP_WAIT=0.5 wait-for-tunnel t0", seconds=60)
    daemon.go_on()
    assert hooked.asked() == ["wait --tunnel t0 --for 0.5"]


@pytest.mark.parametrize("line", (POST_UP, HOOK_UP), ids=("mssclampctl", "hook"))
def test_wg_quick(hooked, start, line):
    """Both lines of the page; that of the hook without mssclampd as well, when it does not wait."""
    hooked.server.write("/etc/wireguard/wg0.conf", WG % line)
    if line == HOOK_UP:
        shell(hooked, "wg-quick up wg0; wg-quick down wg0", seconds=60)
        assert hooked.asked() == []
    daemon = start()
    shell(hooked, "wg-quick up wg0", seconds=60)
    seconds = 10 if line == POST_UP else WAIT
    assert hooked.asked() == [f"wait --tunnel wg0 --for {seconds}"]
    assert any(tunnel["name"] == "wg0" for tunnel in daemon.json("tunnels")["tunnels"])
    shell(hooked, "wg-quick down wg0")


def test_network_manager(hooked, start):
    """`nmcli connection up` returns when the tunnel is clamped. Its scripts get an environment of
    its own."""
    shell(hooked, NETWORK_MANAGER + PRE_UP, seconds=60)
    daemon = start()
    hooked.shell("nmcli --wait 60 connection up t0", seconds=60)
    assert hooked.asked() == ["wait --tunnel t0 --for 5"]
    until(lambda: any(tunnel["name"] == "t0" and tunnel["mss4_bytes"]
                      for tunnel in daemon.json("tunnels")["tunnels"]), "the tunnel is known")


@pytest.mark.parametrize("present", (True, False), ids=("with mssclampd", "without"))
def test_openvpn(hooked, start, present):
    """It is up in any case; with mssclampd not before its tunnel is clamped."""
    daemon = start() if present else None
    hooked.server.write("/etc/openvpn/server/server.conf",
        Running.SERVER + OPENVPN + f"setenv MSSCLAMP_WAIT {WAIT}\n")
    shell(hooked, "mkdir -p /run/openvpn-server; cd /etc/openvpn/server\n"
                 "setsid openvpn --config server.conf >/run/openvpn.log 2>&1 </dev/null &")
    until(lambda: "Initialization Sequence Completed" in shell(hooked, "cat /run/openvpn.log", check=False),
          "the server is up", 20)
    assert hooked.asked() == ([f"wait --tunnel tun0 --for {WAIT}"] if present else [])
    if present:
        tun0 = next(one for one in daemon.json("tunnels")["tunnels"] if one["name"] == "tun0")
        assert tun0["kind"] == "openvpn" and tun0["mss4_bytes"]


@pytest.mark.parametrize("line", (POST_UP, HOOK_UP, PRE_UP, *OPENVPN.splitlines(), INSTALL.replace(
    f"{TOP}/share", "/usr/share/doc/mssclampd")))
def test_the_page_has_what_is_tried_here(line):
    assert line in PAGE.read_text(encoding="utf-8")
