# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclamp-facts as it runs: what it finds, whom it tells, and that no key leaves it.

It sees the machine's processes, but /run and /etc of its own, so that the machine's WireGuard stays
out of the test and the test's out of the machine.
"""

import contextlib
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import daemon
import netns
import pytest
from daemon import BUILD
from netns import SLOW, until
from test_helper import RESTART, kill_with_double

PROGRAM = str(BUILD / "mssclamp-facts")
CLIENT = str(pathlib.Path(__file__).resolve().parents[1] / "lib" / "facts_client.py")
NOBODY = 65534
LOOKS_SECONDS = 3.0  # that the daemon waits for mssclamp-facts at most
SECRET_HEX = "e84b5a6d2717c1003a13b431570353dbaca9146cf150c5f8575680feba52027a"
SECRET = "6EtabScXwQA6E7QxVwNT26ypFGzxUMX4V1aA/rpSAno="
PUBLIC_HEX = "b85996fecc9c7f1fc6d2572a76eda11d59bcd20be8e543b15ce4bd85a8e75a33"
PUBLIC = "uFmW/sycfx/G0lcqdu2hHVm80gvo5UOxXOS9hajnWjM="

# $1: a folder with wireguard (sockets) and names (configuration); the rest is what to run. Libraries
# are found by the files kept of /etc.
IN_OWN_MOUNTS = """
set -e
folder=$1
shift
mount -t tmpfs none /run
mkdir /run/wireguard
mount --bind "$folder/wireguard" /run/wireguard
mkdir /run/etc
cp /etc/ld.so.* /run/etc/ 2>/dev/null || true
mkdir /run/etc/wireguard
mount --bind "$folder/names" /run/etc/wireguard
mount --rbind /run/etc /etc
exec "$@"
"""

# Holds a tun device (TUNSETIFF: IFF_TUN, IFF_NO_PI) of the name given until it is killed, as nobody: at once, or
# from a line on.
HOLD = """
import fcntl, os, struct, sys, time
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", sys.argv[1].encode(), 0x1001))
late = len(sys.argv) > 2
if not late:
    os.seteuid(65534)
print("held", flush=True)
if late:
    sys.stdin.readline()
    os.seteuid(65534)
time.sleep(600)
"""


class Facts:
    """A running mssclamp-facts whose client is in a namespace."""

    def __init__(self, namespace, folder):
        self.process = namespace.popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", IN_OWN_MOUNTS, "sh",
             str(folder), sys.executable, CLIENT, PROGRAM],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.all = queue.Queue(), b""
        self.errors = b""
        self.threads = [threading.Thread(target=self._collect, daemon=True),
                        threading.Thread(target=self._collect_errors, daemon=True)]
        for thread in self.threads:
            thread.start()
        first = self.line()
        assert first.isdigit(), (first, self.errors)
        self.pid = int(first)

    def _collect(self):
        for line in self.process.stdout:
            self.all += line
            self.lines.put(line.decode().rstrip("\n"))

    def _collect_errors(self):
        for line in self.process.stderr:
            self.errors += line

    def line(self, seconds=10):
        return self.lines.get(timeout=seconds * SLOW)

    def send(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, **question):
        self.send(json.dumps(question))
        return json.loads(self.line())

    def next(self, wanted, seconds=8.0):
        """Waits for facts of which wanted(facts) is true; returns them."""
        end = time.monotonic() + seconds * SLOW
        while True:
            left = end - time.monotonic()
            assert left > 0, f"not told within {seconds} s; the last: {self.all[-2000:]!r}"
            try:
                facts = json.loads(self.line(max(0.01, left / SLOW)))
            except queue.Empty:
                continue
            if wanted(facts):
                return facts

    def nothing(self, seconds):
        """Nothing is told for so long."""
        with pytest.raises(queue.Empty):
            raise AssertionError(self.line(seconds))

    def end(self):
        """The client goes; returns how the program ended."""
        if self.process.poll() is None:
            self.process.stdin.close()
        self.process.wait(timeout=20 * SLOW)
        for thread in self.threads:
            thread.join()
        last = self.all.decode().splitlines()[-1].split()
        assert last[0] == "ended", (last, self.errors)
        return int(last[1])

    def close(self):
        code = self.end()
        assert b"Sanitizer" not in self.errors and b"runtime error" not in self.errors, self.errors
        assert code == 0, self.errors
        for secret in (SECRET, SECRET_HEX, "BEGIN"):
            assert secret.encode() not in self.all + self.errors


class Uapi(threading.Thread):
    """Answers like a WireGuard in user space; None for an answer: it is stuck."""

    def __init__(self, path, answer):
        super().__init__(daemon=True)
        self.answer = answer
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(8)
        self.kept = []
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            if self.answer is None:
                self.kept.append(connection)
                continue
            with connection:
                if connection.recv(100) == b"get=1\n\n":
                    with contextlib.suppress(BrokenPipeError):  # it may be too much
                        connection.sendall(self.answer)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.join()


def device(endpoint, handshake=5):
    return (f"private_key={SECRET_HEX}\nlisten_port=51820\npublic_key={PUBLIC_HEX}\n"
            f"preshared_key={SECRET_HEX}\nendpoint={endpoint}\nallowed_ip=10.7.0.0/24\n"
            f"last_handshake_time_sec={handshake}\nerrno=0\n\n").encode()


def status(*clients):
    head = ("TITLE,OpenVPN 2.6.14 x\nHEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,"
            "Peer ID,Data Channel Cipher\n")
    lines = "".join(f"CLIENT_LIST,{name},192.0.2.7:5000,10.8.0.{i + 2},{i},AES-256-GCM\n"
                    for i, name in enumerate(clients))
    return f"{head}{lines}END\n"


@pytest.fixture
def namespace():
    namespace = netns.Namespace("facts")
    yield namespace
    namespace.close()


@pytest.fixture
def folder(tmp_path):
    for name in ("wireguard", "names"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def facts(namespace, folder):
    running = Facts(namespace, folder)
    yield running
    running.close()


@pytest.fixture
def hold():
    """Holders of tun devices, ended with the test."""
    held = []

    def hold_one(namespace, name, *more):
        process = namespace.popen([sys.executable, "-c", HOLD, name, *more],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        held.append(process)
        assert process.stdout.readline() == b"held\n"
        return process

    yield hold_one
    for process in held:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_who_holds_a_device(namespace, facts, hold):
    holder = hold(namespace, "tun3")
    told = facts.ask(tun=["tun3", "tun4"])
    program = pathlib.Path(sys.executable).resolve().name
    assert told == {"tunnels": [{"ifname": "tun3", "program": program, "pid": holder.pid,
                                 "uid": NOBODY}]}
    holder.kill()
    assert facts.next(lambda told: True, 4) == {}


def test_a_device_that_is_held_later(namespace, facts, hold):
    assert facts.ask(tun=["tun3"]) == {}
    holder = hold(namespace, "tun3")
    told = facts.next(lambda told: True, 20)  # a search that took long is not soon done again
    assert told["tunnels"][0]["pid"] == holder.pid


def test_who_gives_up_root_while_it_holds_one(namespace, facts, hold):
    """As OpenVPN does, some seconds behind its device: whose packets these are decides the way they go."""
    holder = hold(namespace, "tun3", "late")
    assert facts.ask(tun=["tun3"])["tunnels"][0].get("uid", 0) == 0
    holder.stdin.write(b"\n")
    holder.stdin.flush()
    facts.next(lambda told: told["tunnels"][0].get("uid") == NOBODY)


def test_another_namespace_has_its_own_devices(facts, hold):
    other = netns.Namespace("other")
    try:
        hold(other, "tun3")
        assert facts.ask(tun=["tun3"]) == {}
    finally:
        other.close()


def test_what_was_not_asked_is_not_told(namespace, facts, hold):
    hold(namespace, "tun3")
    assert facts.ask() == {}


def start_openvpn(namespace, folder, *arguments):
    log = folder / "openvpn.log"
    # as from a shell in that folder
    process = namespace.popen(["openvpn", *arguments, "--log", str(log)], cwd=folder,
                              env={**os.environ, "PWD": str(folder)})
    until(lambda: log.exists() and "TUN/TAP device" in log.read_text(), "OpenVPN has its device")
    return process


@pytest.mark.parametrize("how", ("whole path", "relative path", "chroot"))
def test_openvpn_and_its_configuration(namespace, facts, folder, how):
    key = folder / "static.key"
    subprocess.run(["openvpn", "--genkey", "secret", str(key)], check=True)
    (folder / "jail" / "tmp").mkdir(parents=True)
    config = folder / "p2p.conf"
    config.write_text("dev tun5\nifconfig 10.6.0.1 10.6.0.2\nremote 192.0.2.9 5001\nlport 5002\n"
                      "cipher AES-256-CBC\nauth SHA256\nstatus p2p.status 1\nfragment 1300\n"
                      f"<secret>\n{key.read_text()}</secret>\n", encoding="ascii")
    name = "p2p.conf" if how != "whole path" else str(config)
    more = ["--chroot", str(folder / "jail"), "--user", "nobody"] if how == "chroot" else []
    process = start_openvpn(namespace, folder, "--config", name, *more)
    try:
        uid = NOBODY if how == "chroot" else 0
        facts.send(json.dumps({"tun": ["tun5"]}))
        told = facts.next(lambda told: [tunnel.get("uid", 0) for tunnel in told.get("tunnels", [])] ==
                          [uid])["tunnels"]
        assert told[0]["program"] == "openvpn" and told[0]["pid"] == process.pid
        openvpn = told[0]["openvpn"][0]
        # its own statistics name no client; that the file was found is told
        assert openvpn.pop("status") == [{"file": "/p2p.status"}]
        version = subprocess.run(["openvpn", "--version"], capture_output=True, check=False)
        assert openvpn == {
            "role": "p2p", "proto": "udp", "local_port": 5002, "static_key": True,
            "fragment": True, "ciphers": ["AES-256-CBC"], "auth": "SHA256",
            "remotes": [{"address": "192.0.2.9", "port": 5001}],
            "version": ".".join(version.stdout.decode().split()[1].split(".")[:2])}
    finally:
        process.kill()
        process.wait()


def test_a_configuration_that_is_gone(namespace, facts, folder):
    config = folder / "gone.conf"
    config.write_text("dev tun5\nremote 192.0.2.9\nsecret static.key\ncipher AES-256-CBC\n")
    subprocess.run(["openvpn", "--genkey", "secret", str(folder / "static.key")], check=True)
    process = start_openvpn(namespace, folder, "--config", str(config))
    try:
        config.unlink()
        told = facts.ask(tun=["tun5"])
        assert told["tunnels"][0]["openvpn"][0]["unread"] is True
        assert "tun5" in told["warnings"][0] and "can't be read" in told["warnings"][0]
    finally:
        process.kill()
        process.wait()


def test_a_status_file_that_is_rewritten(facts, folder):
    file = folder / "server.status"
    file.write_text(status("alice"))
    facts.send(json.dumps({"status_files": [str(file)]}))  # told at once, or once it is old enough
    told = facts.next(lambda told: "clients" in told["status"][0])
    assert told["status"] == [{
        "file": str(file), "version": "2.6",
        "clients": [{"name": "alice", "endpoint": "192.0.2.7", "port": 5000, "has_peer_id": True,
                     "cipher": "AES-256-GCM", "addresses": ["10.8.0.2/32"]}]}]
    # half of it is not told, nor does what was known go; after 10 s it is said
    file.write_text(status("alice", "bob").replace("END\n", ""))
    facts.nothing(min(2.5, 8 / SLOW))
    file.write_text(status("alice", "bob"))
    told = facts.next(lambda told: "problem" not in told["status"][0])
    assert [client["name"] for client in told["status"][0]["clients"]] == ["alice", "bob"]
    file.unlink()
    told = facts.next(lambda told: True)["status"][0]
    assert told.pop("problem").startswith("does not exist") and told == {"file": str(file)}


@pytest.mark.parametrize("text, problem, seconds", (
    (None, "does not exist", 5), ("nonsense\n", "is no status file of OpenVPN", 5),
    ("", "is empty", 13), ("TITLE,OpenVPN 2.6.14 x\nHEADER", "is not whole", 13)))
def test_a_status_file_that_says_nothing(facts, folder, text, problem, seconds):
    """Why is told, until it is one; the log has it once."""
    file = folder / "server.status"
    if text is not None:
        file.write_text(text)
    facts.send(json.dumps({"status_files": [str(file)]}))
    told = facts.next(lambda told: "problem" in told["status"][0], seconds)
    assert told["status"][0]["problem"].startswith(problem)
    facts.nothing(2.5)
    file.write_text(status("alice"))
    told = facts.next(lambda told: "clients" in told["status"][0])
    assert "problem" not in told["status"][0]
    facts.end()
    assert facts.errors.decode().count(f"{file}: {problem}") == 1


def test_a_status_file_without_ciphers(facts, folder):
    file = folder / "server.status"
    file.write_text("OpenVPN CLIENT LIST\nUpdated,2026-11-25 12:00:00\nCommon Name,Real Address\n"
                    "alice,192.0.2.7:5000\nROUTING TABLE\nVirtual Address,Common Name,"
                    "Real Address\nEND\n")
    facts.send(json.dumps({"status_files": [str(file)]}))
    told = facts.next(lambda told: "clients" in told["status"][0])
    assert told["status"][0]["cipherless"] is True


def test_what_is_no_file_is_not_opened(facts, folder):
    """A pipe would notice who opens it, and a device might act."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Event()

    def open_for_writing():
        with open(pipe, "wb"):
            writer.set()

    thread = threading.Thread(target=open_for_writing, daemon=True)
    thread.start()
    facts.send(json.dumps({"status_files": [str(pipe), "/dev/zero"]}))
    told = facts.next(lambda told: all("problem" in one for one in told["status"]))
    assert {one["problem"] for one in told["status"]} == {"is no regular file"}
    facts.nothing(2)
    assert not writer.is_set()
    with open(pipe, "rb"):
        thread.join()


def test_wireguard_in_user_space(facts, folder):
    """Roaming is seen within 5 s; a new handshake alone is not told."""
    wireguard = Uapi(folder / "wireguard" / "wg7.sock", device("192.0.2.7:51820"))
    facts.send(json.dumps({"wireguard": ["wg7", "wg8"]}))
    told = facts.next(lambda told: told != {})  # a thread of ours that is late is asked again
    assert told == {"wireguard": [{
        "ifname": "wg7", "kind": "wireguard", "listen_port": 51820,
        "peers": [{"key": PUBLIC, "endpoint": "192.0.2.7", "port": 51820,
                   "allowed": ["10.7.0.0/24"], "handshake": 5}]}]}
    wireguard.answer = device("192.0.2.7:51820", handshake=6)
    facts.nothing(3)
    wireguard.answer = device("[2001:db8::7]:51821", handshake=7)
    told = facts.next(lambda told: True, 5)
    peer = told["wireguard"][0]["peers"][0]
    assert (peer["endpoint"], peer["port"], peer["handshake"]) == ("2001:db8::7", 51821, 7)
    wireguard.close()
    assert facts.next(lambda told: True, 5) == {}


def test_a_device_that_hangs_holds_up_nobody(facts, folder):
    stuck = Uapi(folder / "wireguard" / "wg7.sock", None)
    wireguard = Uapi(folder / "wireguard" / "wg8.sock", device("192.0.2.7:51820"))
    start = time.monotonic()
    facts.send(json.dumps({"wireguard": ["wg7", "wg8"]}))
    told = facts.next(lambda told: told != {})
    assert time.monotonic() - start < 3 * SLOW
    assert [one["ifname"] for one in told["wireguard"]] == ["wg8"]
    # and what it said before it hung stays
    wireguard.answer = None
    facts.nothing(3.5)
    stuck.close()


def test_nonsense_from_a_device(facts, folder):
    """Neither an answer without end nor a wrong one does harm."""
    Uapi(folder / "wireguard" / "wg7.sock", b"private_key=" + b"a" * (20 << 20))
    Uapi(folder / "wireguard" / "wg8.sock", b"public_key=x\nerrno=0\n\n")
    assert facts.ask(wireguard=["wg7", "wg8"]) == {}


def test_names(facts, folder):
    file = folder / "names" / "wg0.conf"
    file.write_text(f"[Interface]\nPrivateKey = {SECRET}\n\n[Peer]\n# friendly_name = alice\n"
                    f"PublicKey = {PUBLIC}\nPresharedKey = {SECRET}\n")
    (folder / "names" / "wg0.conf.bak").write_text("[Peer]\n# friendly_name = old\n"
                                                   f"PublicKey = {PUBLIC}\n")
    assert facts.ask() == {"names": [{"key": PUBLIC, "name": "alice"}]}
    file.write_text(f"[Peer]\n#friendly_name=bob\nPublicKey={PUBLIC}\n")
    # Between two system calls of that the file is empty.
    assert facts.next(lambda told: told != {}, 5) == {"names": [{"key": PUBLIC, "name": "bob"}]}


def test_it_has_given_up_what_it_does_not_need(facts, namespace):
    process = pathlib.Path(f"/proc/{facts.pid}")
    facts.ask()
    told = dict(line.split(":", 1) for line in process.joinpath("status").read_text().splitlines())
    kept = f"{1 << 2 | 1 << 19:016x}"  # CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE
    assert [told[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == [
        "0" * 16, kept, kept, kept, "0" * 16]
    assert told["NoNewPrivs"].strip() == "1"
    limits = process.joinpath("limits").read_text()
    assert [line.split()[4:6] for line in limits.splitlines() if "core file" in line] == [["0", "0"]]
    assert os.stat(process / "ns/net").st_ino != os.fstat(namespace.fd).st_ino
    assert process.joinpath("net/dev").read_text().count(":") == 1  # lo

    def kinds():
        with contextlib.suppress(FileNotFoundError):  # it was closed just now
            return {os.readlink(fd).split(":")[0] for fd in process.joinpath("fd").iterdir()
                    if int(fd.name) > 2}
    until(lambda: kinds() == {"socket"}, "it has sockets alone")


@pytest.mark.parametrize("text", ("{", "[]", '{"tun":7}', '{"tun":["a/b"]}',
                                  '{"status_files":["etc/shadow"]}', '{"a":' + "[" * 64,
                                  " " * (2 << 20)),
                         ids=("cut", "array", "number", "name", "path", "deep", "long"))
def test_a_question_that_is_none_ends_it(namespace, folder, text):
    running = Facts(namespace, folder)
    with contextlib.suppress(BrokenPipeError):  # the client ends while it still is told
        running.send(text)
    assert running.line(15).startswith("ended")
    assert running.end() == 1
    assert b"the client is cut off" in running.errors


class Listening:
    """mssclamp-facts as its socket unit starts it; the socket's file belongs to owner."""

    def __init__(self, folder, owner):
        self.path = folder / "facts"
        folder.chmod(0o755)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(self.path))
        self.path.chmod(0o666)
        os.chown(self.path, owner, -1)
        self.socket.listen(8)
        self.process = subprocess.Popen(
            ["sh", "-c", f"LISTEN_PID=$$ LISTEN_FDS=1 exec {PROGRAM}"], pass_fds=[3],
            preexec_fn=lambda: os.dup2(self.socket.fileno(), 3), stderr=subprocess.PIPE)

    def ask_as(self, uid):
        """What a user is told: bytes, empty for one who is refused."""
        script = ("import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
                  "s.settimeout(30)\ns.send(b'{}\\0')\nprint(s.recv(100))\n")
        done = subprocess.run(["setpriv", "--reuid", str(uid), "--clear-groups", sys.executable,
                               "-c", script, str(self.path)], capture_output=True, check=False)
        return done.stdout

    def close(self):
        self.process.terminate()
        errors = self.process.communicate(timeout=20 * SLOW)[1]
        self.socket.close()
        return errors


def open_folder(folder):
    for parent in (folder, *folder.parents):
        if parent.owner() == "root" and str(parent).startswith("/tmp/"):
            parent.chmod(parent.stat().st_mode | 0o055)


@pytest.mark.parametrize("owner, uid, told", ((0, 0, True), (0, NOBODY, False),
                                              (NOBODY, NOBODY, True), (NOBODY, 0, True),
                                              (NOBODY, 1, False)))
def test_whom_it_tells(folder, owner, uid, told):
    open_folder(folder)
    running = Listening(folder, owner)
    try:
        answer = running.ask_as(uid)
    finally:
        errors = running.close()
    if told:
        assert answer.startswith(b"b'{") and b"refused" not in errors
    else:
        assert not answer.startswith(b"b'{") and f"user {uid} ".encode() in errors


def test_one_client_after_the_other(folder):
    """The second waits for the first, and is served then."""
    running = Listening(folder, 0)
    try:
        with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
            for client in (first, second):
                client.settimeout(10 * SLOW)
                client.connect(str(running.path))
                client.send(b"{}\0")
            assert first.recv(1000).endswith(b"\0")
            second.settimeout(1)
            with pytest.raises(TimeoutError):
                second.recv(1000)
            first.close()
            second.settimeout(10 * SLOW)
            assert second.recv(1000).endswith(b"\0")
    finally:
        running.close()


def test_started_by_hand_it_says_how():
    done = subprocess.run([PROGRAM], capture_output=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith(b"usage: mssclamp-facts")


def child_of(running):
    """The mssclamp-facts that a daemon had started."""
    return until(lambda: running.children().get("mssclamp-facts"), "it is started")


def test_one_that_hangs_is_replaced(namespace):
    with daemon.Daemon(namespace) as running:
        child = child_of(running)
        assert running.json("status")["warnings"] == []
        os.kill(child, signal.SIGSTOP)
        namespace.ip("tuntap add dev tun3 mode tun")  # so that it is asked
        running.says("mssclamp-facts as our child: gives no answer; .* stay as they were", 15)
        running.says("mssclamp-facts: answers", 5)
        assert child_of(running) != child
        until(lambda: not os.path.exists(f"/proc/{child}"), "the other one is gone")
        assert running.json("status")["warnings"] == []


def test_a_helper_that_does_not_answer(namespace):
    """Who starts it for the daemon stands still for a while: said once, told by status, and over when
    that goes on. Nobody else waits for it."""
    with daemon.Daemon(namespace) as running:
        helper, child = running.children()["clamp-facts"], child_of(running)
        os.kill(helper, signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)
        running.says("mssclamp-facts as our child: Connection reset by peer; .* stay as they were", 15)
        time.sleep(9)  # starts have been given up meanwhile
        assert "! mssclamp-facts does not answer" in running("status").stdout
        os.kill(helper, signal.SIGCONT)
        running.says("mssclamp-facts: answers", 30)
        assert child_of(running) != child
        assert running.json("status")["warnings"] == []
        assert running.log().count("mssclamp-facts as our child") == 1


def test_a_helper_that_is_killed(namespace):
    """Its double takes its place."""
    with daemon.Daemon(namespace) as running:
        helper, child = running.children()["clamp-facts"], child_of(running)
        os.kill(helper, signal.SIGKILL)
        running.says("clamp-facts: the process that .* has ended .killed.., its double takes", 8)
        os.kill(child, signal.SIGKILL)
        running.says("mssclamp-facts: answers", 15)
        assert running.json("status")["warnings"] == []


def test_a_helper_and_its_double_that_are_killed(namespace):
    """That nobody could start it again is told before it is missing."""
    with daemon.Daemon(namespace) as running:
        kill_with_double(running.children()["clamp-facts"])
        running.says("clamp-facts: .* has ended .killed.., and so has its double", 8)
        assert running.json("status")["warnings"] == [
            f"clamp-facts, which starts mssclamp-facts, is gone; {RESTART}"]


def test_status_tells_that_it_is_absent(namespace, tmp_path, monkeypatch):
    """It is optional: nothing is degraded."""
    monkeypatch.setattr(daemon, "MSSCLAMPD", str(tmp_path / "mssclampd"))
    shutil.copy(BUILD / "mssclampd", tmp_path)
    with daemon.Daemon(namespace) as running:
        told = running.json("status")
        assert told["state"] == "running" and told["problems"] == []
        assert told["warnings"] == [
            "mssclamp-facts does not answer: OpenVPN and user-space WireGuard have the MTU of "
            "their interface alone"]
        assert "! mssclamp-facts does not answer" in running("status").stdout
        assert running.log().count("mssclamp-facts as our child: No such file") == 1
        assert "are unknown until it answers" in running.log()


def test_a_named_status_file_that_is_missing(namespace):
    config = 'tunnels = ({ match = "tun7"; kind = "openvpn"; status_file = "/nonexistent/s"; });'
    with daemon.Daemon(namespace, config) as running:
        namespace.ip("tuntap add dev tun7 mode tun\nlink set tun7 up")
        told = until(lambda: [text for row in running.json("tunnels")["tunnels"]
                              if row["name"] == "tun7" for text in row["warnings"]
                              if "status_file /nonexistent/s does not exist" in text],
                     "tun7 has a warning", 3)
        assert told[0].endswith("its clients are unknown")
        assert running.log().count("/nonexistent/s: does not exist") == 1


def test_wait_for_wireguard_in_user_space(namespace, tmp_path):
    """Not before it is known for what it is: its socket comes behind its device."""
    name = f"wg{os.getpid()}"
    (tmp_path / "key").write_text(SECRET)
    with daemon.Daemon(namespace) as running:
        running("wait")
        process = namespace.popen(["wireguard-go", "-f", name], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            until(lambda: os.path.exists(f"/var/run/wireguard/{name}.sock"), "it has its socket")
            namespace.run("wg", "set", name, "private-key", str(tmp_path / "key"), "peer", PUBLIC,
                          "endpoint", "127.0.0.1:9", "allowed-ips", "10.7.0.0/24")
            namespace.ip(f"link set {name} up")
            running("wait", "--tunnel", name, "--for", f"{5 * SLOW:g}")
            rows = {row["name"]: row for row in running.json("tunnels")["tunnels"]}
            assert (rows[name]["kind"], rows[name]["settled"]) == ("wireguard", True)
        finally:
            process.kill()
            process.wait()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"/var/run/wireguard/{name}.sock")


def test_wait_for_a_plain_device(namespace):
    """mssclamp-facts has a second to know better, three where it is silent."""
    def looked_in_time():
        with daemon.Daemon(namespace) as running:
            os.kill(child_of(running), signal.SIGSTOP)
            begin = time.monotonic()
            namespace.ip("tuntap add dev tun3 mode tun\nlink set tun3 up")
            row = running.knows("tun3")
            done = running("wait", "--tunnel", "tun3", "--for", "0.3", code=None)
            in_time = time.monotonic() - begin < LOOKS_SECONDS and done.returncode != 7  # 7: no answer in 0.3 s
            if in_time:
                assert row["settled"] is False
                assert done.returncode == 1 and "is still looking" in done.stderr
            running("wait", "--tunnel", "tun3", "--for", f"{4 * SLOW:g}")
        namespace.ip("link del tun3")
        return in_time
    assert any(looked_in_time() for _ in range(3)), "the machine stood still each time"
