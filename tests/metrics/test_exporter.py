# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclamp-exporter over HTTP: what it serves, and who it does not wait for."""

import contextlib
import os
import socket
import subprocess

import pytest
from conftest import EXPORTER, Exporter
from netns import SLOW, until


def test_metrics_are_served(daemon, exporter, syns):
    syns()
    status, headers, text = exporter.get()
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "\nmssclamp_up 1\n" in text and 'peer="sa\\"y \\\\ this"' in text
    same = [line.split(" ")[0] for line in daemon("metrics").stdout.splitlines() if line.startswith("#")]
    assert [line.split(" ")[0] for line in text.splitlines() if line.startswith("#")] == same


@pytest.mark.parametrize("method, asked, status", (
    ("GET", "/", 200), ("GET", "/metrics?x=1", 200), ("HEAD", "/metrics", 200), ("GET", "/metrics/", 404),
    ("GET", "/../etc/passwd", 404), ("POST", "/metrics", 405), ("DELETE", "/", 405), pytest.param("GET", "/" + "x" * 9000, 414, id="long")))
def test_requests(exporter, method, asked, status):
    told, headers, text = exporter.get(asked, method=method)
    assert told == status
    assert status != 405 or headers["Allow"] == "GET, HEAD"
    assert method != "HEAD" or text == ""


@pytest.mark.parametrize("sent", (
    b"\x00\xff\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nxx",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 3000 + b"\r\n"),
    ids=("bytes", "no path", "a version", "a body", "many headers"))
def test_nonsense_is_refused(exporter, sent):
    """An answer that is an error, or none; the next one is served."""
    with exporter.namespace.socket() as connection:
        connection.settimeout(20 * SLOW)
        connection.connect(exporter.WHERE)
        with contextlib.suppress(OSError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            reply = connection.recv(4096)
            assert reply == b"" or reply.split()[1].startswith((b"4", b"5")), reply
    assert exporter.get()[0] == 200


def test_silent_clients_keep_nobody_out_for_long(exporter):
    """More clients that say nothing than there is room for: they are hung up on, others are served."""
    with contextlib.ExitStack() as stack:
        for _ in range(18):
            connection = stack.enter_context(exporter.namespace.socket())
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                connection.connect(exporter.WHERE)
        assert exporter.get(timeout=60)[0] == 200


def test_without_a_daemon(path, tmp_path, exporter):
    """It says so, and not to a client that asks for something else; it comes back by itself."""
    assert exporter.get()[0] == 200
    exporter.close()
    alone = Exporter(path.gateway, str(tmp_path / "nobody"))
    try:
        status, _, text = alone.get()
        assert (status, [line for line in text.splitlines() if line[0] != "#"]) == (200, ["mssclamp_up 0"])
        assert alone.get("/")[0] == 200
    finally:
        alone.close()
    exporter.__init__(path.gateway, exporter.process.args[-1])
    until(lambda: "\nmssclamp_up 1\n" in exporter.get()[2], "the metrics are back")


def test_socket_of_systemd(path, daemon):
    """A socket that is passed, in a process that may open none of its own to the network."""
    with path.gateway.socket() as listener:
        listener.bind(("127.0.0.1", 9899))
        listener.listen(4)

        def prepare():
            os.dup2(listener.fileno(), 3)
            os.set_inheritable(3, True)

        shell = f'export LISTEN_PID=$$ LISTEN_FDS=1; exec {EXPORTER} -s {daemon.socket_path}'
        process = path.gateway.popen(["sh", "-c", shell], preexec_fn=prepare, close_fds=False, stderr=subprocess.PIPE)
        try:
            one = Exporter.__new__(Exporter)
            one.namespace, one.WHERE = path.gateway, ("127.0.0.1", 9899)
            assert "\nmssclamp_up 1\n" in one.get()[2]
        finally:
            process.terminate()
            assert process.wait(10 * SLOW) == 0


@pytest.mark.parametrize("argv, code", (
    (["-h"], 0), (["-V"], 0), (["-x"], 2), (["word"], 2), (["-l", "localhost:1"], 2), (["-l", "127.0.0.1"], 2),
    (["-l", "127.0.0.1:99999"], 2), (["-l", "192.0.2.99:9000"], 1)))
def test_command_line(argv, code):
    done = subprocess.run([EXPORTER, *argv], capture_output=True, text=True, check=False, timeout=20 * SLOW)
    assert done.returncode == code, done.stderr
    assert done.stdout if code == 0 else done.stderr
