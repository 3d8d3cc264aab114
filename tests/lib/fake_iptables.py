# SPDX-License-Identifier: GPL-2.0-or-later
"""An iptables that does as a test says, for one daemon alone."""

import contextlib

SCRIPT = """#!/bin/bash
[ -e {0}/hang ] && exec sleep 100
[ -e {0}/stop ] && kill -STOP $PPID
[ -e {0}/kill ] && kill -KILL $PPID
exec -a "$0" /usr/sbin/nologin "$@"
"""
PROGRAM = "/usr/sbin/xtables-nft-multi"


class Iptables:
    """prefix is for the daemon's start."""

    def __init__(self, folder):
        self.folder = folder
        with open(PROGRAM, "rb") as real:
            (folder / "real").write_bytes(real.read())
        (folder / "fake").write_text(SCRIPT.format(folder))
        for name in ("real", "fake"):
            (folder / name).chmod(0o755)
        # mssclampd lets nothing be run from elsewhere, so the real one takes another's place there.
        bind = (f"mount --bind {folder}/real /usr/sbin/nologin && "
                f'mount --bind {folder}/fake {PROGRAM} && exec "$@"')
        self.prefix = ("unshare", "--mount", "sh", "-c", bind, "sh")

    @contextlib.contextmanager
    def does(self, what):
        """Until the block ends each run hangs, or stops or kills the process that started it."""
        (self.folder / what).touch()
        yield
        (self.folder / what).unlink()
