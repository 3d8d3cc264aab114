# SPDX-License-Identifier: GPL-2.0-or-later
"""insert_missing: an MSS option where a SYN has none."""

import packets
import pytest
from packets import AO, MD5, NOP, SACK, mss

MODES = ("queue", "mark", "offload")
CONFIG = 'insert_missing = true; rules = ({ prefix = "198.18.9.0/24"; mss = 400; });'

CASES = (
    # name                   options                left with                result
    ("no options",           b"",                   mss(536),                "inserted"),
    ("other options",        SACK + 2 * NOP,        mss(536) + SACK + 2 * NOP, "inserted"),
    ("room for just one",    36 * NOP,              mss(536) + 36 * NOP,     "inserted"),
    ("no room",              40 * NOP,              40 * NOP,                "no_mss"),
    ("there is one",         mss(1460),             mss(1360),               "clamped"),
    ("there is a small one", mss(500),              mss(500),                "already_small"),
    ("one of length 3",      b"\2\3\5" + NOP,       b"\2\3\5" + NOP,         "no_mss"),
    ("a signature",          MD5 + 2 * NOP,         MD5 + 2 * NOP,           "no_mss"),
    ("TCP-AO",               AO,                    AO,                      "tcp_ao"),
    ("a broken option",      b"\x1e\x28" + 2 * NOP, b"\x1e\x28" + 2 * NOP,   "malformed_option"),
)
IPV6 = {mss(536): mss(1220), mss(1360): mss(1340)}  # the same rows for the other family


def check(daemon, inject, arrivals, sent, left, result):
    """Sends one SYN, and compares what arrives and what is counted."""
    before = daemon.syn(result)
    inject(sent)
    got, head = arrivals.next(), packets.Seen(sent)
    assert got.options == left
    assert got.checksum_error == 0
    assert got.data == head.data
    assert len(got.ip) == len(sent) + len(left) - len(head.options)
    if got.version == 4:
        assert packets.fold(got.ip[:20]) == 0xffff, "IPv4 header checksum"
    assert daemon.syn(result) == before + 1


@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("options, left, result", [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])
def test_insert(daemon, path, inject, arrivals, version, options, left, result):
    source, target = {4: (path.CLIENT4, path.SINK4), 6: (path.CLIENT6, path.SINK6)}[version]
    if version == 6:
        for old, new in IPV6.items():
            left = left.replace(old, new)
    check(daemon, inject, arrivals, packets.syn(source, target, options=options), left, result)


def test_a_small_limit_is_what_is_inserted(daemon, path, inject, arrivals):
    sent = packets.syn(path.CLIENT4, "198.18.9.9", options=b"")
    check(daemon, inject, arrivals, sent, mss(400), "inserted")


def test_nothing_is_inserted_before_payload(daemon, path, inject, arrivals):
    sent = packets.syn(path.CLIENT4, path.SINK4, options=SACK + 2 * NOP, data=b"x")
    check(daemon, inject, arrivals, sent, SACK + 2 * NOP, "no_mss")
