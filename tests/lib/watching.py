# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl capture beside a test, and tshark that reads what it wrote."""

import json
import os
import signal
import subprocess
import tempfile

from daemon import MSSCLAMPCTL, validate
from netns import SLOW, until

WAIT = 30 * SLOW


class Watching:
    """mssclampctl capture; from __init__ on it misses nothing."""

    def __init__(self, daemon, *argv, stdout=None):
        self.errors = tempfile.TemporaryFile()
        self.out = stdout or tempfile.TemporaryFile()
        self.process = daemon.namespace.popen(
            [MSSCLAMPCTL, "-s", daemon.socket_path, "--timeout", f"{10 * SLOW:g}", "capture",
             *argv], stdout=self.out, stderr=self.errors, stdin=subprocess.DEVNULL)
        until(lambda: "Ends " in self.says() or self.process.poll() is not None, "it watches", 10)

    def says(self):
        """What it said on stderr so far."""
        return os.pread(self.errors.fileno(), 1 << 20, 0).decode()

    def text(self):
        """What it printed so far."""
        return os.pread(self.out.fileno(), 1 << 30, 0).decode()

    def ends(self, code=0):
        """What it printed."""
        try:
            assert self.process.wait(WAIT) == code, self.says()
        finally:
            self.process.kill()
        return self.text()

    def interrupt(self, number=signal.SIGINT, code=0):
        self.process.send_signal(number)
        return self.ends(code)


def watch_json(daemon, *argv):
    return Watching(daemon, "--json", *argv)


def read_end(text):
    answer = json.loads(text)
    validate("capture", answer)
    return answer


def tshark(path_or_pipe, *fields, **more):
    """The lines of those fields, one a packet."""
    argv = ["tshark", "-n", "-r", str(path_or_pipe), "-Tfields"]
    for field in fields:
        argv += ["-e", field]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=120, **more)
    assert done.returncode == 0, done.stderr
    assert "malformed" not in done.stderr.lower() and "cut short" not in done.stderr, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]
