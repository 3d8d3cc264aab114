# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs of tests/bench that make load and count what arrives, line by line."""

import subprocess

from daemon import BUILD
from netns import SLOW


class Program:
    """A program that answers each line with a line."""

    def __init__(self, namespace, name, *arguments, cpu):
        # taskset lets even the first of its memory be where it runs
        self.process = namespace.popen(
            ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(cpu),
             str(BUILD / "bench" / name), *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def answer(self):
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args} ended")
        return answer

    def ask(self, line):
        self.tell(line)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10 * SLOW)
        self.process.stdout.close()


class Sent:
    """What one sending was."""

    def __init__(self, answer):
        self.count, self.cpu_ns, self.wall_ns = map(int, answer.split())
