#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of fuzz_probe_plan, the same ones in each run: events of three bytes."""

import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent
WAIT, UPDATE, SEND, HEAR, ASK, REMEMBER, PING = 0, 1, 2, 4, 5, 6, 7
REPORTS = 8
ANSWERED = 8
ALL = 255

STORIES = {
    "answered": [(UPDATE, ALL, 0)] + [(SEND, 31, ANSWERED)] * 40 + [(REPORTS, 1, 0)],
    "silent": [(UPDATE, ALL, 1)] + [(SEND | REPORTS, 31, 0)] * 60,
    "late": [(UPDATE, 7, 0)] + [(SEND, 8, 0), (WAIT, 0, 5), (HEAR, 255, 1), (HEAR, 254, 0)] * 40,
    "in pieces": [(UPDATE, 3, 0)] + [(SEND | REPORTS, 20, ANSWERED | 32)] * 30,
    "routers": [(UPDATE, 3, 0)] + [(SEND, 2, 0), (HEAR, 255, 134), (HEAR, 254, 132)] * 60,
    "not sent": [(UPDATE, 3, 0)] + [(SEND | REPORTS, 30, e) for e in (5, 6, 7, 5, 6, 7)] * 5,
    "no ping": [(PING, 0, 0), (PING, 1, 0), (UPDATE, ALL, 0)] + [(SEND, 31, ANSWERED)] * 40,
    "people": [(UPDATE, 15, 0)] + [(ASK, i, w) for i, w in enumerate((0, 32, 64, 5, 16, 47))] +
              [(SEND | REPORTS, 31, ANSWERED)] * 30,
    "come and go": sum(([(UPDATE, m, m), (SEND | REPORTS, 9, ANSWERED)] for m in range(1, 255, 7)), []),
    "links change": sum(([(UPDATE, 1, k), (SEND | REPORTS, 9, ANSWERED)] for k in range(8)), []) * 6,
    "back within a second": [(UPDATE, 1, 1), (SEND, 9, ANSWERED), (UPDATE, 0, 0)] * 12,
    "hints": sum(([(UPDATE, 1, 8 | h << 4), (SEND | REPORTS, 9, ANSWERED), (WAIT, 0, 40)]
                  for h in range(16)), []),
    "remembered": [(REMEMBER, 0, 70), (UPDATE, ALL, 0), (REMEMBER, 1, 3)] +
                  [(SEND | REPORTS, 31, ANSWERED)] * 30,
}


def noise(seed):
    """Events of all kinds, more of those that send and wait."""
    rng = random.Random(seed)
    kinds = [WAIT, UPDATE, SEND, SEND, SEND, SEND, HEAR, HEAR, ASK, REMEMBER, PING]
    for _ in range(390):
        kind = rng.choice(kinds)
        a, b = rng.randrange(256), rng.randrange(256)
        if kind == WAIT:
            b = rng.choice((0, 0, 0, 1, 9, 200))
        if kind == UPDATE and rng.random() < 0.5:
            a = ALL
        yield kind | rng.choice((0, REPORTS)), a, b


def main():
    folder = HERE / "seeds" / "probe_plan"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    stories = dict(STORIES)
    stories.update({f"noise {seed}": noise(seed) for seed in range(16)})
    for name, events in stories.items():
        data = b"".join(bytes(event) for event in events)
        (folder / name.replace(" ", "_")).write_bytes(data)


main()
