# SPDX-License-Identifier: GPL-2.0-or-later
"""A thousand connects a second while everything happens to the daemon: none fails, and unclamped are
those alone that doc/reliability.md names."""

import re
import time

import pytest
from connects import Connects
from netns import SLOW
from supervisor import Supervised

LIMIT = 1360
SWIFT = SLOW <= 2  # a start takes less than the second after which TCP asks again
PAUSE = 0.1  # seconds between two blows


@pytest.fixture(scope="module")
def daemon(path):
    with Supervised(path.gateway) as daemon:
        yield daemon


def flush(daemon):
    """Every rule of the namespace, in whatever tool's table."""
    for tool in ("iptables-nft", "ip6tables-nft"):
        daemon.namespace.run(tool, "-t", "mangle", "-F")


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
    # what      times  unclamped
    "nothing":  (nothing, 20, "none"),
    "kill -9":  (kill, 20, "what was being answered"),
    "restart":  (stop, 20, "until it is back"),
    "reload":   (reload, 50, "none"),
    "flush":    (flush, 10, "until it is mended"),
}


def read_and_lost(daemon):
    return sum(map(int, re.findall(r"(\d+) SYNs that the process before", daemon.log())))


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("what", STORMS)
def test_storm(path, daemon, what, family):
    blow, times, unclamped = STORMS[what]
    limit = LIMIT if family == 4 else LIMIT - 20
    before = read_and_lost(daemon)
    address = path.SERVER4 if family == 4 else path.SERVER6
    with Connects(path, limit, address=address) as connects:
        for _ in range(times):
            blow(daemon)
            time.sleep(PAUSE)
    both = connects.client.unclamped + connects.server.unclamped
    print(f"\n{times} x {what}, IPv{family}: {connects}")
    assert connects.client.all > times * PAUSE * 500
    assert connects.client.failed == 0
    assert connects.client.retried == 0 or not SWIFT
    if unclamped == "none":
        assert both == 0
    elif unclamped == "what was being answered":
        assert both == read_and_lost(daemon) - before
    else:
        assert both < 2 * connects.client.all
    assert daemon.json("status")["state"] == "running"
