# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that own the firewall, and mssclampd: whoever comes first, whatever they reload, stop or
flush, new connections are clamped, and nobody's rules are changed for good."""

import re
import typing

import pytest
from conftest import BUS, LIMITS
from connects import HEADERS, Connects
from netns import until

HEALED = 5  # seconds, on any machine; the log and doc/reliability.md have the usual time


STEPS = ("start", "reload", "stop")


class Firewall(typing.NamedTuple):
    """Commands of the gateway. The programs let forwarded connections pass."""
    start: str
    reload: str
    stop: str
    flushes: tuple = ()  # the steps that take our rules too


FIREWALLD = f"""
{BUS}
sed -i 's/^FirewallBackend=.*/FirewallBackend=%s/' /etc/firewalld/firewalld.conf
firewall-offline-cmd --zone=trusted --add-interface=eth0 --add-interface=eth1
setsid firewalld --nofork --nopid >/run/firewalld.log 2>&1 </dev/null &
echo $! >/run/firewalld.id
until firewall-cmd --state; do sleep 0.1; kill -0 $(cat /run/firewalld.id); done
"""
STOP = "kill $(cat /run/%s.id); tail -s 0.1 -f /dev/null --pid $(cat /run/%s.id)"
STOP_FIREWALLD = STOP.replace("%s", "firewalld")
DOCKERD = """
setsid dockerd --storage-driver=vfs --data-root=/run/docker/data --exec-root=/run/docker/exec \\
    -H unix:///run/docker.sock >>/run/docker.log 2>&1 </dev/null &
echo $! >/run/docker.id
until docker -H unix:///run/docker.sock network ls; do
    sleep 0.1
    kill -0 $(cat /run/docker.id)
done
iptables -w -I DOCKER-USER -j ACCEPT
"""
NFTABLES = """
printf '#!/usr/sbin/nft -f\\nflush ruleset\\ntable inet filter {\\n
    chain forward { type filter hook forward priority 0; policy accept; counter; }\\n}\\n' \\
    >/etc/nftables.conf
nft -f /etc/nftables.conf
"""
FIREWALLS = {
    "ufw": Firewall("ufw default allow routed; ufw --force enable", "ufw reload", "ufw disable"),
    "firewalld": Firewall(FIREWALLD % "nftables", "firewall-cmd --reload", STOP_FIREWALLD, STEPS),
    "firewalld with iptables": Firewall(FIREWALLD % "iptables", "firewall-cmd --complete-reload",
                                        STOP_FIREWALLD, STEPS),
    "docker": Firewall(DOCKERD, STOP.replace("%s", "docker") + DOCKERD,
                       STOP.replace("%s", "docker")),
    # As Debian's unit has it: its start, its reload and its stop begin with a flush.
    "nftables": Firewall(NFTABLES, "nft -f /etc/nftables.conf", "nft flush ruleset", STEPS),
}


# Less what changes by itself, what is ours, and what iptables leaves of a table that was made.
LESS = (r"counter packets \d+ bytes \d+", r"\ntable inet mssclamp \{.*?\n\}",
        r"[^\n]*(MSSCLAMP|nfnetlink)[^\n]*\n",
        r"\tchain [A-Z]+ \{\n\t\ttype [^\n]* policy accept;\n\t\}\n", r"table \w+ \w+ \{\s*\}\n")


def theirs(gateway):
    """All rules but ours."""
    text = "\n" + gateway.server.shell("nft list ruleset; iptables -S; iptables -t nat -S")
    for pattern in LESS:
        text = re.sub(pattern, "", text, flags=re.S)
    return [line for line in text.splitlines() if line]


@pytest.mark.parametrize("name", FIREWALLS)
def test_it_comes_reloads_and_goes(gateway, start, name):
    firewall = FIREWALLS[name]
    daemon = start()
    gateway.clamps()
    gateway.server.shell("nft add table inet bystander")
    for step in STEPS:
        before = daemon.repairs()
        gateway.server.shell(getattr(firewall, step), seconds=60)
        if step in firewall.flushes:
            until(lambda n=before: daemon.repairs() > n, f"the repair after {step}", HEALED)
        gateway.clamps()
        assert step in firewall.flushes or daemon.repairs() == before, step
        until(lambda: daemon.json("rules", code=None)["state"] == "ok", f"rules after {step}")
        assert daemon.json("status")["state"] == "running"
        # What a table of ours in nftables would go through.
        assert ("bystander" in gateway.server.shell("nft list tables")) == (name != "nftables")


@pytest.mark.parametrize("name", FIREWALLS)
def test_it_was_there_first(gateway, start, name):
    """Its rules stay as they were, and are that also after ours have gone."""
    firewall = FIREWALLS[name]
    gateway.server.shell(firewall.start, seconds=60)
    before = theirs(gateway)
    daemon = start()
    gateway.clamps()
    daemon.stop()
    daemon("rules", "--remove")
    assert theirs(gateway) == before
    assert gateway.mss()[1] == 1460
    gateway.server.shell(firewall.stop, seconds=60)


class Ends(typing.NamedTuple):
    """What Connects needs of a path."""
    client: object
    server: object


def test_a_flush_by_a_unit_under_load(gateway, start):
    """New connections all the while: none fails, and some are clamped."""
    daemon = start()
    gateway.server.shell(NFTABLES)
    until(lambda: daemon.repairs(), "the first repair", HEALED)
    with Connects(Ends(gateway.lan, gateway.client), LIMITS[4] + HEADERS, 200,
                  "203.0.113.2") as connects:
        for _ in range(5):
            before = daemon.repairs()
            gateway.server.shell("nft -f /etc/nftables.conf")
            until(lambda n=before: daemon.repairs() > n, "the repair", HEALED)
    print(f"\n{connects}")
    assert connects.client.failed == 0
    assert connects.client.unclamped < connects.client.all
    gateway.clamps()
