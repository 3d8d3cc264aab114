# SPDX-License-Identifier: GPL-2.0-or-later
"""low_mss: what becomes of a SYN whose MSS is so small that whoever obeys it sends tiny segments."""

import packets
import pytest
import transfer
from netns import SLOW, until
from packets import AO, NOP, mss

MODES = ("queue", "mark", "offload")
RULES = 'rules = ({ prefix = "198.18.9.0/24"; mss = 300; }, { prefix = "2001:db8:f:9::/64"; mss = 300; });'
LOW = {4: 500, 6: 900}
TEMPLATE = f'low_mss = {{ below4 = {LOW[4]}; below6 = {LOW[6]}; action = "%s"; }};\n{RULES}'
CONFIG = TEMPLATE % "raise"
LINK = {4: 1360, 6: 1340}


def ends(path, version, limited=False):
    if version == 4:
        return path.CLIENT4, "198.18.9.9" if limited else path.SINK4
    return path.CLIENT6, "2001:db8:f:9::9" if limited else path.SINK6


@pytest.fixture(scope="module")
def acting(daemon, mode):
    """Reloads to one action."""
    current = []

    def become(action):
        if current != [action]:
            daemon.reload(f'mode = "{mode}";\n' + TEMPLATE % action)
            current[:] = [action]
    return become


def sends(low, link):
    """name, options, limited, what is left of them where it is raised, and the result."""
    return (
        ("tiny", mss(48), False, mss(low), "raised"),
        ("nothing at all", mss(0), False, mss(low), "raised"),
        ("one less", mss(low - 1), False, mss(low), "raised"),
        ("just enough", mss(low), False, mss(low), "already_small"),
        ("large", mss(1460), False, mss(link), "clamped"),
        ("at an odd offset", NOP + mss(48) + 3 * NOP, False, NOP + mss(low) + 3 * NOP, "raised"),
        ("large, then tiny", mss(1460) + mss(48), False, mss(link) + mss(low), "raised"),
        ("tiny, then large", mss(48) + mss(1460), False, mss(low) + mss(link), "raised"),
        ("the limit is smaller", mss(48), True, mss(300), "raised"),
        ("as small as the limit", mss(300), True, mss(300), "already_small"),
        ("larger than the limit", mss(400), True, mss(300), "clamped"),
        ("none", b"", False, b"", "no_mss"),
        ("signed", mss(48) + AO, False, mss(48) + AO, "tcp_ao"),
        ("a broken option behind", mss(48) + b"\x1e\x28" + 2 * NOP, False,
         mss(low) + b"\x1e\x28" + 2 * NOP, "raised"),
    )


NAMES = [row[0] for row in sends(1, 1)]


@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("name", NAMES)
def test_raise(path, daemon, acting, inject, arrivals, name, version):
    acting("raise")
    row = next(row for row in sends(LOW[version], LINK[version]) if row[0] == name)
    _, options, limited, left, result = row
    before = daemon.syn(result)
    inject(packets.syn(*ends(path, version, limited), options=options))
    got = arrivals.next()
    assert got.options == left and got.checksum_error == 0
    assert daemon.syn(result) == before + 1


@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("name", NAMES)
def test_drop(path, daemon, acting, inject, arrivals, name, version):
    """A dropped one does not arrive, and the one after it is not hit."""
    acting("drop")
    row = next(row for row in sends(LOW[version], LINK[version]) if row[0] == name)
    _, options, limited, left, result = row
    dropped = daemon.stats()["syn"]["dropped_total"]
    inject(packets.syn(*ends(path, version, limited), options=options))
    if result != "raised":
        assert arrivals.next().options == left
    inject(packets.syn(*ends(path, version), options=mss(LINK[version]), sport=4321))
    assert arrivals.next().sport == 4321
    until(lambda: daemon.stats()["syn"]["dropped_total"] == dropped + (result == "raised"),
          "it is counted", 1)
    assert arrivals.nothing(0.05)


@pytest.mark.parametrize("version", (4, 6))
def test_pass(path, daemon, acting, inject, arrivals, version):
    acting("pass")
    before = daemon.syn("already_small")
    inject(packets.syn(*ends(path, version), options=mss(48)))
    assert arrivals.next().mss == [48]
    assert daemon.syn("already_small") == before + 1


@pytest.mark.parametrize("family", (4, 6))
def test_a_connection(path, servers, acting, family):
    """A client that asks for 100 bytes is spared that; where it is dropped it cannot connect."""
    kind = transfer.socket.AF_INET if family == 4 else transfer.socket.AF_INET6
    target = (servers[family].address, servers[family].port)
    for action in ("raise", "drop"):
        acting(action)
        with path.client.socket(kind, transfer.socket.SOCK_STREAM) as client:
            client.settimeout(5 * SLOW if action == "raise" else 0.7)
            client.setsockopt(transfer.socket.IPPROTO_TCP, transfer.socket.TCP_MAXSEG, 100)
            with packets.Capture(path.server, "eth0") as there:
                if action == "raise":
                    client.connect(target)
                    assert there.next().mss == [LOW[family]]
                else:
                    with pytest.raises(TimeoutError):
                        client.connect(target)


def test_what_was_dropped_did_not_leave(path, daemon, acting, inject):
    acting("drop")

    def counted(where):
        return sum(row["count"] for row in daemon.stats()["mss_histogram"][where])
    before, after = counted("before"), counted("after")
    inject(packets.syn(path.CLIENT4, path.SINK4, options=mss(77)))
    until(lambda: counted("before") == before + 1, "it is counted", 1)
    assert counted("after") == after
