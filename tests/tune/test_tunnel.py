# SPDX-License-Identifier: GPL-2.0-or-later
"""tune inside and outside of a real tunnel, whose packets the way swallows when they are large; and what
is seen of it while it runs."""

import json
import os
import re
import subprocess

import pytest
import terminal
from daemon import Daemon
from netns import SLOW, Path
from tuning import BUILD, RATE, command, is_as_the_page_has_it, tune

HOST = "10.77.0.1"                        # at the server; its route leads beside the tunnel
INSIDE = "10.20.0.1"                      # the client's end of it
LARGEST = 1400                            # of the tunnel's packets that arrive
FITS = LARGEST - 50                       # less IPv4 20, UDP 8, VXLAN 8, Ethernet 14
MSS = FITS - 40


@pytest.fixture(name="tunnel", scope="module")
def fixture_tunnel(path):
    """VXLAN between client and server. Its packets go there by a link of LARGEST bytes, and by that alone;
    nobody tells of it."""
    path.gateway.run("ip", "link", "set", "alt", "mtu", str(LARGEST))
    for end, local, remote, own in ((path.client, Path.CLIENT4, "10.9.0.2", INSIDE),
                                    (path.server, "10.9.0.2", Path.CLIENT4, "10.20.0.2")):
        end.ip(f"link add vx0 type vxlan id 7 local {local} remote {remote} dstport 4789 df set\n"
               f"addr add {own}/24 dev vx0\n"
               "link set vx0 up mtu 1450\n")
    path.server.ip(f"addr add {HOST}/32 dev lo\n")
    path.gateway.ip("route add 10.77.0.0/24 via 198.51.100.2\n")
    path.client.ip("route add default via 10.20.0.2 metric 77\n"  # for who asks for that interface
                   "route add default via 10.20.0.2 table 77\n"
                   f"rule add from {INSIDE} lookup 77\n")
    return path


@pytest.fixture(name="daemon", scope="module")
def fixture_daemon(tunnel):
    with Daemon(tunnel.client, "path = { probe = false; };", mode="audit") as daemon:
        daemon.knows("vx0")
        yield daemon


@pytest.mark.parametrize("words", (("--via", "vx0"), ("--bind", INSIDE)), ids=("via", "bind"))
def test_inside_and_outside(tunnel, daemon, words):
    """Inside the largest is found to the byte, outside all arrives, and the answer says what that means.
    What mssclampd is asked for is the way that iperf3 took."""
    answer = tune(tunnel, HOST, *words, "--compare", "eth0", "-s", daemon.socket_path, code=1)
    assert (answer["result"], answer["largest_mss_bytes"], answer["largest_packet_bytes"]) == ("limited", MSS, FITS)
    beside = [run for run in answer["runs"] if run["where"] == "compare"]
    assert [(run["direction"], run["verdict"]) for run in beside] == [("up", "good"), ("down", "good")]
    stalled = [run for run in answer["runs"] if run["verdict"] == "stalled"]
    assert stalled and all(run["where"] == "path" for run in stalled)
    assert "Beside it, by eth0, all arrives: the trouble is the tunnel's" in answer["says"]
    assert (answer["daemon"]["mss_bytes"], answer["daemon"]["agrees"]) == (1410, False)


def test_the_screen_of_the_page(tunnel, daemon):
    assert is_as_the_page_has_it(tunnel, HOST, daemon.socket_path)


def test_outside_is_where_the_trouble_is(tunnel):
    """The other way round: what is wrong beside it is said not to be wrong here."""
    answer = tune(tunnel, HOST, "--compare", "vx0", code=0)
    assert (answer["result"], answer["largest_mss_bytes"]) == ("ok", 1460)
    assert answer["says"].endswith(" Beside it, by vx0, not all arrives: the trouble is there.")
    assert [run["verdict"] for run in answer["runs"]] == ["good", "good", "stalled", "good"]


def test_a_host_that_is_inside_alone(tunnel):
    """It cannot be had by the other way, and that is what is said to have failed."""
    done = tunnel.client.run(*command("10.20.0.2", "--via", "vx0", "--compare", "eth0"), check=False)
    error = json.loads(done.stdout)["error"]
    assert done.returncode == 1 and "10.20.0.2 port 5201 by --compare eth0: iperf3: " in error["message"]


def on_terminal(path, columns, *argv):
    """What arrives at a terminal on stderr, and what goes to standard output beside it."""
    process, shown = terminal.show(lambda theirs: path.client.popen(
        [str(BUILD / "mssclampctl"), "-s", "/nowhere", *argv], stdout=subprocess.PIPE, stderr=theirs,
        text=True, env={**os.environ, "TERM": "xterm", "COLUMNS": str(columns)}), columns)
    output = process.communicate(timeout=60 * SLOW)[0]
    return shown, output, process.returncode


@pytest.mark.parametrize("columns, locale, seconds", ((80, "C", 4), (80, "C.UTF-8", 1), (30, "C.UTF-8", 1)))
def test_progress(tunnel, columns, locale, seconds, monkeypatch):
    """One line, drawn anew while a run goes on, never wider than the terminal, gone at the end. What is
    printed behind it is plain, and fits."""
    monkeypatch.setenv("LC_ALL", locale)
    shown, output, code = on_terminal(tunnel, columns, "tune", HOST, "--seconds", str(seconds), *RATE)
    assert output.isascii() == (locale == "C" or columns < 80)  # bars go first
    assert columns < 80 or max(map(len, output.splitlines())) <= 80
    assert re.search(r"^up +as it is +\d+ Mbit/s.* good$", output, re.M)
    assert ": nothing to do." in " ".join(output.split())
    lines = re.findall(r"\r\x1b\[K([^\r]*)", shown)
    assert code == 0 and "\x1b" not in output and "\n" not in shown
    assert lines[-1] == "" and "".join(re.split(r"\r\x1b\[K[^\r]*", shown)) == ""
    assert max(map(len, lines)) < columns
    for run, way in ((1, "up"), (2, "down")):
        seen = {line for line in lines if line.startswith(f"run {run}, {way}, ")}
        assert len(seen) >= (2 if seconds > 1 else 1), lines  # the seconds go on
    if columns == 80:
        assert re.fullmatch(rf"run 1, up, \d+ s, MSS as it is, {HOST}", lines[0])


@pytest.mark.parametrize("words, env", ((["-q"], {}), ([], {"TERM": "dumb"})), ids=("quiet", "dumb"))
def test_no_progress(tunnel, words, env, monkeypatch):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    process = tunnel.client.run("script", "-qec", f"{BUILD}/mssclampctl -s /nowhere tune {HOST} --seconds 1 "
                                f"{' '.join((*RATE, *words))} >/dev/null", "/dev/null")
    assert process.stdout == ""
