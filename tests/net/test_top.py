# SPDX-License-Identifier: GPL-2.0-or-later
"""`top` beside a daemon that clamps, and the pages of peers that it asks for."""

import json
import threading

import many
import packets
import pytest
from daemon import Daemon, validate
from netns import until

PEERS = 50


@pytest.fixture(scope="module")
def daemon(path):
    wireguard = many.Wireguard(path.gateway, "wgs0", PEERS)
    path.gateway.ip("link set wgs0 up mtu 1420\naddr add 10.64.255.254/10 dev wgs0")
    with Daemon(path.gateway) as running:
        until(lambda: len(running.json("peers", "wgs0")["peers"]) == PEERS, "peers are known", 5)
        yield running
    wireguard.close()


def test_frames(daemon, path, inject):
    """While SYNs pass, a frame has their rate, what is clamped of them, and both MSS."""
    over = threading.Event()

    def send():
        while not over.wait(0.01):
            inject(packets.syn(path.CLIENT4, many.address(3)))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        frames = daemon("--json", "top", "-n", "3", "--every", "0.5").stdout
        def frame():
            text = daemon("top", "--batch", "-n", "1", "--every", "0.5").stdout
            return "1460 -> 1380 |" in text and text
        text = until(frame, "a frame in which SYNs came")
    finally:
        over.set()
        sender.join()
    frames = [json.loads(line) for line in frames.splitlines()]
    for frame in frames:
        validate("top", frame)
    row = max((frame["tunnels"][0] for frame in frames), key=lambda row: row["syn_per_second"])
    assert row["name"] == "wgs0" and row["peers"] == PEERS
    assert 0 < row["clamped_per_second"] == row["syn_per_second"]
    assert (row["mss_before_bytes"], row["mss_after_bytes"]) == (1460, 1380)
    assert "wgs0" in text


@pytest.mark.parametrize("first, most, count", (
    (0, 10, 10), (45, 10, 5), (50, 10, 0), (1000, 1, 0), (0, 0, 0), (0, 1000, 50)))
def test_pages(daemon, first, most, count):
    every = daemon.call("ListPeers", tunnel="wgs0")
    page = daemon.call("ListPeers", tunnel="wgs0", first=first, max=most)
    assert page["peers_total"] == every["peers_total"] == PEERS and len(page["peers"]) == count
    ids = [peer["peer"] for peer in every["peers"]]
    assert [peer["peer"] for peer in page["peers"]] == ids[first:first + most]


def test_no_such_page(daemon):
    assert daemon.call("ListPeers", first=-1)[0] == "InvalidArgument"


def test_rates_of_peers(daemon, path, inject):
    """Whoever sends is told apart, the busiest first; nothing is counted once nobody asks."""
    over = threading.Event()

    def send():
        while not over.wait(0.01):
            for place in (7, 7, 3):
                inject(packets.syn(path.CLIENT4, many.address(place)))

    def busiest():
        """A frame of a second in which both have sent."""
        frame = json.loads(daemon("--json", "top", "-n", "1", "--tunnel", "wgs0").stdout)
        validate("top", frame)
        first, second = frame["peers"][:2]
        return second["syn_per_second"] and first["syn_per_second"] > second["syn_per_second"] and frame

    sender = threading.Thread(target=send)
    sender.start()
    try:
        frame = until(busiest, "both are counted", 20)
    finally:
        over.set()
        sender.join()
    first, second, *others = frame["peers"]
    assert [first["peer"], second["peer"]] == [many.peer_id(7), many.peer_id(3)]
    assert first["clamped_per_second"] == first["syn_per_second"]
    assert (first["mss_before_bytes"], first["mss_after_bytes"]) == (1460, 1380)
    assert len(others) == PEERS - 2
    assert all(other["syn_per_second"] == 0 and other["mss_before_bytes"] is None for other in others)
    by_name = daemon.call("ListPeers", tunnel="wgs0", by="name")
    assert by_name["rates"] is None and by_name["uncounted_per_second"] is None
    labels = [peer["name"] or peer["peer"] for peer in by_name["peers"]]
    assert labels == sorted(labels, key=str.encode)
    turned = daemon.call("ListPeers", tunnel="wgs0", by="name", reverse=True, max=3)
    assert [peer["peer"] for peer in turned["peers"]] == [peer["peer"] for peer in by_name["peers"]][:-4:-1]


@pytest.mark.parametrize("wrong", ({"count_seconds": -1}, {"count_seconds": 10.5}, {"by": "colour"}))
def test_wrong_questions(daemon, wrong):
    assert daemon.call("ListPeers", **wrong)[0] in ("InvalidArgument", "InvalidParameter")
