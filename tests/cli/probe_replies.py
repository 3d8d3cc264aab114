# SPDX-License-Identifier: GPL-2.0-or-later
"""Replies of Probe: every result, and paths of every shape."""

KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="


def size(side, size_bytes, outer=None, sent=1, answered=1, icmp=None, fragmented=False):
    return {"side": side, "size_bytes": size_bytes, "outer_bytes": outer or size_bytes, "sent": sent,
            "answered": answered, "icmp_mtu_bytes": icmp, "fragmented": fragmented}


def hop(ttl, address=None, mtu=None, how=None):
    return {"ttl": ttl, "address": address, "mtu_bytes": mtu, "how": how or ("answered" if address else "silent")}


def target(ttl, address="192.0.2.44"):
    return hop(ttl, address, how="target")


def probe(result="ok", **changes):
    """A path of 1500 bytes over two routers, of which the second says nothing."""
    return {
        "schema": 1, "finished": result is not None, "target": "carol", "result": result, "tunnel": "wg0",
        "peer": KEY, "name": "carol", "endpoint": "192.0.2.44:51820", "inside_address": "10.8.0.9",
        "path_mtu_bytes": 1500, "old_path_mtu_bytes": 1500, "inner_mtu_bytes": 1420,
        "mss4_bytes": 1380, "mss6_bytes": 1360, "old_mss4_bytes": 1380, "old_mss6_bytes": 1360,
        "sizes": [size("outside", 1200), size("outside", 1500)],
        "answers": {"outside": True, "inside": True}, "methods": {"outside": "ping", "inside": "ping"},
        "fragmented_outside": False, "router": None,
        "hops": [hop(1, "198.51.100.1"), hop(2), target(3)], "narrow_after_ttl": None,
        "interval_seconds": 600, "refused_total": 0, "refused_error": None, "refused_hint": None,
        "duration_seconds": 0.4, **changes}


def black_hole(**changes):
    return probe("black_hole", **{
        "path_mtu_bytes": 1433, "inner_mtu_bytes": 1360, "mss4_bytes": 1320, "mss6_bytes": 1300,
        "sizes": [size("outside", 1200), size("outside", 1500, sent=3, answered=0), size("outside", 1433),
                  size("outside", 1434, sent=3, answered=0), size("inside", 1360, 1420),
                  size("inside", 1376, 1436, sent=3, answered=0)],
        "narrow_after_ttl": 1, "duration_seconds": 6.24, **changes})


def told(**changes):
    return probe("ok", **{
        "path_mtu_bytes": 1400, "inner_mtu_bytes": 1328, "mss4_bytes": 1288, "mss6_bytes": 1268,
        "sizes": [size("outside", 1200), size("outside", 1500, answered=0, icmp=1400), size("outside", 1400)],
        "router": "198.51.100.1", "narrow_after_ttl": 1,
        "hops": [hop(1, "198.51.100.1", 1400), hop(2), target(3)], **changes})


def no_answer(**changes):
    return probe("no_answer", **{
        "path_mtu_bytes": 1500, "sizes": [size("outside", 1200, sent=3, answered=0),
                                          size("inside", 1200, 1260, sent=3, answered=0)],
        "answers": {"outside": False, "inside": False}, "methods": {"outside": "udp", "inside": "udp"},
        "fragmented_outside": None, "hops": [hop(1, "198.51.100.1"), hop(2), hop(3)], **changes})


def not_sent(**changes):
    return no_answer(**{"sizes": [size("outside", 96, sent=0, answered=0), size("inside", 96, 156, sent=2, answered=0)],
                        "answers": {"outside": None, "inside": False}, "hops": [],
                        "refused_total": 4, "refused_error": "No buffer space available",
                        "refused_hint": "the queue of the interface that they leave by is full or drops them: look at "
                                        "\"tc -s qdisc\", and probe again once it has room", **changes})


def limited(**changes):
    return probe("limited_by_icmp", **{
        "path_mtu_bytes": 1400, "inner_mtu_bytes": 1328, "mss4_bytes": 1288, "mss6_bytes": 1268,
        "sizes": [size("outside", 1200, sent=3, answered=0), size("outside", 1500, answered=0, icmp=1400)],
        "answers": {"outside": False, "inside": False}, "methods": {"outside": "udp", "inside": "udp"},
        "fragmented_outside": None, "router": "198.51.100.1", "hops": [hop(1, "198.51.100.1", 1400)], **changes})


def pieces(**changes):
    return probe("ok", **{
        "path_mtu_bytes": 1480, "inner_mtu_bytes": 1408, "mss4_bytes": 1368, "mss6_bytes": 1348,
        "sizes": [size("outside", 1480), size("inside", 1420, 1480, fragmented=True)],
        "fragmented_outside": True, "hops": [], **changes})


def address(**changes):
    """Nobody's endpoint: looked at, and nothing follows."""
    nothing = dict.fromkeys(("tunnel", "peer", "name", "endpoint", "inside_address", "old_path_mtu_bytes",
                             "inner_mtu_bytes", "mss4_bytes", "mss6_bytes", "old_mss4_bytes", "old_mss6_bytes",
                             "interval_seconds"))
    return black_hole(**{**nothing, "target": "203.0.113.9", "answers": {"outside": True, "inside": None},
                         "methods": {"outside": "udp", "inside": None},
                         "sizes": [size("outside", 1500, sent=3, answered=0), size("outside", 1433)], **changes})


RUNNING = probe(None, sizes=[size("outside", 1200), size("outside", 1500, sent=2, answered=0)],
                path_mtu_bytes=None, hops=[], duration_seconds=2.5)


def trial(**changes):
    return {"schema": 1, "interface": None, "peer": "carol", "mss_bytes": 1320, "for_seconds": 600.0,
            "until": "2031-11-25T12:54:01Z", "replaced": False,
            "warnings": [], **changes}


ENDED = trial(mss_bytes=None, for_seconds=None, until=None)
