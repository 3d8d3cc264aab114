# SPDX-License-Identifier: GPL-2.0-or-later
"""Audit mode changes nothing, and counts what it would do."""

import packets
import pytest
import transfer
from packets import NOP, mss

CONFIG = 'mode = "audit"; insert_missing = true;'


@pytest.mark.parametrize("options, result", ((mss(1460), "clamped"), (NOP + mss(8960), "clamped"),
                                             (mss(1000), "already_small"), (b"", "inserted")))
def test_nothing_changes_and_is_counted(daemon, path, inject, arrivals, options, result):
    sent = packets.Seen(packets.syn(path.CLIENT4, path.SINK4, options=options))
    before = daemon.syn(result)
    inject(sent.ip)
    assert arrivals.next().tcp == sent.tcp
    assert daemon.syn(result) == before + 1


@pytest.mark.parametrize("family, offered", ((4, 1460), (6, 1440)))
def test_real_connections_keep_their_mss(daemon, handshake, family, offered):
    assert handshake(family) == ([offered], [offered])


@pytest.mark.parametrize("action, result", (("raise", "raised"), ("drop", "dropped")))
def test_tiny_ones_pass_and_are_counted(daemon, path, inject, arrivals, action, result):
    daemon.reload(f'{CONFIG} low_mss = {{ below4 = 500; action = "{action}"; }};')
    try:
        before = daemon.syn(result)
        inject(packets.syn(path.CLIENT4, path.SINK4, options=mss(48)))
        assert arrivals.next().mss == [48]
        assert daemon.syn(result) == before + 1
    finally:
        daemon.reload(CONFIG)


def test_status_names_the_mode(daemon):
    assert daemon.json("status")["mode"] == "audit"
    for args in (["stats"], ["explain", "192.0.2.2", "198.51.100.2"]):
        assert "Audit mode: nothing is changed" in daemon(*args).stdout


def test_reload_leaves_audit_mode(daemon, handshake):
    daemon.reload('mode = "queue";')
    try:
        assert handshake() == ([1360], [1360])
    finally:
        daemon.reload(CONFIG)
    assert handshake() == ([1460], [1460])


def test_bytes_arrive(daemon, path, servers):
    """Without an ICMP filter path MTU discovery does its work beside us."""
    assert transfer.download(path.client, servers[4], 100_000) == transfer.expected(100_000)
