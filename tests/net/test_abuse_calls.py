# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that are wrong, or right and many, and files that are no socket: what is refused changes nothing.

MSSCLAMP_ABUSE_CALLS is how many random calls are compared with a model, MSSCLAMP_ABUSE_SEED which.
"""

import json
import os
import pathlib
import random
import re
import shutil
import socket
import stat
import time

import pytest
from clients import SANITIZED, connect, harmless, is_served, let_all_in, replies, send
from daemon import MSSCLAMPD, Ctl, Daemon
from netns import SLOW, Namespace, until
from supervisor import Supervised

CALLS = int(os.environ.get("MSSCLAMP_ABUSE_CALLS", "100000" if SLOW < 4 else "10000"))


@pytest.fixture(scope="module")
def daemon(path):
    with Daemon(path.gateway, control='admin_group = "daemon";') as running:
        let_all_in(running)
        yield running


@pytest.mark.parametrize("mss", ("0", "1", "87", "65496", "65536", "-1", "1e9", "1400x", "01400", "+1400", " 1400",
                                 "1400 ", "1400.0", "99999999999999999999", ""))
def test_limits_that_are_none(daemon, mss):
    """Refused with the reason, and the old limit stays."""
    daemon("try", "1234", "--interface", "wan", "--for", "5m")
    try:
        error = daemon("try", mss, "--interface", "wan", code=2).stderr
        assert re.search(r"88 to 65495 bytes|option", error), error
        assert daemon.json("explain", "192.0.2.2", "198.51.100.2")["result"]["mss_bytes"] == 1234
    finally:
        daemon("try", "off", "--interface", "wan")


@pytest.mark.parametrize("mss", ("0", "1", "87", "65496", "65536", "-1", "1e9", '"1400"', "1400.0", "true", "[]",
                                 "9223372036854775807", "9223372036854775808", "1e400", "01400"))
def test_limits_that_are_none_by_the_socket(daemon, mss):
    with connect(daemon) as client:
        send(client, b'{"method":"org.mssclamp.Try","parameters":{"interface":"wan","mss":%s}}\0' % mss.encode())
        assert "error" in next(replies(client))
    assert daemon.json("status")["warnings"] == []
    assert daemon.json("explain", "192.0.2.2", "198.51.100.2")["result"]["mss_bytes"] == 1360


class Model:
    """What the daemon ought to answer to random calls, from the calls before."""

    LEVELS = ("error", "warning", "notice", "info", "debug")
    FOUND = {"lan": 1460, "wan": 1360, "alt": 1460}  # as discovered

    def __init__(self, seed):
        self.random, self.level, self.tries = random.Random(seed), "info", {}

    def mss(self, interface):
        return self.tries.get(interface, self.FOUND[interface])

    def set_level(self):
        level, previous = self.random.choice(self.LEVELS + ("loud", "", "%s")), self.level
        if level not in self.LEVELS:
            return "SetLogLevel", {"level": level}, "InvalidArgument"
        self.level = level
        return "SetLogLevel", {"level": level}, {"schema": 1, "level": level, "previous": previous}

    def begin(self):
        interface = self.random.choice(list(self.FOUND) + ["nowhere", "x" * 300])
        mss = self.random.choice((self.random.randrange(88, 65496), 87, 88, 65495, 65496, 0, -1))
        parameters = {"interface": interface, "mss": mss, "for_seconds": 3600.0}
        if not 88 <= mss <= 65495:
            return "Try", parameters, "InvalidArgument"
        if interface not in self.FOUND:
            return "Try", parameters, "NotFound"
        replaced = interface in self.tries
        self.tries[interface] = mss
        return "Try", parameters, {"interface": interface, "mss_bytes": mss, "replaced": replaced}

    def end(self):
        interface = self.random.choice(list(self.FOUND))
        known = self.tries.pop(interface, None)
        return "Try", {"interface": interface}, {"mss_bytes": None} if known else "NotFound"

    def explain(self):
        mss = min(self.mss("lan"), self.mss("wan"))
        return ("Explain", {"flow": "192.0.2.2 -> 198.51.100.2"}, {"result": {"mss_bytes": mss}})

    def status(self):
        return "GetStatus", {}, {"warnings": len(self.tries)}

    def wrong(self):
        return self.random.choice((
            ("Explain", {}, "InvalidParameter"), ("Explain", {"flow": 7}, "InvalidParameter"),
            ("Explain", {"flow": "x" * 1000}, "NotFound"), ("Try", {"mss": "1400"}, "InvalidParameter"),
            ("Try", {}, "InvalidArgument"), ("GetNothing", {}, "MethodNotFound"),
            ("Subscribe", {}, "ExpectedMore"), ("GetStatus", {"x": 1}, "InvalidParameter"),
            ("GetRules", {"print": "pf"}, "InvalidArgument")))

    def next(self):
        """A call: method, parameters, and what must be in the reply, or the name of the error."""
        return self.random.choices((self.set_level, self.begin, self.end, self.explain, self.status, self.wrong),
                                   (2, 3, 3, 6, 1, 3))[0]()


def fits(expected, reply):
    """Whether a reply is what the model says."""
    if isinstance(expected, str):
        return reply.get("error", "").rsplit(".", 1)[-1] == expected
    got = reply.get("parameters", {})
    if "warnings" in expected:
        return sum("a try is in force" in text for text in got["warnings"]) == expected["warnings"]
    if "result" in expected:
        return "result" in got and got["result"]["mss_bytes"] == expected["result"]["mss_bytes"]
    return "error" not in reply and expected.items() <= got.items()


def test_random_calls_and_a_model(daemon, path):
    """Pipelined by an admin; what is got afterwards is what was set, and what was refused changed
    nothing."""
    seed = int(os.environ.get("MSSCLAMP_ABUSE_SEED", "1"))
    model, begin = Model(seed), time.monotonic()
    with harmless(daemon, path, limit=1460) as witness, connect(daemon) as client:
        answers = replies(client)
        for done in range(0, CALLS, 100):
            calls = [model.next() for _ in range(100)]
            client.sendall(b"".join(json.dumps({"method": f"org.mssclamp.{method}", "parameters": parameters}).encode()
                                    + b"\0" for method, parameters, _ in calls))
            for n, (method, parameters, expected) in enumerate(calls):
                reply = next(answers)
                assert fits(expected, reply), (seed, done + n, method, parameters, expected, reply)
            assert is_served(witness), (seed, done)
    for interface in list(model.tries):
        daemon("try", "off", "--interface", interface)
    daemon("log", "info")
    print(f"{CALLS} random calls in {time.monotonic() - begin:.1f} s")
    assert daemon.json("explain", "192.0.2.2", "198.51.100.2")["result"]["mss_bytes"] == 1360


# The socket's file

def refused_start(path, directory, socket_path):
    """What mssclampd says where it cannot listen; it is gone at once, and no queue or rule is left."""
    file = pathlib.Path(directory) / "mssclamp.conf"
    file.write_text(f'path = {{ probe = false; }};\nqueues = {{ first = 6000; }};\n'
                    f'control = {{ socket = "{socket_path}"; }};\n', encoding="utf-8")
    done = path.gateway.run(MSSCLAMPD, "-c", str(file), check=False)
    assert done.returncode not in (0, -6, -11)
    with path.gateway.entered(), open("/proc/thread-self/net/netfilter/nfnetlink_queue", encoding="ascii") as lines:
        assert not [line for line in lines if line.split()[0].startswith("60")]
    return done.stderr


def test_what_lies_at_the_path_of_the_socket(path, daemon, tmp_path):
    file, link, folder = tmp_path / "file", tmp_path / "link", tmp_path / "folder"
    file.write_text("mine", encoding="ascii")
    link.symlink_to(file)
    folder.mkdir()
    for place in (file, link, folder):
        assert f"{place}: a file lies there that is no socket" in refused_start(path, tmp_path, place)
    assert file.read_text(encoding="ascii") == "mine" and link.is_symlink() and folder.is_dir()
    assert "at most 107" in refused_start(path, tmp_path, tmp_path / ("x" * 120))
    assert daemon.json("status")["state"] == "running"


def test_two_daemons_and_one_socket(path, daemon, tmp_path):
    """The second refuses and names the first, which goes on; a symbolic link to it helps nobody."""
    text = refused_start(path, tmp_path, daemon.socket_path)
    assert f"process {daemon.process.pid} listens there already" in text
    (tmp_path / "link").symlink_to(daemon.socket_path)
    assert "that is no socket" in refused_start(path, tmp_path, tmp_path / "link")
    assert daemon.json("status")["state"] == "running"


def test_a_stale_socket_is_replaced(tmp_path):
    elsewhere = Namespace("elsewhere")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control"))
    with Daemon(elsewhere, directory=tmp_path) as second:
        assert second.json("status")["state"] == "running"
    assert not (tmp_path / "control").exists()
    elsewhere.close()


def test_a_start_that_fails_leaves_no_folder(path, daemon, tmp_path):
    """It was made for the socket; the rules and queues of the namespace are another one's."""
    assert "already serves this network namespace" in refused_start(path, tmp_path, tmp_path / "run/control")
    assert not (tmp_path / "run").exists()
    assert daemon.json("status")["state"] == "running"


def is_found(daemon):
    return daemon("status", code=None).returncode == 0


def test_its_file_is_removed(daemon):
    """Somebody cleans up: it is made anew within seconds, and who was there stays."""
    before = os.stat(daemon.socket_path)
    with connect(daemon) as client:
        os.unlink(daemon.socket_path)
        until(lambda: is_found(daemon), "clients find it again", 5.0)
        send(client, b'{"method":"org.mssclamp.GetStatus"}\0')
        assert next(replies(client))["parameters"]["state"] == "running"
    after = os.stat(daemon.socket_path)
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o660, before.st_uid, before.st_gid)
    let_all_in(daemon)
    daemon.says("control socket .*: its file is gone: recreated")
    told = daemon("--json-lines", "events", "--last", "100").stdout.splitlines()
    assert any(json.loads(line)["event"] == "control_socket_changed" for line in told)


NOBODY = ("setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps", "-all", "--bounding-set", "-all")


class InItsFolder(Daemon):
    """Its socket lies in a folder that it makes."""

    def write(self, config):
        self.socket_path = f"{self.directory}/run/control"
        super().write(config)


def test_its_folder_is_removed(path, tmp_path):
    """The sandbox was made for the one that was there, so a restart makes it anew: the log says so."""
    elsewhere = Namespace("elsewhere")
    with InItsFolder(elsewhere, directory=tmp_path) as one:
        shutil.rmtree(tmp_path / "run")
        if "Landlock ABI" not in one.log() or SANITIZED:  # these may write where /tmp is
            until(lambda: is_found(one), "clients find it again", 5.0)
            return
        one.says("its file is gone, so that no client finds mssclampd, which goes on clamping: .*a restart", 5.0)
        for words in (("status",), ("top", "--batch", "-n", "1"), ("wait", "--for", "0.1"), ("events",)):
            told = " ".join(one(*words, code=3).stderr.split())
            assert f"but it runs, as process {one.process.pid}: the file of its socket is not there" in told, told
        told = " ".join(Ctl(elsewhere, "/nonexistent/control")("status", code=3, prefix=NOBODY).stderr.split())
        assert "Either the daemon is not running" in told, told
        one.stop()
        one.start()
        one.wait_ready()
    elsewhere.close()


def test_the_file_of_systemd_is_removed(tmp_path):
    """It is not ours to make: what makes it is said, at once and by the next one too."""
    elsewhere = Namespace("elsewhere")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "control"))
        listening.listen()
        with Supervised(elsewhere, directory=tmp_path, spare=(("control", listening.fileno()),)) as one:
            os.unlink(one.socket_path)
            one.says("its file is gone, .*: systemctl restart mssclampd mssclampd.socket recreates it", 5.0)
            # The log has it first, and other notices come in between.
            until(lambda: any("the file of its control socket is gone" in words.get("STATUS", "")
                              for words in one.notices), "its status says so")
            one.stop()
            one.again()
            one.says("its file is not to be seen from here; .*: systemctl restart mssclampd mssclampd.socket", 5.0)
    elsewhere.close()
