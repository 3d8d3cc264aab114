# SPDX-License-Identifier: GPL-2.0-or-later
"""SYNs with much data: a jumbo frame is clamped, and what is larger than a worker's buffer is never
sent back from a copy that was cut short."""

import packets
import pytest
from packets import NOP, mss

MODES = ("queue", "offload")
CONFIG = 'rules = ({ interface = "wan"; mss = 1360; });'


@pytest.fixture(scope="module", autouse=True)
def large_links(path):
    for namespace, names in ((path.client, ("eth0",)), (path.gateway, ("lan", "wan")),
                             (path.server, ("eth0",))):
        for name in names:
            namespace.ip(f"link set {name} mtu 30000")


@pytest.mark.parametrize("options", (mss(1460), NOP + mss(1460)), ids=("even", "odd"))
@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("size, result", ((1500, "clamped"), (9000, "clamped"),
                                          (20000, "truncated_copy"), (29999, "truncated_copy")))
def test_size(daemon, path, inject, arrivals, version, size, result, options):
    source, target = {4: (path.CLIENT4, path.SINK4), 6: (path.CLIENT6, path.SINK6)}[version]
    empty = packets.syn(source, target, options=options)
    sent = packets.Seen(packets.syn(source, target, options=options,
                                    data=bytes(size - len(empty))))
    before, taken = daemon.syn(result, f"ipv{version}"), daemon.taken()
    inject(sent.ip)
    got = arrivals.next()
    assert len(got.ip) == size
    took = daemon.taken() > taken  # the kernel looks at no copy that could be too short
    assert got.checksum_error == 0
    assert got.mss == [1360 if result == "clamped" or took else 1460]
    assert got.data == sent.data
    assert daemon.syn(result, f"ipv{version}") == before + 1
