# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon in which calls do not come back: hang.c, and the switch that it looks at."""

from daemon import BUILD


class Transactions:
    """Those of nftables, of one daemon, and the moment in which it has become another user: prefix is for
    its start."""

    def __init__(self, folder):
        self.switch = folder / "hangs"
        self.switch.write_bytes(b"\0")
        self.prefix = ("env", f"LD_PRELOAD={BUILD / 'hang.so'}", f"MSSCLAMP_HANG={self.switch}")

    def do(self, number):
        with open(self.switch, "r+b") as file:
            file.write(bytes([number]))

    def hang(self, whether):
        self.do(1 if whether else 0)

    def hang_as_user(self, whether):
        self.do(3 if whether else 0)

    def crash(self, whether):
        self.do(2 if whether else 0)
