# SPDX-License-Identifier: GPL-2.0-or-later
"""SYNs that come a second time, because nobody answered the first."""

import packets
import pytest
from netns import until

CONFIG = "queues = { count = 1; };" # each worker remembers for itself
pytestmark = pytest.mark.usefixtures("daemon")


def retried(daemon):
    return daemon.json("stats")["retried_total"]


def send(path, count, numbers):
    injector = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    for _ in range(count):
        for number in numbers:
            injector.send(packets.syn(path.CLIENT4, path.SINK4, sport=number))
    injector.close()


def test_the_same_syn_again(daemon, path):
    seen, before = daemon.syn("seen"), retried(daemon)
    send(path, 3, range(40000, 40010))
    until(lambda: daemon.syn("seen") == seen + 30, "all SYNs")
    assert retried(daemon) == before + 20
    send(path, 1, range(40010, 40040))
    until(lambda: daemon.syn("seen") == seen + 60, "all the others")
    assert retried(daemon) == before + 20
    assert "Sent again by who got no answer: " in daemon("stats").stdout


def test_a_connect_that_nobody_answers(daemon, path):
    """The kernel of a real client asks again after a second."""
    before = retried(daemon)
    with path.client.socket() as client:
        client.setblocking(False)
        client.connect_ex((path.SINK4, 9))
        until(lambda: retried(daemon) > before, "another SYN", 10)


def talk_to_itself(path):
    """How many SYNs and SYN-ACKs that took."""
    with (packets.Capture(path.gateway, "lo") as there,
          path.gateway.socket() as server, path.gateway.socket() as client):
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
        return len(there.take(9, 0.05))


def test_a_host_that_talks_to_itself_sends_once(daemon, path):
    """Its SYN passes the output and the input hook."""
    for _ in range(3):  # where the machine stands still TCP sends it again
        seen, before = daemon.syn("seen"), retried(daemon)
        came = talk_to_itself(path)
        until(lambda s=seen: daemon.syn("seen") >= s + 4, "SYN and SYN-ACK at both hooks")
        if came == 2:
            break
    assert came == 2 and retried(daemon) == before
