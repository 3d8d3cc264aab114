# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for mssclampd on a control socket, and what runs mssclampctl against it."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from daemon import BUILD, TOP  # noqa: E402
from netns import SLOW  # noqa: E402

PROGRAM = BUILD / "mssclampctl"
NOBODY = 65534


class Last(dict):
    """The last reply of a call that streams."""


def encode(reply, flags):
    if isinstance(reply, Last):
        flags = {}
    if isinstance(reply, dict):
        return json.dumps({"parameters": reply, **flags}).encode() + b"\0"
    return bytes(reply)


class FakeDaemon:
    """Answers org.mssclamp methods from `replies`: NAME -> a dict (parameters of the reply), an Error,
    bytes (sent as they are), None (no answer), "close" (hangs up), a list (the replies of a call that streams; it stays
    open unless "close" is the last; a Last among them is sent as such), or a function of the call's parameters that returns one of these. `calls` holds (method, parameters) in the order they came."""

    def __init__(self, path, replies):
        self.path = str(path)
        self.replies = replies
        self.calls = []
        self.kept = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        os.unlink(self.path)
        for connection in self.kept:
            connection.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            try:
                self.converse(connection)
            except ConnectionError:  # the other end was interrupted
                connection.close()

    def converse(self, connection):
        received = b""
        while not received.endswith(b"\0"):
            part = connection.recv(65536)
            if not part:
                return connection.close()
            received += part
        call = json.loads(received[:-1])
        assert set(call) <= {"method", "parameters", "more"}, call
        method = call["method"].removeprefix("org.mssclamp.")
        self.calls.append((method, call.get("parameters", {})))
        reply = self.replies[method]
        if callable(reply):
            reply = reply(call.get("parameters", {}))
        if isinstance(reply, list):
            assert call.get("more") is True, call
            for item in reply[:-1] if reply[-1] == "close" else reply:
                connection.sendall(encode(item, {"continues": True}))
            reply = "close" if reply[-1] == "close" else None
        if reply is None:
            return self.kept.append(connection)
        if reply != "close":
            connection.sendall(encode(reply, {}))
        connection.close()

    def send(self, item):
        """One more reply of the call that is open, or is about to be: its first reply may be read before."""
        end = time.monotonic() + 10 * SLOW
        while not self.kept and time.monotonic() < end:
            time.sleep(0.01)
        self.kept[-1].sendall(encode(item, {"continues": True}))


class Error:
    """An error reply; name without a dot is one of org.mssclamp."""

    def __init__(self, name, message=None, hint=None, **more):
        self.name = name if "." in name else "org.mssclamp." + name
        self.parameters = dict(more)
        if message is not None:
            self.parameters.update(message=message, hint=hint)

    def __bytes__(self):
        message = {"error": self.name, "parameters": self.parameters}
        return json.dumps(message).encode() + b"\0"


def environment(**more):
    """What decides about looks and sockets comes from the test alone."""
    kept = {k: v for k, v in os.environ.items()
            if k not in ("MSSCLAMP_SOCKET", "COLUMNS", "NO_COLOR", "TERM", "LANG", "LC_ALL", "LC_CTYPE")}
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def run(*args, socket_path=None, env=None, program=PROGRAM, **more):
    where = ["-s", str(socket_path)] if socket_path else []
    return subprocess.run([program, *where, *args], env=environment(**(env or {})), timeout=60,
                          **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                             "encoding": "utf-8", **more})


def run_as_nobody(*args, **more):
    """mssclampctl as a user without any right, from a place that every user can read."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        program = shutil.copy(PROGRAM, directory)
        return run(*args, program=program, user=NOBODY, group=NOBODY, extra_groups=[], **more)


def validate(value, schema):
    text = (TOP / "share/schema" / f"{schema}.json").read_text()
    jsonschema.Draft202012Validator(json.loads(text)).validate(value)


def read_json(done, schema):
    """The one object on stdout, checked against its schema."""
    value = json.loads(done.stdout)
    validate(value, schema)
    return value


def read_error(done):
    """The error object of a failed command: nothing else stands on stdout, and nothing on stderr."""
    assert done.stderr == ""
    return read_json(done, "error")["error"]
