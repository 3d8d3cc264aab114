# SPDX-License-Identifier: GPL-2.0-or-later
"""client - gateway - server as in tests/net, and mssclampd in the gateway."""

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "guides")]

from daemon import Daemon  # noqa: E402
from fixtures import inject, path  # noqa: E402, F401


@pytest.fixture(scope="module")
def daemon(path):
    """One mssclampd for the whole module."""
    with Daemon(path.gateway) as running:
        yield running
