# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode mark: the verdict tells by bits of the packet mark to what nft lowers the option, and nft
takes the bits off again. Nobody behind our rules sees them, and nobody's own bits are lost."""

import json
import re

import packets
import pytest
import transfer
from netns import SLOW, until
from packets import NOP, mss

CONFIG = 'mode = "mark";'
BITS = 0x00ff0000
# Of two chains with one priority the kernel runs the one that came later first: this one runs
# before ours of mark mode.
BEFORE = """table inet spy {
    chain before { type filter hook forward priority -149;
        meta mark & 0x00ff0000 != 0 tcp flags & (fin|syn|rst) == syn counter comment "used"
    }
    chain behind { type filter hook forward priority 0;
        meta mark & 0x00ff0000 != 0 counter comment "left"
        meta mark 0x5 counter comment "own"
        meta mark 0 counter comment "none"
    }
}
"""


@pytest.fixture(scope="module")
def spy(path, daemon):
    """Counters before and behind our rules: spy(name)."""
    path.gateway.run("nft", "-f", "-", text=BEFORE)

    def read(name):
        listed = path.gateway.run("nft", "list", "table", "inet", "spy").stdout
        return int(re.search(rf'packets (\d+) bytes \d+ comment "{name}"', listed)[1])
    yield read
    path.gateway.run("nft", "delete", "table", "inet", "spy", check=False)


@pytest.fixture
def own_mark(path, request):
    """What comes from the client carries a mark of somebody else."""
    rules = [(program, ("PREROUTING", "-i", "lan", "-j", "MARK", "--set-mark", request.param))
             for program in ("iptables", "ip6tables")]
    for program, rule in rules:
        path.gateway.run(program, "-t", "mangle", "-A", *rule)
    yield request.param
    for program, rule in rules:
        path.gateway.run(program, "-t", "mangle", "-D", *rule)


def test_status_says_so(daemon):
    status = daemon.json("status")
    assert (status["mode"], status["state"], status["warnings"]) == ("mark", "running", [])
    assert "not active" not in daemon.log()


def test_the_mark_is_used_and_taken_off(daemon, spy, left):
    used, none = spy("used"), spy("none")
    assert (left(4), left(6)) == (1360, 1340)
    assert (spy("used"), spy("none"), spy("left")) == (used + 2, none + 2, 0)


def test_what_nft_cannot_do_goes_back_changed(path, daemon, spy, inject, arrivals):
    used, clamped = spy("used"), daemon.syn("clamped")
    for options in (NOP + mss(1460), mss(1460) * 2, b"\x02\x03\x05" + NOP + mss(1460)):
        inject(packets.syn(path.CLIENT4, path.SINK4, options=options))
        got = arrivals.next()
        assert set(got.mss) == {1360} and got.checksum_error == 0
    assert (spy("used"), daemon.syn("clamped")) == (used, clamped + 3)


@pytest.mark.parametrize("own_mark", ("0x5",), indirect=True)
def test_other_bits_stay(spy, left, own_mark):
    own = spy("own")
    assert (left(4), left(6)) == (1360, 1340)
    assert spy("own") == own + 2


@pytest.mark.parametrize("own_mark", ("0x00010005",), indirect=True)
@pytest.mark.parametrize("options, arrives", ((mss(1460), [1360]), (mss(1350), [1350]),
                                              (mss(1460) + packets.AO, [1460]),
                                              (NOP + mss(1460), [1360])),
                         ids=("large", "small", "tcp-ao", "odd"))
def test_our_bits_are_ours(path, daemon, spy, inject, arrivals, own_mark, options, arrives):
    """Whoever sets them is not believed: they would be read as another limit."""
    own = spy("own")
    inject(packets.syn(path.CLIENT4, path.SINK4, options=options))
    assert arrivals.next().mss == arrives
    assert spy("own") == own + 1
    daemon.says("SYNs come with bits of mark.bits", 3)
    assert any("mark.bits" in line for line in daemon.json("status")["warnings"])
    assert daemon.log().count("SYNs come with bits") == 1


@pytest.mark.parametrize("own_mark", ("0x00010005",), indirect=True)
def test_packets_that_are_no_syn_keep_their_marks(path, spy, inject, own_mark):
    with packets.Capture(path.server, "eth0", match=lambda p: p.sport == 4712) as there:
        before = spy("left")
        inject(packets.syn(path.CLIENT4, path.SINK4, flags=packets.ACK, sport=4712))
        there.next()
        assert spy("left") == before + 1


# Rules by mark of the gateway's own packets. Without mask: a mark with our bits would not match.
@pytest.mark.parametrize("family", (4, 6))
def test_routing_by_mark_is_not_disturbed(path, daemon, servers, family):
    """Only a mark leads to that server: any other one, and the SYN has no route at all."""
    daemon.reload('mode = "mark"; rules = ({ interface = "alt"; mss = 1000; });')
    try:
        with (path.mark_alone_leads_to_server(family) as target,
              packets.Capture(path.server, "eth1") as there):
            kind = transfer.socket.AF_INET if family == 4 else transfer.socket.AF_INET6
            with path.gateway.socket(kind, transfer.socket.SOCK_STREAM) as client:
                client.settimeout(3 * SLOW)
                client.setsockopt(transfer.socket.SOL_SOCKET, transfer.socket.SO_MARK, 1)
                client.connect((target, servers[family].port))
            assert there.next().mss == [1000]
    finally:
        daemon.reload(CONFIG)


CHANGES = (
    # name              what somebody does
    ("flush ruleset",  "flush ruleset"),
    ("delete table",   "delete table inet mssclamp"),
    ("flush chain",    "flush chain inet mssclamp mark_forward"),
    ("delete chain",   "flush chain inet mssclamp mark_input; "
                       "delete chain inet mssclamp mark_input"),
    ("flush map",      "flush map inet mssclamp mark_mss"),
    ("one element",    "delete element inet mssclamp mark_mss { 0x00010000 }"),
    ("a rule more",    "insert rule inet mssclamp mark_forward counter accept"),
    ("another place",  "flush chain inet mssclamp mark_forward; "
                       "delete chain inet mssclamp mark_forward; "
                       "add chain inet mssclamp mark_forward "
                       "{ type filter hook forward priority 5; }"),
)


@pytest.mark.parametrize("change", [case[1] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_changes_are_repaired(path, daemon, left, change):
    def listing():
        text = path.gateway.run("nft", "list", "table", "inet", "mssclamp", check=False).stdout
        text = re.sub(r"\s*elements = \{ ipv.*\}", "", text)  # signs of life, whether or not there are
        return re.sub(r"counter packets \d+ bytes \d+", "counter", text)

    def mended():
        told = json.loads(daemon("--json", "rules", code=None).stdout)
        return told.get("reinstalled_total", 0) > repairs  # an error has none
    until(lambda: daemon("rules", code=None).returncode == 0, "the rules are ok", 20)
    until(lambda: ": 1000" not in listing(), "marks of limits that have gone are dropped", 20)
    before, repairs = listing(), daemon.repairs()
    path.gateway.run("nft", change)
    until(mended, "it is mended", 20)
    until(lambda: sorted(listing().split("\n")) == sorted(before.split("\n")), "repaired", 20)
    until(lambda: daemon("rules", code=None).returncode == 0, "the rules are ok", 20)
    assert (left(4, 10), left(6, 10)) == (1360, 1340)


def test_rules_tell_them(path, daemon):
    """Live and as text; the text without what not every kernel has (nft queue) is valid."""
    assert daemon.json("rules", "--diff")["diff"] == []
    text = daemon("rules", "--print", "nft").stdout
    for name in ("mark_forward", "mark_output", "mark_input", "mark_mss"):
        assert name in text
    known = "".join(f"{line}\n" for line in text.splitlines() if "queue" not in line)
    path.gateway.run("nft", "-c", "-f", "-", text=known)


def test_differences_are_told(path, daemon):
    """Before anybody could repair them: the daemon stands still while they are made."""
    repairs = daemon.repairs()
    path.gateway.run("nft", "insert", "rule", "inet", "mssclamp", "mark_input", "counter")
    told = daemon("--json", "rules", "--diff", code=None)
    if told.returncode:  # else it was repaired before we could ask
        told = json.loads(told.stdout)
        assert told["state"] == "different" and any("+ counter" in line for line in told["diff"])
    until(lambda: daemon("--json", "rules", code=None).returncode == 0, "it is repaired", 20)
    assert daemon.repairs() == repairs + 1


def empty(path, chain):
    """Whether the chain is there and has no rule."""
    listed = path.gateway.run("nft", "list", "chain", "inet", "mssclamp", chain).stdout
    return "meta mark" not in listed


@pytest.mark.parametrize("other", ("queue", "audit"))
def test_a_reload_leaves_it_and_comes_back(path, daemon, left, other):
    for _ in range(2):
        daemon.reload(f'mode = "{other}";')
        assert daemon.json("status")["mode"] == other
        assert left() == (1360 if other == "queue" else 1460)
        until(lambda: empty(path, "mark_forward"), "the chains are empty", 4)
        assert left() == (1360 if other == "queue" else 1460)
        daemon.reload(CONFIG)
        assert daemon.json("status")["mode"] == "mark"
        assert (left(4), left(6)) == (1360, 1340)
        assert not empty(path, "mark_forward")
        assert daemon.json("rules")["state"] == "ok"


def test_other_bits_need_a_restart(daemon, left):
    told = daemon.reload(f"{CONFIG} mark = {{ bits = 0xf; }};").stdout
    assert "mark.bits" in told and "restart" in told
    assert left() == 1360
    daemon.reload(CONFIG)


def test_hooks_that_come_and_go(path, daemon, left):
    daemon.reload(f'{CONFIG} hooks = [ "output" ];')
    until(lambda: empty(path, "mark_forward"), "the chain is empty", 4)
    assert left() == 1460
    daemon.reload(CONFIG)
    assert not empty(path, "mark_forward") and left() == 1360


def test_new_limits_are_known_at_once(daemon, left):
    """The kernel has them before a worker uses them."""
    for value in (1000, 1001, 999, 1002, 1000):
        daemon.reload(f'{CONFIG} rules = ({{ interface = "wan"; mss = {value}; }});')
        assert (left(4), left(6)) == (value, value)
    daemon.reload(CONFIG)


def test_a_restart_as_queue_empties_the_chains(path, start, daemon, left):
    daemon.stop()
    other = start('mode = "queue";')
    assert empty(path, "mark_forward") and left() == 1360
    other.close()
    daemon.start()
    daemon.wait_ready()
    assert not empty(path, "mark_forward") and left() == 1360


def test_too_few_bits(path, daemon, start, inject, arrivals):
    """Limits share a mark then, and none is lowered too little."""
    daemon.stop()
    rules = ", ".join(f'{{ prefix = "198.18.0.{n}"; mss = {1000 + n}; }}' for n in range(1, 13))
    few = start(f"{CONFIG} mark = {{ bits = 0x80000001; }}; rules = ({rules});")
    for n in range(1, 13):
        inject(packets.syn(path.CLIENT4, f"198.18.0.{n}"))
    got = {str(seen.target): seen.mss[0] for seen in arrivals.take(12)}
    for n in range(1, 13):
        assert 0 < got[f"198.18.0.{n}"] <= 1000 + n
    assert len(set(got.values())) <= 3
    assert few.log().count("share the mark") == 1
    assert "more limits than mark.bits tells apart" in few.told("status")
    clamped = sum(row["count"] for row in few.stats()["mss_histogram"]["after"]
                  if row["mss_bytes"] in set(got.values()))
    assert clamped == 12
    few.close()
    daemon.start()
    daemon.wait_ready()


def test_remove_takes_everything_away(path, daemon):
    daemon.stop()
    daemon("rules", "--remove")
    assert "mssclamp" not in path.gateway.run("nft", "list", "ruleset").stdout
    daemon.start()
    daemon.wait_ready()
