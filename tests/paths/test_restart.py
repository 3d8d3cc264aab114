# SPDX-License-Identifier: GPL-2.0-or-later
"""What was measured outlives the daemon: it knows at once, and looks again."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import packets
import pytest
import transfer
from netns import until
from passages import FOUND_SECONDS, PathDaemon, TunnelLab
from probes import ProbeWatch
from supervisor import Supervised

PATH = 1433
INTERVAL = 60    # what is remembered is looked at within a tenth of it
SAVE_SECONDS = 10.0


@pytest.fixture(scope="module")
def lab():
    with TunnelLab("wireguard", PATH, "errors", ping=True) as lab:
        yield lab


def begin(lab, path):
    """One that has nothing to remember."""
    for file in lab.directory.glob("paths*"):
        file.unlink()
    return PathDaemon(lab, path=path)


@pytest.fixture
def daemon(lab):
    with begin(lab, f'interval = "{INTERVAL}s";') as daemon:
        yield daemon


def knows_at_once(daemon):
    """What the first answer says: measured, and when."""
    assert daemon.is_measured(PATH), daemon.log()
    return daemon.peer()["path_age_seconds"]


def test_killed_in_the_middle_of_a_search(lab):
    """Which is one of many seconds: it is not over before it is seen."""
    with (contextlib.closing(ProbeWatch(lab.gateway)) as watch,
          begin(lab, "rate_pps = 1;") as daemon):
        until(lambda: len(watch.probes) > 2, "the search goes on", 10)
        assert not daemon.is_measured(PATH)
        daemon.kill()
        daemon.settings = ""
        daemon.write("")
        daemon.start()
        daemon.wait_ready()
        daemon.finds(PATH)


def test_stopped_and_started(lab, daemon):
    daemon.finds(PATH)
    with contextlib.closing(ProbeWatch(lab.gateway)) as watch:
        for _ in range(5):
            until(lambda: daemon.peer()["path_age_seconds"] > 2, "some time passes")
            daemon.stop()
            watch.probes.clear()
            daemon.start()
            daemon.wait_ready()
            age = knows_at_once(daemon)
            if not watch.probes:  # else it has looked already, as it may within that tenth
                break
        else:
            raise AssertionError("five starts, and each measured at once")
        assert age > 2
        until(lambda: daemon.peer()["path_age_seconds"] < time.monotonic() - daemon.begin,
              "it is measured anew", INTERVAL / 10 + FOUND_SECONDS)
        assert watch.probes


def test_killed_after_a_search(daemon):
    daemon.finds(PATH)
    until(daemon.state.exists, "it is written", SAVE_SECONDS + 3)
    daemon.kill()
    daemon.start()
    daemon.wait_ready()
    knows_at_once(daemon)


class Kept(PathDaemon, Supervised):
    """One that measures, under a manager that keeps its queues."""


def test_what_waited_for_it(lab):
    """SYNs that came while nobody was there get the MSS that was measured before."""
    with Kept(lab, path=f'interval = "{INTERVAL}s";') as daemon:
        daemon.finds(PATH)
        until(daemon.state.exists, "it is written", SAVE_SECONDS + 3)
        for _ in range(5):
            daemon.kill()
            with (packets.Capture(lab.peer, lab.device(lab.peer)) as there,
                  ThreadPoolExecutor(1) as pool):
                connecting = pool.submit(transfer.connect, lab.client, lab.servers[4], 8.0)
                assert there.take(1, 0.3) == []
                daemon.again()
                connecting.result().close()
                assert there.next().mss == [lab.tunnel.inner(PATH) - 40]


@pytest.mark.parametrize("damage", ("{", "\0" * 4096, '{"measures": 7}'),
                         ids=("cut", "zeros", "another shape"))
def test_a_damaged_file(lab, daemon, damage):
    daemon.stop()
    daemon.state.write_text(damage, encoding="utf-8")
    daemon.errors.unlink()
    daemon.start()
    daemon.wait_ready()
    lines = [line for line in daemon.log().splitlines() if str(daemon.state) in line]
    assert len(lines) == 1, daemon.log()
    daemon.finds(PATH)
    assert [text_of(path) for path in lab.directory.glob("paths*")].count(damage) == 1


def text_of(path):
    """None where it has just been given its name."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8")
    return None
