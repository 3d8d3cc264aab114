# SPDX-License-Identifier: GPL-2.0-or-later
"""top: frames for logs, and on a terminal (tmux): keys, other sizes, every way out."""

import copy
import itertools
import json
import os
import re
import signal
import subprocess
import time

import pytest

import replies
from fake_daemon import PROGRAM, SLOW, Error, FakeDaemon, environment, read_error, run, validate

PEERS = 500


def until(check, what, seconds=15.0):
    end = time.monotonic() + seconds * SLOW
    while not (answer := check()):
        assert time.monotonic() < end, f"not within {seconds * SLOW:.0f} s: {what() if callable(what) else what}"
        time.sleep(0.05)
    return answer


def counts(seen, clamped):
    return {"seen_total": seen, "clamped_total": clamped, "inserted_total": 0, "raised_total": 0, "dropped_total": 0,
            "already_small_total": seen - clamped, "no_mss_total": 0, "no_limit_total": 0, "left_alone_total": 0,
            "left_alone": {}}


def histogram(before, after, count):
    def side(mss):
        return [{"mss_bytes": mss, "mss_from_bytes": mss, "count": count}]
    return {"ipv4": {"before": side(before), "after": side(after)}, "ipv6": {"before": [], "after": []}}


def tunnel(name, kind, peers, path, source, mss4):
    return {"name": name, "ifindex": 1, "kind": kind, "outer_family": "ipv4", "outer_path_mtu_bytes": path,
            "overhead_bytes": 60, "inner_mtu_bytes": mss4 + 40, "mss4_bytes": mss4, "mss6_bytes": mss4 - 20,
            "interface_mtu_bytes": 1420, "source": source, "age_seconds": 3.0, "peers": peers, "warnings": [],
            "settled": True}


TUNNELS = [tunnel("wg0", "wireguard", 37, 1492, "probe", 1368), tunnel("tun0", "openvpn", 12, 1500, "route", 1408),
           tunnel("ipsec:203.0.113.7", "esp", 1, 1472, "kernel_hint", 1370)]


def make_stats():
    """The next reply of GetStats: each look finds more."""
    turns = itertools.count(1)

    def stats(_):
        k = next(turns)
        reply = copy.deepcopy(replies.ALL["GetStats"])
        reply["syn"] = counts(200 * k, 150 * k)
        reply["no_tunnel"].update(seen_total=0)
        reply["tunnels"] = [
            {**counts(100 * k, 98 * k), "name": "wg0", "directions": [], "mss_histogram": histogram(1460, 1368, k)},
            {**counts(40 * k, 30 * k), "name": "tun0", "directions": [], "mss_histogram": histogram(1452, 1408, k)},
            {**counts(60 * k, 12 * k), "name": "ipsec:203.0.113.7", "directions": [],
             "mss_histogram": histogram(1400, 1370, k)}]
        return reply
    return stats


def list_peers(parameters):
    first, most = parameters.get("first", 0), parameters.get("max", PEERS)
    peer = {**replies.ALL["ListPeers"]["peers"][0], "tunnel": parameters.get("tunnel") or "wg0"}
    every = range(PEERS)[::-1] if parameters.get("reverse") else range(PEERS)
    page = every[first:first + most]
    assert 2 < parameters["count_seconds"] <= 10
    return {"schema": 1, "peers_total": PEERS, "uncounted_per_second": 0.0,
            "peers": [{**peer, "peer": f"key-{i}", "name": f"peer-{i}"} for i in page],
            "rates": [replies.peer_rate(8.0, 6.0, 1460, 1380) if i % 2 == 0 else replies.peer_rate(0.0, 0.0)
                      for i in page]}


@pytest.fixture
def daemon(tmp_path):
    with FakeDaemon(tmp_path / "s", {**replies.ALL, "GetStats": make_stats(), "ListPeers": list_peers,
                                     "ListTunnels": {"schema": 1, "tunnels": TUNNELS}}) as fake:
        yield fake


def batch(daemon, *args, columns=80, **env):
    return run("top", "--batch", "--every", "0.05", *args, socket_path=daemon.path,
               env={"COLUMNS": str(columns), **env})


def test_long_turns_have_peers_counted_before_they_look(daemon):
    """The daemon counts for ten seconds at most."""
    done = run("top", "--batch", "--every", "8.2", "-n", "1", "--tunnel", "wg0", socket_path=daemon.path)
    assert (done.returncode, done.stderr) == (0, "")
    most = [parameters["max"] for method, parameters in daemon.calls if method == "ListPeers"]
    assert most == [1000, 0, 1000]


def test_first_frame_has_rates_of_peers(daemon):
    """mssclampd has none before it has counted for a second: that may be just behind the first frame."""
    asked = itertools.count()

    def too_soon(parameters):
        reply = list_peers(parameters)
        if next(asked) < 4:
            reply["rates"] = [replies.peer_rate(None, None) for _ in reply["rates"]]
            reply["uncounted_per_second"] = None
        return reply
    daemon.replies["ListPeers"] = too_soon
    out = batch(daemon, "-n", "1", "--ascii", "--tunnel", "wg0").stdout
    assert "  8.0     75%  1460 -> 1380 |#####|\n" in out
    assert [method for method, _ in daemon.calls].count("GetStats") == 2


def names(frame):
    return [line.split()[0] for line in frame.split("MSS IN -> OUT\n")[1].splitlines()]


def test_offload(daemon):
    """The kernel's SYNs are not among these, and the second line says so, also on a narrow screen."""
    daemon.replies["GetStatus"] = replies.status(mode="offload")
    lines = batch(daemon, "-n", "1", "--ascii").stdout.splitlines()
    assert lines[1] == "Mode offload: these are the queue's SYNs;  the kernel's: mssclampctl offload"
    assert batch(daemon, "-n", "1", columns=60).stdout.splitlines()[1] == lines[1].split("  ")[0]
    answer = json.loads(batch(daemon, "--json", "-n", "1").stdout)
    assert validate(answer, "top") or answer["offload"] is True


def test_batch(daemon):
    done = batch(daemon, "-n", "2", "--ascii")
    assert (done.returncode, done.stderr) == (0, "")
    frames = done.stdout.split("\n\n")
    assert len(frames) == 2 and "\033" not in done.stdout
    for frame in frames:
        lines = frame.splitlines()
        assert re.match(r"mssclamp \d\d:\d\d:\d\d  SYN [0-9.]+/s  clamped [0-9.]+/s \(75%\)  queue ", lines[0])
        assert lines[1] == "3 rows  most SYN/s first"
        # A turn that was short has rates of many digits, which take the room of MSS4.
        titles = [title for title in lines[2].split() if title != "MSS4"]
        assert titles == "TUNNEL PATH SOURCE SYN/s CLAMP% MSS IN -> OUT".split()
        assert names(frame) == ["wg0", "ipsec:203.0.113.7", "tun0"]
        assert "   98%  1460 -> 1368 |#####|" in lines[3] and lines[3].startswith("wg0 ")
        assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize("columns, titles", (
    (40, "TUNNEL SYN/s CLAMP%"),
    (140, "TUNNEL KIND PEERS PATH SOURCE MSS4 MSS6 SYN/s CLAMP% MSS IN -> OUT"),
))
def test_widths(daemon, columns, titles):
    lines = batch(daemon, "-n", "1", columns=columns).stdout.splitlines()
    assert all(len(line) <= columns for line in lines)
    assert [word for word in lines[2].split() if columns > 40 or word != "PATH"] == titles.split()


@pytest.mark.parametrize("columns, titles", (
    (40, "PEER PATH SOURCE SYN/s CLAMP%"),
    (80, "PEER PATH SOURCE MSS4 MSS6 SYN/s CLAMP% MSS IN -> OUT"),
    (140, "PEER ENDPOINT PATH SOURCE MSS4 MSS6 SYN/s CLAMP% MSS IN -> OUT LAST SEEN"),
))
def test_peers_of_a_tunnel_by_width(daemon, columns, titles):
    lines = batch(daemon, "-n", "1", "--ascii", "--tunnel", "wg0", columns=columns).stdout.splitlines()
    assert all(len(line) <= columns for line in lines)
    at = next(i for i, line in enumerate(lines) if line.startswith("PEER"))
    assert lines[at].split() == titles.split()
    assert "  8.0  " in lines[at + 1] and "75%" in lines[at + 1]
    assert columns == 40 or "1460 -> 1380 |#####|" in lines[at + 1]
    assert "  0.0  " in lines[at + 2]


def test_peers_have_their_rates(daemon):
    done = batch(daemon, "--json", "-n", "1", "--tunnel", "wg0", "--sort", "path")
    frame = json.loads(done.stdout)
    validate(frame, "top")
    assert frame["peers"][2]["syn_per_second"] == 8.0 and frame["peers"][2]["mss_after_bytes"] == 1380
    assert frame["peers"][3]["mss_before_bytes"] is None
    assert next(p["by"] for method, p in daemon.calls if method == "ListPeers") == "path"


@pytest.mark.parametrize("key, order", (
    ("syn", ["wg0", "ipsec:203.0.113.7", "tun0"]), ("clamped", ["wg0", "tun0", "ipsec:203.0.113.7"]),
    ("name", ["ipsec:203.0.113.7", "tun0", "wg0"]), ("path", ["ipsec:203.0.113.7", "wg0", "tun0"]),
    ("mss", ["wg0", "ipsec:203.0.113.7", "tun0"]), ("peers", ["wg0", "tun0", "ipsec:203.0.113.7"]),
))
def test_sort(daemon, key, order):
    assert names(batch(daemon, "-n", "1", "--sort", key).stdout) == order


def test_of_no_tunnel(daemon):
    stats = make_stats()

    def more(parameters):
        reply = stats(parameters)
        reply["no_tunnel"].update(seen_total=40)
        return reply
    daemon.replies["GetStats"] = more
    assert names(batch(daemon, "-n", "1", "--sort", "name").stdout)[-1] == "_none"


def test_nothing_there(daemon):
    stats = copy.deepcopy(replies.ALL["GetStats"])
    stats.update(syn=counts(0, 0), tunnels=[])
    stats["no_tunnel"].update(seen_total=0)
    daemon.replies.update(GetStats=stats, ListTunnels={"schema": 1, "tunnels": []})
    assert "No tunnel found, and no SYN has come.\n" in batch(daemon, "-n", "1").stdout


def test_counters_that_began_anew(daemon):
    """A daemon that was started anew between two looks: unknown, not negative."""
    turns = iter((10 ** 6, 100))
    stats = copy.deepcopy(replies.ALL["GetStats"])

    def fewer(_):
        seen = next(turns)
        return {**stats, "syn": counts(seen, seen), "tunnels": []}
    daemon.replies["GetStats"] = fewer
    assert "SYN -/s" in batch(daemon, "-n", "1").stdout


def test_peers_of_one_tunnel(daemon):
    out = batch(daemon, "-n", "1", "--tunnel", "wg0").stdout
    assert "Peers of wg0: 1-500 of 500  most SYN/s first\n" in out and "peer-499" in out and "98%" in out


def test_a_tunnel_without_peers(daemon):
    daemon.replies["ListPeers"] = {"schema": 1, "peers": [], "peers_total": 0, "rates": [],
                                   "uncounted_per_second": 0.0}
    out = batch(daemon, "-n", "1", "--tunnel", "wg0").stdout
    assert "Peers of wg0: none is known\n" in out and "0-0" not in out


def test_json(daemon):
    done = run("top", "--json", "-n", "2", "--every", "0.05", "--tunnel", "wg0", socket_path=daemon.path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 2
    for line in lines:
        validate(line, "top")
        assert line["tunnels"][0]["name"] == "wg0" and line["tunnels"][0]["syn_per_second"] > 0
        assert len(line["peers"]) == PEERS


@pytest.mark.parametrize("argv, text", (
    (("-n", "0"), "top: -n 0: must be a number of frames"),
    (("--sort", "size"), "top: --sort size: must be syn"),
    ((), "top: standard output is no terminal"),
))
def test_wrong_command_lines(daemon, argv, text):
    done = run("top", *argv, socket_path=daemon.path)
    assert done.returncode == 2 and text in done.stderr and daemon.calls == []


def test_errors(daemon, tmp_path):
    assert batch(daemon, "-n", "1", "--tunnel", "wg9").returncode == 0
    daemon.replies["ListPeers"] = Error("NotFound", "there is no tunnel wg9", "look")
    done = batch(daemon, "-n", "1", "--tunnel", "wg9")
    assert done.returncode == 5 and "there is no tunnel wg9" in done.stderr
    done = run("top", "--json", socket_path=str(tmp_path / "nobody"))
    assert done.returncode == 3 and read_error(done)


def test_a_daemon_that_does_not_answer(daemon):
    """At the first look, and in the middle of the frames."""
    daemon.replies["GetStats"] = None
    done = batch(daemon, "-n", "1", "--timeout", "0.3")
    assert (done.returncode, done.stdout) == (7, "") and "no answer within 0.3 s" in done.stderr
    make, looks = make_stats(), itertools.count(1)
    daemon.replies["GetStats"] = lambda _: make(_) if next(looks) <= 2 else None
    done = batch(daemon, "-n", "2", "--timeout", "3")
    assert done.returncode == 7 and done.stdout.count("mssclamp ") == 1 and done.stderr


def test_a_daemon_that_goes_away(tmp_path, daemon):
    make, looks, path = make_stats(), itertools.count(1), tmp_path / "other"
    os.symlink(daemon.path, path)

    def stats(_):
        if next(looks) == 3:
            path.unlink()
        return make(_)
    daemon.replies["GetStats"] = stats
    done = run("top", "--batch", "--every", "0.05", socket_path=path)
    assert done.returncode == 3 and done.stdout.count("mssclamp ") == 1
    assert "cannot reach mssclampd" in done.stderr


def test_reader_that_leaves(daemon):
    process = subprocess.Popen([PROGRAM, "-s", daemon.path, "top", "--batch", "--every", "0.05"], env=environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(20 * SLOW) in (0, 1) and process.stderr.read() == b""
    process.stderr.close()


class Terminal:
    """A shell in tmux that runs top and then tells how it ended."""

    def __init__(self, directory, socket_path, *argv, columns=80, lines=24, locale="C.UTF-8", **env):
        self.directory = directory
        self.server = str(directory / "tmux")
        top = " ".join([str(PROGRAM), "-s", str(socket_path), "top", "--every", "0.2", *argv])
        script = directory / "script"
        script.write_text(f"trap : INT\nstty -g >{directory}/before\necho first line\n{top}\necho ended $?\n"
                          f"stty -g >{directory}/after\nexec cat\n")
        subprocess.run(["tmux", "-S", self.server, "-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y",
                        str(lines), "sh", str(script)], check=True, timeout=60,
                       env=environment(LC_ALL=locale, TERM="xterm", **env))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server", check=False)

    def tmux(self, *argv, check=True):
        return subprocess.run(["tmux", "-S", self.server, *argv], check=check, timeout=60, capture_output=True,
                              text=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def shows(self, *texts):
        """Waits until all of it stands on the screen at once; returns that."""
        def screen():
            text = self.screen()
            return text if all(part in text for part in texts) else None
        return until(screen, lambda: f"{texts} on\n{self.screen()}")

    def pid(self):
        """Of top: what runs in the foreground of the shell."""
        shell = self.tmux("display", "-p", "#{pane_pid}").strip()
        done = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", shell], capture_output=True, text=True, check=True)
        return int(next(line.split()[0] for line in done.stdout.splitlines() if "mssclampctl" in line))

    def flags(self):
        return self.tmux("display", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}").split()

    def is_as_before(self):
        """top has ended, and nothing is left of it."""
        screen = self.shows("ended")
        assert "first line" in screen and "TUNNEL" not in screen and "SYN" not in screen
        assert self.flags() == ["0", "1", "1"]
        until(lambda: (self.directory / "after").exists() and (self.directory / "after").read_text(), "stty ran")
        assert (self.directory / "before").read_text() == (self.directory / "after").read_text()
        return screen


@pytest.fixture
def terminal(tmp_path, daemon):
    with Terminal(tmp_path, daemon.path) as running:
        running.shows("TUNNEL", "wg0", "98%", "q quit")
        yield running


def order(screen):
    return re.findall(r"^[> ]*(wg0|tun0|ipsec)", screen, re.M)


def test_keys(terminal, daemon):
    assert terminal.flags() == ["1", "0", "0"]
    terminal.keys("s")
    assert order(terminal.shows("most clamped first")) == ["wg0", "tun0", "ipsec"]
    terminal.keys("s", "r")
    assert order(terminal.shows("by name, last first")) == ["wg0", "tun0", "ipsec"]
    terminal.keys("r", "Down")
    terminal.shows("> tun0")
    terminal.keys("k")
    terminal.shows("> ipsec")
    terminal.keys("End")
    terminal.shows("> wg0")
    terminal.keys("Enter")
    screen = terminal.shows("Peers of wg0: 1-18 of 500", "peer-17", "98%")
    assert "peer-18" not in screen
    terminal.keys("NPage")
    terminal.shows("Peers of wg0: 19-36 of 500", "peer-35")
    terminal.keys("G")
    terminal.shows("Peers of wg0: 483-500 of 500", "peer-499")
    asked = [parameters for method, parameters in daemon.calls if method == "ListPeers"]
    assert all(p["max"] <= 20 and p["count_seconds"] == 2.4 for p in asked)
    assert {"tunnel": "wg0", "first": 482, "max": 18, "by": "name"}.items() <= asked[-1].items()
    terminal.keys("s")
    assert "MSS IN -> OUT" in terminal.shows("483-500 of 500  smallest PATH first")
    terminal.keys("s", "r")
    terminal.shows("483-500 of 500  fewest SYN/s first", "peer-0 ", "r reverse")
    terminal.keys("r", "s", "s")
    terminal.shows("483-500 of 500  by name")
    terminal.keys("p")
    assert re.search("^TUNNEL +PEER ", terminal.shows("Peers of all tunnels: 1-20 of 500", "peer-0"), re.M)
    for key in ("h", "z", "Space", "F5", "t"):  # any but q, and back to where it was called
        terminal.keys("h")
        terminal.shows("the other way round", "any other key back")
        terminal.keys(key)
        terminal.shows("Peers of all tunnels: 1-20 of 500", "by name")
    terminal.keys("t", "h")
    terminal.shows("the other way round")
    terminal.keys("x")
    terminal.shows("3 rows  by name")
    terminal.keys("q")
    assert "ended 0" in terminal.is_as_before()


@pytest.mark.parametrize("columns", (60, 70))
def test_nothing_is_cut_on_a_narrow_screen(tmp_path, daemon, columns):
    """The keys fill 70 columns to the last; the help is broken between words."""
    with Terminal(tmp_path, daemon.path, columns=columns) as terminal:
        terminal.shows("98%", *(["Enter peers  p all peers  t tunnels"] if columns == 70 else ["  p all peers"]))
        terminal.keys("h")
        screen = terminal.shows("any other key back")
        assert " ".join(screen.split()).count("MSS, peers r the other way round") == 1


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT))
def test_signals(terminal, number):
    os.kill(terminal.pid(), number)
    assert "ended 0" in terminal.is_as_before()


def test_control_c(terminal):
    terminal.keys("C-c")
    assert "ended 0" in terminal.is_as_before()


def is_stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


def test_stop_and_go_on(terminal):
    """Ctrl-Z gives the terminal back for as long as it is stopped."""
    pid = terminal.pid()
    os.kill(pid, signal.SIGTSTP)
    until(lambda: terminal.flags() == ["0", "1", "1"], "the terminal is back")
    until(lambda: is_stopped(pid), "it stands still")
    os.kill(pid, signal.SIGCONT)
    until(lambda: terminal.flags() == ["1", "0", "0"], "it is drawn on again")
    terminal.shows("TUNNEL", "q quit")
    terminal.keys("q")
    terminal.is_as_before()


@pytest.mark.parametrize("columns, lines", ((120, 40), (40, 10), (20, 5), (20, 1), (80, 24)))
def test_resize(terminal, columns, lines):
    terminal.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def fits():
        """It is drawn anew, for that size: more columns where there is room, and nothing is cut."""
        screen = terminal.screen()
        rows = screen.splitlines()
        return (len(rows) <= lines and all(len(row) <= columns for row in rows) and rows[-1].startswith("q quit")
                and ("KIND" in screen) == (columns == 120) and ("MSS IN" in screen) == (columns >= 80)
                and ("wg0" in screen) == (lines >= 5))

    until(fits, lambda: f"it fits\n{terminal.screen()}")
    terminal.keys("q")
    until(lambda: terminal.flags()[0] == "0", "it ends")


def test_daemon_goes_and_comes(tmp_path):
    known = {**replies.ALL, "ListTunnels": {"schema": 1, "tunnels": TUNNELS}, "ListPeers": list_peers}
    path = tmp_path / "s"
    fake = FakeDaemon(path, {**known, "GetStats": make_stats()})
    with Terminal(tmp_path, path) as terminal:
        terminal.shows("TUNNEL", "98%")
        fake.__exit__()
        screen = terminal.shows("cannot reach mssclampd", "Trying again", "q quit")
        assert "TUNNEL" not in screen
        with FakeDaemon(path, {**known, "GetStats": make_stats()}):
            terminal.shows("TUNNEL", "98%")
            terminal.keys("q")
            terminal.is_as_before()


def test_nobody_there(tmp_path):
    with Terminal(tmp_path, tmp_path / "nobody") as terminal:
        assert "cannot reach mssclampd" in terminal.is_as_before()
        assert "ended 3" in terminal.screen()


def test_frames(tmp_path, daemon):
    with Terminal(tmp_path, daemon.path, "-n", "2") as terminal:
        assert "ended 0" in terminal.is_as_before()


def test_plain(tmp_path, daemon):
    """No colour, no UTF-8, names that a terminal would obey."""
    daemon.replies["ListTunnels"] = {"schema": 1, "tunnels": [tunnel("w\033[2Jg\u202e0", "\033]0;x\a", 1, 1500, "route", 1400)]}
    with Terminal(tmp_path, daemon.path, locale="C", NO_COLOR="1") as terminal:
        screen = terminal.shows("w?[2Jg?", "q quit")
        assert screen.isascii()
        terminal.keys("q")
        terminal.is_as_before()
