# SPDX-License-Identifier: GPL-2.0-or-later
"""Start and end: what refuses to start and why, and that no SYN is lost on the way out."""

import json
import signal
import subprocess
import threading
import time

import packets
import pytest
from daemon import MSSCLAMPCTL, MSSCLAMPD, validate
from netns import until


def fails(daemon, *words):
    """The daemon ends by itself with an error that says all these words."""
    assert daemon.ends() not in (0, None)
    for word in words:
        assert word in daemon.log(), daemon.log()


def test_second_daemon_on_the_same_queues(start, left):
    """Its error names the owner; the first one and its rules are as they were."""
    first = start()
    second = start(ready=False)
    fails(second, "5000", str(first.process.pid))
    assert left() == 1360
    assert first.json("status")["state"] == "running"
    assert first.json("rules")["state"] == "ok"


def test_second_daemon_on_the_same_socket(start, left):
    first = start()
    second = start("queues = { first = 5300; };", ready=False, directory=first.directory)
    fails(second, first.socket_path)
    first.write("")
    assert left() == 1360
    assert first.json("status")["state"] == "running"


def test_without_the_capability(start):
    daemon = start(ready=False, prefix=("setpriv", "--bounding-set=-net_admin"))
    fails(daemon, "CAP_NET_ADMIN")
    assert "sandbox: user 0, no capability, " in daemon.log()


def test_without_any_right(path):
    """Somebody has typed its name: the last line says what to do."""
    done = path.gateway.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                            MSSCLAMPD, check=False)
    assert done.returncode == 1
    assert "start mssclampd as root or from its systemd unit" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("mode", ("queue", "mark"))
def test_in_a_user_namespace(start, mode):
    """Newer kernels drop, without a word, what comes back changed there. What this one does is
    tried, so SYNs are lowered one way or the other."""
    daemon = start(f'mode = "{mode}"; queues = {{ count = 1; }}; '
                   'rules = ({ family = "ipv4"; mss = 100; });', ready=False,
                   prefix=("unshare", "--user", "--map-root-user", "--net", "sh", "-c",
                           'ip link set lo up; exec "$@"', "sh"))
    daemon.says("clamps: queues", 8)
    status = until(lambda: (now := daemon.json("status", code=None))["state"] == "running" and now,
                   "it runs")
    assert status["mode"] in (mode, "mark")
    server = ("import socket as s; l = s.create_server(('127.0.0.1', 0)); "
              "c = s.create_connection(l.getsockname()); a, _ = l.accept(); "
              "print(c.getsockopt(6, 2), a.getsockopt(6, 2))")
    done = daemon.namespace.run("nsenter", "-t", str(daemon.process.pid), "--user", "--net",
                                "--preserve-credentials", "/usr/bin/python3", "-c", server)
    assert all(int(size) <= 100 for size in done.stdout.split())
    counts, again = daemon.stats()["ipv4"], daemon.json("stats")["retried_total"]
    assert min(counts["clamped_total"], counts["already_small_total"]) >= 2
    assert counts["seen_total"] == counts["clamped_total"] + counts["already_small_total"]
    assert counts["seen_total"] - 4 <= again, "what TCP had to send again"


def test_stale_socket_is_replaced(start):
    daemon = start()
    daemon.kill()
    daemon.start()
    daemon.wait_ready()
    daemon.stop()


def test_foreign_file_in_the_place_of_the_socket(start, path, tmp_path):
    (tmp_path / "control").write_text("somebody's", encoding="utf-8")
    daemon = start(ready=False, directory=tmp_path)
    fails(daemon, "control")
    assert (tmp_path / "control").read_text(encoding="utf-8") == "somebody's"


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_signals_end_it_well(start, number):
    daemon = start()
    daemon.process.send_signal(number)
    assert daemon.ends() == 0
    assert not (daemon.directory / "control").exists()


class Stream:
    """SYNs from many addresses, one after the other, until stopped."""

    def __init__(self, path, inject, pause):
        self.path, self.inject, self.pause = path, inject, pause
        self.sent, self.running = 0, True
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while self.running:
            source = f"203.0.113.{1 + self.sent % 250}"
            self.inject(packets.syn(source, self.path.SINK4, sport=1024 + self.sent % 60000))
            self.sent += 1
            time.sleep(self.pause)

    def more(self, count):
        """Waits until so many more have been sent."""
        sent = self.sent
        until(lambda: self.sent >= sent + count, f"{count} SYNs more are sent", 20)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        self.thread.join()


def test_no_syn_is_lost_by_the_end(path, start, inject):
    """What comes behind the end is the kernel's, which knows no rule."""
    daemon = start("rules = ({ mss = 1300; });")
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 25) as there:
        with Stream(path, inject, 0.0002) as stream:
            stream.more(500)
            daemon.stop()
            stream.more(300)
        got = [packet.mss[0] for packet in there.take(stream.sent, 5)]
        assert there.lost() == 0
    assert len(got) == stream.sent
    assert {1300, 1360} == set(got)


def test_what_waits_at_the_end_is_answered(path, start, inject):
    """The signal to end comes while the queues are full of SYNs."""
    daemon = start()
    daemon.hold()
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 25) as there:
        for i in range(2000):
            inject(packets.syn(f"203.0.113.{1 + i % 250}", path.SINK4, sport=1024 + i))
        until(lambda: path.gateway.queued() == 2000, "all wait")
        daemon.process.send_signal(signal.SIGTERM)
        daemon.go_on()
        got = [packet.mss[0] for packet in there.take(2000, 5)]
        assert there.lost() == 0
    assert got == 2000 * [1360]
    assert daemon.ends() == 0


def test_no_syn_is_lost_by_restarts(path, start, inject):
    daemon = start()
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 25) as there:
        with Stream(path, inject, 0.0005) as stream:
            for _ in range(3):
                daemon.stop()
                daemon.start()
                daemon.wait_ready()
        got = there.take(stream.sent, 5)
        assert there.lost() == 0
    assert len(got) == stream.sent


def test_control_when_nobody_is_there(path, start):
    daemon = start()
    daemon.stop()
    assert daemon.json("status", code=3)["error"]["name"] == "org.mssclamp.NotRunning"
    done = daemon("stats", code=3)
    assert daemon.socket_path in done.stderr
    assert daemon("wait", "--for", "1", code=None).returncode in (3, 7)


def test_events_command(start):
    """A line an event, and exit code 3 when the daemon goes away."""
    daemon = start()
    with daemon.namespace.popen([MSSCLAMPCTL, "-s", daemon.socket_path, "--json", "events"],
                                stdout=subprocess.PIPE, text=True) as events:
        assert json.loads(events.stdout.readline())["event"] == "subscribed"
        daemon("reload")
        told = json.loads(events.stdout.readline())
        validate("events", told)
        assert told["event"] == "reloaded"
        daemon.stop()
        assert json.loads(events.stdout.read())["error"]["name"] == "org.mssclamp.NotRunning"
    assert events.returncode == 3
