# SPDX-License-Identifier: GPL-2.0-or-later
"""Which tunnels a kernel can have: MSSCLAMP_LAB=stock is the VM's, which has the kernel's own ones
and can be thrown away. What a program carries, and vxlan, runs on the machine itself."""

import os
import pathlib
import sys
import typing

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]

from fixtures import RESULTS, record  # noqa: E402, F401

STOCK = os.environ.get("MSSCLAMP_LAB") == "stock"
PATHS = (1500, 1492, 1472, 1400)
TOLD = (1492,) if STOCK else PATHS  # which of them the daemon is asked about; the VM is slow
# What only one of them is for: programs of the host, the kernel's own WireGuard.
collect_ignore = ["test_peers.py"] if STOCK else ["test_many.py"]


class Case(typing.NamedTuple):
    name: str
    build: typing.Callable   # of a Lab: both ends and the inner addresses
    inner: typing.Callable   # bytes of the path -> largest inner packet
    families: tuple = (4, 6)

    @property
    def words(self):
        import stacks
        return stacks.STACKS[self.name]

    @property
    def daemon(self):
        """Where it runs: an OpenVPN server knows what was negotiated."""
        return "b" if "openvpn" in self.name else "a"

    def narrow(self, path):
        """What makes that path known: the link's MTU; a PPP link has it from its far end. (A change
        of the Ethernet's MTU ends PPPoE sessions.)"""
        return f"link set t0 mtu {path - 8}" if "pppoe" in self.name else f"link set outer mtu {path}"

    def found(self, family, path):
        """What the daemon is to find: exactly that, or what there is a reason for."""
        import stacks
        other = stacks.FOUND.get(self.name)
        return other[1](family, path, self.inner(path)) if other else self.inner(path)

    @property
    def reason(self):
        import stacks
        return stacks.FOUND[self.name][0]


def cases():
    import ipsec
    import kernel
    import ppp
    import userspace
    chosen = (kernel.STOCK + ipsec.CASES + ppp.CASES if STOCK else
              userspace.CASES + kernel.EVERYWHERE)
    return [Case(*case) for case in chosen]


def pytest_terminal_summary(terminalreporter):
    """What was found, for people: each tunnel, family inside and path."""
    line = "{:40} {:>6} {:>5} {:>7} {:>5} {:>8} {:>6}  {}".format
    if RESULTS:
        terminalreporter.write_line(line("tunnel", "inside", "path", "formula", "calc", "measured",
                                         "daemon", ""))
    for name, family, path, formula, calc, measured, daemon, *words in RESULTS:
        terminalreporter.write_line(line(name, f"IPv{family}", path, formula, calc, measured,
                                         str(daemon), ", ".join(words)))
