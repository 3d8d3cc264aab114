# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl tune in a namespace, and what it needs at the other end."""

import json
import os
import pathlib
import subprocess

import jsonschema
from netns import SLOW

TESTS = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("MSSCLAMP_BUILD", TESTS.parent / "build"))
SCHEMA = json.loads((TESTS.parent / "share/schema/tune.json").read_text())
PORT = 5201
RATE = ("--rate", "20M")  # a busy machine carries that, and loses nothing for want of processors


def command(host, *args):
    return [str(BUILD / "mssclampctl"), "--json", "-s", "/nowhere", "tune", host, "--seconds", "1",
            *RATE, *args]


def tune(path, host, *args, code):
    with path.client.entered():
        done = subprocess.run(command(host, *args), capture_output=True, text=True, check=False,
                              timeout=200 * SLOW)
    assert done.returncode == code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, SCHEMA)
    return answer
