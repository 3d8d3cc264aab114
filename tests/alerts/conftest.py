# SPDX-License-Identifier: GPL-2.0-or-later
"""client - gateway - server as in tests/net."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import netns  # noqa: E402


@pytest.fixture(scope="module")
def path():
    """The namespaces; what a test adds is its own to remove."""
    path = netns.Path()
    yield path
    path.close()
