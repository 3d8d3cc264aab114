# SPDX-License-Identifier: GPL-2.0-or-later
"""The control socket: what it answers, what it refuses, and what cannot hurt it."""

import grp
import json
import os
import re
import select
import socket
import subprocess

import pytest
from daemon import MSSCLAMPCTL, validate
from netns import SLOW, until

pytestmark = pytest.mark.usefixtures("daemon")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


class Raw:
    """One connection, bytes as they are."""

    def __init__(self, daemon):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(3 * SLOW)
        self.socket.connect(daemon.socket_path)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def is_open(self):
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False

    def send(self, data):
        """Bytes as they are; a peer that has already hung up is an answer, not an error."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def call(self, method, parameters=None):
        self.send(json.dumps({"method": method, "parameters": parameters or {}}).encode() + b"\0")
        return self.reply()

    def reply(self):
        """The next message, or None where the daemon hung up."""
        while b"\0" not in self.rest:
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not part:
                return None
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)


GARBAGE = (
    # name                     bytes
    ("no JSON",                b"hello\0"),
    ("half an object",         b'{"method":\0'),
    ("an array",               b"[]\0"),
    ("a number",               b"7\0"),
    ("an empty message",       b"\0"),
    ("only NULs",              b"\0" * 1000),
    ("bytes that are no text", bytes(range(1, 256)) + b"\0"),
    ("broken UTF-8",           b'{"method":"\xff\xfe"}\0'),
    ("a number as method",     b'{"method":7}\0'),
    ("no method",              b'{"parameters":{}}\0'),
    ("parameters as text",     b'{"method":"org.mssclamp.GetStats","parameters":"x"}\0'),
    ("deep nesting",           b'{"method":' + b"[" * 5000 + b"]" * 5000 + b"}\0"),
    ("70,000 bytes",           b'{"method":"' + b"a" * 70_000 + b'"}\0'),
    ("no end",                 b"x" * 200_000),
    ("a name twice",           b'{"method":"a","method":"b"}\0'),
)


@pytest.mark.parametrize("data", [case[1] for case in GARBAGE], ids=[case[0] for case in GARBAGE])
def test_garbage_harms_nobody(daemon, data):
    """The sender gets an error or is cut off; a connection that was there before works on."""
    with Raw(daemon) as witness, Raw(daemon) as sender:
        assert "error" not in witness.call("org.mssclamp.GetStatus")
        sender.send(data)
        answer = sender.reply()
        assert answer is None or "error" in answer
        assert "error" not in witness.call("org.mssclamp.GetStatus")
    assert daemon.process.poll() is None


def test_calls_in_one_write_are_answered_in_order(daemon):
    with Raw(daemon) as raw:
        raw.send(b'{"method":"org.mssclamp.GetStats"}\0{"method":"org.mssclamp.GetStatus"}\0')
        assert "syn" in raw.reply()["parameters"]
        assert "state" in raw.reply()["parameters"]


def test_a_call_in_single_bytes(daemon):
    with Raw(daemon) as raw:
        for byte in b'{"method":"org.mssclamp.GetStatus"}\0':
            raw.send(bytes([byte]))
        assert "state" in raw.reply()["parameters"]


def test_introspection(daemon):
    with Raw(daemon) as raw:
        info = raw.call("org.varlink.service.GetInfo")["parameters"]
        assert {"org.mssclamp", "org.varlink.service"} <= set(info["interfaces"])
        text = raw.call("org.varlink.service.GetInterfaceDescription",
                        {"interface": "org.mssclamp"})["parameters"]["description"]
        assert "method GetStats()" in text


@pytest.mark.parametrize("method, error", (
    ("org.mssclamp.Nonsense", "org.varlink.service.MethodNotFound"),
    ("org.nobody.GetStats", "org.varlink.service.InterfaceNotFound"),
    ("org.mssclamp.Explain", "org.varlink.service.InvalidParameter")))
def test_errors_by_name(daemon, method, error):
    with Raw(daemon) as raw:
        assert raw.call(method)["error"] == error


@pytest.mark.parametrize("flags", ({}, {"more": False}, {"more": None}), ids=str)
def test_subscribe_needs_more(daemon, flags):
    with Raw(daemon) as raw:
        raw.send(json.dumps({"method": "org.mssclamp.Subscribe", **flags}).encode() + b"\0")
        assert raw.reply() == {"error": "org.varlink.service.ExpectedMore", "parameters": {}}
        assert "state" in raw.call("org.mssclamp.GetStatus")["parameters"]


def subscribe(raw):
    raw.send(b'{"method":"org.mssclamp.Subscribe","more":true}\0')
    reply = raw.reply()
    assert reply["continues"] is True and reply["parameters"]["event"] == "subscribed"
    validate("events", reply["parameters"])


def next_event(raw):
    reply = raw.reply()
    assert reply["continues"] is True
    validate("events", reply["parameters"])
    return reply["parameters"]


def test_events_reach_every_subscriber(daemon):
    with Raw(daemon) as first, Raw(daemon) as second, Raw(daemon) as other:
        subscribe(first)
        subscribe(second)
        daemon("log", "info")
        daemon("reload")
        for raw in (first, second):
            event = next_event(raw)
            assert (event["event"], event["new"]["files"], event["new"]["changed"]) == ("reloaded", 1, [])
            assert event["message"] == "configuration reloaded: 1 file, 0 settings changed"
        assert "state" in other.call("org.mssclamp.GetStatus")["parameters"]
        first.socket.close()
        daemon("reload")
        assert next_event(second)["event"] == "reloaded"


def test_repaired_rules_are_an_event(daemon):
    before = daemon.repairs()
    with Raw(daemon) as raw:
        subscribe(raw)
        daemon.namespace.run("nft", "flush", "ruleset")
        event = next(one for one in iter(lambda: next_event(raw), None)
                     if one["event"] != "fallback_changed")  # for it was flushed as well
    assert event["event"] == "rules_repaired" and event["new"]["reinstalled_total"] == before + 1
    assert event["why"].startswith("nft, pid ") and event["why"] in event["message"]
    assert daemon.says(re.escape(event["message"]))


def test_places_are_limited(daemon):
    """One uid cannot take them all, and what it closes is free again."""
    clients = []
    try:
        for _ in range(30):
            clients.append(Raw(daemon))
        answers = [client.call("org.mssclamp.GetStatus") for client in clients]
        # Of an admin's own those that idle give way to those that come.
        assert sum(answer is not None and "error" not in answer for answer in answers) >= 16
        assert sum(client.is_open() for client in clients) <= 16
    finally:
        for client in clients:
            client.socket.close()
    assert daemon.json("status")["state"] == "running"


COMMANDS = (
    # command                                   admin
    (("status",),                               False),
    (("stats",),                                False),
    (("tunnels",),                              False),
    (("peers",),                                False),
    (("rules",),                                False),
    (("explain", "192.0.2.2", "198.51.100.2"),  False),
    (("wait", "--for", "10"),                   False),
    (("reload",),                               True),
    (("log", "info"),                           True),
    (("rules", "--apply"),                      True),
)


@pytest.mark.parametrize("command", [case[0] for case in COMMANDS], ids=lambda c: " ".join(c))
def test_json_of_each_command_follows_its_schema(daemon, command):
    assert daemon.json(*command)["schema"] == 1


@pytest.mark.parametrize("command", [case[0] for case in COMMANDS], ids=lambda c: " ".join(c))
def test_each_command_says_something_to_people(daemon, command):
    done = daemon(*command)
    assert done.stderr == ""
    assert "{" not in done.stdout


@pytest.fixture
def events(daemon, request):
    """`events` with the test's options, as soon as nothing is missed any more."""
    prefix, options = getattr(request, "param", ((), ("--json-lines",)))
    process = daemon.namespace.popen(
        [*prefix, MSSCLAMPCTL, "-s", daemon.socket_path, *options, "events"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("events", [((), ("--json-lines",)), ((), ("--json",))], indirect=True,
                         ids=("--json-lines", "--json"))
def test_json_of_events_follows_its_schema(daemon, events):
    first = read_json(events.stdout)
    validate("events", first)
    assert first["event"] == "subscribed"
    daemon("reload")
    event = read_json(events.stdout)
    validate("events", event)
    assert event["event"] == "reloaded"


def read_json(stream):
    """One object, however many lines it takes."""
    text = ""
    while True:
        text += stream.readline()
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            assert len(text) < 65536


@pytest.mark.parametrize("events", [((), ())], indirect=True, ids=("people",))
def test_events_say_something_to_people(daemon, events):
    def is_told():  # nothing says when it listens: who comes too late hears of the next one
        daemon("reload")
        return select.select([events.stdout], [], [], 0.3)[0]
    until(is_told, "a line")
    line = events.stdout.readline()
    assert "configuration reloaded" in line and "{" not in line


@pytest.fixture
def open_to_all(daemon):
    """The socket where an ordinary user reaches it."""
    daemon.directory.chmod(0o755)
    os.chmod(daemon.socket_path, 0o666)
    yield
    os.chmod(daemon.socket_path, 0o660)


@pytest.mark.parametrize("command, admin", COMMANDS, ids=lambda c: str(c))
def test_who_may_what(daemon, open_to_all, command, admin):
    done = daemon("--json", *command, code=4 if admin else 0, prefix=NOBODY)
    if admin:
        error = json.loads(done.stdout)["error"]
        assert error["name"] == "org.mssclamp.PermissionDenied"
        assert "mssclamp-admin" in error["message"] + str(error["hint"])


@pytest.mark.parametrize("events", [(NOBODY, ("--json-lines",))], indirect=True, ids=("nobody",))
def test_anyone_may_hear_events(daemon, open_to_all, events):
    assert read_json(events.stdout)["event"] == "subscribed"


def test_mode_of_the_socket(daemon):
    assert os.stat(daemon.socket_path).st_mode & 0o777 == 0o660
    daemon.directory.chmod(0o755)
    assert "ermission" in daemon("stats", code=4, prefix=NOBODY).stderr


@pytest.mark.parametrize("gid, folder, says", (
    (grp.getgrnam("games").gr_gid, 0o755, "join the group that the socket belongs to (games)"),
    (61997, 0o755, "join the group that the socket belongs to (number 61997)"),
    (0, 0o755, "Use sudo: the socket belongs to no group but root's (control.group)"),
    (0, 0o700, "join the group of its configuration (control.group, mssclamp without one)")))
def test_who_is_let_in_is_told(daemon, gid, folder, says):
    """To who is not: the group may be any."""
    before = os.stat(daemon.socket_path).st_gid
    os.chown(daemon.socket_path, -1, gid)
    daemon.directory.chmod(folder)
    try:
        assert says in daemon("stats", code=4, prefix=NOBODY).stderr
    finally:
        os.chown(daemon.socket_path, -1, before)
        daemon.directory.chmod(0o755)


@pytest.mark.parametrize("command, code", (
    (("nonsense",), 2), (("stats", "surplus"), 2), ((), 2), (("explain",), 2),
    (("explain", "nowhere at all"), 2), (("explain", "192.0.2.2", "no-address"), 2),
    (("log", "loud"), 2),
    (("explain", "192.0.2.2", "198.51.100.2", "--oif", "wg99"), 5)))
def test_exit_codes(daemon, command, code):
    done = daemon(*command, code=code)
    assert done.stdout == ""
    assert done.stderr.startswith("mssclampctl")
