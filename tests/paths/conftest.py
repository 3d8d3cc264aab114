# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the shared pieces lie; and the table of what was found, in the last lines of a run."""

import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "tunnels"), str(TESTS / "paths")]

from fixtures import RESULTS, record  # noqa: E402, F401

WITHOUT = {True: "hangs", False: "passes", None: "chance"}


@pytest.fixture(scope="session", autouse=True)
def shifting(request):
    """A path that changes takes more than a minute: it does so from the first test on, as a future,
    where that is asked for at all."""
    from shifting import follow
    if not any("shifting" in test.fixturenames and test.name.startswith("test_shrinks")
               for test in request.session.items):
        yield None
        return
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(follow)


def pytest_terminal_summary(terminalreporter):
    """What was found, for people: each path, and how long it took from the daemon's start."""
    line = "{:22} {:>5}  {:22} {:5} {:>7} {:>6} {:>7}".format
    if RESULTS:
        terminalreporter.write_line(line("tunnel", "path", "dropped", "pings", "without", "inside",
                                         "found"))
    for tunnel, path, dropped, ping, hangs, inner, seconds in RESULTS:
        terminalreporter.write_line(line(tunnel, path, dropped, "yes" if ping else "no",
                                         WITHOUT[hangs], inner, f"{seconds:.2f} s"))
