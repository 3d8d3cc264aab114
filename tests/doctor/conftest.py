# SPDX-License-Identifier: GPL-2.0-or-later
"""client - gateway - server as in tests/net, and mssclampd in the gateway."""

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "guides")]

import netns  # noqa: E402
import packets  # noqa: E402
from daemon import Daemon  # noqa: E402


@pytest.fixture(scope="module")
def path():
    """The namespaces; rules and routes that a test adds are its own to remove."""
    path = netns.Path()
    yield path
    path.close()


@pytest.fixture(scope="module")
def daemon(path):
    """One mssclampd for the whole module."""
    with Daemon(path.gateway) as running:
        yield running


@pytest.fixture
def inject(path):
    """Puts crafted packets on the wire from the client towards the gateway."""
    injector = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    yield injector.send
    injector.close()
