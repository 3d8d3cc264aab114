# SPDX-License-Identifier: GPL-2.0-or-later
"""`capture`: filters, bounds, pipes and signals; nobody who watches delays or loses a packet."""

import contextlib
import json
import pathlib
import signal
import subprocess
import tempfile

import many
import packets
import pytest
from daemon import Daemon
from netns import until
from packets import AO, NOP
from watching import WAIT, Watching, read_end, tshark, watch_json

V4 = 1360  # limit of wan


@pytest.fixture(scope="module")
def wireguard(path):
    running = many.Wireguard(path.gateway, "wgs0", 2)
    path.gateway.ip("link set wgs0 up mtu 1420\naddr add 10.64.255.254/10 dev wgs0")
    yield running
    running.close()


@pytest.fixture(scope="module")
def watched(path, wireguard):
    # One worker: what several see comes by the time each has read it.
    with Daemon(path.gateway, "queues = { count = 1; };", verbose=True) as running:
        until(lambda: len(running.json("peers", "wgs0")["peers"]) == 2, "peers are known", 5)
        yield running


def test_filters(watched, path, inject):
    """Many watch at once, and each sees its own."""
    alice, bob = many.address(0), many.address(1)
    sent = {
        "web": packets.syn(path.CLIENT4, path.SINK4, sport=2001, dport=443),
        "ssh": packets.syn(path.CLIENT4, path.SINK4, sport=2002, dport=22),
        "small": packets.syn(path.CLIENT4, path.SINK4, packets.mss(536), sport=2003, dport=22),
        "six": packets.syn(path.CLIENT6, path.SINK6, sport=2004, dport=443),
        "alice": packets.syn(path.CLIENT4, alice, sport=2005, dport=443),
        "bob": packets.syn(path.CLIENT4, bob, sport=2006, dport=22),
        "ao": packets.syn(path.CLIENT4, path.SINK4, AO, sport=2007, dport=179),
    }
    wanted = {
        ("port", "443"): {"web", "six", "alice"},
        ("port", "443", "or", "port", "22"): set(sent) - {"ao"},
        ("tunnel", "wgs0"): {"alice", "bob"},
        ("tunnel", "wan", "not", "port", "443"): {"ssh", "small", "ao"},
        ("peer", many.peer_id(0)): {"alice"},
        ("peer", many.peer_id(1)[:43]): {"bob"},
        ("not", "peer", many.peer_id(1), "and", "port", "22"): {"ssh", "small"},
        ("host", path.SINK6): {"six"},
        ("host 10.64.0.0/10 or reason tcp_ao",): {"alice", "bob", "ao"},
        ("reason", "left_alone"): {"ao"},
        ("(reason already_small or reason clamped) and host 198.18.0.0/15",):
            {"web", "ssh", "small"},
    }
    watching = {(): watch_json(watched, "-n", str(len(sent)))}
    for words in wanted:
        watching[words] = watch_json(watched, "--json-lines", "-n", "0", "--seconds", "600",
                                     *words)
    for packet in sent.values():
        inject(packet)
    everything = read_end(watching.pop(()).ends())["syns"]
    names = {2001 + i: name for i, name in enumerate(sent)}
    assert [names[syn["source_port"]] for syn in everything] == list(sent)
    by_name = {names[syn["source_port"]]: syn for syn in everything}
    assert by_name["alice"]["peer"] == many.peer_id(0)
    assert by_name["alice"]["tunnel"] == "wgs0" and by_name["web"]["tunnel"] is None
    for words, one in watching.items():
        until(lambda w=words, o=one: o.text().count("\n") >= len(wanted[w]), f"{words} is told", 10)
        *syns, end = [read_end(line) for line in one.interrupt().splitlines()]
        assert end["ended_by"] == "signal"
        assert {names[s["source_port"]] for s in syns} == wanted[words], words
    watched.says("capture: nobody watches any more")


@pytest.mark.parametrize("argv, code, message", (
    (("prot", "443"), 2, '''column 1: "prot" begins no term, did you mean "port"?
  prot 443
  ^'''),
    (("host", "10.0.0.1", "and", "port", "x"), 2, "column 24: \"x\" is no port"),
    (("tunnel", "wg9"), 5, 'column 8: there is no tunnel or interface "wg9"'),
    (("peer", "carol"), 5, 'column 6: no peer is called "carol"'),
    (("(", "port", "1"), 2, 'column 1: this "(" is not closed'),
    (("-n", "x"), 2, "-n x: must be a number"),
))
def test_what_is_wrong(watched, argv, code, message):
    assert message in watched("capture", *argv, code=code).stderr
    assert not watched.json("capture", *argv, code=code)["error"]["message"].endswith("\n")


def test_time_is_over(watched):
    answer = watched.json("capture", "--seconds", "0.2")
    assert answer["ended_by"] == "time" and answer["syns"] == []


def test_lines(watched, path, inject):
    watching = watch_json(watched, "--json-lines", "-n", "2")
    for port in (3001, 3002):
        inject(packets.syn(path.CLIENT4, path.SINK4, sport=port))
    lines = [read_end(line) for line in watching.ends().splitlines()]
    assert [line.get("source_port") for line in lines] == [3001, 3002, None]
    assert lines[-1]["ended_by"] == "count" and "syns" not in lines[-1]


def test_screen(watched, path, inject):
    watching = Watching(watched, "-n", "1")
    inject(packets.syn(path.CLIENT4, many.address(0), sport=3003, dport=443))
    out = watching.ends()
    assert f"SYN 192.0.2.2:3003 > {many.address(0)}:443\n" in out
    assert "    mss 1460 -> 1380, link MTU of wgs0, " in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert watching.says() == ("Ends after 1 SYN (-n, --seconds) or with Ctrl-C.\n"
                               "1 SYN; that many were asked for.\n")


def test_pipe(watched, path, inject):
    """Each packet is there as it passes; who stops reading ends it without a word."""
    reader = subprocess.Popen(
        ["tshark", "-n", "-l", "-i", "-", "-c", "2", "-Tfields", "-e", "tcp.options.mss_val"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watching = Watching(watched, "-w", "-", "-n", "0", stdout=reader.stdin)
    reader.stdin.close()
    reader.stdin = None
    inject(packets.syn(path.CLIENT4, path.SINK4, sport=3004))
    out, errors = reader.communicate(timeout=WAIT)
    assert out.split() == ["1460", str(V4)], errors
    until(lambda: watching.process.poll() is not None or inject(
        packets.syn(path.CLIENT4, path.SINK4, sport=3005)), "it ends", 10)
    assert watching.says() == "Ends with Ctrl-C.\n"


def test_the_report_on_its_file(watched, path, inject, tmp_path):
    """pcap tells of each SYN once how it came and how it left."""
    watching = Watching(watched, "-w", tmp_path / "file", "-n", "2")
    inject(packets.syn(path.CLIENT4, path.SINK4, sport=3010))
    inject(packets.syn(path.CLIENT4, path.SINK4, packets.mss(536), sport=3011))
    watching.ends()
    report = json.loads(watched("--json", "pcap", str(tmp_path / "file")).stdout)
    assert [{row["mss_bytes"]: row["syns_total"] for row in report[key]}
            for key in ("mss_histogram", "mss_histogram_after")] == [{1460: 1, 536: 1}, {V4: 1, 536: 1}]
    assert report["clamping"]["why"].startswith(
        "SYNs captured before and after this host changed them: 1; the MSS went from 1460 to "
        f"{V4}; as they came: 1.")


def test_signals_keep_the_file(watched, path, inject):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
            watching = Watching(watched, "-w", file.name, "-n", "0")
            inject(packets.syn(path.CLIENT4, path.SINK4, sport=3006))
            until(lambda f=file: pathlib.Path(f.name).stat().st_size > 400, "it is written", 5)
            assert watching.interrupt(number) == ""
            assert [line[0] for line in tshark(file.name, "tcp.options.mss_val")] == [
                "1460", str(V4)]
            assert "1 SYN; interrupted." in watching.says()


def test_who_stands_still(watched, path, inject):
    """A client that does not read misses SYNs, which are counted, and delays nobody."""
    count, batch = 6000, 1000  # some 3 MB: more than waits for anybody
    slow = watch_json(watched, "--json-lines", "-n", "0")
    slow.process.send_signal(signal.SIGSTOP)
    before = watched.stats()["syn"]["seen_total"]
    injector = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    with contextlib.closing(injector), packets.Capture(
            path.server, "eth0", buffer_bytes=1 << 25) as there:
        for number in range(count):
            injector.send(packets.syn(path.CLIENT4, path.SINK4, sport=1 + number))
            if (number + 1) % batch == 0:  # a queue that is full is another test's
                until(lambda n=number: watched.stats()["syn"]["seen_total"] - before > n,
                      "they came", 30)
        assert len(there.take(count, 5)) + there.lost() == count
    assert watched.json("status")["checks"]["queues"] == "ok"
    slow.process.send_signal(signal.SIGCONT)
    marker = packets.syn(path.CLIENT4, path.SINK4, sport=count + 1, dport=7)
    markers = []
    until(lambda: markers.append(inject(marker)) or f'"source_port":{count + 1},' in slow.text(),
          "it is back", 20)
    *syns, end = [read_end(line) for line in slow.interrupt().splitlines()]
    assert end["unseen_total"] > 0 and end["matched_total"] == len(syns)
    told = [syn["source_port"] for syn in syns if syn["destination_port"] == 80]
    assert told == sorted(set(told))
    assert count <= len(told) + end["unseen_total"] <= count + len(markers)


def test_a_flood_starves_nobody(watched, path, inject):
    """Each of those who watch has a share of his own, whatever the others ask for."""
    floods = [watch_json(watched, "--json-lines", "-n", "0") for _ in range(8)]
    narrow = watch_json(watched, "--json-lines", "-n", "0", "port", "7")
    batch, rare = 1000, 10  # fewer than the ring of a worker holds
    wanted = []
    injector = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    with contextlib.closing(injector):
        for number in range(3 * batch):
            is_rare = number % (batch // rare) == 50
            if is_rare:
                wanted.append(10000 + number)
            injector.send(packets.syn(path.CLIENT4, path.SINK4, sport=10000 + number,
                                      dport=7 if is_rare else 80))
            if (number + 1) % batch == 0:
                until(lambda: narrow.text().count("\n") == len(wanted), "it is told all", 30)
    *syns, end = [read_end(line) for line in narrow.interrupt().splitlines()]
    assert [syn["source_port"] for syn in syns] == wanted and end["unseen_total"] == 0
    for flood in floods:
        until(flood.text, "it is told something", 10)
        *syns, end = [read_end(line) for line in flood.interrupt().splitlines()]
        assert len(syns) == end["matched_total"] > 0
        assert end["matched_total"] + end["unseen_total"] <= 3 * batch


def test_how_many_may_watch(watched):
    """One more is told why; other commands of the same user go on."""
    watching = [watch_json(watched, "-n", "0", "--seconds", "600") for _ in range(12)]
    assert "12 captures go on already" in watched("capture", "-n", "1", code=1).stderr
    watched("status")
    for one in watching:
        one.interrupt()
    watched.says("capture: nobody watches any more")
    assert watched.json("capture", "--seconds", "0.1")["ended_by"] == "time"


def test_daemon_goes(watched, path, inject):
    with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
        watching = watch_json(watched, "-w", file.name, "-n", "0", "--seconds", "600")
        inject(packets.syn(path.CLIENT4, path.SINK4, sport=3007))
        until(lambda: pathlib.Path(file.name).stat().st_size > 400, "it is written", 5)
        watched.stop()
        answer = read_end(watching.ends(3))
        assert (answer["ended_by"], answer["matched_total"]) == ("daemon", 1)
        assert len(tshark(file.name, "frame.number")) == 2
    watched.start()
    watched.wait_ready()


def test_offload_is_told(watched, path, inject):
    watched.reload('mode = "offload";')
    watching = Watching(watched, "-n", "1")
    inject(packets.syn(path.CLIENT4, path.SINK4, sport=3008))  # the kernel's
    inject(packets.syn(path.CLIENT4, path.SINK4, NOP + packets.mss(1460), sport=3009))
    assert "192.0.2.2:3009" in watching.ends()
    said = " ".join(watching.says().split())
    assert "mode offload: the kernel clamps most SYNs itself" in said
    for screen in (("stats",), ("top", "--batch", "-n", "1", "--every", "0.1")):
        assert "Mode offload: these are the queue's SYNs;" in watched(*screen).stdout
    assert "clamped or small enough, which are not among these: 1 " in said
    watched.reload("")
