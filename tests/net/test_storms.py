# SPDX-License-Identifier: GPL-2.0-or-later
"""A thousand connects a second while everything happens to the daemon: none fails, and unclamped are
those alone that doc/reliability.md names."""

import time

import pytest
from connects import Connects
from netns import SLOW, until
from supervisor import Supervised

LIMIT = 1360
SWIFT = 0.4  # seconds: two that take no longer are over before TCP asks again, which it does after one
PAUSE = 0.1  # seconds between two blows
A_SECOND = 1000  # connects


@pytest.fixture(scope="module")
def daemon(path):
    with Supervised(path.gateway) as daemon:
        yield daemon


def flush(daemon):
    """Our rules that send SYNs to the queues; the kernel's own clamp stays, and acts."""
    for tool in ("iptables-nft", "ip6tables-nft"):
        daemon.namespace.run(tool, "-t", "mangle", "-F")


def flush_all(daemon):
    """Every table of the namespace."""
    daemon.namespace.run("nft", "flush", "ruleset")


def kill(daemon):
    daemon.process.kill()
    daemon.again()


def stop(daemon):
    daemon.process.terminate()
    daemon.again()


def reload(daemon):
    daemon("reload")


def nothing(_):
    """So that what follows has something to be compared with."""


STORMS = {
    # what      times  unclamped at either end, at most, of all
    "nothing":  (nothing, 20, 0),
    "kill -9":  (kill, 20, 0),  # what was being answered is clamped by the kernel
    "restart":  (stop, 20, 0),  # so is what comes until it is back
    "reload":   (reload, 50, 0),
    "flush of mangle":      (flush, 10, 0.75),     # until it is heard of
    "flush of the ruleset": (flush_all, 10, 0.9),  # until the switch is back
}


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("what", STORMS)
def test_storm(path, daemon, what, family):
    blow, times, unclamped = STORMS[what]
    limit = LIMIT if family == 4 else LIMIT - 20
    address = path.SERVER4 if family == 4 else path.SERVER6
    with Connects(path, limit, address=address) as connects:
        took = []
        for _ in range(times):
            begin = time.monotonic()
            blow(daemon)
            time.sleep(PAUSE)
            took.append(time.monotonic() - begin - PAUSE)  # with what the machine stood still
    both = connects.client.unclamped + connects.server.unclamped
    print(f"\n{times} x {what}, IPv{family}, at most {max(took):.2f} s: {connects}")
    assert connects.client.all > times * PAUSE * 500
    assert connects.client.failed == 0
    # With a base chain the kernel drops what waits in queues.
    slow = sum(seconds for seconds in took if seconds > SWIFT)
    assert connects.client.retried <= A_SECOND * slow or SLOW > 2 or blow is flush_all
    assert both <= unclamped * 2 * connects.client.all or (SLOW > 2 and unclamped)
    until(lambda: daemon.json("status", code=None)["state"] == "running", "all is well again", 10)
    with Connects(path, limit, address=address) as afterwards:
        time.sleep(0.5)
    assert afterwards.client.all > 0 and afterwards.client.failed == 0
    assert afterwards.client.unclamped == afterwards.server.unclamped == 0
