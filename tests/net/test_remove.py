# SPDX-License-Identifier: GPL-2.0-or-later
"""`rules --remove`: never under a mssclampd of this network namespace, whatever its socket is."""

import shutil
import socket
import struct
import subprocess

import pytest
from daemon import Ctl

NETLINK_NETFILTER = 12
QUEUE_CONFIG, BIND = 3 << 8 | 2, 1  # NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG; NFQNL_CFG_CMD_BIND


@pytest.fixture
def elsewhere(path, tmp_path):
    """mssclampctl in the gateway, with a control socket that nobody serves."""
    return Ctl(path.gateway, str(tmp_path / "control"))


@pytest.fixture
def bound(path):
    """A socket of this test process that has queue 77 in the gateway."""
    with path.gateway.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as queue:
        queue.bind((0, 0))
        command = struct.pack("!BBHHHBxH", 0, 0, 77, 0, 0, BIND, socket.AF_INET)
        command = command[:4] + struct.pack("=HH", 8, 1) + command[8:]  # NFQA_CFG_CMD
        header = struct.pack("=IHHII", 16 + len(command), QUEUE_CONFIG, 5, 1, 0)  # REQUEST | ACK
        queue.send(header + command)
        assert struct.unpack_from("=i", queue.recv(4096), 16) == (0,)
        yield queue


def live(path):
    """What is there of our rules."""
    rules = path.gateway.run("iptables-save", "-t", "mangle").stdout
    return rules + path.gateway.run("nft", "list", "ruleset", check=False).stdout


def test_refused_under_a_daemon_with_another_socket(start, path, elsewhere):
    daemon = start()
    done = elsewhere("rules", "--remove", code=1)
    assert f"process {daemon.process.pid} has queue 50" in done.stderr
    assert "systemctl stop mssclampd.socket mssclampd" in done.stderr
    assert daemon.json("rules")["state"] == "ok"
    error = elsewhere.json("rules", "--remove", code=1)["error"]
    assert "refused" in error["message"] and error["hint"]
    daemon.stop()
    assert "mssclamp" in live(path).lower()
    elsewhere("rules", "--remove")
    assert "mssclamp" not in live(path).lower()


def test_a_daemon_of_another_network_does_not_count(start, path, tmp_path):
    daemon = start()
    Ctl(path.client, str(tmp_path / "control"))("rules", "--remove")
    assert daemon.json("rules")["state"] == "ok"


@pytest.mark.usefixtures("bound")
def test_a_queue_of_somebody_else_does_not_count(elsewhere):
    elsewhere("rules", "--remove")


def test_one_holder_of_several_counts(bound, elsewhere, tmp_path):
    """The socket is open in this process too, as systemd keeps those of mssclampd."""
    program = shutil.copy("/bin/sleep", tmp_path / "mssclampd")
    with subprocess.Popen([program, "60"], pass_fds=[bound.fileno()]) as holder:
        try:
            done = elsewhere("rules", "--remove", code=1)
            assert f"process {holder.pid} has queue 77" in done.stderr
        finally:
            holder.kill()
    elsewhere("rules", "--remove")


def test_hidden_descriptors_are_no_answer(bound, elsewhere, tmp_path):
    """Who may not look into the process cannot tell, and removes nothing."""
    program = shutil.copy("/bin/sleep", tmp_path / "mssclampd")
    with subprocess.Popen([program, "60"], pass_fds=[bound.fileno()]) as holder:
        try:
            done = elsewhere("rules", "--remove", code=7,
                             prefix=("setpriv", "--bounding-set=-sys_ptrace,-dac_read_search,"
                                     "-dac_override"))
            assert "cannot tell" in done.stderr
        finally:
            holder.kill()
