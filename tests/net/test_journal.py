# SPDX-License-Identifier: GPL-2.0-or-later
"""What the journal gets: a socket of the test's own stands where systemd's would."""

import contextlib
import pathlib
import re
import socket

import pytest
from daemon import Daemon
from fake_openvpn import write_status
from netns import until

IDS = dict(re.findall(r'\{ "([a-z_]+)",\s+"([0-9a-f]{32})" \}', (
    pathlib.Path(__file__).resolve().parents[2] / "src/daemon/events/message_id.c").read_text("utf-8")))


class Journal:
    """/run/systemd/journal/socket of whoever is started with `prefix`."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder / "socket"))
        self.socket.setblocking(False)
        self.entries = []

    def prefix(self, stream):
        told = stream.stat()
        return ("unshare", "-m", "sh", "-ec", "mount -t tmpfs none /run; mkdir -p /run/systemd/journal; "
                f'mount --bind {self.folder} /run/systemd/journal; exec "$@"', "sh", "env",
                f"JOURNAL_STREAM={told.st_dev}:{told.st_ino}")

    def fill(self):
        """Leaves no room for any more, whatever the host allows; one sender may have less than there is."""
        sent = None
        with contextlib.ExitStack() as senders:
            while sent != 0:
                sender = senders.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
                sender.setblocking(False)
                sender.connect(self.socket.getsockname())
                sent = 0
                with contextlib.suppress(BlockingIOError):
                    while True:
                        sent += sender.send(b"X=1\n")

    def read(self):
        """All entries so far, as dictionaries."""
        while True:
            try:
                data = self.socket.recv(1 << 16)
            except BlockingIOError:
                return self.entries
            self.entries.append(dict(line.split("=", 1) for line in
                                     data.decode().splitlines() if "=" in line))

    def find(self, name):
        return [entry for entry in self.read() if entry.get("MESSAGE_ID") == IDS[name]]


@pytest.fixture
def journal(tmp_path):
    folder = tmp_path / "journal"
    folder.mkdir()
    journal = Journal(folder)
    yield journal
    journal.socket.close()


@pytest.fixture
def daemon(path, journal, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "errors").touch()
    with Daemon(path.gateway, directory=folder, prefix=journal.prefix(folder / "errors")) as running:
        yield running


CLIENTS = (("bob", "198.51.100.2:41523", "10.8.0.3", "AES-256-GCM"),)


def test_fields(path, daemon, journal, tmp_path):
    write_status(tmp_path / "status", CLIENTS)
    path.gateway.ip("tuntap add dev tun7 mode tun\nlink set tun7 up mtu 1500\n"
                    "addr add 10.8.0.1/24 dev tun7")
    try:
        daemon.reload('tunnels = ({ match = "tun7"; kind = "openvpn"; '
                      f'status_file = "{tmp_path}/status"; }});')
        until(lambda: journal.find("peer_added"), "an entry of the client", 8)
        entry = journal.find("tunnel_added")[0]
        assert entry["MSSCLAMP_TUNNEL"] == "tun7" and "MSSCLAMP_PEER" not in entry
        assert entry["MESSAGE"].startswith("tun7: new tunnel")
        assert entry["PRIORITY"] == "6" and entry["SYSLOG_IDENTIFIER"] == "mssclampd"
        path.gateway.ip("link set wan mtu 1350")
        until(lambda: [e for e in journal.find("peer_changed")
                       if e.get("MSSCLAMP_PATH_MTU") == "1350"], "an entry of its path")
        entry = journal.find("peer_changed")[-1]
        assert entry["MSSCLAMP_TUNNEL"] == "tun7" and "bob" in entry["MSSCLAMP_PEER"]
    finally:
        path.gateway.ip("link del tun7")
        path.gateway.ip("link set wan mtu 1400")
    until(lambda: journal.find("tunnel_removed"), "an entry of its end")
    # What the journal has does not stand in the log a second time.
    assert "new tunnel" not in daemon.log()
    assert "mssclampd" in daemon.log()


def test_path_of_a_tunnel(path, daemon, journal):
    """What a tunnel without peers of its own tells: the path outside."""
    path.gateway.ip(f"link add vx7 type vxlan id 7 remote {path.SERVER4} dstport 4789\n"
                    "link set vx7 up mtu 1300")
    try:
        until(lambda: journal.find("tunnel_added"), "an entry of it", 20)
        entry = journal.find("tunnel_added")[0]
        assert entry["MSSCLAMP_TUNNEL"] == "vx7" and entry["MSSCLAMP_PATH_MTU"] == "1400"
        path.gateway.ip("link set wan mtu 1340")
        until(lambda: [e for e in journal.find("tunnel_changed")
                       if e.get("MSSCLAMP_PATH_MTU") == "1340"], "an entry of its path", 20)
    finally:
        path.gateway.ip("link del vx7")
        path.gateway.ip("link set wan mtu 1400")


def test_refused_reload(daemon, journal):
    daemon.file.write_text("mode = 7;", encoding="utf-8")
    daemon("reload", code=6)
    until(lambda: journal.find("reload_refused"), "an entry of it")
    entry = journal.find("reload_refused")[0]
    assert entry["PRIORITY"] == "3"
    assert re.search(r"was kept: .*mssclamp[.]conf:1: mode: ", entry["MESSAGE"])


def test_a_journal_that_does_not_read(daemon, journal):
    """Nobody waits for it: what it has no room for stands in the log."""
    daemon.file.write_text("mode = 7;", encoding="utf-8")
    before = len(journal.find("reload_refused"))
    journal.fill()
    for _ in range(5):
        daemon("reload", code=6)
    assert daemon.log().count("was kept") == 5
    assert len(journal.find("reload_refused")) == before
    daemon("reload", code=6)
    assert len(journal.find("reload_refused")) == before + 1


def test_no_socket(path, journal, tmp_path):
    """Then lines go to stderr, as everywhere else."""
    journal.socket.close()
    (journal.folder / "socket").unlink()
    (tmp_path / "errors").touch()
    with Daemon(path.gateway, directory=tmp_path, prefix=journal.prefix(tmp_path / "errors")) as one:
        one.file.write_text("mode = 7;", encoding="utf-8")
        one("reload", code=6)
        until(lambda: "reload: the running configuration was kept" in one.log(), "the line")


def test_another_stderr_is_no_journal(path, journal, tmp_path):
    other = tmp_path / "other"
    other.touch()
    with Daemon(path.gateway, prefix=journal.prefix(other)) as running:
        running.file.write_text("mode = 7;", encoding="utf-8")
        running("reload", code=6)
        until(lambda: "reload: the running configuration was kept" in running.log(), "the line")
    assert not journal.read()
