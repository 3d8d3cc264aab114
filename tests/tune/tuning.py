# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl tune in a namespace, and what it needs at the other end."""

import json
import os
import pathlib
import re
import shlex
import subprocess

import jsonschema
import pages
from netns import SLOW

TESTS = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("MSSCLAMP_BUILD", TESTS.parent / "build"))
SCHEMA = json.loads((TESTS.parent / "share/schema/tune.json").read_text())
PORT = 5201
RATE = ("--rate", "20M")  # a busy machine carries that, and loses nothing for want of processors


def command(host, *args):
    return [str(BUILD / "mssclampctl"), "--json", "-s", "/nowhere", "tune", host, "--seconds", "1",
            *RATE, *args]


def typed(path, argv):
    """What comes of a command line with all its runs."""
    with path.client.entered():
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=200 * SLOW)


def tune(path, host, *args, code):
    done = typed(path, command(host, *args))
    assert done.returncode == code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, SCHEMA)
    return answer


ROW = re.compile(r"^((?:up|down)(?: beside)?) +(as it is|\d+) +(\S+) \S?bit/s *[\u2588-\u258f]* +\d+ +(\d+) +(\w+)$",
                 re.M)


def rows(text):
    """A screen without what each run measures anew: how fast it was, and what was sent again."""
    return ROW.sub(lambda row: " ".join((*row.group(1, 2), "nothing" if row[3] == "0" else "something",
                                         *row.group(4, 5))), text)


def is_as_the_page_has_it(path, host, socket_path):
    """Types the command of doc/tune.md for that host, at a rate that this machine carries; says whether
    what comes is what stands there."""
    blocks = [pages.commands(step.text) for step in pages.steps(pages.TOP / "doc/tune.md")
              if step.text.startswith("$ ")]
    (command, expected), = (block[0] for block in blocks if host in block[0][0])
    program, *argv = shlex.split(command)
    done = typed(path, [BUILD / program, "-s", socket_path, *argv, *(RATE if "--rate" not in argv else ())])
    print(done.stdout, done.stderr)
    return done.returncode == 1 and len(ROW.findall(expected)) > 3 and pages.same(rows(expected), rows(done.stdout))
