# SPDX-License-Identifier: GPL-2.0-or-later
"""A guide as a list of steps. What to do with a fenced block says the HTML comment above it:

    <!-- lab: here sites -->        first of all: on which kernel ("here", or "stock" for the VM),
                                    and what labs.py builds
    <!-- run: server -->            commands of that machine; of a console block ("$ command") the
                                    output is compared as well
    <!-- file: server PATH -->      the block is that file
    <!-- check: COMMAND -->         the block is a file (@) that this command accepts, on this host
    <!-- shown: WHY -->             not run, and why

and without a block, not to be seen by readers:

    <!-- mss: lan -> client 1380 1360 -->   the MSS of a connection over IPv4 and IPv6, in both
                                            directions; what is sent arrives. "-": not tried
    <!-- hangs: lan -> client -->           a connection over IPv4, and then nothing arrives
    <!-- does: client COMMAND -->           on a machine that is not the reader's: the page has no
                                            block for it
    <!-- before: server COMMAND -->         what a machine has before the section, as others made it
    <!-- tries: server COMMAND -->          what the page says of a line that it does not have typed
    <!-- waits: server LOOP -->             until what happens by itself has happened
"""

import pathlib
import re
import typing

TOP = pathlib.Path(__file__).resolve().parents[2]
GUIDES = TOP / "doc" / "guides"
COMMENT = re.compile(r"<!-- (lab|run|file|check|shown|mss|hangs|does|before|tries|waits): (.*?) -->")
FENCE = re.compile(r"^( *)```(\w*)$")
WITH_BLOCK = ("run", "file", "check", "shown")


class Step(typing.NamedTuple):
    page: str
    line: int
    what: str      # the word of the comment; "block" for one that has none
    words: str     # what follows it
    text: str      # of the block
    language: str

    def __str__(self):
        return f"{self.page}:{self.line}: {self.what}: {self.words}"


def steps(path):
    """In the order of the page."""
    lines = path.read_text(encoding="utf-8").splitlines()
    name, at, waiting = str(path.relative_to(TOP)), 0, None
    while at < len(lines):
        number = at + 1
        if fence := FENCE.match(lines[at]):
            end = next(i for i in range(at + 1, len(lines)) if lines[i] == f"{fence[1]}```")
            text = "".join(line[len(fence[1]):] + "\n" for line in lines[at + 1:end])
            what, words = waiting or ("block", "")
            yield Step(name, number, what, words, text, fence[2])
            waiting, at = None, end
        elif comment := COMMENT.search(lines[at]):
            if comment[1] in WITH_BLOCK:
                waiting = comment.groups()
            else:
                yield Step(name, number, *comment.groups(), "", "")
        elif waiting and lines[at].strip():
            yield Step(name, number, "block", "a comment without a block behind it", "", "")
            waiting = None
        at += 1


def commands(text):
    """Of a console block: (command, expected output)."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1][0] += "\n" + line[2:]
        else:
            assert found, f"output without a command: {line}"
            found[-1][1] += line + "\n"
    return found


def pages():
    return sorted(GUIDES.glob("*.md"))


def followed():
    """Pages whose commands are typed: the guides, and some others, of which only a part is."""
    return [TOP / "README.md", *(TOP / "doc" / name for name in ("paths.md", "configuration.md", "capture.md")), *pages()]


def lab(path):
    """(kernel, name) of a page, or None."""
    first = next((step for step in steps(path) if step.what == "lab"), None)
    return tuple(first.words.split()) if first else None


# What is another one in each run: ages, keys, ports of clients, what the kernel's nft can do, how
# often rules were put back, and so the width of a column; and our version, in each release.
VARIES = ((r"\b\d+(\.\d+)? ?(s|ms|us|min|h)\b|\b\d\d:\d\d:\d\d(\.\d+)?\b", "TIME"), (r"[A-Za-z0-9+/]{43}=", "KEY"),
          (r"(?<=[0-9\]]):\d{5}\b", ":PORT"),
          (r"^Backend (iptables|nftables)", "Backend"), (r"repaired \d+ times?", "repaired"),
          (r"\bversion \d+\.\d+\.\d+", "VERSION"))
BLANKS = (r"[ \t]+", " ")


def normal(text, varies):
    for pattern, word in varies:
        text = re.sub(pattern, word, text, flags=re.M)
    return [line.rstrip() for line in text.strip().split("\n")]


def same(expected, got, varies=(*VARIES, BLANKS)):
    """Line by line; a line "..." stands for any lines."""
    pattern = "\n".join(re.escape(line) for line in normal(expected, varies))
    pattern = re.sub(r"(^|\n)\\\.\\\.\\\.(?=\n|$)", r"\1(?:.*\n)*?.*", pattern)
    return re.fullmatch(pattern, "\n".join(normal(got, varies))) is not None
