# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs and libraries for rules that are slow or do not end: the control thread waits for them, is
not taken for stuck meanwhile, and gives up in the end."""

import re
import signal
import time

import packets
from daemon import BUILD
from fake_iptables import Iptables
from hanging import Transactions
from netns import until
from stall import stalled
from supervisor import Supervised
from test_fallback import alive

SANITIZED = BUILD.name in ("asan", "tsan")  # nothing else is preloaded there


class Watched(Supervised):
    """.fed: when it has fed the watchdog."""

    def __init__(self, *arguments, **more):
        self.fed = []
        super().__init__(*arguments, **more)

    def _take(self, words, fds):
        if "WATCHDOG" in words:
            self.fed.append(time.monotonic())
        super()._take(words, fds)

    def tell_feeding(self, what, begin):
        """Prints how it was fed since then; returns how often."""
        fed = [begin] + [when for when in self.fed if when > begin] + [time.monotonic()]
        print(f"\n{what}: {fed[-1] - begin:.1f} s, fed {len(fed) - 2} times, with at most "
              f"{max(b - a for a, b in zip(fed, fed[1:])):.1f} s in between")
        return len(fed) - 2


SLOW_TOOL = """#!/bin/bash
[ -e {0}/slow ] && sleep 1.5
exec -a "$0" /usr/sbin/nologin "$@"
"""


def slow_iptables(tmp_path):
    """The prefix of a daemon whose runs take long while there is a file `slow`, as there is now."""
    with open("/usr/sbin/xtables-nft-multi", "rb") as real:
        (tmp_path / "real").write_bytes(real.read())
    (tmp_path / "slow-tool").write_text(SLOW_TOOL.format(tmp_path))
    for name in ("real", "slow-tool"):
        (tmp_path / name).chmod(0o755)
    (tmp_path / "slow").touch()
    bind = (f'mount --bind {tmp_path}/real /usr/sbin/nologin && '
            f'mount --bind {tmp_path}/slow-tool /usr/sbin/xtables-nft-multi && exec "$@"')
    return ("unshare", "--mount", "sh", "-c", bind, "sh")


def test_a_slow_iptables(path, tmp_path):
    """Six runs, none of which takes too long, and together more than the watchdog has patience for:
    what is left is a repair that took long."""
    prefix = slow_iptables(tmp_path)
    (tmp_path / "slow").unlink()
    with Watched(path.gateway, 'firewall = "iptables"; fallback = false;', prefix=prefix) as daemon:
        (tmp_path / "slow").touch()
        for tool in ("iptables-nft", "ip6tables-nft"):
            path.gateway.run(tool, "-t", "mangle", "-F")
        begin = time.monotonic()
        daemon.says(r"our rules.*restored after", 30)
        assert daemon.tell_feeding("a repair by a slow iptables", begin) >= 4
        (tmp_path / "slow").unlink()
        assert daemon.json("rules", "--diff")["diff"] == []


def test_a_start_beside_a_slow_iptables(path, tmp_path):
    """As long as it takes the manager hears that the start needs more time."""
    with Watched(path.gateway, 'firewall = "iptables"; fallback = false;', ready=False,
                 prefix=slow_iptables(tmp_path)) as daemon:
        until(daemon.ready.is_set, "READY=1", 60)
        begin = [words for words in daemon.notices if "READY" not in words]
        assert sum("EXTEND_TIMEOUT_USEC" in words for words in begin) >= 4
        (tmp_path / "slow").unlink()
        assert daemon.json("rules", "--diff")["diff"] == []


def test_a_start_that_is_broken_off(path, tmp_path):
    """Told to end while a program runs: it is ended, nothing more is run, and nothing is left."""
    iptables = Iptables(tmp_path)
    with (iptables.does("hang"),
          Watched(path.gateway, 'firewall = "iptables";', ready=False,
                  prefix=iptables.prefix) as daemon):
        until(lambda: "sleep" in daemon.children(), "a run hangs", 20)
        daemon.process.terminate()
        assert daemon.ends() == 0
        assert not daemon.ready.is_set()
        daemon.says("was broken off, for mssclampd is told to end")
        daemon.says("told to end before it had begun: nothing is left of it")
    assert "MSSCLAMP" not in path.gateway.run("iptables-nft-save", "-t", "mangle").stdout
    assert "mssclamp" not in path.gateway.run("nft", "list", "ruleset").stdout


def test_a_repair_that_is_broken_off(path, tmp_path):
    """The same once it serves: the end does not wait for rules to be put back."""
    iptables = Iptables(tmp_path)
    with Watched(path.gateway, 'firewall = "iptables";', prefix=iptables.prefix) as daemon:
        with iptables.does("hang"):
            path.gateway.run("iptables-nft", "-t", "mangle", "-F")
            until(lambda: "sleep" in daemon.children(), "a run hangs", 20)
            daemon.process.terminate()
            assert daemon.ends() == 0
        daemon.says("was broken off, for mssclampd is told to end")
        daemon.hear()
        assert "STOPPING" in daemon.notices[-1] or "EXTEND_TIMEOUT_USEC" in daemon.notices[-1]


def test_a_worker_that_stalls_meanwhile(path, inject, tmp_path):
    """Its SYNs do not wait for the program."""
    iptables = Iptables(tmp_path)
    with (Watched(path.gateway, 'firewall = "iptables"; queues = { count = 1; }; fallback = false;',
                  prefix=iptables.prefix) as daemon,
          packets.Capture(path.server, "eth0") as there):
        with stalled(daemon.process.pid, "queue-5000"), iptables.does("hang"):
            inject(packets.syn(path.CLIENT4, path.SINK4))
            until(lambda: path.gateway.queued() == 1, "it waits for the worker")
            path.gateway.run("iptables-nft", "-t", "mangle", "-F")
            until(lambda: "sleep" in daemon.children(), "a run hangs", 20)
            assert there.next(8).mss == [1460]
            told = daemon.says("queue 5000: its worker does not answer; "
                               "SYNs pass unclamped until it does")
            assert "was killed" not in daemon.log()[:told.start()], "the run went on"
        daemon.says("queue 5000: its worker answers again", 30)


def test_a_library_that_hangs(path, tmp_path):
    """It is given up and left alone, so that clients have their answers; what was to be put back is
    once it can be."""
    transactions = Transactions(tmp_path)
    hang = transactions.hang
    with Watched(path.gateway, 'firewall = "iptables";', prefix=transactions.prefix) as daemon:
        hang(True)
        path.gateway.run("nft", "flush", "chain", "inet", "mssclamp", "fallback_forward")
        begin = time.monotonic()
        daemon.says("nftables: the kernel did not answer libnftables within 10 s", 20)
        assert daemon.tell_feeding("a libnftables that hangs", begin) >= 4
        assert "left alone" in daemon("rules", "--apply", code=None).stderr
        status = daemon.json("status", code=None)
        assert status["checks"]["queues"] == "ok"
        hang(False)
        until(lambda: re.search(r"our rules.*restored after", daemon.log()), "it is put back", 30)
        until(lambda: daemon.json("status", code=None)["checks"]["fallback"] == "standby", "it beats")
        assert daemon.json("rules", "--diff")["diff"] == []


def test_a_fallback_that_has_to_wait(path, tmp_path):
    """That its rules cannot be written now says nothing of later."""
    transactions = Transactions(tmp_path)
    with Watched(path.gateway, 'firewall = "iptables"; fallback = false;',
                 prefix=transactions.prefix) as daemon:
        transactions.hang(True)
        daemon.write('firewall = "iptables";')
        daemon.process.send_signal(signal.SIGHUP)
        daemon.says("fallback: not possible now.*did not answer libnftables", 20)
        transactions.hang(False)
        until(lambda: daemon.json("status", code=None)["checks"]["fallback"] == "standby",
              "it is tried again", 40)


def test_a_library_that_crashes(path, tmp_path):
    """It is told as what it is, and not as a call that the sandbox has refused; one run is lost."""
    transactions = Transactions(tmp_path)
    with Watched(path.gateway, 'firewall = "iptables";', prefix=transactions.prefix) as daemon:
        transactions.crash(True)
        path.gateway.run("nft", "flush", "chain", "inet", "mssclamp", "fallback_forward")
        daemon.says("nftables: libnftables crashed .Aborted.; this one run is lost", 10)
        transactions.crash(False)
        daemon.says("our rules.*restored after", 20)
        assert daemon.json("rules", "--diff")["diff"] == []
        time.sleep(1.2)  # what was refused is told once a second
        assert "system call" not in daemon.log().partition("clamps: queues")[2]


def test_a_sign_of_life_that_hangs(path, tmp_path):
    """The dead-man switch makes transactions of its own, where a worker stalls and where lo is down:
    behind one of somebody else they are given up too, which is said once, and clients are answered."""
    transactions = Transactions(tmp_path)
    path.gateway.ip("link set lo down")
    with Watched(path.gateway, "queues = { count = 1; };", prefix=transactions.prefix) as daemon:
        def fallback():
            return daemon.json("status", code=None)["checks"]["fallback"]
        until(lambda: fallback() == "standby", "it is written, for no packet goes")
        transactions.hang(True)
        until(lambda: fallback() == "active", "it cannot be written", 20)
        assert "neither over lo nor by nftables" in daemon.json("status", code=None)["fallback_reason"]
        with stalled(daemon.process.pid, "queue-5000"):
            daemon.says("fallback: cannot hand over to the kernel at once", 20)
            assert daemon.json("status", code=1)["checks"]["queues"] == "stalled"
            transactions.hang(False)
            until(lambda: not alive(path), "the kernel has it")
        until(lambda: fallback() == "standby", "it beats")
        assert daemon.log().count("cannot hand over to the kernel") == 1


if SANITIZED:
    del test_a_library_that_hangs, test_a_library_that_crashes, test_a_sign_of_life_that_hangs
    del test_a_fallback_that_has_to_wait
