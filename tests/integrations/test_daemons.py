# SPDX-License-Identifier: GPL-2.0-or-later
"""charon and pppd themselves call share/examples/wait-for-tunnel, and go on."""

from conftest import HOOK
from labs import modules
from netns import until

SITE = """
connections {
  site {
    version = 2
    local_addrs = 203.0.113.%(own)d
    remote_addrs = 203.0.113.%(other)d
    local { auth = psk
            id = end%(own)d }
    remote { auth = psk
             id = end%(other)d }
    children {
      site {
        local_ts = 192.168.%(own)d.0/24
        remote_ts = 192.168.%(other)d.0/24
        %(more)s
      }
    }
  }
}
secrets {
  ike-site { secret = "an example" }
}
"""
# charon goes on while it runs.
UPDOWN = f'"{HOOK}; echo $PLUTO_VERB >>/run/done"'
# Two of them, end to end; the inner one is the far end.
PPPD = f"""
ln -s {HOOK} /etc/ppp/ip-up.d/
setsid pppd noauth local nodetach 10.9.1.1:10.9.1.2 \\
    pty "pppd notty noauth local 10.9.1.2:10.9.1.1" >/run/pppd.log 2>&1 </dev/null &
"""


def names(daemon):
    return [tunnel["name"] for tunnel in daemon.json("tunnels")["tunnels"]]


def done(hooked):
    return hooked.server.shell("cat /run/done", check=False)


def test_strongswan(hooked, start):
    daemon = start("")
    for machine, own, more in ((hooked.gateway.client, 2, ""),
                               (hooked.server, 1, f"updown = {UPDOWN}")):
        text = SITE % {"own": own, "other": 3 - own, "more": more}
        machine.write("/etc/swanctl/conf.d/site.conf", text)
    hooked.gateway.client.shell("systemctl start strongswan", seconds=60)
    hooked.shell("systemctl start strongswan", seconds=60)
    hooked.shell("swanctl --initiate --child site", seconds=60)
    until(lambda: "up-client" in done(hooked), "the hook has ended", 30)
    assert hooked.asked() == ["wait --tunnel ipsec:203.0.113.2 --for 5"]
    assert "ipsec:203.0.113.2" in names(daemon)
    hooked.shell("swanctl --terminate --ike site", seconds=60)
    until(lambda: "down-client" in done(hooked), "the hook has ended again", 30)
    assert hooked.asked() == []


def test_pppd(hooked, start):
    modules("ppp_async")
    daemon = start("")
    hooked.shell(PPPD)
    asked = []
    until(lambda: asked.extend(hooked.asked()) or len(asked) == 2, "both ends are up", 30)
    assert sorted(asked) == [f"wait --tunnel ppp{n} --for 5" for n in (0, 1)]
    until(lambda: {"ppp0", "ppp1"} <= set(names(daemon)), "both are known")
