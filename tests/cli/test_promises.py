# SPDX-License-Identifier: GPL-2.0-or-later
"""What SECURITY.md and doc/reliability.md promise names the tests that hold it, and they exist.

The last column of a table with a head "held by" has "FILE" or "FILE: TEST, TEST", one behind the other
with ";" or ",". FILE is a test_x, in whatever suite and language, a fuzz_x, or a path (its ending may be
left out); TEST is how the name of a test begins, without "test_". A suite may stand in front: "SUITE: FILE".
"""

import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
TESTS = TOP / "tests"
PAGES = ("SECURITY.md", "doc/reliability.md")


def cells(page):
    """The last column of each row of a table that says what holds it."""
    held = False
    for line in (TOP / page).read_text(encoding="utf-8").splitlines():
        row = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not row:
            held = False
        elif row[-1] == "held by":
            held = True
        elif held and set(row[-1]) - set("- "):
            yield row[0], row[-1]
        elif held and not row[-1]:
            yield row[0], ""


def names(cell):
    """(FILE, TEST), TEST is "" for the file as such."""
    file = ""
    for word in re.split(r"[;,]\s*|:\s+", cell):
        word = word.strip("` ")
        if (TESTS / word).is_dir():
            continue
        if re.match(r"(test_|fuzz_|tests/)", word):
            file = word
            yield file, ""
        elif word:
            yield file, word


def files(name):
    if name.startswith("tests/"):
        return [path for path in (TOP / name).parent.glob(f"{(TOP / name).name}*")
                if path.name == (TOP / name).name or path.stem == (TOP / name).name]
    pattern = f"*/{name}" if "." in name else f"*/{name}.*"
    return [path for path in TESTS.glob(pattern) if path.suffix in (".py", ".c", ".sh")]


def has_test(path, name):
    text = path.read_text(encoding="utf-8")
    return re.search(rf"^(def|static void) test_{re.escape(name)}\w*\(", text, flags=re.M)


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_what_holds_it(page):
    rows = list(cells(page))
    assert len(rows) >= 9
    missing = [(row, file, test) for row, cell in rows for file, test in list(names(cell)) or [("", "")]
               if not any(not test or has_test(path, test) for path in files(file))]
    assert not missing, "\n".join(f"{row}: {file} {test}" for row, file, test in missing)


def test_a_name_that_is_none_is_found():
    assert files("test_promises") and has_test(pathlib.Path(__file__), "every_promise")
    assert not files("test_of_nothing") and not has_test(pathlib.Path(__file__), "nothing")
    assert list(names("test_a: b, c; fuzz_d, fuzz_e")) == [
        ("test_a", ""), ("test_a", "b"), ("test_a", "c"), ("fuzz_d", ""), ("fuzz_e", "")]


def left_behind():
    """What systemd makes by our files, and no package manager takes away."""
    for name in ("sysusers", "tmpfiles"):
        for line in (TOP / f"systemd/mssclamp.{name}").read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                yield line.split()[1]


@pytest.mark.parametrize("page, head", (("README.md", "## Looking and stopping"), ("doc/install.md", "## Removing")))
def test_what_removing_leaves_is_named(page, head):
    section = (TOP / page).read_text(encoding="utf-8").split(f"\n{head}\n")[1].split("\n## ")[0]
    missing = [name for name in left_behind() if not re.search(rf"(rm -rf|userdel|groupdel) [^`;]*{name}\b", section)]
    assert not missing, f"{page} does not say how to remove {missing}"
