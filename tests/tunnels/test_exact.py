# SPDX-License-Identifier: GPL-2.0-or-later
"""Exactness: the largest packet inside that leaves whole, found by experiment on a real tunnel,
against a formula, `mssclampctl calc` and a daemon that was told nothing."""

import json
import subprocess

import pytest
from conftest import PATHS, TOLD, cases
from daemon import MSSCLAMPCTL, Daemon
from lab import Lab, Meter
from netns import until


def verdict(ours, measured):
    if ours == measured:
        return "equal"
    return "smaller" if ours is not None and ours < measured else "LARGER"


def calc(path, words):
    done = subprocess.run([MSSCLAMPCTL, "--json", "calc", "--path", str(path), *words.split()],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["inner_mtu_bytes"]


def explained(daemon, host, family):
    """What the daemon says of the flow between the inner addresses."""
    done = daemon("--json", "explain", host.facts[f"inner{family}"], host.facts[f"far{family}"])
    return json.loads(done.stdout)["result"]["mtu_bytes"]


def discovered(lab, case, path):
    """The cable takes `path` bytes from now on: the daemon's answers, once they are as they should
    be, or after 5 s whatever they are."""
    lab.ip(case.narrow(path))
    host = getattr(lab, case.daemon)
    wanted = {family: case.found(family, path) for family in case.families}
    answers = {}

    def asked():
        answers.update({family: explained(lab.daemon, host, family) for family in case.families})
        return answers == wanted
    try:
        until(asked, "the daemon knows", 5.0)
    except AssertionError:
        pass
    return answers, wanted


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_exact(case, record):
    """One tunnel: all paths, all families."""
    wrong = []
    with Lab() as lab:
        case.build(lab)
        carries = {}
        for family in case.families:
            meter = lab.keep(Meter(lab, family))
            for path in PATHS:
                carries[family, path] = meter.largest(path)
        lab.daemon = lab.keep(Daemon(getattr(lab, case.daemon)))
        for path in PATHS:
            answers, wanted = discovered(lab, case, path) if path in TOLD else ({}, {})
            for family in case.families:
                measured = carries[family, path]
                row = (case.inner(path), calc(path, case.words), measured, answers.get(family))
                words = [verdict(ours, measured) for ours in row[:2]]
                right = words == ["equal", "equal"] and answers.get(family) == wanted.get(family)
                if wanted and row[3] != wanted[family]:
                    words.append(f"the daemon is to say {wanted[family]}")
                elif wanted and row[3] != measured:
                    words.append(f"daemon: {case.reason}")
                record(case.name, family, path, *row, *words)
                if not right:
                    wrong.append(f"IPv{family}, path {path}: formula, calc, measured, daemon: "
                                 f"{row}: {', '.join(words)}")
    assert not wrong, "\n".join(wrong)
