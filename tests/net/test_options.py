# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP options as they stand in real and odd SYNs, through the whole of kernel and daemon."""

import packets
import pytest
from packets import AO, EOL, MD5, NOP, SACK, mss

MODES = ("queue", "mark", "offload")
pytestmark = pytest.mark.usefixtures("daemon")

TS = b"\x08\x0a" + bytes(range(8))
WSCALE = b"\x03\x03\x07"

CASES = (
    # name                       options                  left with                result
    ("MSS alone",               mss(1460),               mss(1360),               "clamped"),
    ("Linux",                   mss(1460) + SACK + TS + NOP + WSCALE,
     mss(1360) + SACK + TS + NOP + WSCALE, "clamped"),
    ("at offset 1",             NOP + mss(1460),         NOP + mss(1360),         "clamped"),
    ("at offset 2",             2 * NOP + mss(1460),     2 * NOP + mss(1360),     "clamped"),
    ("at offset 3",             WSCALE + mss(1460),      WSCALE + mss(1360),      "clamped"),
    ("two, both too large",     mss(1460) + mss(1440),   mss(1360) + mss(1360),   "clamped"),
    ("two, the last too large", mss(1200) + mss(1460),   mss(1200) + mss(1360),   "clamped"),
    ("two, one at an odd place", mss(1460) + NOP + mss(8960), mss(1360) + NOP + mss(1360),
     "clamped"),
    ("at the limit",            mss(1360),               mss(1360),               "already_small"),
    ("zero",                    mss(0),                  mss(0),                  "already_small"),
    ("none",                    SACK + TS,               SACK + TS,               "no_mss"),
    ("behind the end",          EOL + mss(1460),         EOL + mss(1460),         "no_mss"),
    ("length 3",                b"\x02\x03\x05",         b"\x02\x03\x05",         "no_mss"),
    ("length 3, then a good one", b"\x02\x03\x05" + mss(1460), b"\x02\x03\x05" + mss(1360),
     "clamped"),
    ("behind a broken one",     b"\x1e\x00" + mss(1460), b"\x1e\x00" + mss(1460),
     "malformed_option"),
    ("before a broken one",     mss(1460) + b"\x1e\x28", mss(1360) + b"\x1e\x28", "clamped"),
    ("beside TCP-AO",           mss(1460) + AO,          mss(1460) + AO,          "tcp_ao"),
    ("TCP-AO first",            AO + mss(1460),          AO + mss(1460),          "tcp_ao"),
    ("beside TCP-MD5",          mss(1460) + MD5,         mss(1360) + MD5,         "clamped"),
    ("forty bytes of NOP",      40 * NOP,                40 * NOP,                "no_mss"),
)


def result_of(before, after, family):
    """The one result that a single SYN was counted as."""
    def flat(counts):
        numbers = {k[:-6]: v for k, v in counts.items()
                   if k not in ("left_alone", "left_alone_total", "seen_total")}
        return {**numbers, **counts["left_alone"]}
    old, new = flat(before[family]), flat(after[family])
    assert after[family]["seen_total"] == before[family]["seen_total"] + 1
    changed = [name for name in new if new[name] != old.get(name, 0)]
    assert len(changed) == 1, changed
    return changed[0]


@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("options, left, result", [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])
def test_options(daemon, path, inject, arrivals, version, options, left, result):
    source, target = {4: (path.CLIENT4, path.SINK4), 6: (path.CLIENT6, path.SINK6)}[version]
    if version == 6:  # the same rows with the limit of IPv6
        options, left = (part.replace(mss(1360), mss(1340)) for part in (options, left))
    sent = packets.syn(source, target, options=options)
    before, taken = daemon.stats(), daemon.taken()
    inject(sent)
    got = arrivals.next()
    assert got.options[:len(left)] == left
    assert got.checksum_error == 0
    # All but options and checksum is as it was (the gateway lowered TTL or hop limit).
    head = packets.Seen(sent)
    assert got.tcp[:16] + got.tcp[18:20] == head.tcp[:16] + head.tcp[18:20]
    assert got.data == head.data
    if daemon.taken() == taken + 1:  # by the kernel, which does not count what it did
        assert result in ("clamped", "already_small")
        assert daemon.stats()["syn"] == before["syn"]
    else:
        assert result_of(before, daemon.stats(), f"ipv{version}") == result


def test_payload_of_fast_open_passes_unharmed(path, inject, arrivals):
    data = bytes(range(256)) * 4
    cookie = b"\x22\x0a" + bytes(8)
    inject(packets.syn(path.CLIENT4, path.SINK4, options=mss(1460) + cookie, data=data))
    got = arrivals.next()
    assert (got.mss, got.data, got.checksum_error) == ([1360], data, 0)


def test_data_of_odd_length(path, inject, arrivals):
    inject(packets.syn(path.CLIENT6, path.SINK6, data=b"odd"))
    got = arrivals.next()
    assert (got.mss, got.data, got.checksum_error) == ([1340], b"odd", 0)


@pytest.mark.parametrize("wrong_by", (1, 0x100, 0x1234, 0xfffe))
@pytest.mark.parametrize("options", (mss(1460), NOP + mss(1460)), ids=("even", "odd"))
def test_wrong_checksum_stays_as_wrong(path, inject, arrivals, options, wrong_by):
    sent = packets.syn(path.CLIENT4, path.SINK4, options=options, wrong_by=wrong_by)
    inject(sent)
    got = arrivals.next()
    assert 1360 in got.mss
    assert got.checksum_error == packets.Seen(sent).checksum_error != 0


@pytest.mark.parametrize("flags, clamped", ((packets.SYN, True), (packets.SYN | packets.ACK, True),
                                            (packets.SYN | 0xc0, True),  # ECN set-up
                                            (packets.SYN | packets.RST, False),
                                            (packets.SYN | packets.FIN, False),
                                            (packets.ACK, False)))
def test_which_flags_make_a_syn(path, inject, flags, clamped):
    with packets.Capture(path.server, "eth0", match=lambda p: p.sport == 4711) as there:
        inject(packets.syn(path.CLIENT4, path.SINK4, flags=flags, sport=4711))
        assert there.next().mss == [1360 if clamped else 1460]


@pytest.mark.parametrize("clamper", ("tcpmss", "mssclampd"))
def test_a_real_server_and_an_odd_offset(path, servers, daemon, inject, clamper):
    """The kernel's own clamper breaks the checksum of such a SYN, and a server stays silent."""
    daemon.reload('hooks = [ "output" ];' if clamper == "tcpmss" else "")
    rule = ("FORWARD", "-i", "lan", "-p", "tcp", "--syn", "-j", "TCPMSS", "--set-mss", "1300")
    if clamper == "tcpmss":
        path.gateway.run("iptables", "-t", "mangle", "-A", *rule)
    try:
        with packets.Capture(path.client, "eth0") as answers:
            for options in (mss(1460), NOP + mss(1460)):
                sport = 4700 + len(options) % 4
                inject(packets.syn(path.CLIENT4, path.SERVER4, dport=servers[4].port,
                                   options=options, sport=sport))
            seconds = 0.5 if clamper == "tcpmss" else 5  # for the second
            ports = sorted(answer.dport for answer in answers.take(1) + answers.take(1, seconds))
    finally:
        if clamper == "tcpmss":
            path.gateway.run("iptables", "-t", "mangle", "-D", *rule)
        daemon.reload("")
    assert ports == ([4700] if clamper == "tcpmss" else [4700, 4701])


def test_tcp_ao_is_clamped_where_the_configuration_says_so(daemon, path, inject, arrivals):
    daemon.reload('tcp_ao = "clamp";')
    try:
        before = daemon.syn("clamped")
        inject(packets.syn(path.CLIENT4, path.SINK4, options=AO + mss(1460)))
        got = arrivals.next()
        assert (got.options[:20], got.checksum_error) == (AO + mss(1360), 0)
        assert daemon.syn("clamped") == before + 1
    finally:
        daemon.reload("")


@pytest.mark.worker
def test_histogram_counts_the_values(daemon, path, inject, arrivals):
    def count(side, value):
        rows = daemon.stats()["mss_histogram"][side]
        return sum(row["count"] for row in rows if row["mss_bytes"] == value)
    before, after = count("before", 1453), count("after", 1360)
    inject(packets.syn(path.CLIENT4, path.SINK4, options=mss(1453)))
    arrivals.next()
    assert (count("before", 1453), count("after", 1360)) == (before + 1, after + 1)
