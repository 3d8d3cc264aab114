# SPDX-License-Identifier: GPL-2.0-or-later
"""One path a module (client - gateway - server), and daemons in its gateway."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import many  # noqa: E402
import netns  # noqa: E402
import packets  # noqa: E402
import transfer  # noqa: E402
from daemon import Daemon  # noqa: E402
from fixtures import inject, path  # noqa: E402, F401


def pytest_configure(config):
    config.addinivalue_line("markers", "worker: about what mssclampd itself has seen of a SYN, which "
                            "in mode offload it does not")


def pytest_collection_modifyitems(config, items):
    """What mssclampd does not see it cannot tell."""
    out = [item for item in items if item.get_closest_marker("worker") and
           hasattr(item, "callspec") and item.callspec.params.get("mode") == "offload"]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


def pytest_generate_tests(metafunc):
    """A module with MODES runs what needs a daemon once in each of them."""
    modes = getattr(metafunc.module, "MODES", None)
    if modes and {"daemon", "start"} & set(metafunc.fixturenames):
        metafunc.parametrize("mode", modes, indirect=True, scope="module")


@pytest.fixture(scope="session", autouse=True)
def own_wireguards():
    """Sockets of WireGuard in user space are the run's own: another one beside it, of a build with
    a sanitizer, has devices of the same names."""
    netns.own_folder(many.FOLDER)


@pytest.fixture(scope="module")
def mode(request):
    return getattr(request, "param", "queue")


@pytest.fixture(scope="module")
def servers(path):
    """Real servers, by family."""
    servers = {4: transfer.Server(path.server, path.SERVER4),
               6: transfer.Server(path.server, path.SERVER6)}
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture(scope="module")
def daemon(path, request, mode):
    """One mssclampd for the whole module, with the module's CONFIG."""
    with Daemon(path.gateway, getattr(request.module, "CONFIG", ""), mode=mode) as running:
        assert running.json("status")["mode"] == mode or "MODES" not in vars(request.module)
        yield running


@pytest.fixture
def start(path, mode):
    """Starts daemons in the gateway; they end with the test."""
    started = []

    def start_one(config="", **more):
        started.append(Daemon(path.gateway, config, **{"mode": mode, **more}))
        return started[-1]

    yield start_one
    for one in reversed(started):
        one.close()


@pytest.fixture
def arrivals(path):
    """SYNs as they arrive at the server."""
    with packets.Capture(path.server, "eth0") as capture:
        yield capture


@pytest.fixture
def handshake(path, servers):
    """Connects for real; returns the MSS options of the SYN at the server and of the SYN-ACK at
    the client."""
    def connect(family=4, server=None, interface="eth0"):
        with (packets.Capture(path.server, interface) as there,
              packets.Capture(path.client, "eth0") as here):
            transfer.connect(path.client, server or servers[family]).close()
            return there.next().mss, here.next().mss
    return connect


@pytest.fixture
def left(path, inject, arrivals):
    """Sends one SYN of a family to its sink; returns the MSS it left with."""
    def send(version=4, seconds=5.0):
        ends = {4: (path.CLIENT4, path.SINK4), 6: (path.CLIENT6, path.SINK6)}[version]
        inject(packets.syn(*ends))
        return arrivals.next(seconds).mss[0]
    return send
