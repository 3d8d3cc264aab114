# SPDX-License-Identifier: GPL-2.0-or-later
"""Paths with a narrow hop, in the VM: the tunnels are its kernel's own."""

import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "tunnels"), str(pathlib.Path(__file__).parent)]

from fixtures import RESULTS, record  # noqa: E402, F401


def pytest_terminal_summary(terminalreporter):
    """What was found, for people: seconds from the daemon's start, and of the download behind."""
    line = "{:32} {:18} {:>5} {:>6} {:>9} {:>8} {:>9}".format
    if RESULTS:
        terminalreporter.write_line(line("tunnel or clamper", "dropped", "hop", "found", "MSS 4/6",
                                         "known s", "download s"))
    for row in RESULTS:
        terminalreporter.write_line(line(*map(str, row)))
