# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules of the configuration: what each key matches, and that the first match wins."""

import packets
import pytest

# Nothing but rules decides here: a SYN offers 8960, lan allows 1500, wan 1400.
MODES = ("queue", "offload")
OFFER = 8960
LINK4 = 1360

LAN, WAN = 'interface = "lan"; ', 'interface = "wan"; '
SINKS, SINK = 'prefix = "198.18.0.0/15"; ', 'prefix = "198.18.0.1/32"; '

CASES = (
    # name                         rules                                           IPv4  IPv6
    ("none",                       (),                                             1360, 1340),
    ("mss by interface",           (WAN + "mss = 1200;",),                         1200, 1200),
    ("mtu by interface",           (WAN + "mtu = 1300;",),                         1260, 1240),
    ("an interface by glob",       ('interface = "w?n"; mss = 1200;',),            1200, 1200),
    ("another interface",          ('interface = "alt"; mss = 1200;',),            1360, 1340),
    ("the in side too",            (LAN + "mss = 1111;",),                         1111, 1111),
    ("the smaller side wins",      (LAN + "mss = 1111;", WAN + "mss = 1200;"),     1111, 1111),
    ("mss for one family",         (WAN + 'mss = 1200; family = "ipv6";',),        1360, 1200),
    ("mtu for one family",         (WAN + 'mtu = 1300; family = "ipv4";',),        1260, 1340),
    ("prefix beyond the out side", (SINKS + "mss = 1201;",),                       1201, 1340),
    ("prefix beyond the in side",  ('prefix = "192.0.2.2/32"; mss = 1202;',),      1202, 1340),
    ("prefix of IPv6",             ('prefix = "2001:db8:f::/48"; mss = 1203;',),   1360, 1203),
    ("prefix of somebody else",    ('prefix = "198.20.0.0/16"; mss = 1200;',),     1360, 1340),
    ("prefix and interface agree", (WAN + SINKS + "mss = 1200;",),                 1200, 1340),
    ("prefix on the other side",   (LAN + SINKS + "mss = 1200;",),                 1360, 1340),
    ("first match wins",           (SINK + "mss = 1300;", SINKS + "mss = 1200;"),  1300, 1340),
    ("first match, the wide one",  (SINKS + "mss = 1200;", SINK + "mss = 1300;"),  1200, 1340),
    ("larger than the link",       (WAN + "mtu = 1450;",),                         1410, 1390),
    ("ignore one side",            (WAN + "ignore = true;",),                      1460, 1440),
    ("ignore both sides",          ("ignore = true;",),                            8960, 8960),
    ("ignore before a limit",      (SINKS + "ignore = true;", WAN + "mss = 1200;"), 1460, 1200),
    ("no key but the value",       ("mss = 1000;",),                               1000, 1000),
    ("smallest mss",               ("mss = 88;",),                                   88,   88),
    ("smallest mtu",               ('mtu = 128; family = "ipv4";',),                 88, 1340),
    ("largest mss",                ("mss = 65495;",),                              8960, 8960),
)

MARKED = 'rules = ({ mark = "0x1/0xff"; mss = 1234; }, { mark = "0x200"; mss = 1235; });'
MARKS = (
    # mark    left
    (0x0,     LINK4),
    (0x1,     1234),
    (0x101,   1234),   # the mask looks at the low byte alone
    (0x2,     LINK4),
    (0x200,   1235),
    (0x201,   1234),
    (0x202,   LINK4),  # without a mask every bit counts
)


@pytest.fixture(scope="module")
def flow(path, inject):
    """Sends one SYN of each family through the gateway; returns the MSS they left with."""
    def send():
        with packets.Capture(path.server, "eth0") as there:
            for source, target in ((path.CLIENT4, path.SINK4), (path.CLIENT6, path.SINK6)):
                inject(packets.syn(source, target, options=packets.mss(OFFER)))
            seen = {packet.version: packet.mss[0] for packet in there.take(2)}
        return seen.get(4), seen.get(6)
    return send


@pytest.mark.parametrize("rules, mss4, mss6", [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])
def test_rule(daemon, flow, path, rules, mss4, mss6):
    daemon.reload("rules = ( " + ", ".join(f"{{ {rule} }}" for rule in rules) + " );")
    assert flow() == (mss4, mss6)
    told = daemon.json("explain", path.CLIENT4, path.SINK4)["result"]["mss_bytes"]
    assert told is None or min(told, OFFER) == mss4


@pytest.mark.parametrize("mark, left", MARKS)
def test_mark(daemon, flow, path, mark, left):
    """The mark of the SYN, as the prerouting chain of somebody else set it."""
    daemon.reload(MARKED)
    rule = ("PREROUTING", "-i", "lan", "-j", "MARK", "--set-mark", hex(mark))
    path.gateway.run("iptables", "-t", "mangle", "-A", *rule)
    try:
        assert flow()[0] == left
    finally:
        path.gateway.run("iptables", "-t", "mangle", "-D", *rule)
    told = daemon.json("explain", path.CLIENT4, path.SINK4, "--mark", hex(mark))
    assert told["result"]["mss_bytes"] == left


def test_explain_names_the_rule(daemon, path):
    daemon.reload("""rules = ( { interface = "alt"; mss = 99; },
                               { interface = "wan"; mss = 1200; } );""")
    result = daemon.json("explain", path.CLIENT4, path.SINK4)["result"]
    assert "wan" in result["rule"]
    assert result["mss_bytes"] == 1200


@pytest.mark.worker
def test_no_limit_is_counted(daemon, flow):
    daemon.reload("rules = ( { ignore = true; } );")
    before = daemon.stats()
    flow()
    after = daemon.stats()
    for family in ("ipv4", "ipv6"):
        assert after[family]["no_limit_total"] == before[family]["no_limit_total"] + 1


def test_already_small_is_counted(daemon, path, inject, arrivals):
    daemon.reload("")
    before = daemon.syn("already_small")
    inject(packets.syn(path.CLIENT4, path.SINK4, options=packets.mss(LINK4)))
    assert arrivals.next().mss == [LINK4]
    assert daemon.syn("already_small") == before + 1
