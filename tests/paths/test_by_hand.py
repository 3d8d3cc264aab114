# SPDX-License-Identifier: GPL-2.0-or-later
"""`mssclampctl probe`: by name, address inside and address outside; what it says of the path, and
how it ends. And what `explain` makes of a measured one."""

import re
import time

import pytest
from netns import SLOW
from passages import HEADERS, WIDE, TunnelLab
from passage import Passage

PATH, DROP = 1400, "errors"
SECONDS = 10.0  # for a peer that answers
ROUTERS = (Passage.ROUTERS["b"][0], "10.96.0.1")  # as they name themselves to b


@pytest.fixture(scope="module")
def lab():
    with TunnelLab("openvpn", PATH, DROP, ping=True) as lab:
        yield lab


@pytest.fixture(scope="module")
def daemon(lab):
    daemon = lab.run_daemon()
    daemon.finds(PATH)
    return daemon


TARGETS = {
    "name": lambda lab: "a",
    "inside": lambda lab: lab.inside(4),
    "outside": lambda lab: lab.endpoint,
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_black_hole(lab, daemon, target):
    begin = time.monotonic()
    answer = daemon.json("probe", TARGETS[target](lab), code=1)
    assert time.monotonic() - begin < SECONDS * SLOW
    assert answer["result"] == "black_hole"
    assert answer["path_mtu_bytes"] == PATH
    inner = lab.tunnel.inner(PATH)
    assert (answer["inner_mtu_bytes"], answer["mss4_bytes"], answer["mss6_bytes"]) == (
        inner, inner - HEADERS[4], inner - HEADERS[6])
    assert (answer["tunnel"], answer["name"]) == ("t0", "a")
    outer = [(size["outer_bytes"], size["answered"]) for size in answer["sizes"]]
    assert max(size for size, answered in outer if answered) == PATH
    assert min(size for size, answered in outer if not answered) == PATH + 1
    # Packets of the larger size reach the first router and nothing behind it.
    assert [hop["address"] for hop in answer["hops"]] == [*ROUTERS, lab.endpoint]
    assert answer["narrow_after_ttl"] == 1


def test_the_screen_names_the_hop(daemon):
    text = daemon("probe", "a", code=1).stdout
    assert ROUTERS[0] in text and f"{PATH}" in text, text


def test_a_good_path():
    with TunnelLab("vxlan", ping=True) as lab:
        answer = lab.run_daemon().json("probe", lab.endpoint)
        assert (answer["result"], answer["path_mtu_bytes"]) == ("ok", WIDE)
        assert {hop["how"] for hop in answer["hops"]} == {"answered", "target"}


def test_nobody_by_that_name(daemon):
    assert daemon("probe", "nobody", code=5).stderr


def test_explain_says_how_it_is_known(lab, daemon):
    """The sum starts from the path that was measured, and is right."""
    inner = lab.tunnel.inner(PATH)
    text = daemon("explain", lab.inside(4)).stdout
    assert re.search(rf"outside: probe to the endpoint, \d+ (s|min) ago +{PATH}  probe", text), text
    answer = daemon.json("explain", lab.inside(4))
    assert answer["result"]["mtu_bytes"] == inner
    assert answer["result"]["mss_bytes"] == inner - HEADERS[4]
