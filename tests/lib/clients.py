# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of the control socket as anybody may write one: bytes as they are, as any user."""

import contextlib
import json
import os
import pathlib
import socket
import time

from connects import Connects
from netns import SLOW, until

ADMIN = 61009  # with group 1, "daemon", which such a daemon has as its admin_group
USERS = range(61001, 61006)  # who may connect, and nothing more
SANITIZED = any(name in os.environ.get("MSSCLAMP_BUILD", "") for name in ("asan", "tsan"))
MIB = 1 << 20
OTHERS = 8  # descriptors that the daemon opens when it comes to that, for what no client asks
STATUS = b'{"method":"org.mssclamp.GetStatus"}\0'


@contextlib.contextmanager
def user(uid, groups=()):
    """The block is this user's, as far as the kernel tells the other end of a socket."""
    mine = os.getgroups()
    os.setgroups(groups)
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(mine)


def connect(daemon, uid=0, groups=()):
    """A connection of that user's; like all here it gives up in time."""
    client = socket.socket(socket.AF_UNIX)
    with user(uid, groups) if uid else contextlib.nullcontext():
        client.connect(daemon.socket_path)
    client.settimeout(5 * SLOW)
    return client


def send(client, data):
    """How much of it was taken before the other end hung up or took no more."""
    sent = 0
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
        while sent < len(data):
            sent += client.send(data[sent:sent + (1 << 20)])
    return sent


def replies(client):
    """Each message that comes, until the other end hangs up."""
    rest = b""
    while True:
        with contextlib.suppress(ValueError):
            end = rest.index(b"\0")
            yield json.loads(rest[:end])
            rest = rest[end + 1:]
            continue
        try:
            part = client.recv(1 << 16)
        except ConnectionResetError:
            return
        if not part:
            return
        rest += part


def is_served(client):
    """Whether a call is answered, and not by the refusal of a client too many."""
    send(client, STATUS)
    return "state" in next(replies(client), {}).get("parameters", {})


def is_closed(client):
    """Whether the other end has hung up, whatever it has said before."""
    client.setblocking(False)
    try:
        while client.recv(1 << 16):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        pass
    return True


def answer_seconds(daemon):
    """How long a new admin's connection waits for its first answer."""
    begin = time.monotonic()
    with connect(daemon) as client:
        assert is_served(client)
    return time.monotonic() - begin


def size_of(daemon):
    """Resident bytes, and open descriptors."""
    process = pathlib.Path(f"/proc/{daemon.process.pid}")
    pages = int((process / "statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(process / "fd"))


def settled(daemon):
    """Whether the daemon has no client but who asks."""
    names = []
    for fd in os.listdir(f"/proc/{daemon.process.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # it was closed just now
            names.append(os.readlink(f"/proc/{daemon.process.pid}/fd/{fd}"))
    with open(f"/proc/{daemon.process.pid}/net/unix", encoding="ascii") as lines:
        inodes = {f"socket:[{line.split()[6]}]" for line in lines
                  if line.split()[-1] == daemon.socket_path and line.split()[5] == "03"}
    return len(inodes & set(names)) <= 1


def let_all_in(daemon):
    """Users of this machine reach the socket."""
    daemon.directory.chmod(0o755)
    os.chmod(daemon.socket_path, 0o666)


@contextlib.contextmanager
def harmless(daemon, path, limit=1360):
    """While the block runs there are connects through the gateway, and each succeeds with the right MSS; a
    client that was there before, an admin, is served afterwards; no other connection is left, and memory and
    descriptors are what they were. Gives that client, who has to ask now and then."""
    with connect(daemon, ADMIN, [1]) as witness:
        assert is_served(witness)
        until(lambda: settled(daemon), "the clients before are gone", 10)
        before, descriptors = size_of(daemon)
        assert is_served(witness)
        with Connects(path, limit, rate=200) as connects:
            yield witness
            assert is_served(witness)
        assert connects.client.failed == 0
        assert is_served(witness)
        until(lambda: settled(daemon) and size_of(daemon)[1] <= descriptors + OTHERS,
              "descriptors are what they were", 10)
        now, _ = size_of(daemon)
    print(f"{connects}; {(now - before) / 1024:.0f} KiB more")
    assert SANITIZED or now - before < MIB
    assert connects.client.unclamped == connects.server.unclamped == 0
    assert daemon.process.poll() is None
