# SPDX-License-Identifier: GPL-2.0-or-later
"""What a running mssclampd could still do: its rights, its filters, its helpers; and that a worker
which tries more is refused and named."""

import contextlib
import errno
import mmap
import os
import pathlib
import re
import signal
import struct
import subprocess
import tempfile

import pytest
from daemon import BUILD, MSSCLAMPD, Daemon
from netns import until

NET_ADMIN = f"{1 << 12:016x}"
NET_ADMIN_RAW = f"{1 << 12 | 1 << 13:016x}"
SANITIZED = BUILD.name in ("asan", "tsan")  # they do some of it themselves
ATTEMPTS = re.findall(r"\{ \"(\w+)\", SYS_\w+ \}",
                      (pathlib.Path(__file__).parents[1] / "lib/attempt.c").read_text())


@pytest.fixture(scope="module")
def daemon(gateway):
    with Daemon(gateway, 'firewall = "iptables";') as running:
        yield running


@pytest.fixture(scope="module")
def gateway(path):
    return path.gateway


def status_of(task):
    return {name: value.strip() for name, value in (
        line.split(":", 1) for line in pathlib.Path(task, "status").read_text().splitlines())}


def statuses(pid):
    """Of each thread of a process."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError): # it has ended
            found.append(status_of(task))
    return found


def test_every_thread_has_given_up_what_it_does_not_need(daemon):
    def filtered():
        return sum((told["Name"][:6], told["Seccomp_filters"]) == ("queue-", "2")
                   for told in statuses(daemon.process.pid))
    queues = len(daemon.stats()["queues"])
    until(lambda: filtered() == queues,
          "each worker, which begins beside the start, has its filter")
    names = set()
    for told in statuses(daemon.process.pid):
        names.add(told["Name"])
        assert [told[name] for name in ("CapPrm", "CapEff", "CapBnd")] == [NET_ADMIN] * 3, told
        assert [told[name] for name in ("CapInh", "CapAmb")] == ["0" * 16] * 2
        assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2"), told["Name"]
        filters = int(told["Seccomp_filters"])
        assert filters == (2 if told["Name"].startswith("queue-") else 1), told["Name"]
        assert SANITIZED or int(told["VmLck"].split()[0]) > 256
    assert {"mssclampd", "queue-5000"} <= names or SANITIZED


def test_no_core_is_dumped_and_nobody_looks_into_it(daemon):
    limits = pathlib.Path(f"/proc/{daemon.process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
    # Without PR_SET_DUMPABLE its files in /proc would be its user's.
    assert os.stat(f"/proc/{daemon.process.pid}/environ").st_uid == 0


def test_the_log_says_what_was_done(daemon):
    daemon.says(r"sandbox: user \d+, CAP_NET_ADMIN alone, (Landlock ABI \d+|no Landlock.*), "
                r"system calls filtered, .*memory locked")


def test_helpers_have_less_than_root(daemon):
    wanted = {"clamp-iptables", "clamp-facts", "mssclamp-facts"}
    helpers = until(lambda: (found := daemon.children()) and wanted <= set(found) and found,
                    "all helpers run")
    until(lambda: status_of(f"/proc/{helpers['mssclamp-facts']}")["Seccomp"] == "2",
          "mssclamp-facts, which may just have been started, has its filter")
    told = status_of(f"/proc/{helpers['clamp-iptables']}")
    assert told["CapEff"] == told["CapBnd"] == NET_ADMIN_RAW
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
    for name in ("clamp-iptables", "clamp-facts"):
        until(lambda pid=helpers[name]: set(os.listdir(f"/proc/{pid}/fd")) - set("012") == {"3"},
              f"{name} has its socket alone")
        command = pathlib.Path(f"/proc/{helpers[name]}/cmdline").read_bytes()
        assert b"mssclampd" not in command.split(b"\0")[0]


def test_a_signal_to_all_ends_no_helper(daemon):
    """As systemd sends it to each process of the unit; they end with the daemon."""
    helpers = daemon.children()
    for name in ("clamp-iptables", "clamp-facts"):
        os.kill(helpers[name], signal.SIGTERM)
    daemon.namespace.run("iptables-nft", "-t", "mangle", "-F")
    daemon.says("restored after", 10)
    assert helpers["clamp-iptables"] == daemon.children()["clamp-iptables"]


def test_helpers_end_with_it(gateway):
    with Daemon(gateway, "queues = { first = 6000; count = 1; }; firewall = \"none\";") as running:
        helpers = running.children()
        assert "clamp-iptables" not in helpers and "clamp-facts" in helpers
        running.kill()
        until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in helpers.values()),
              "they have ended", 10)


def test_a_reload_to_other_paths(daemon):
    """Where the sandbox was not made for them they need a restart, and what runs stays."""
    done = daemon.reload(
        f'firewall = "iptables"; path = {{ state = "{daemon.directory}/paths"; }};')
    assert done.returncode == 0
    assert "path.state is not what" not in daemon.log()
    daemon.reload('firewall = "iptables"; path = { state = "/var/tmp/elsewhere/paths"; };')
    if "Landlock ABI" in daemon.log():
        daemon.says("path.state is not what mssclampd was started with: needs a restart")
    assert daemon.json("status")["state"] == "running"


def with_user(folder, own):
    """What begins a command for which user mssclamp exists, in a mount namespace of its own."""
    for file, line in (("passwd", f"mssclamp:x:{own}:{own}::/:/bin/false\n"),
                       ("group", f"mssclamp:x:{own}:\n")):
        (folder / file).write_text(line + pathlib.Path("/etc", file).read_text())
    return ("unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/passwd && mount --bind "$1" '
            '/etc/group && shift && exec "$@"', str(folder / "passwd"), str(folder / "group"))


def test_the_check_warns_of_files_that_the_user_cannot_read():
    """Root may read them all, so -t was content, and the unit did not start again."""
    own = 61999
    with tempfile.TemporaryDirectory(prefix="mssclamp-") as name:
        folder = pathlib.Path(name)
        command = (*with_user(folder, own), MSSCLAMPD, "-t", "-c", str(folder / "mssclamp.conf"))
        folder.chmod(0o755)
        drop_ins = folder / "mssclamp.conf.d"
        drop_ins.mkdir()
        for file in (folder / "mssclamp.conf", drop_ins / "for-all.conf", drop_ins / "secret.conf"):
            file.write_text("")
        (drop_ins / "secret.conf").chmod(0o600)

        def told(*more):
            done = subprocess.run((*command, *more), capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

        code, text = told()
        assert code == 0
        assert text.startswith(f'{drop_ins}/secret.conf: user "mssclamp", as which systemd starts')
        assert text.endswith("(warning)\n0 errors, 1 warning, configuration usable\n"), text
        assert told("--strict")[0] == 6
        os.chown(drop_ins / "secret.conf", 0, own)
        (drop_ins / "secret.conf").chmod(0o640)
        assert told("--strict") == (0, "")


def test_root_becomes_the_user_and_has_no_group_of_roots(gateway):
    """What the kernel tells of queues is its to read nevertheless."""
    own = 61999
    with tempfile.TemporaryDirectory(prefix="mssclamp-") as name:
        folder = pathlib.Path(name)
        prefix = with_user(folder, own)
        os.chown(folder, 0, own)
        folder.chmod(0o770)
        with Daemon(gateway, 'queues = { first = 6000; count = 1; }; firewall = "none"; '
                    f'path = {{ state = "{folder}/paths"; probe = false; }};', prefix=prefix,
                    directory=folder) as running:
            running.says('started as root: is user "mssclamp" now')
            told = status_of(f"/proc/{running.process.pid}")
            assert told["Groups"].split() == [str(own)]
            assert told["Uid"].split() == [str(own)] * 4
            assert isinstance(running.stats()["queues"][0]["fail_open_total"], int)
            assert "is not for us to read" not in running.log()


@pytest.fixture
def linked(gateway, tmp_path):
    """A daemon whose configuration, folder of drop-ins and a drop-in are links to three folders."""
    folders = {name: tmp_path / name for name in ("links", "real", "drop-ins", "shared", "late")}
    for folder in folders.values():
        folder.mkdir()
    links = folders["links"]
    (links / "mssclamp.conf").symlink_to(folders["real"] / "conf")
    (links / "mssclamp.conf.d").symlink_to(folders["drop-ins"])
    (folders["shared"] / "more").write_text("rules = ({ mss = 1301; });")
    (folders["drop-ins"] / "10.conf").symlink_to(folders["shared"] / "more")
    running = Daemon(gateway, 'queues = { first = 6000; count = 1; }; firewall = "none";',
                     directory=links)
    running.folders = folders
    yield running
    running.kill()
    running.close()


def replace(path, text):
    """As editors do: under that name there is another inode then."""
    new = path.with_name("new")
    new.write_text(text)
    new.rename(path)


def test_a_reload_follows_the_links(linked):
    """Landlock looks at where a file really is, not at the name that led there."""
    replace(linked.folders["shared"] / "more", "rules = ({ mss = 1302; });")
    replace(linked.folders["real"] / "conf",
            linked.file.read_text() + "rules = ({ mss = 1303; });")
    told = linked.json("reload")
    assert {(row["path"], row["new"]) for row in told["changed"]} == {
        ("rules[0].mss", 1303), ("rules[1].mss", 1302)}


def test_a_link_to_where_it_was_not_made_for(linked):
    """The message names the sandbox, for the permissions of the file are in order."""
    (linked.folders["late"] / "conf").write_text("rules = ({ mss = 1304; });")
    drop_in = linked.folders["drop-ins"] / "20.conf"
    drop_in.symlink_to(linked.folders["late"] / "conf")
    if "Landlock ABI" in linked.log() and not SANITIZED:
        done = linked("reload", code=6)
        assert "20.conf: cannot be read: its permissions allow it, but the sandbox" in done.stderr
        assert "restart mssclampd" in done.stderr and "kept" in done.stderr
        drop_in.unlink()
        drop_in.write_text("rules = ({ mss = 1304; });")
    assert [row["new"] for row in linked.json("reload")["changed"]] == [1304]


class Board:
    """Memory that is shared with attempt.so."""

    def __init__(self, folder):
        self.path = folder / "board"
        self.path.write_bytes(bytes(mmap.PAGESIZE))
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def __getitem__(self, i):
        return struct.unpack_from("=i", self.map, 4 * i)[0]

    def want(self):
        struct.pack_into("=i", self.map, 0, 1)


def test_a_worker_that_tries_more_is_refused_and_named(gateway, tmp_path):
    board = Board(tmp_path)
    prefix = ("env", f"LD_PRELOAD={BUILD / 'attempt.so'}", f"MSSCLAMP_ATTEMPT={board.path}")
    running = Daemon(gateway, 'queues = { first = 6000; count = 1; }; firewall = "none";',
                     prefix=prefix)
    try:
        board.want()
        until(lambda: board[0] == 3, "a worker has tried", 10)
        results = {name: board[i + 1] for i, name in enumerate(ATTEMPTS)}
        assert results == dict.fromkeys(ATTEMPTS, errno.EPERM)
        for name in ATTEMPTS:
            running.says(rf"sandbox: queue-6000 \(\d+\) tried the system call {name}, which was "
                         r"refused with EPERM \(1 times, 1 in all\)", 10)
        assert running.json("status")["state"] == "running"
    finally:
        running.kill()
        running.close()


if SANITIZED:
    del test_a_worker_that_tries_more_is_refused_and_named
