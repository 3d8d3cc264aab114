# SPDX-License-Identifier: GPL-2.0-or-later
"""Which tunnels a kernel can have: MSSCLAMP_LAB=stock is the VM's, which has the kernel's own ones
and can be thrown away. What a program carries, and vxlan, runs on the machine itself."""

import os
import pathlib
import sys
import typing

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]

STOCK = os.environ.get("MSSCLAMP_LAB") == "stock"


class Case(typing.NamedTuple):
    name: str
    build: typing.Callable   # of a Lab: both ends and the inner addresses
    inner: typing.Callable   # bytes of the path -> largest inner packet
    families: tuple = (4, 6)


def cases():
    import ipsec
    import kernel
    import ppp
    import userspace
    chosen = (kernel.STOCK + ipsec.CASES + ppp.CASES if STOCK else
              userspace.CASES + kernel.EVERYWHERE)
    return [Case(*case) for case in chosen]


RESULTS = []  # rows of the table below


@pytest.fixture
def record():
    """Takes one row of the table of results."""
    return lambda *row: RESULTS.append(row)


def pytest_terminal_summary(terminalreporter):
    """What was found, for people: each tunnel, family inside and path."""
    line = "{:40} {:>6} {:>5} {:>6} {:>8}  {}".format
    if RESULTS:
        terminalreporter.write_line(line("tunnel", "inside", "path", "ours", "measured", ""))
    for name, family, *numbers in RESULTS:
        terminalreporter.write_line(line(name, f"IPv{family}", *numbers))
