# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of several folders; a conftest.py imports those that its tests name."""

import netns
import packets
import pytest

RESULTS = []  # what the tests of a run have recorded; a table of it ends the run


def new_path():
    """client - gateway - server; rules and routes that a test adds are its own to remove."""
    path = netns.Path()
    yield path
    path.close()


path = pytest.fixture(scope="module")(new_path)


@pytest.fixture(scope="module")
def inject(path):
    """Puts crafted packets on the wire from the client towards the gateway."""
    injector = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    yield injector.send
    injector.close()


@pytest.fixture
def record():
    """Takes one row of the table of results."""
    return lambda *row: RESULTS.append(row)
