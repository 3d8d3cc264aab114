# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampd --takeover: from a daemon that lives to the next one, without a SYN between them."""

import json
import os
import socket
import time

import packets
import pytest
from connects import Connects
from daemon import Daemon
from netns import SLOW
from stall import stalled
from supervisor import Supervised
from test_lifecycle import Stream

LIMIT = 1360


class Chain:
    """Daemons that take over from each other; they share their files."""

    def __init__(self, path, config=""):
        self.path, self.now = path, Daemon(path.gateway, config)
        self.all = [self.now]

    def take_over(self, config=None, **more):
        """The next one begins; the one before has ended by itself."""
        before = self.now
        if config is not None:
            before.write(config)
        after = Daemon(self.path.gateway, "", ready=False, directory=before.directory,
                       argv=("--takeover",), keep_file=True, **more)
        self.all.append(after)
        assert before.ends() == 0
        after.wait_ready()
        self.now = after
        return before, after

    def close(self):
        for one in reversed(self.all):
            if one.process.poll() is None:
                one.stop()
        self.all[0].close()


@pytest.fixture
def chain(path):
    chains = []

    def begin(config=""):
        chains.append(Chain(path, config))
        return chains[-1]
    yield begin
    for one in chains:
        one.close()


def test_twenty_times(path, chain, inject):
    """Under load: each SYN arrives, and each is clamped."""
    one = chain()
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 26) as there:
        with Stream(path, inject, 0.0005) as stream:
            for _ in range(20):
                one.take_over()
        got = [packet.mss[0] for packet in there.take(stream.sent, 2)]
        assert there.lost() == 0
    print(f"\n20 takeovers: {stream.sent} SYNs sent, {stream.sent - len(got)} lost, "
          f"{len(got) - got.count(LIMIT)} unclamped")
    assert got == stream.sent * [LIMIT]


def test_real_connects(path, chain):
    one = chain()
    with Connects(path, LIMIT) as connects:
        for _ in range(5):
            time.sleep(0.1)
            one.take_over()
    print(f"\n5 takeovers: {connects}")
    assert connects.client.all > 500
    assert (connects.client.failed, connects.client.unclamped) == (0, 0)
    assert connects.client.retried == 0 or SLOW > 2  # within the second after which TCP asks again
    assert connects.server.unclamped == 0


def test_what_becomes_of_the_rest(path, chain, left):
    """The socket's file stays until the last one ends; both say whom they speak of."""
    one = chain()
    before, after = one.take_over()
    assert "another mssclampd has taken over the queues: ending" in before.log()
    assert after.json("status")["state"] == "running"
    assert after.json("rules")["state"] == "ok"
    assert left() == LIMIT
    assert os.path.exists(after.socket_path)
    after.stop()
    assert not os.path.exists(after.socket_path)


def test_another_configuration(path, chain, left):
    one = chain("queues = { count = 2; };")
    one.take_over("queues = { count = 1; }; rules = ({ family = \"ipv4\"; mss = 1300; });")
    assert left() == 1300
    assert [queue["id"] for queue in one.now.stats()["queues"]] == [5000]


def test_nobody_is_there(path, chain, start, left):
    """Then it is a start like any other."""
    daemon = start(argv=("--takeover",))
    daemon.says("takeover: no mssclampd listens at .*: starting as usual")
    assert left() == LIMIT


def refused(path, old, why, **more):
    """The new one ends with an error that says why; the old one goes on."""
    new = Daemon(more.pop("namespace", path.gateway), "", ready=False, directory=old.directory,
                 argv=("--takeover",), keep_file=True, **more)
    assert new.ends() not in (0, None)
    new.says(why)
    assert old.process.poll() is None


def test_not_under_systemd(path, left):
    with Supervised(path.gateway) as old:
        refused(path, old, "systemd watches over this mssclampd .*systemctl restart")
        assert left() == LIMIT


def test_not_from_elsewhere(path, start, left):
    old = start()
    refused(path, old, "serves another network namespace", namespace=path.client)
    assert left() == LIMIT


def test_not_with_a_bad_configuration(path, start, left):
    """The old one is not asked."""
    old = start()
    text = old.file.read_text()
    old.file.write_text("colour = 3;")
    refused(path, old, "colour: unknown name")
    old.file.write_text(text)
    assert left() == LIMIT


def test_admins_alone(path, start, left):
    old = start()
    os.chmod(old.directory, 0o755)
    os.chmod(old.socket_path, 0o666)
    asked = path.gateway.run("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups",
                             "/usr/bin/python3", "-c", f"""
import json, socket
s = socket.socket(socket.AF_UNIX)
s.connect({old.socket_path!r})
s.sendall(json.dumps({{"method": "org.mssclamp.Takeover", "more": True,
                       "parameters": {{"netns_cookie": 0}}}}).encode() + b"\\0")
print(s.recv(4096)[:-1].decode())
""")
    assert json.loads(asked.stdout)["error"] == "org.mssclamp.PermissionDenied"
    assert left() == LIMIT


@pytest.mark.parametrize("answer", (b"", b"{}\0", b'{"parameters":{"queues":[5000],"listening":true}}\0',
                                    b'{"parameters":{"queues":[],"listening":true}}\0',
                                    b"x" * 70000, b'{"error":"org.example.Odd"}\0'))
def test_who_answers_is_no_mssclampd(path, start, tmp_path, answer):
    """Whatever it says: an error, and nothing was touched."""
    with socket.socket(socket.AF_UNIX) as odd:
        odd.bind(str(tmp_path / "control"))
        odd.listen(1)
        new = start(ready=False, directory=tmp_path, argv=("--takeover",))
        connection, _ = odd.accept()
        connection.recv(4096)
        connection.sendall(answer)
        connection.close()
        assert new.ends() not in (0, None)
        new.says("takeover: ")
    assert (tmp_path / "control").exists()


def ask(old, connection):
    """Asks as a new one does: the reply, or the error's parameters, and descriptors."""
    connection.connect(old.socket_path)
    connection.sendall(json.dumps({"method": "org.mssclamp.Takeover", "more": True,
                                   "parameters": {"netns_cookie": 0}}).encode() + b"\0")
    data, fds, _, _ = socket.recv_fds(connection, 4096, 16)
    return json.loads(data[:-1])["parameters"], fds


def test_not_while_a_worker_stalls(path, start, left):
    """It could not stop reading; all of them go on."""
    old = start("queues = { count = 2; };")
    with stalled(old.process.pid, "queue-5001"):
        refused(path, old, "a worker does not come to an end; nothing was handed over")
    assert {left() for _ in range(4)} == {LIMIT}
    time.sleep(1.5)  # a worker that has ended would be missed by the next look at it
    assert old.json("status")["state"] == "running", old.log()
    old.stop()


def test_a_second_one_meanwhile(path, start):
    """Who asks while another one is being served is told so."""
    old = start()
    with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
        reply, fds = ask(old, first)
        assert len(fds) == len(reply["queues"]) + 1
        told, none = ask(old, second)
        assert ("another mssclampd is taking over already", []) == (told["message"], none)
        for fd in fds:
            os.close(fd)
    assert old.ends() == 0
