# SPDX-License-Identifier: GPL-2.0-or-later
"""A host that is short of something, or on which somebody meddles: doc/reliability.md, "Faults and what
holds them"."""

import contextlib
import os
import pathlib
import random
import resource
import socket
import statistics
import struct
import subprocess
import sys
import time

import packets
import pytest
from daemon import BUILD
from netns import SLOW, until
from queue_reader import open_queue
from supervisor import Supervised
from test_lifecycle import Stream

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from faults import Faulty  # noqa: E402  # pylint: disable=wrong-import-position

LIMIT, ANNOUNCED = 1360, 1460
ONE = "queues = { count = 1; };"
QUICK = 0.1 * SLOW  # seconds
# Holds what it was given, under the daemon's name, until its standard input ends.
NAMED = """open("/proc/self/comm", "w").write("mssclampd"); print(flush=True); input()"""


@pytest.fixture
def faulty(path):
    """A daemon in which calls can fail and clocks jump."""
    started = []

    def start(config="", **more):
        started.append(Faulty(path.gateway, config, **more))
        return started[-1]

    yield start
    for one in reversed(started):
        one.close()


def no_trace(path, daemon):
    """Of a start that failed."""
    assert not (daemon.directory / "control").exists()
    with path.gateway.entered(), open("/proc/thread-self/net/netfilter/nfnetlink_queue",
                                      encoding="ascii") as file:
        assert [line for line in file if line.split()[0] != "5000"] == []


def test_killed_where_nobody_keeps_its_sockets(path, start, inject):
    """Lost is what waited there at most; whatever comes behind that passes, and the next one clamps
    all."""
    daemon = start(ONE)
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 25) as there:
        with Stream(path, inject, 0.0004) as stream:
            stream.more(200)
            daemon.kill()
            behind = stream.sent + 1  # one may be on its way
            stream.more(200)
        got = {packet.sport: packet.mss for packet in there.take(stream.sent, 1)}
    unclamped = sum(mss == [ANNOUNCED] for mss in got.values())
    print(f"\n{stream.sent} SYNs, {stream.sent - len(got)} lost, {unclamped} unclamped")
    assert set(range(1024 + behind, 1024 + stream.sent)) <= set(got)
    assert unclamped > 0
    begin = time.monotonic()
    daemon.start()
    daemon.wait_ready()
    assert time.monotonic() - begin < 5 * SLOW # a start takes a tenth of a second
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 25) as there:
        for i in range(200):
            inject(packets.syn("203.0.113.7", path.SINK4, sport=2000 + i))
        assert [packet.mss[0] for packet in there.take_within(200, 2)] == 200 * [LIMIT]


def test_queues_that_somebody_else_has(path, start):
    """Said by number and owner; nothing is left of the start."""
    def rules():
        saved = path.gateway.run("iptables-nft-save", "-t", "mangle").stdout
        return [line for line in saved.splitlines() if not line.startswith("#")]

    with open_queue(path.gateway, 5000) as reader:
        before = rules()
        daemon = start("queues = { count = 2; };", ready=False)
        assert daemon.ends() == 1
        daemon.says(f"queue 5000: already owned by process {os.getpid()} ")
        no_trace(path, daemon)
        assert rules() == before
        # Who serves it is named, not who keeps its socket.
        server = subprocess.Popen([sys.executable, "-c", NAMED], pass_fds=[reader.fileno()],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with server:
            server.stdout.readline()
            daemon = start("queues = { count = 2; };", ready=False)
            assert daemon.ends() == 1
            daemon.says(rf"queue 5000: already owned by process {server.pid} \(mssclampd\)")
            server.stdin.close()


def test_too_few_descriptors(path, start):
    """One less than it has when it runs, and ever fewer: it ends and says of what it had none."""
    daemon = start("queues = { count = 4; };")
    needed = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
    daemon.close()
    for most in (needed - 1, needed - 4, needed // 2, *range(26, 14, -2), 8, 5):
        daemon = start("queues = { count = 4; };", ready=False,
                       prefix=("prlimit", f"--nofile={most}"))
        until(lambda d=daemon: d.process.poll() is not None or "clamps: queues" in d.log(),
              "it has ended or clamps", 10)
        if daemon.process.poll() is None:  # what is opened for a moment found room
            assert most > needed // 2
            daemon.close()
            continue
        assert daemon.ends() not in (0, None)
        assert "oo many open files; raise LimitNOFILE= of the unit" in daemon.log(), daemon.log()
        assert "annot allocate memory" not in daemon.log(), daemon.log()
        no_trace(path, daemon)


def test_no_memory(path, faulty, left):
    """As much as it has and a MiB, and more and more: a reload that wants more is refused, wherever
    that is found, and it serves on; the next one with room is not. A sanitizer's allocator takes more
    than is set aside for libconfig, which does not bear that: there it is the MiB alone."""
    daemon = faulty(ONE)
    sanitized = BUILD.name in ("asan", "tsan")  # to which 20,000 are most of a minute
    rules = ", ".join(f'{{ prefix = "10.{i >> 8 & 255}.{i & 255}.0/24"; mss = 1000; }}'
                      for i in range(5000 if sanitized else 20_000))
    daemon.write(f"rules = ({rules}); {ONE}")
    size = int(pathlib.Path(f"/proc/{daemon.process.pid}/statm").read_text(
        encoding="ascii").split()[0]) * resource.getpagesize()
    refused = 0
    steps = (1, 1024 * 1024) if sanitized else (1, 8, *range(16, 1024, 8))
    for more_mib in steps:
        most = size + (more_mib << 20)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        done = daemon("--timeout", f"{30 * SLOW:g}", "reload", code=None)
        assert daemon.process.poll() is None, daemon.log()
        assert (left(4), left(6)) == (LIMIT, LIMIT - 20)
        if done.returncode == 0:
            break
        assert "memory" in done.stderr, done.stderr
        refused += 1
    print(f"\n{refused} refused; with {more_mib} MiB more there is room")
    assert refused >= min(4, len(steps) - 1) and done.returncode == 0
    resource.prlimit(daemon.process.pid, resource.RLIMIT_AS,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    daemon.reload(f'rules = ({{ family = "ipv4"; mss = 900; }}); {ONE}')
    assert left() == 900


def put_directory(file):
    file.mkdir()


def put_fifo(file):
    os.mkfifo(file)


def put_symlink(file):
    file.with_name("theirs").write_text("precious", encoding="utf-8")
    file.symlink_to(file.with_name("theirs"))


def put_foreign(file):
    file.write_text("theirs", encoding="utf-8")
    os.chown(file, 12345, 12345)


def put_garbage(file):
    file.write_bytes(random.Random(7).randbytes(5000))


def put_truncated(file):
    file.write_text('{"mssclamp-paths": 1}\n{"tunnel": "wg0", "pe', encoding="utf-8")


STATES = (put_directory, put_fifo, put_symlink, put_foreign, put_garbage, put_truncated)


@pytest.mark.parametrize("put", STATES, ids=lambda put: put.__name__[4:])
def test_a_state_file(start, left, tmp_path, put):
    """Whatever lies there: one line about it, and it clamps. What is not ours stays as it is."""
    file = tmp_path / "state" / "paths"
    file.parent.mkdir()
    put(file)
    daemon = start(f'path = {{ state = "{file}"; probe = true; }};', directory=tmp_path)
    assert left() == LIMIT
    about = [line for line in daemon.log().splitlines() if str(file) in line]
    assert len(about) == 1, daemon.log()
    daemon.stop()
    if put is put_symlink:
        assert file.with_name("theirs").read_text(encoding="utf-8") == "precious"
    if put is put_foreign:
        assert file.read_text(encoding="utf-8") == "theirs"


@pytest.mark.parametrize("options", ("ro", "size=4k"))
def test_a_disk_of_no_use(path, start, left, tmp_path, options):
    """Read-only, or full: what was measured is said to be lost, and nothing else is. The control socket
    lies elsewhere."""
    path.gateway.ip(f"link add vx7 type vxlan id 7 remote {path.SERVER4} dstport 4789\n"
                    "link set vx7 up mtu 1300")
    (tmp_path / "state").mkdir()
    fill = "" if options == "ro" else f"head -c 1M /dev/zero >{tmp_path}/state/full;"
    daemon = start(f'path = {{ state = "{tmp_path}/state/paths"; probe = true; }};',
                   directory=tmp_path, prefix=(
                       "unshare", "--mount", "sh", "-c",
                       f'mount -t tmpfs -o {options} none {tmp_path}/state; {fill} exec "$@"', "sh"))

    def state():
        return daemon.json("status")["state_file"]
    try:
        until(lambda: sum(daemon.stats()["probes"]["runs_total"].values()), "a path is measured", 15)
        assert left() == LIMIT
        assert state()["ok"] is None
        until(lambda: state()["ok"] is False, "status tells", 15)
        text = daemon.told("status")
        if options == "ro":
            assert "Read-only file system; to mend it: mount -o remount,rw" in text
        else:
            assert f"No space left on device; see: df -h {tmp_path}/state" in text
            path.gateway.run("nsenter", "-t", str(daemon.process.pid), "-m", "rm", f"{tmp_path}/state/full")
            until(lambda: state()["ok"], "it is written again", 15)
            assert state()["failing_since"] is None and state()["see"] == []
            daemon.says("what is measured of paths is kept again")
        daemon.stop()
        daemon.says("paths: what is measured of paths cannot be kept over a restart: (Read-only|No space)")
    finally:
        path.gateway.ip("link del vx7")


@pytest.mark.parametrize("wall, boot", ((3600, 0), (-3600, 0), (0, 3600), (-1000000, 100000)))
def test_clocks_that_jump(path, faulty, left, wall, boot):
    """The time of day moves nothing. A host that slept is no worker that stalled."""
    daemon = faulty(ONE)
    before = daemon.json("status")["uptime_seconds"]
    daemon.plan.shift(wall, boot)
    assert left() == LIMIT
    path.gateway.ip("link set wan mtu 1380")
    try:
        until(lambda: left() == 1340, "limits follow", 2)
    finally:
        path.gateway.ip("link set wan mtu 1400")
    until(lambda: left() == LIMIT, "and back", 2)
    status = daemon.json("status")
    assert status["state"] == "running" and status["checks"]["queues"] == "ok"
    assert before <= status["uptime_seconds"] < before + boot + 30 * SLOW
    log = daemon.log()
    assert "stall" not in log and "<3>" not in log, log


def sockets_of(path, pid):
    """(protocol, portid) of each netlink socket of a process."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(os.readlink(fd).removeprefix("socket:[").rstrip("]"))
    with path.gateway.entered(), open("/proc/thread-self/net/netlink", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return [(int(row[1]), int(row[2])) for row in rows if row[9] in inodes and int(row[2])]


def strange_messages(seed):
    """Netlink as nobody sends it, and one that would be believed if the kernel had sent it."""
    chance = random.Random(seed)
    for _ in range(200):
        body = chance.randbytes(chance.randrange(200))
        length = chance.choice((16 + len(body), 0, 1, 15, 17, 0xffffffff, 1 << 31))
        yield struct.pack("=IHHII", length, chance.choice((0, 1, 2, 3, 16, 24, 0x300, 0x301)),
                          chance.getrandbits(16), chance.getrandbits(3), 0) + body
    down = struct.pack("=BxHiII", 0, 1, 3, 0, 0xffffffff) + struct.pack("=HHI", 8, 4, 68)
    yield struct.pack("=IHHII", 16 + len(down), 16, 0, 0, 0) + down


def test_netlink_of_strangers(path, start, left):
    """What another process sends to its netlink sockets is nobody's answer and no event."""
    daemon = start(ONE)
    found = sockets_of(path, daemon.process.pid)
    assert {0, 12} <= {protocol for protocol, _ in found}
    refused = 0
    for protocol, port in found:
        with path.gateway.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as stranger:
            for message in strange_messages(port):
                try:
                    stranger.sendto(message, (port, 0))
                except OSError:
                    refused += 1
    print(f"\n{len(found)} sockets, {refused} messages refused by the kernel")
    assert (left(4), left(6)) == (LIMIT, LIMIT - 20)
    path.gateway.ip("link set wan mtu 1390")
    try:
        until(lambda: left() == 1350, "events are heard", 2)
    finally:
        path.gateway.ip("link set wan mtu 1400")
    until(lambda: left() == LIMIT, "events are heard", 2)
    assert daemon.json("status")["state"] == "running"


def test_a_copy_that_is_too_short(path, inject):
    """A kept socket whose maker wanted 40 bytes of a packet: it leaves as it was, and is counted."""
    with open_queue(path.gateway, 5000, 40) as short:
        with Supervised(path.gateway, ONE, spare=[("queue-5000", short.fileno())]) as daemon:
            short.close()
            daemon.spare.clear()
            sent = packets.syn(path.CLIENT4, path.SINK4)

            def counted():
                return daemon.stats()["ipv4"]["left_alone"]["truncated_copy"]
            before = counted()
            with packets.Capture(path.server, "eth0") as there:
                inject(sent)
                assert there.next().ip == packets.hop_less(sent)
            assert counted() == before + 1


def test_many_queues_on_one_processor(path, start, inject):
    """64 workers on one: each answers within 100 ms, however many others there are. What is measured is
    how long a SYN takes from one end to the other, and the machine has other things to do: half of a
    round have to be as quick, and each once in a few tries."""
    cpu = str(min(os.sched_getaffinity(0)))
    daemon = start("queues = { count = 64; };", prefix=("taskset", "-c", cpu))
    rules = "".join(f"-I PREROUTING -p tcp --dport {7000 + i} -j NFQUEUE --queue-num {5000 + i}\n"
                    for i in range(64))
    path.gateway.run("iptables-nft-restore", "--noflush", text=f"*raw\n{rules}COMMIT\n")
    try:
        took = {}
        with packets.Capture(path.server, "eth0") as there:
            def ask(numbers):
                for i in numbers:
                    begin = time.monotonic()
                    inject(packets.syn(path.CLIENT4, path.SINK4, dport=7000 + i))
                    assert there.next(10).mss == [LIMIT]
                    took[i] = time.monotonic() - begin

            def half_are_quick():
                ask(range(64))
                return statistics.median(took.values()) <= QUICK

            def the_others_are():
                ask([i for i in took if took[i] > QUICK])
                return max(took.values()) <= QUICK
            until(half_are_quick, "half of 64 answer in time", 20)
            print(f"\nof 64 the median takes {statistics.median(took.values()) * 1000:.1f} ms, the "
                  f"slowest {max(took.values()) * 1000:.1f} ms")
            until(the_others_are, "each of 64 answers in time", 20)
        counts = [queue["depth_peak"] for queue in daemon.stats()["queues"]]
        assert all(counts), counts
    finally:
        path.gateway.run("iptables-nft", "-t", "raw", "-F")
