# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl calc against sums written out by hand."""

import json
import subprocess

from calc_truths import ROWS
from fake_daemon import BUILD, read_json, run


def read_value(text):
    flags = {"": True, "true": True, "false": False}
    return flags[text] if text in flags else int(text) if text.isdigit() else text


def read_layer(word):
    kind, _, keys = word.partition(":")
    pairs = [pair.partition("=") for pair in keys.split(",") if pair]
    return {"type": kind, **{key: read_value(value) for key, _, value in pairs}}


def truth(inner, families):
    return (inner, inner - 40 if "4" in families else None, inner - 60 if "6" in families else None)


def numbers(answer):
    return answer["inner_mtu_bytes"], answer["mss4_bytes"], answer["mss6_bytes"]


def test_as_json():
    """All of them, in one process."""
    stacks = [{"path_mtu": int(path), "layers": [read_layer(word) for word in words]}
              for path, *words in (row[0].split() for row in ROWS)]
    done = subprocess.run([BUILD / "calc-lines"], stdout=subprocess.PIPE, timeout=60, check=True,
                          input="".join(json.dumps(stack) + "\n" for stack in stacks).encode())
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(ROWS) > 200
    wrong = [(text, source, answer) for (text, inner, families, source), answer
             in zip(ROWS, answers)
             if "refused" in answer or numbers(answer) != truth(inner, families)]
    assert wrong == []


def test_as_words():
    for text, inner, families, source in ROWS:
        path, *words = text.split()
        answer = read_json(run("--json", "-q", "calc", "--path", path, *words), "calc")
        assert numbers(answer) == truth(inner, families), (text, source)
        assert int(path) - sum(step["bytes"] for step in answer["steps"]) == inner, text


def ordered(text):
    """Layers as they compare: an outer 4 said or not, the keys in any order."""
    return tuple((layer.pop("type"), frozenset((key, value) for key, value in layer.items()
                                               if (key, value) != ("outer", 4)))
                 for layer in map(read_layer, text.split()))


def test_table():
    """calc --table recommends nothing that isn't reckoned by hand."""
    known = {}
    for text, inner, families, _ in ROWS:
        path, _, layers = text.partition(" ")
        if path == "1500":
            known[ordered(layers)] = truth(inner, families)
    rows = read_json(run("--json", "calc", "--table"), "calc")["rows"]
    assert len(rows) >= 60
    for row in rows:
        assert numbers(row) == known[ordered(row["stack"])], row["stack"]
