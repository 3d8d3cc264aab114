# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the shared pieces lie, and a path with iperf3 at its end."""

import pathlib
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("lib", "captures", "guides", "tune")]

import scenes  # noqa: E402
from netns import Path, until  # noqa: E402
from tuning import PORT  # noqa: E402


def listens(namespace):
    return f":{PORT} " in namespace.run("ss", "-Hltn").stdout


@pytest.fixture(name="path", scope="module")
def fixture_path():
    path = Path(wan_mtu=1500)
    server = path.server.popen(["iperf3", "-s", "-p", str(PORT)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        until(lambda: listens(path.server), "iperf3 listens")
        scenes.silence_icmp(path)
        yield path
    finally:
        server.kill()
        server.wait()
        path.close()
