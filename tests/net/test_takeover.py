# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampd --takeover: from a daemon that lives to the next one, without a SYN between them."""

import contextlib
import json
import os
import socket
import sys
import time
from concurrent import futures

import packets
import pytest
from connects import Connects
from daemon import Daemon
from netns import SLOW, until
from queue_reader import open_queue
from stall import stalled
from supervisor import Supervised
from test_lifecycle import Stream

LIMIT, ANNOUNCED = 1360, 1460
ERROR = 2  # nlmsg_type of an acknowledgement


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
        assert before.ends(20) == 0  # however long the new one takes to prepare itself
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
        got = [packet.mss[0] for packet in there.take(stream.sent, 5)]
        assert there.lost() == 0
    print(f"\n20 takeovers: {stream.sent} SYNs sent, {stream.sent - len(got)} lost, "
          f"{len(got) - got.count(LIMIT)} unclamped")
    assert got == stream.sent * [LIMIT]


@pytest.mark.parametrize("limits, times", ((0, 5), (8000, 2)))
def test_real_connects(path, chain, limits, times):
    """However long the new one takes to prepare itself, the old one serves meanwhile."""
    one = chain("rules = (" + ", ".join(f'{{ prefix = "10.{i >> 8}.{i & 255}.0/25"; mss = 1000; }}'
                                        for i in range(limits)) + ");")
    with Connects(path, LIMIT) as connects:
        for _ in range(times):
            time.sleep(0.1)
            one.take_over()
    print(f"\n{times} takeovers with {limits} limits: {connects}")
    assert connects.client.all > 100 * times
    assert (connects.client.failed, connects.client.unclamped) == (0, 0)
    assert connects.server.unclamped == 0  # that none is lost counts test_twenty_times


def test_what_becomes_of_the_rest(path, chain, left):
    """The socket's file stays until the last one ends; both say whom they speak of."""
    one = chain()
    before, after = one.take_over()
    assert "another mssclampd has taken over the queues: ending" in before.log()
    assert after.json("status")["state"] == "running"
    assert after.json("rules")["state"] == "ok"
    assert left() == LIMIT
    assert os.path.exists(after.socket_path)
    third = Daemon(path.gateway, "", ready=False, directory=before.directory, keep_file=True)
    assert third.ends() not in (0, None)
    third.says(f"process {after.process.pid} listens there already")  # not the one before it
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
    old.json("status", code=None)  # by the socket that the new one was started with, too


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


@pytest.mark.parametrize("elsewhere, why", ((True, "it belongs to another network namespace"),
                                            (False, "it does not own the queue any more")))
def test_a_socket_of_no_use(path, start, tmp_path, elsewhere, why):
    """Nothing is taken, nobody told to end. Before Linux 5.14 the first looks as the second does."""
    made = (open_queue(path.client, 5000) if elsewhere else
            path.gateway.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12))
    with socket.socket(socket.AF_UNIX) as old, made:
        old.bind(str(tmp_path / "control"))
        old.listen(1)
        new = start(ready=False, directory=tmp_path, argv=("--takeover",))
        with old.accept()[0] as connection:
            connection.recv(4096)
            token = os.eventfd(1)
            socket.send_fds(connection, [b'{"parameters":{"queues":[5000],"listening":true}}\0'],
                            [made.fileno(), old.fileno(), token])
            os.close(token)
            assert new.ends() not in (0, None)
            assert connection.recv(4096) == b""
    new.says(f"takeover: the socket of queue 5000 cannot be taken over: {why}")


def test_who_does_not_answer(path, start, tmp_path):
    """That it waits is said, and a signal ends the waiting."""
    with socket.socket(socket.AF_UNIX) as odd:
        odd.bind(str(tmp_path / "control"))
        odd.listen(1)
        new = start(ready=False, directory=tmp_path, argv=("--takeover",))
        connection, _ = odd.accept()
        new.says("takeover: waiting for the running mssclampd to let go of its queues, 10 s", 8)
        new.process.terminate()
        assert new.ends() == 0
        new.says("told to end before it had begun")
        connection.close()


@pytest.mark.parametrize("ends", (False, True))
def test_who_answers_a_byte_at_a_time(path, start, tmp_path, ends):
    """As one who does not answer: a signal ends the waiting, and so do ten seconds."""
    with socket.socket(socket.AF_UNIX) as odd, futures.ThreadPoolExecutor() as pool:
        odd.bind(str(tmp_path / "control"))
        odd.listen(1)
        new = start(ready=False, directory=tmp_path, argv=("--takeover",))
        connection, _ = odd.accept()

        def trickle():
            with contextlib.suppress(OSError):
                while True:
                    connection.sendall(b" ")
                    time.sleep(0.1)
        done = pool.submit(trickle)
        try:
            new.says("takeover: waiting for the running mssclampd to let go of its queues, 10 s", 8)
            if ends:
                new.process.terminate()
                assert new.ends() == 0
            else:
                assert new.ends(20) not in (0, None)
                new.says("takeover: the running mssclampd has given no answer for 10 s: it hangs, or was "
                         "stopped; look at its log")
        finally:
            connection.shutdown(socket.SHUT_RDWR)
            done.result()
            connection.close()


def test_a_file_that_is_not_there(path, chain, left):
    """The name is wrong: nobody is asked to go for defaults."""
    one = chain("rules = ({ mss = 1300; });")
    wrong = Daemon(path.gateway, "", ready=False, directory=one.now.directory,
                   argv=("--takeover", "-c", str(one.now.directory / "typo.conf")), keep_file=True)
    assert wrong.ends() == 6
    assert one.now.process.poll() is None and left() == 1300


def begin_to_ask(old, connection):
    connection.connect(old.socket_path)
    connection.sendall(json.dumps({"method": "org.mssclamp.Takeover", "more": True,
                                   "parameters": {"netns_cookie": 0}}).encode() + b"\0")


def take_answer(connection):
    """The parameters of the reply, and descriptors."""
    data, fds, _, _ = socket.recv_fds(connection, 4096, 16)
    return json.loads(data[:-1])["parameters"], fds


def ask(old, connection):
    """Asks as a new one does."""
    begin_to_ask(old, connection)
    return take_answer(connection)


def test_not_while_a_worker_stalls(path, start, left):
    """It could not stop reading; all of them go on."""
    old = start("queues = { count = 2; };")
    with stalled(old.process.pid, "queue-5001"):
        refused(path, old, "a worker does not come to an end; nothing was handed over")
    assert {left() for _ in range(4)} == {LIMIT}
    time.sleep(1.5)  # a worker that has ended would be missed by the next look at it
    until(lambda: old.json("status", code=None)["state"] == "running", "it runs as before")
    assert "has lost its worker" not in old.log(), old.log()
    old.stop()


def test_not_while_most_workers_stall(path, start, inject, arrivals):
    """They are not waited for one after the other, while the one that answers does nothing."""
    old = start("queues = { count = 7; }; fallback = false;")
    with contextlib.ExitStack() as stack:
        cpus = sorted(os.sched_getaffinity(0))
        for i in set(range(7)) - {cpus[0] % 7}: # the CPU chooses the queue
            stack.enter_context(stalled(old.process.pid, f"queue-{5000 + i}"))
        refused(path, old, "a worker does not come to an end; nothing was handed over")
        os.sched_setaffinity(0, cpus[:1])
        try:
            inject(packets.syn(path.CLIENT4, path.SINK4))
        finally:
            os.sched_setaffinity(0, cpus)
        assert arrivals.next().mss == [LIMIT]


def test_under_a_flood(path, start, inject):
    """Where the queue is so full that the kernel's acknowledgement finds no room in it, and always
    something comes, the old one hands over nevertheless. A worker that was kept from it for longer than
    that may take is refused: it is asked again."""
    old = start("queues = { count = 1; max_packets = 64; }; fallback = false;")
    fds, tries = [], 0
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 26) as there:
        with Stream(path, inject, 0.001) as stream:
            while not fds and tries < 5:
                tries += 1
                with socket.socket(socket.AF_UNIX) as connection:
                    sent = stream.sent
                    with stalled(old.process.pid, "queue-5000"):
                        until(lambda: stream.sent > sent + 500, "the queue is full", 20)
                        begin_to_ask(old, connection)
                        time.sleep(0.1)
                    reply, fds = take_answer(connection)
            print(f"\nhanded over at try {tries}: {reply}")
            assert fds
            for fd in fds:
                os.close(fd)
        # The other has ended without having begun, so the old one goes on.
        assert len(there.take(stream.sent, 8)) == stream.sent


def test_beside_a_worker_that_stalls_for_long(path, start, inject, arrivals):
    """Its queue passes all before and after the new one is refused."""
    old = start("queues = { count = 1; }; fallback = false;")
    with stalled(old.process.pid, "queue-5000"):
        old.says("its worker does not answer", 10)
        refused(path, old, "a worker does not come to an end; nothing was handed over")
        inject(packets.syn(path.CLIENT4, path.SINK4))
        assert len(arrivals.take(1, 8)) == 1
    old.says("queue 5000: its worker answers again", 8)


def test_a_second_one_waits(path, start):
    """Who asks while another one is being served has its turn behind that."""
    old = start()
    with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
        _, fds = ask(old, first)
        with futures.ThreadPoolExecutor() as pool:
            answer = pool.submit(ask, old, second)
            first.close()
            for fd in fds:
                os.close(fd)
            reply, fds = answer.result()
        assert len(fds) == len(reply["queues"]) + 2
        os.read(fds[-1], 8)
        second.sendall(b"serves\0")
        for fd in fds:
            os.close(fd)
    assert old.ends() == 0


class Taker:
    """What a new one does, step by step: .fds are those of the queues, the listening one, the token."""

    def __init__(self, old):
        self.connection = socket.socket(socket.AF_UNIX)
        _, self.fds = ask(old, self.connection)

    def take(self):
        os.read(self.fds[-1], 8)

    def read(self, count):
        """SYNs that nobody answers then."""
        with socket.socket(fileno=os.dup(self.fds[0])) as queue:
            for _ in range(count):
                while int.from_bytes(queue.recv(4096)[4:6], sys.byteorder) == ERROR:
                    pass

    def die(self):
        self.connection.close()
        for fd in self.fds:
            os.close(fd)


READ = 3
ENDS = {
    "dies without the token": "is gone without having begun",
    "holds them": "has not taken them in time",
    "dies with the token": "is gone without having begun",
    "hangs with the token": "does not say that it serves",
}


@pytest.mark.parametrize("what", ENDS)
def test_who_takes_nothing(path, start, inject, arrivals, left, what):
    """The old one goes on: what came meanwhile has waited and is clamped, what the other one had read
    passes, and the next one can take over."""
    old = start("queues = { count = 1; }; fallback = false;")
    read = READ if "with " in what else 0
    one = Taker(old)
    for n in range(50):
        inject(packets.syn(path.CLIENT4, path.SINK4, seq=n))
    if read:
        one.take()
        one.read(read)
    if "dies" in what:
        one.die()
    old.says(ENDS[what], 12)
    if "hangs" in what:
        assert arrivals.take(1, 0.2) == []
        one.die()
    old.says("another mssclampd asked for the queues and .*: this one goes on")
    got = [packet.mss[0] for packet in arrivals.take(50, 5)]
    assert sorted(got) == (50 - read) * [LIMIT] + read * [ANNOUNCED]
    if read:
        old.says(f"queue 5000: {read} SYNs that the process before had read and not answered")
    if "holds" in what:
        with pytest.raises(BlockingIOError):
            one.take()
        one.die()
    assert left() == LIMIT
    assert old.json("status")["checks"]["queues"] == "ok"
    new = start("", ready=False, directory=old.directory, argv=("--takeover",), keep_file=True)
    assert old.ends() == 0
    new.wait_ready()
    assert left() == LIMIT


def test_paths_are_saved_by_one(path, start, tmp_path):
    """Once the new one has begun the old one does not write to that file, whatever it could not save."""
    path.gateway.ip(f"link add vx7 type vxlan id 7 remote {path.SERVER4} dstport 4789\n"
                    "link set vx7 up mtu 1300")
    try:
        state = tmp_path / "paths"
        (tmp_path / "paths.new").mkdir()
        old = start(f'queues = {{ count = 1; }}; path = {{ state = "{state}"; probe = true; }};',
                    directory=tmp_path)
        until(lambda: sum(old.stats()["probes"]["runs_total"].values()), "a path is measured", 15)
        one = Taker(old)
        old.says("paths: what is measured of paths cannot be kept over a restart")
        (tmp_path / "paths.new").rmdir()
        one.take()
        one.connection.sendall(b"serves\0")
        assert old.ends() == 0
        assert not state.exists()
        one.die()
    finally:
        path.gateway.ip("link del vx7")


def test_told_to_end_meanwhile(path, start, inject, arrivals):
    """SIGTERM: the old one ends as ever where nobody has begun, and else leaves all to who has."""
    for begins in (False, True):
        old = start("queues = { count = 1; }; fallback = false;")
        one = Taker(old)
        if begins:
            one.take()
        old.stop()
        assert ("has taken over the queues: ending" in old.log()) == begins
        inject(packets.syn(path.CLIENT4, path.SINK4))
        assert len(arrivals.take(1, 0.3 if begins else 5)) == (not begins)
        one.die()
        old.close()


A_UID_MAX = 16  # clients


@pytest.mark.parametrize("cut", (False, True))
def test_stopped_before_it_has_the_answer(path, start, left, cut):
    """It finds that it is too late when it goes on, and there is one master all the while: also where
    the old one has ended its idle connection meanwhile."""
    old = start("queues = { count = 1; };")
    old.hold()
    new = start("", ready=False, directory=old.directory, argv=("--takeover",), keep_file=True)
    until(new.is_asking, "it has asked", 8)
    new.hold()
    old.go_on()
    old.says("has not taken them in time: this one goes on", 15)
    assert left() == LIMIT
    with contextlib.ExitStack() as stack:
        if cut:  # who is idle for longest gives way: first the new one, then the first of these
            old.json("status")  # behind its answer to the new one, before which that is not idle
            idle = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(A_UID_MAX + 1)]
            for one in idle:
                one.connect(old.socket_path)
            idle[0].settimeout(8 * SLOW)
            assert idle[0].recv(1) == b""
    new.go_on()
    assert new.ends() not in (0, None)
    new.says("the running mssclampd has waited long enough and goes on; nothing was touched")
    assert old.process.poll() is None
    assert left() == LIMIT
    assert old.json("status")["state"] == "running" # by its socket's file


def test_more_calls_behind_it(path, start, left):
    """Who sends another call behind Takeover has not begun for that, and does not end the old one."""
    old = start()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(old.socket_path)
        connection.sendall(b'{"method":"org.mssclamp.Takeover","more":true,'
                           b'"parameters":{"netns_cookie":0}}\0'
                           b'{"method":"org.mssclamp.GetStatus"}\0')
        old.says("says something without having begun: this one goes on")
    assert left() == LIMIT
    assert old.json("status")["state"] == "running"


@pytest.mark.parametrize("beside", (None, 6000, 5001))
def test_the_old_one_dies_before_it_answers(path, start, left, beside):
    """The new one starts as usual: beside whoever has other queues, and where one that it wants is
    somebody else's it says so."""
    old = start("queues = { count = 1; };")
    with contextlib.ExitStack() as stack:
        if beside:
            stack.enter_context(open_queue(path.gateway, beside))
        old.hold()
        old.write("queues = { count = 2; };")
        new = start("", ready=False, directory=old.directory, argv=("--takeover",), keep_file=True)
        until(new.is_asking, "it has asked", 8)
        old.kill()
        new.says("has ended without an answer: starting as usual")
        if beside == 5001:
            assert new.ends() not in (0, None)
            new.says("queue 5001: already owned by netlink portid")
        else:
            new.wait_ready()
            assert {left() for _ in range(4)} == {LIMIT}
