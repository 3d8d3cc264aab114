# SPDX-License-Identifier: GPL-2.0-or-later
"""MTU metrics of routes: the longest prefix among the routes of all tables on that interface."""

import packets
import pytest
from netns import until

pytestmark = pytest.mark.usefixtures("daemon")

VIA = {4: "via 198.51.100.2 dev wan", 6: "via 2001:db8:2::2 dev wan"}

CASES = (
    # name                         family  routes: prefix, what follows                      MSS
    ("no metric: the link",             4, (("198.18.0.0/16", ""),),                         1360),
    ("a metric",                        4, (("198.18.0.0/16", "mtu 1300"),),                 1260),
    ("a metric of IPv6",                6, (("2001:db8:f::/64", "mtu 1300"),),               1240),
    ("locked counts as well",           4, (("198.18.0.0/16", "mtu lock 1280"),),            1240),
    ("larger than the link",            4, (("198.18.0.0/16", "mtu 1450"),),                 1360),
    ("the longest prefix",              4, (("198.18.0.0/16", "mtu 1300"),
                                            ("198.18.0.1/32", "mtu 1350")),                  1310),
    ("a longer one without hides",      4, (("198.18.0.0/16", "mtu 1300"),
                                            ("198.18.0.0/24", "")),                          1360),
    ("a longer one without, IPv6",      6, (("2001:db8:f::/64", "mtu 1300"),
                                            ("2001:db8:f::1/128", "")),                      1340),
    ("equal prefixes: the smallest",    4, (("198.18.0.0/16", "mtu 1300"),
                                            ("198.18.0.0/16", "mtu 1250 metric 7")),         1210),
    ("equal ones of two tables",        4, (("198.18.0.0/16", "mtu 1300"),
                                            ("198.18.0.0/16", "mtu 1200 table 77")),         1160),
    ("another table alone",             4, (("198.18.0.0/16", "mtu 1234 table 77"),),        1194),
    ("another table, IPv6",             6, (("2001:db8:f::/64", "mtu 1290 table 77"),),      1230),
    ("somebody else's prefix",          4, (("198.19.0.0/16", "mtu 1200"),),                 1360),
    ("a default route's",               4, (("default", "mtu 1222"),),                       1360),
)


@pytest.fixture
def routes(path):
    """Adds routes by wan, and removes them with the test."""
    added = []

    def add(family, prefix, more, via=None):
        command = f"-{family} route %s {prefix} {via or VIA[family]} {more}"
        path.gateway.run("ip", *(command % "add").split())
        added.append(command % "del")

    yield add
    for command in reversed(added):
        path.gateway.run("ip", *command.split(), check=False)


@pytest.mark.parametrize("family, added, mss", [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])
def test_route(left, routes, family, added, mss):
    """Each change takes effect within a second, without a word to the daemon."""
    for prefix, more in added:
        routes(family, prefix, more)
    until(lambda: left(family) == mss, f"an MSS of {mss}", 1)


def test_metric_holds_for_the_in_side_too(path, inject, arrivals, routes):
    """Limits what comes back to the client: its route is one of lan."""
    routes(4, "203.0.113.7/32", "mtu 1177", via="via 192.0.2.2 dev lan")

    def left():
        inject(packets.syn(path.OTHER_CLIENT4, path.SINK4))
        return arrivals.next().mss[0]
    until(lambda: left() == 1137, "an MSS of 1137", 1)


def test_removed_route_is_forgotten(path, inject, arrivals):
    path.gateway.ip("route add 198.18.7.0/24 via 198.51.100.2 dev wan mtu 1111")

    def left():
        inject(packets.syn(path.CLIENT4, "198.18.7.1"))
        return arrivals.next().mss[0]
    until(lambda: left() == 1071, "the metric is seen", 1)
    path.gateway.ip("route del 198.18.7.0/24")
    until(lambda: left() == 1360, "the metric is forgotten", 1)


def test_multipath_counts_for_each_hop(path, inject, arrivals):
    path.gateway.run("ip", "route", "add", "198.18.8.0/24", "mtu", "1212",
                     "nexthop", "via", "198.51.100.2", "dev", "wan",
                     "nexthop", "via", "10.9.0.2", "dev", "alt")
    try:
        with packets.Capture(path.server, "eth1") as other:
            def left():
                inject(packets.syn(path.CLIENT4, "198.18.8.1"))
                return (arrivals if arrivals_first else other).next().mss[0]
            arrivals_first = by_wan(path)
            until(lambda: left() == 1172, "the metric on the hop that is taken", 1)
    finally:
        path.gateway.ip("route del 198.18.8.0/24")


def by_wan(path):
    """Which of the two hops the kernel takes for that flow."""
    done = path.gateway.run("ip", "route", "get", "198.18.8.1", "from", path.CLIENT4, "iif", "lan")
    return " dev wan " in done.stdout


def test_explain_names_the_route(daemon, path, routes):
    routes(4, "198.18.0.0/16", "mtu 1300")

    def told():
        answer = daemon.json("explain", path.CLIENT4, path.SINK4)
        return answer if answer["result"]["mtu_bytes"] == 1300 else None
    steps = until(told, "explain knows the route", 1)["sides"][1]["steps"]
    assert any("198.18.0.0/16" in f'{step["what"]} {step["source"]}' for step in steps), steps


def test_nexthop_object_alone(path, left):
    """A route that names only an object, as kernels tell it without the compatibility mode."""
    path.gateway.sysctl("ipv4/nexthop_compat_mode", 0)
    path.gateway.ip("nexthop add id 77 via 198.51.100.2 dev wan\n"
                    "route add 198.18.0.0/16 nhid 77 mtu 1280")
    try:
        until(lambda: left() == 1240, "the metric behind the object", 1)
    finally:
        path.gateway.ip("route del 198.18.0.0/16\nnexthop del id 77")
        path.gateway.sysctl("ipv4/nexthop_compat_mode", 1)
    until(lambda: left() == 1360, "the metric is forgotten", 1)
