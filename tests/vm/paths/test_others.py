# SPDX-License-Identifier: GPL-2.0-or-later
"""What others make of WireGuard across a hop of 1433 bytes that swallows ICMP errors and fragments:
the laboratory is worth something only where they fail."""

import kinds
import pytest
from hole import ARRIVES, Hole

HOP = 1433
DROPPED = "fragments and errors"
EXACT = 1320  # 1433 - IPv4 20 - UDP 8 - WireGuard 32 = 1373, down to 16: 1360; - IPv4 20 - TCP 20

TCPMSS = "iptables -w -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS"
NFT = ("nft add table inet other",
       "nft add chain inet other forward { type filter hook forward priority -150 ; }",
       "nft add rule inet other forward tcp flags & (syn|rst) == syn tcp option maxseg size set ")

OTHERS = [
    # name, commands, hangs
    ("nothing", (), True),
    ("iptables, by path MTU", (f"{TCPMSS} --clamp-mss-to-pmtu",), True),
    ("iptables, 1400", (f"{TCPMSS} --set-mss 1400",), True),
    (f"iptables, {EXACT + 1}", (f"{TCPMSS} --set-mss {EXACT + 1}",), True),
    (f"iptables, {EXACT}", (f"{TCPMSS} --set-mss {EXACT}",), False),
    ("nft, rt mtu", (*NFT[:2], NFT[2] + "rt mtu"), True),
]


@pytest.fixture(scope="module")
def lab():
    with Hole(kinds.wireguard()) as lab:
        lab.narrow(HOP)
        lab.drop(DROPPED)
        yield lab


@pytest.mark.parametrize("name, commands, hangs", OTHERS, ids=[row[0] for row in OTHERS])
def test_what_others_do(lab, record, name, commands, hangs):
    with lab.clamped(*commands):
        if hangs:
            assert lab.stalls(4)
            record(name, DROPPED, HOP, "-", "-", "-", "hangs")
            return
        options, took = lab.arrives(4)
        assert options == ([EXACT], [EXACT])
        record(name, DROPPED, HOP, "-", EXACT, "-", f"{took:.1f}")


def test_the_hop_itself(lab):
    """It takes the largest packet that fits, and not one byte more."""
    assert lab.passes(4, EXACT + 40, ARRIVES)
    assert not lab.passes(4, EXACT + 41)
