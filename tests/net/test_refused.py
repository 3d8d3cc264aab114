# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel that drops what comes back changed from NFQUEUE, without a word, as Linux does from 7.1
on where a user namespace owns the network. Rules of the test's own play it: they stand behind the
queue and in front of mark mode, and drop each SYN that has the small MSS there already.

They have to be there before the daemon's: of chains of one priority the last one runs first."""

import random

import oracle
import packets
import pytest
import transfer
from daemon import Daemon
from netns import SLOW, until
from packets import NOP, hop_less, mss
from random_syns import number_of, random_syn

LIMIT = 1000
CONFIG = f"rules = ({{ mss = {LIMIT}; }});"
SMALL = f"tcp flags & (fin|syn|rst) == syn tcp option maxseg size <= {LIMIT} counter drop"
REFUSE = f"""table inet refuse {{
    chain forward {{ type filter hook forward priority -150; meta mark & 0x00ff0000 == 0 {SMALL}; }}
    chain output {{ type filter hook output priority -150; meta priority & 0xff0000 == 0 {SMALL}; }}
    chain input {{ type filter hook input priority -150;
        iifname != "lo" meta mark & 0x00ff0000 == 0 {SMALL}; }}
}}
"""


@pytest.fixture(scope="module", autouse=True)
def refusing(path):
    path.gateway.run("nft", "-f", "-", text=REFUSE)


@pytest.fixture(scope="module")
def daemon(path, refusing):
    with Daemon(path.gateway, CONFIG) as running:
        yield running


def test_it_takes_mark_mode_by_itself(daemon):
    status = daemon.json("status")
    assert (status["mode"], status["state"]) == ("mark", "running")
    assert daemon.log().count("mode mark is used instead of queue") == 1


def test_the_check_left_nothing(path, daemon):
    """No socket, no queue of its own, and no SYN that was counted."""
    assert "mssclampd" not in path.gateway.run("ss", "-tanp").stdout
    if not daemon.stats()["syn"]["seen_total"]:
        assert daemon.json("status")["checks"]["sees_syns"] is None


@pytest.mark.parametrize("version", (4, 6))
def test_forward(daemon, left, version):
    clamped = daemon.syn("clamped")
    assert left(version) == LIMIT
    assert daemon.syn("clamped") == clamped + 1


@pytest.mark.parametrize("family", (4, 6))
def test_handshakes(handshake, family):
    assert handshake(family) == ([LIMIT], [LIMIT])


@pytest.mark.parametrize("family", (4, 6))
def test_output_and_input(path, daemon, servers, family):
    with packets.Capture(path.server, "eth0") as there:
        with transfer.connect(path.gateway, servers[family]) as client:
            assert there.next().mss == [LIMIT]
            size = client.getsockopt(transfer.socket.IPPROTO_TCP, transfer.socket.TCP_MAXSEG)
            assert LIMIT - 12 <= size <= LIMIT


ODD = (NOP + mss(1460), mss(1460) * 2, b"\x02\x03\x05" + NOP + mss(1460))


@pytest.mark.parametrize("options", ODD, ids=("odd", "twice", "behind length 3"))
def test_what_nft_cannot_do_is_left_alone(path, daemon, inject, arrivals, options):
    before, clamped = daemon.syn("userns"), daemon.syn("clamped")
    sent = packets.syn(path.CLIENT4, path.SINK4, options=options)
    inject(sent)
    assert arrivals.next().tcp == packets.Seen(sent).tcp
    assert (daemon.syn("userns"), daemon.syn("clamped")) == (before + 1, clamped)


def is_nft_alike(sent):
    """Whether nft lowers it as the contract says: one MSS option, at an even place."""
    options, _ = oracle.walk(packets.Seen(sent).options)
    sizes = [(at, length) for at, kind, length in options if kind == 2]
    return len(sizes) == 1 and sizes[0][1] == 4 and sizes[0][0] % 2 == 0


def looks_small(sent):
    """Whether some walk over its options may find a small MSS."""
    options = packets.Seen(sent).options
    return any(options[at] == 2 and oracle.word(options, at + 2) <= LIMIT
               for at in range(len(options) - 3))


def test_random_syns(path, daemon, inject):
    """What nft does as the oracle does it is lowered, all else arrives as it was sent. Without
    those that this kernel would take for changed ones."""
    rng, count, wanted = random.Random(7), 3000, {}
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 24) as there:
        for number in range(count):
            sent = random_syn(rng, number)
            clamped, _ = oracle.clamp(sent, {4: LIMIT, 6: LIMIT})
            if looks_small(sent):
                continue
            wanted[number] = hop_less(clamped if is_nft_alike(sent) else sent)
            inject(sent)
            if number % 250 and number + 1 < count:
                continue
            for seen in there.take(len(wanted), 5):
                assert seen.ip == wanted.pop(number_of(seen))
            assert not wanted


def test_insert_is_left_alone(path, daemon, inject, arrivals):
    daemon.reload(f"{CONFIG} insert_missing = true;")
    before = daemon.syn("userns")
    inject(packets.syn(path.CLIENT4, path.SINK4, options=b""))
    assert arrivals.next().mss == []
    assert daemon.syn("userns") == before + 1
    daemon.reload(CONFIG)


def test_a_tiny_one_is_not_raised_but_can_be_dropped(path, daemon, inject):
    """Raising takes bytes that come back; dropping doesn't. (The test's own rules drop both.)"""
    for action, result in (("raise", "userns"), ("drop", "dropped")):
        before = daemon.syn(result)
        daemon.reload(f'{CONFIG} low_mss = {{ below4 = 500; action = "{action}"; }};')
        inject(packets.syn(path.CLIENT4, path.SINK4, options=mss(48)))
        until(lambda b=before, r=result: daemon.syn(r) == b + 1, f"it is counted as {result}", 1)
    daemon.reload(CONFIG)


@pytest.mark.parametrize("family", (4, 6))
def test_routing_by_mark_is_not_disturbed(path, daemon, servers, family):
    """In output the bits stand in the priority: with another mark that server had no route."""
    with (path.mark_alone_leads_to_server(family) as target,
          packets.Capture(path.server, "eth1") as there):
        kind = transfer.socket.AF_INET if family == 4 else transfer.socket.AF_INET6
        with path.gateway.socket(kind, transfer.socket.SOCK_STREAM) as client:
            client.settimeout(3 * SLOW)
            client.setsockopt(transfer.socket.SOL_SOCKET, transfer.socket.SO_MARK, 1)
            client.setsockopt(transfer.socket.SOL_SOCKET, transfer.socket.SO_PRIORITY, 6)
            client.connect((target, servers[family].port))
        assert there.next().mss == [LIMIT]


def test_priorities_are_put_back(path, daemon, servers):
    """What a socket asked for is there again behind our rules."""
    path.gateway.run("nft", "-f", "-", text="table inet spy { chain behind {\n"
                     "type filter hook output priority 0\n"
                     "tcp flags syn meta priority 0:6 counter\n}\n}\n")
    try:
        with (packets.Capture(path.server, "eth0") as there,
              path.gateway.socket(transfer.socket.AF_INET, transfer.socket.SOCK_STREAM) as client):
            client.settimeout(3 * SLOW)
            client.setsockopt(transfer.socket.SOL_SOCKET, transfer.socket.SO_PRIORITY, 6)
            client.connect((path.SERVER4, servers[4].port))
            came = len(there.take(9, 0.05))  # where the machine stands still TCP sends it again
        listed = path.gateway.run("nft", "list", "table", "inet", "spy").stdout
        assert came and f"packets {came} " in listed, listed
    finally:
        path.gateway.run("nft", "delete", "table", "inet", "spy")


def test_forward_alone_is_checked_too(path, daemon, start, left):
    """The check needs output for a moment; then the rules are as configured."""
    daemon.stop()
    other = start(f'{CONFIG} hooks = [ "forward" ];')
    assert other.json("status")["mode"] == "mark" and left() == LIMIT
    assert other.json("rules")["state"] == "ok"
    assert "output" not in other("rules", "--print", "iptables").stdout.lower()
    other.close()
    daemon.start()
    daemon.wait_ready()


def test_audit_stays_audit(path, daemon, left):
    daemon.reload(f'{CONFIG} mode = "audit";')
    assert daemon.json("status")["mode"] == "audit" and left() == 1460
    daemon.reload(CONFIG)
    assert daemon.json("status")["mode"] == "mark"
    until(lambda: left() == LIMIT, "it is clamped again")


def test_where_nft_does_not_work_either(path, daemon, start, left):
    """Then SYNs are left alone, the kernel's fallback lowers them, and status says so; once it does, all
    is well."""
    daemon.stop()
    daemon("rules", "--remove")
    path.gateway.run("nft", "add", "table", "inet", "mssclamp")
    path.gateway.run("nft", "add", "set", "inet", "mssclamp", "mark_mss", "{ type ipv4_addr; }")
    other = start(CONFIG, ready=False)
    other.says("clamps: queues", 8)
    other.says("mark mode: the rules that lower MSS by marks cannot be changed")
    until(lambda: other.json("status", code=None)["checks"]["fallback"] == "active", "the fallback", 4)
    assert other.json("status", code=1)
    before = other.syn("userns")
    assert left() == 1360 # the MTU of wan
    assert other.syn("userns") == before + 1
    assert other.json("status", code=1)["checks"]["rules"] == "different"
    path.gateway.run("nft", "delete", "set", "inet", "mssclamp", "mark_mss")
    until(lambda: left() == LIMIT, "SYNs are lowered", 4)
    until(lambda: other("status", code=None).returncode == 0, "it is running", 4)
    other.close()
    daemon.start()
    daemon.wait_ready()
    assert left() == LIMIT
