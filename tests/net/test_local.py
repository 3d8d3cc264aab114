# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that the gateway itself opens (output) or takes (input)."""

import packets
import pytest
import transfer
from netns import until

MODES = ("queue", "mark", "offload")
CONFIG = 'rules = ({ interface = "wan"; mss = 1000; });'
TIMESTAMPS = 12  # what TCP_MAXSEG is below the option, where both ends use timestamps

WAN = {4: "198.51.100.1", 6: "2001:db8:2::1"}


@pytest.fixture
def gateway_server(path, request):
    server = transfer.Server(path.gateway, WAN[request.param])
    yield server
    server.close()


@pytest.mark.parametrize("family", (4, 6))
def test_output_clamps_our_own_syn(path, servers, daemon, family):
    with packets.Capture(path.server, "eth0") as there:
        transfer.connect(path.gateway, servers[family]).close()
        assert there.next().mss == [1000]


@pytest.mark.parametrize("family", (4, 6))
def test_input_clamps_the_answer_to_our_syn(path, servers, daemon, family):
    """Only TCP_MAXSEG can show it: nothing captures behind the input hook."""
    with transfer.connect(path.gateway, servers[family]) as client:
        assert client.getsockopt(transfer.socket.IPPROTO_TCP,
                                 transfer.socket.TCP_MAXSEG) == 1000 - TIMESTAMPS


@pytest.mark.parametrize("gateway_server", (4, 6), indirect=True)
def test_input_and_output_where_we_are_the_server(path, daemon, gateway_server):
    """The SYN comes by input, the SYN-ACK leaves by output."""
    with packets.Capture(path.server, "eth0") as there:
        with transfer.connect(path.server, gateway_server):
            assert there.next().mss == [1000]
    until(lambda: gateway_server.mss, "the connection is accepted")
    assert gateway_server.mss == [1000 - TIMESTAMPS]


@pytest.mark.parametrize("hooks, seen", (('"forward"', 0), ('"output"', 1), ('"input"', 1),
                                         ('"output", "input"', 2),
                                         ('"forward", "output", "input"', 2)))
def test_only_the_hooks_of_the_configuration(path, servers, daemon, hooks, seen):
    """The gateway's own connection: its SYN passes output, the SYN-ACK input."""
    daemon.reload(f"{CONFIG} hooks = [ {hooks} ];")
    assert transfer.count_once(lambda: daemon.syn("seen"), path.gateway, servers[4],
                               ((path.server, "eth0"), (path.gateway, "wan"))) == seen


def test_the_host_as_a_side_has_no_limit(path, daemon):
    told = daemon.json("explain", f"{path.GATEWAY_WAN4} -> {path.SERVER4}")
    assert told["sides"][0]["inner_mtu_bytes"] is None
    assert told["result"]["mss_bytes"] == 1000
