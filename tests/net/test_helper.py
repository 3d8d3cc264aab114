# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that runs iptables for mssclampd: a run that ends badly costs that run alone."""

import contextlib
import os
import pathlib
import re
import signal
import time

import pytest
from fake_iptables import Iptables
from netns import SLOW, until

CONFIG = 'firewall = "iptables";'
RESTART = "a restart of mssclampd brings it back"


@pytest.fixture
def iptables(tmp_path):
    return Iptables(tmp_path)


@pytest.fixture
def daemon(start, iptables):
    running = start(CONFIG, prefix=iptables.prefix)
    yield running
    assert "Sanitizer" not in running.log()


def flush(path):
    for tool in ("iptables-nft", "ip6tables-nft"):
        path.gateway.run(tool, "-t", "mangle", "-F")


def test_a_run_that_is_killed(path, daemon, left, iptables):
    """Each of them while it lasts; then rules are put back at once, by the same helper."""
    helper = daemon.children()["clamp-iptables"]
    with iptables.does("kill"):
        flush(path)
        daemon.says("ran /usr/sbin/ip6?tables-nft-save for mssclampd ended before it had answered", 5)
    daemon.says(r"our rules.*; restored after", 5)
    assert (left(4), left(6)) == (1360, 1340)
    assert daemon.json("rules", "--diff")["diff"] == []
    assert daemon.children()["clamp-iptables"] == helper


def test_a_run_that_does_not_answer(path, daemon, left, iptables):
    """It stands still: its time is up, it is ended, and iptables is left alone for 20 s."""
    with iptables.does("stop"):
        flush(path)
        daemon.says("did not end within 7 s and was killed", 30)
        until(lambda: "clamp-run" not in daemon.children(), "its run is ended", 3)
    daemon.says(r"our rules.*; restored after", 50)
    assert (left(4), left(6)) == (1360, 1340)
    assert daemon.json("rules", "--diff")["diff"] == []


def double_of(helper):
    """The process that takes its place: not a run, which has the same name before it has its own."""
    def find():
        found = next(iter(namesakes_of(helper)), None)
        time.sleep(0.2 * SLOW)
        return found if found in namesakes_of(helper) else None
    return until(find, "there is a double", 8)


def namesakes_of(pid):
    found = []
    for one in children_of(pid):
        with contextlib.suppress(FileNotFoundError):  # it has ended
            found += [one] if name_of(one) == name_of(pid) else []
    return found


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()


def kill_with_double(helper):
    """At once, so that neither can make another one."""
    for pid in (helper, double_of(helper)):
        os.kill(pid, signal.SIGSTOP)
    for pid in (double_of(helper), helper):
        os.kill(pid, signal.SIGKILL)


def children_of(pid):
    return [int(one) for one in
            pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]


def test_a_helper_that_is_killed(path, daemon, left):
    """Its double takes its place, and is doubled itself, as often as it comes to that."""
    helper = daemon.children()["clamp-iptables"]
    ended = ("clamp-iptables: the process that starts programs for mssclampd has ended "
             ".killed.., its double takes its place")
    for times in range(1, 4):
        double = double_of(helper)
        os.kill(helper, signal.SIGKILL)
        until(lambda: len(re.findall(ended, daemon.log())) == times, f"it is said, {times} times", 8)
        flush(path)
        until(lambda: daemon.json("rules", "--diff", code=None).get("diff") == [], "they are put back",
              8)  # an error has none
        assert (left(4), left(6)) == (1360, 1340)
        helper = double
    assert daemon.log().count("its double takes its place") == 3
    double = double_of(helper)
    daemon.stop()
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in (helper, double)), "they end")


def test_a_helper_and_its_double_that_are_killed(path, daemon, left):
    """Neither is replaced; what is lost by it is said, and SYNs go on."""
    kill_with_double(daemon.children()["clamp-iptables"])
    daemon.says("has ended .killed.., and so has its double", 8)
    told = daemon.json("status", code=None)
    assert [RESTART in text for text in told["problems"]] == [True] and told["warnings"] == []
    path.gateway.run("iptables-nft", "-t", "mangle", "-F")
    daemon.says("starts /usr/sbin/iptables-nft-save for mssclampd has ended .killed.*; a restart of "
                "mssclampd brings it back", 5)
    assert RESTART in daemon.told("status", code=None)
    daemon.stop()
    daemon.start()
    daemon.wait_ready()
    assert (left(4), left(6)) == (1360, 1340)
