# SPDX-License-Identifier: GPL-2.0-or-later
"""Exactness: the largest packet inside that leaves whole, found by experiment on a real tunnel,
against the formula, for several paths and both families inside."""

import pytest
from conftest import cases
from lab import Lab, Meter

PATHS = (1500, 1492, 1472, 1400)


def verdict(expected, measured):
    if expected == measured:
        return "equal"
    return "smaller" if expected < measured else "LARGER"


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_exact(case, record):
    """One tunnel: all paths, all families."""
    wrong = []
    with Lab() as lab:
        case.build(lab)
        for family in case.families:
            meter = lab.keep(Meter(lab, family))
            for path in PATHS:
                measured, expected = meter.largest(path), case.inner(path)
                word = verdict(expected, measured)
                record(case.name, family, path, expected, measured, word)
                if word != "equal":
                    wrong.append(f"IPv{family}, path {path}: ours {expected}, {word}; "
                                 f"it carries {measured}")
    assert not wrong, "\n".join(wrong)
