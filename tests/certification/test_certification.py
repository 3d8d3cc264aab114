# SPDX-License-Identifier: GPL-2.0-or-later
"""Our Varlink against another implementation's: Debian's package varlink-go."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("MSSCLAMP_BUILD", TOP / "build")).resolve()
SERVER = BUILD / "certification-server"
IDL = HERE / "org.varlink.certification.varlink"
STEPS = HERE / "steps.json"
OURS = TOP / "src" / "proto" / "org.mssclamp.varlink"
NAME = "org.varlink.certification"


def answers(path):
    """Whether somebody listens: the file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    """The socket of a running certification server."""
    path = tmp_path / "s"
    with subprocess.Popen([SERVER, path, IDL, STEPS]) as server:
        try:
            deadline = time.monotonic() + 10
            while not answers(path):
                assert server.poll() is None and time.monotonic() < deadline, "no server"
                time.sleep(0.02)
            yield path
            assert server.poll() is None, "the server ended by itself"
        finally:
            server.terminate()


class Client:
    """A Varlink connection, as small as it can be."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")

    def send(self, method, flag=None, **parameters):
        call = {"method": method, "parameters": parameters}
        if flag:
            call[flag] = True
        self.socket.sendall(json.dumps(call).encode() + b"\0")

    def receive(self):
        message = b""
        while not message.endswith(b"\0"):
            byte = self.file.read(1)
            assert byte, "closed"
            message += byte
        return json.loads(message[:-1])

    def call(self, method, **parameters):
        self.send(method, **parameters)
        return self.receive()


def test_go_client(path):
    """Every line of the client is one step; End is true only if all were as they must be."""
    done = subprocess.run(["varlink-go-certification", "-client", "-varlink", f"unix:{path}"],
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    for step in ["Start"] + [f"Test{n:02}" for n in range(1, 12)] + ["End"]:
        assert any(line.startswith(f"{step}: ") for line in lines), f"no {step} in\n{done.stdout}"
    assert sum(line.startswith("  Receive: ") for line in lines) == 10
    assert "failed" not in done.stdout
    assert lines[-1] == "End: 'true'"


def test_go_client_twice(path):
    """State of one client does not reach the next."""
    for _ in range(2):
        test_go_client(path)


def test_server_is_strict(path):
    """The certificate is worth something: what differs is refused."""
    client = Client(path)
    ident = client.call(f"{NAME}.Start")["parameters"]["client_id"]
    assert client.call(f"{NAME}.Test01", client_id="x") == {
        "error": f"{NAME}.ClientIdError", "parameters": {}}
    assert client.call(f"{NAME}.Test02", client_id=ident, bool=True)["error"] == \
        f"{NAME}.CertificationError"
    assert client.call(f"{NAME}.Test01", client_id=ident) == {"parameters": {"bool": True}}
    assert client.call(f"{NAME}.Test02", client_id=ident, bool=False)["error"] == \
        f"{NAME}.CertificationError"
    assert client.call(f"{NAME}.Test02", client_id=ident, bool=1) == {
        "error": "org.varlink.service.InvalidParameter", "parameters": {"parameter": "bool"}}
    assert client.call(f"{NAME}.Test02", client_id=ident, bool=True) == {"parameters": {"int": 1}}


def test_introspection(path):
    client = Client(path)
    info = client.call("org.varlink.service.GetInfo")["parameters"]
    assert info["interfaces"] == ["org.varlink.service", NAME]
    text = client.call("org.varlink.service.GetInterfaceDescription",
                       interface=NAME)["parameters"]["description"]
    assert text == IDL.read_text()


def members(text, keyword):
    return re.findall(rf"^{keyword} (\w+)", text, re.MULTILINE)


@pytest.mark.parametrize("source", [OURS, IDL], ids=lambda path: path.name)
def test_interface_generator(source, tmp_path):
    """The description is read by another parser, and everything in it is found."""
    copy = tmp_path / source.name
    shutil.copy(source, copy)
    done = subprocess.run(["varlink-go-interface-generator", copy], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    package = source.stem.replace(".", "")
    generated = (tmp_path / f"{package}.go").read_text()
    text = source.read_text()
    assert re.search(rf"^package {package}$", generated, re.MULTILINE)
    for method in members(text, "method"):
        assert f"func {method}() {method}_methods" in generated, method
    for kind in members(text, "type") + members(text, "error"):
        assert re.search(rf"^type {kind} struct", generated, re.MULTILINE), kind
    assert members(text, "method") and members(text, "error")


def test_generator_refuses_what_is_wrong(tmp_path):
    """The check above can fail."""
    copy = tmp_path / OURS.name
    copy.write_text(OURS.read_text().replace("-> (", "> (", 1))
    done = subprocess.run(["varlink-go-interface-generator", copy], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode != 0
