# SPDX-License-Identifier: GPL-2.0-or-later
"""An admin group that a reload names first: libc may load a service that knows it only before the
sandbox; and where that cannot be asked, nothing is given up."""

import contextlib
import grp
import os
import pathlib
import shutil
import tempfile
import time

import pytest
import packets
from daemon import BUILD, Daemon
from hanging import Transactions
from supervisor import Supervised

USER = 61996  # mssclamp
LATE = 61998  # what nss_late.c says
OWN = grp.getgrnam("daemon").gr_gid
QUEUE = 'queues = { first = 6000; count = 1; }; firewall = "none";'


OURS, ROUTE, ANNOUNCED = 1300, 1360, 1460 # what we lower to, what the kernel does, what comes


def groups(admin):
    return f'group = "daemon"; admin_group = "{admin}";'


@pytest.fixture
def prefix(tmp_path):
    """Who is started with it asks the service for groups that are in no file."""
    shutil.copy(BUILD / "nss_late.so", tmp_path / "libnss_late.so.2")
    (tmp_path / "nsswitch").write_text("passwd: files\ngroup: files late\n", encoding="utf-8")
    return ("env", f"LD_LIBRARY_PATH={tmp_path}", f"NSS_LATE_AWAY={tmp_path}/away",
            f"NSS_LATE_HANGS={tmp_path}/hangs",
            "unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/nsswitch.conf && exec "$@"',
            str(tmp_path / "nsswitch"))


@pytest.fixture
def daemon(path, tmp_path, prefix):
    """Its groups are found in files. .away: where this is, the service does not answer."""
    with Daemon(path.gateway, QUEUE, prefix=prefix, control=groups("bin")) as running:
        os.chmod(running.directory, 0o755)
        running.away = tmp_path / "away"
        yield running


def is_admin(daemon, gid):
    return daemon("log", "info", code=None, prefix=(
        "setpriv", "--reuid=65534", f"--regid={gid}", f"--groups={OWN}")).returncode == 0


def test_a_service_that_nobody_had_asked(daemon):
    assert not is_admin(daemon, LATE)
    daemon.control = groups("late")
    daemon.reload(QUEUE)
    assert is_admin(daemon, LATE)
    daemon.control = groups("nobody-has-it")
    daemon.reload(QUEUE)
    daemon.says('control.admin_group: there is no group "nobody-has-it"')
    daemon.reload(QUEUE)
    assert daemon.log().count('there is no group "nobody-has-it"') == 1  # each reload finds it so
    assert not is_admin(daemon, LATE)


def test_a_service_that_is_away(daemon):
    """Who was found stays admin; another name is refused, with all else as it was."""
    daemon.control = groups("late")
    daemon.reload(QUEUE)
    daemon.away.touch()
    daemon.reload(QUEUE)
    daemon.says('control.admin_group: group "late" cannot be looked up: .*; it stays the one')
    assert is_admin(daemon, LATE)
    daemon.control = groups("later")
    told = daemon.reload(QUEUE, code=6).stderr
    assert 'control.admin_group: group "later" cannot be looked up: ' in told
    assert "restart mssclampd" in told
    assert is_admin(daemon, LATE)
    daemon.away.unlink()
    daemon.control = groups("bin")
    daemon.reload(QUEUE)
    assert not is_admin(daemon, LATE)


@pytest.mark.parametrize("setting", ("group", "admin_group"))
def test_a_takeover_beside_a_service_that_is_away(path, daemon, setting):
    """The new one would serve with less rights for people than the old one has given: it is an error
    before the old one is asked, which goes on as it was."""
    def taker():
        return Daemon(path.gateway, "", ready=False, directory=daemon.directory, keep_file=True,
                      prefix=daemon.prefix, argv=("--takeover",))
    daemon.control = groups("late")
    daemon.reload(QUEUE)
    daemon.away.touch()
    if setting == "group":
        daemon.control = 'group = "late"; admin_group = "bin";'
        daemon.write(QUEUE)
    with taker() as new:
        assert new.ends() not in (0, None)
        new.says(f'control.{setting}: group "late" cannot be looked up: .*; try again, or stop the running')
    assert "asked for the queues" not in daemon.log()
    assert is_admin(daemon, LATE)
    daemon.away.unlink()
    with taker() as after:
        assert daemon.ends() == 0
        after.wait_ready()
        assert is_admin(after, LATE) == (setting == "admin_group")


@pytest.fixture
def own_folder():
    """That user's: pytest's lie in one that is root's alone."""
    with tempfile.TemporaryDirectory(prefix="mssclamp-") as folder:
        os.chown(folder, USER, USER)
        yield folder


def test_syns_do_not_wait_for_who_becomes_another_user(path, tmp_path, own_folder, inject, arrivals, left):
    """The user of the whole process changes, and with it what each of its threads may do."""
    transactions, accounts = Transactions(tmp_path), tmp_path / "accounts"
    accounts.mkdir()
    for name, line in (("passwd", f"mssclamp:x:{USER}:{USER}::/:/bin/false"), ("group", f"mssclamp:x:{USER}:")):
        accounts.joinpath(name).write_text(pathlib.Path("/etc", name).read_text(encoding="utf-8") + line + "\n",
                                           encoding="utf-8")
    prefix = (*transactions.prefix, "unshare", "-m", "sh", "-c",
              'for one in passwd group; do mount --bind "$0/$one" "/etc/$one"; done; exec "$@"', str(accounts))
    config = (f'queues = {{ count = 1; }}; rules = ({{ mss = {OURS}; }});\n'
              f'path = {{ probe = false; state = "{own_folder}/paths"; }};')
    with Supervised(path.gateway, config, prefix=prefix, directory=own_folder) as one:
        one.says('started as root: is user "mssclamp" now')
        assert left() == OURS
        one.kill()
        transactions.hang_as_user(True)
        for n in range(20):
            inject(packets.syn(path.CLIENT4, path.SINK4, seq=n))
        begin = time.monotonic()
        one.start()
        try:
            assert [packet.mss[0] for packet in arrivals.take(20, 5)] == 20 * [ROUTE]
            assert not one.ready.is_set() and time.monotonic() - begin >= 1
        finally:
            transactions.hang_as_user(False)
        one.wait_ready()
        one.says("queues: the start has taken [0-9]+ ms so far")
        assert left() == OURS


@pytest.mark.parametrize("fallback", (True, False))
def test_syns_do_not_wait_for_a_service_that_hangs(path, tmp_path, prefix, inject, arrivals, left,
                                                   fallback):
    """Behind a crash: perhaps it is asked through this host, and its own SYN waits here."""
    config = f"queues = {{ count = 1; }}; rules = ({{ mss = {OURS}; }});"
    config += "" if fallback else "fallback = false;"
    with Supervised(path.gateway, config, prefix=prefix) as one, contextlib.ExitStack() as stack:
        assert left() == OURS
        (tmp_path / "hangs").touch()
        stack.callback((tmp_path / "hangs").unlink, missing_ok=True)
        one.kill()
        for n in range(20):
            inject(packets.syn(path.CLIENT4, path.SINK4, seq=n))
        one.start()
        got = [packet.mss[0] for packet in arrivals.take(20, 5)]
        assert got == 20 * [ROUTE if fallback else ANNOUNCED]
        inject(packets.syn(path.CLIENT4, path.SINK4))
        assert arrivals.next().mss == [ROUTE if fallback else ANNOUNCED], "it does not wait at all"
        assert not one.ready.is_set()
        (tmp_path / "hangs").unlink()
        one.wait_ready()
        one.says("queues: the start has taken [0-9]+ ms so far")
        assert left() == OURS


if BUILD.name in ("asan", "tsan"):  # nothing else is preloaded there
    del test_syns_do_not_wait_for_who_becomes_another_user
