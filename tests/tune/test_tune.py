# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl tune with a real iperf3 over paths that are clean, swallow or cut what is too large."""

import contextlib
import json
import pathlib
import select
import signal
import socket
import subprocess

import pytest
from daemon import Daemon
from netns import SLOW, Path, until
from tuning import BUILD, PORT, command, is_as_the_page_has_it, tune


@contextlib.contextmanager
def narrow(path, link):
    """1400 bytes go by that link of the gateway while the block runs, and 1500 afterwards."""
    path.gateway.run("ip", "link", "set", link, "mtu", "1400")
    try:
        yield
    finally:
        path.gateway.run("ip", "link", "set", link, "mtu", "1500")


@pytest.mark.parametrize("host, mss", [(Path.SERVER4, 1460), (Path.SERVER6, 1440)])
def test_a_clean_path(path, host, mss, tmp_path):
    """Two runs, nothing to do; the page says the same."""
    page = tmp_path / "page.html"
    answer = tune(path, host, "--compare", "eth0", "--html", str(page), code=0)
    assert (answer["result"], answer["largest_mss_bytes"], answer["address"]) == ("ok", mss, host)
    assert answer["timestamps"] is True
    assert [(run["where"], run["direction"]) for run in answer["runs"]] == [
        ("path", "up"), ("path", "down"), ("compare", "up"), ("compare", "down")]
    assert answer["daemon"] == {"mss_bytes": None, "agrees": None,
                                "why": "no mssclampd answers here"}
    assert answer["probe"] == {"packet_bytes": None, "agrees": None, "why": "no mssclampd answers here"}
    assert "<svg" in page.read_text() and host not in page.read_text()


def test_without_timestamps(path):
    """The other end refuses them: what iperf3 tells is the whole MSS."""
    path.server.sysctl("ipv4/tcp_timestamps", 0)
    try:
        answer = tune(path, path.SERVER4, code=0)
    finally:
        path.server.sysctl("ipv4/tcp_timestamps", 1)
    assert (answer["timestamps"], answer["largest_mss_bytes"], answer["largest_packet_bytes"]) == (False, 1460, 1500)


@pytest.mark.parametrize("link, direction", [("wan", "up")])
def test_a_black_hole(path, link, direction):
    """The largest MSS that passes is found to the byte, in whichever direction the hole is."""
    with narrow(path, link):
        with Daemon(path.client, mode="audit") as daemon:
            answer = tune(path, path.SERVER4, "-s", daemon.socket_path, code=1)
        with Daemon(path.client, answer["rule"]) as daemon:  # what it says is to be done helps
            again = tune(path, path.SERVER4, "-s", daemon.socket_path, code=0)
    assert answer["rule"] == 'rules = ( { prefix = "198.51.100.2/32"; mtu = 1400; } );'
    assert "No tunnel leads there" in answer["says"] and "--interface eth0" in answer["says"]
    assert answer["daemon"]["agrees"] is False and "beside tunnels" in answer["daemon"]["why"]
    assert (again["result"], again["rule"], again["daemon"]["agrees"]) == ("ok", None, True)
    stalled = [run for run in answer["runs"] if run["verdict"] == "stalled"]
    assert stalled and all(run["direction"] == direction for run in stalled)
    assert (answer["result"], answer["largest_mss_bytes"], answer["largest_packet_bytes"]) == (
        "limited", 1360, 1400)
    assert "Packets above 1400 bytes vanish" in answer["says"]
    assert answer["probe"] == {"packet_bytes": 1400, "agrees": True, "why": "both come to the same"}


def test_the_screen_of_the_page(path):
    with narrow(path, "wan"), Daemon(path.client, mode="audit") as daemon:
        assert is_as_the_page_has_it(path, path.SERVER4, daemon.socket_path)


def test_a_path_that_is_told(path):
    """Where ICMP comes nothing is to do; what did not pass is not said to have passed."""
    path.gateway.run("iptables", "-I", "OUTPUT", "-p", "icmp", "-j", "ACCEPT")
    try:
        with narrow(path, "wan"):
            answer = tune(path, path.SERVER4, code=0)
    finally:
        path.gateway.run("iptables", "-D", "OUTPUT", "-p", "icmp", "-j", "ACCEPT")
        path.client.run("ip", "route", "flush", "cache")
    assert (answer["result"], answer["baseline_mss_bytes"]) == ("ok", 1460)
    assert (answer["largest_mss_bytes"], answer["largest_packet_bytes"]) == (1360, 1400)
    assert "Packets of 1400 bytes (MSS 1360), as large as TCP makes them here by path MTU" in answer["says"]


def test_a_path_that_cuts(path):
    """A far end that lets routers cut its packets: they arrive in fragments, which is seen here."""
    path.server.sysctl("ipv4/ip_no_pmtu_disc", 1)
    try:
        with narrow(path, "lan"):
            answer = tune(path, path.SERVER4, code=1)
    finally:
        path.server.sysctl("ipv4/ip_no_pmtu_disc", 0)
    down = answer["runs"][1]
    assert down["verdict"] == "fragments" and down["reassembled_total"] > 100, answer["runs"]
    assert (answer["result"], answer["largest_mss_bytes"]) == ("limited", 1360)
    assert "Behind a tunnel" in answer["says"] and "mtu = 1400" in answer["rule"]
    assert "are sent in fragments" in answer["says"]


@pytest.mark.parametrize("mss, agrees, word", [(1460, True, "the same"), (1300, True, "allows less"),
                                               (1500, False, "allows more")])
def test_what_mssclampd_thinks(path, mss, agrees, word):
    with Daemon(path.client, f'rules = ( {{ interface = "eth0"; mss = {mss}; }} );',
                mode="audit") as daemon:
        answer = tune(path, path.SERVER4, "-s", daemon.socket_path, code=0)
    assert (answer["daemon"]["mss_bytes"], answer["daemon"]["agrees"]) == (mss, agrees)
    assert word in answer["daemon"]["why"]
    assert answer["probe"] == {"packet_bytes": 1500, "agrees": True, "why": "both come to the same"}


def test_interrupted(path):
    """SIGINT ends it and what it runs."""
    process = path.client.popen(command(path.SERVER4, "--seconds", "60"), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def children():
        done = subprocess.run(["ps", "--ppid", str(process.pid), "-o", "pid="], text=True,
                              capture_output=True, check=False)
        return done.stdout.split()

    child, = until(children, "iperf3 runs")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20 * SLOW)
    assert process.returncode == 1
    assert "SIGINT" in json.loads(output)["error"]["message"]
    assert not pathlib.Path(f"/proc/{child}").exists()


def test_no_server(path):
    done = path.client.run(*command(path.SERVER4, "--port", "5202"), check=False)
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert "Connection refused" in error["message"] and "iperf3 -s" in error["hint"]


@pytest.mark.parametrize("host, args, code, text", (
    ("no-such-host.invalid", [], 1, "this host finds no address for that name"),
    (Path.SERVER4, ["--via", "eth9"], 5, "--via eth9: this host has no such interface"),
    (Path.SERVER4, ["--compare", "eth9"], 5, "--compare eth9: this host has no such interface"),
    (Path.SERVER4, ["--bind", "192.0.2.77"], 5, "--bind 192.0.2.77: this host has no such address"),
))
def test_what_is_wrong_on_this_side(path, host, args, code, text):
    """It is not said of the server."""
    done = path.client.run(*command(host, *args), check=False)
    error = json.loads(done.stdout)["error"]
    assert done.returncode == code and text in error["message"]
    assert "iperf3" not in error["message"] + error["hint"]


def test_a_server_between_two_runs(path):
    """iperf3 closes its socket after each run: who comes just then is refused, and tries again."""
    path.server.run("nft", "-f", "-", text=f"""
        table ip between {{
            chain input {{
                type filter hook input priority 0
                tcp dport {PORT} tcp flags syn quota until 100 bytes counter reject with tcp reset
            }}
        }}
    """)
    try:
        answer = tune(path, path.SERVER4, code=0)
        rules = path.server.run("nft", "list", "table", "ip", "between").stdout
    finally:
        path.server.run("nft", "delete", "table", "ip", "between")
    assert "counter packets 1 " in rules
    assert answer["result"] == "ok"


def test_a_server_that_closes_just_then(path):
    """Who has come when it closes its socket is reset, and tries again."""
    port = PORT + 1
    with path.server.socket(socket.AF_INET, socket.SOCK_STREAM) as closing:
        closing.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        closing.bind((path.SERVER4, port))
        closing.listen()
        with path.client.entered(), subprocess.Popen(
                command(path.SERVER4, "--port", str(port)), stdout=subprocess.PIPE) as process:
            assert select.select([closing], [], [], 20 * SLOW)[0], "it has come"
            closing.close()
            server = path.server.popen(["iperf3", "-s", "-p", str(port)], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            try:
                answer = json.loads(process.communicate(timeout=100 * SLOW)[0])
            finally:
                server.kill()
                server.wait()
    assert answer.get("result") == "ok", answer


def test_a_server_that_goes_away(path):
    """After about four runs (two SYNs each): what they have found is told with the error."""
    path.server.run("nft", "-f", "-", text=f"""
        table ip away {{
            chain input {{
                type filter hook input priority 0
                tcp dport {PORT} tcp flags syn quota over 500 bytes reject with tcp reset
            }}
        }}
    """)
    try:
        with narrow(path, "wan"):
            done = path.client.run(*command(path.SERVER4), check=False)
    finally:
        path.server.run("nft", "delete", "table", "ip", "away")
    message = json.loads(done.stdout)["error"]["message"]
    assert done.returncode == 1 and "refused" in message
    assert "found so far: MSS" in message and "1460 is not" in message


@pytest.mark.parametrize("args", [["--port", "0"], ["--seconds", "61"], ["--rate", "fast"],
                                  ["--via", "-x"], ["--html", "-"], ["a", "b"]])
def test_wrong_words(args):
    done = subprocess.run([BUILD / "mssclampctl", "--json", "tune", "192.0.2.1", *args],
                          capture_output=True, check=False, timeout=20 * SLOW)
    assert done.returncode == 2
