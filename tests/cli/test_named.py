# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pages name is there: files, settings, metrics, checks, identifiers, targets of make, what is
installed; and their lists of suites, alerts and folders are those of the tree."""

import functools
import pathlib
import re
import subprocess

import pytest
from fake_daemon import BUILD, TOP, read_json, run

PAGES = sorted([*(TOP / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "NEWS")), *TOP.glob("doc/*.md"),
                *TOP.glob("doc/guides/*.md"), *TOP.glob("doc/man/*.scd")])
# What programs of others call things: interfaces of CNIs, iproute2's and the kernel's own words.
THEIRS = {"cilium_vxlan", "cilium_geneve", "cilium_wg0", "genev_sys_6081", "end_station", "inner_proto_inherit",
          "log_martians", "rps_cpus"}
LEFT_OUT = ("doc/", "tests/fuzz/seeds/", "tests/fuzz/corpus/", "NEWS", "README.md", "SECURITY.md", "CONTRIBUTING.md")


def named(path):
    """(line, text) of all that a page sets in the type of programs, blocks left out."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), text, flags=re.M | re.S)
    if path.suffix == ".scd":
        found = re.finditer(r"(?<![\w\\])[*_](\S(?:\\.|[^*_\n])*)[*_](?!\w)", text)
    else:
        found = re.finditer(r"`([^`]+)`", text)
    for one in found:
        yield text.count("\n", 0, one.start()) + 1, re.sub(r"\\(.)", r"\1", one[1].replace("\n", " "))


@pytest.fixture(scope="module")
def tree():
    """The names of all files, and all words in those that are no page."""
    if (TOP / ".git").exists():
        done = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=True)
        files = done.stdout.splitlines()
    else:
        files = [str(path.relative_to(TOP)) for path in TOP.glob("*/**/*")
                 if path.is_file() and path.relative_to(TOP).parts[0] != "build"]
    files = [name for name in files if (TOP / name).is_file()]
    words = set()
    for name in files:
        if not name.startswith(LEFT_OUT) and name != "tests/cli/test_named.py":
            words.update(re.findall(r"\w+", (TOP / name).read_text(encoding="utf-8", errors="replace")))
    return files, words | {pathlib.Path(name).stem for name in files}


def missing(path, find):
    return [f"{path.name}:{line}: {one}" for line, text in named(path) for one in find(text)]


def by_page(function):
    return pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TOP)))(function)


FILE = re.compile(r"(?:[\w.@-]+/)+[\w.@*-]*")
NAME = re.compile(r"[\w@-]+\.(?:py|[ch]|md|sh|json|txt|service|socket|timer|svg|catalog|varlink)")
# Made while tests run or a release is made, and what is another program's.
MADE = ("build/", "pre-up.d", "ip-up.d")


@by_page
def test_files(path, tree):
    """A path from the top or within a layer; a name alone, anywhere."""
    names = {pathlib.Path(name).name for name in tree[0]}

    def find(text):
        if FILE.fullmatch(text) and not text.startswith(MADE):
            pattern = re.sub(r"[A-Z]{4,}", "*", text).rstrip("/")
            places = [*TOP.glob(pattern), *(place for top in ("src", "include", "tests", "tests/fuzz") for place in (
                *TOP.glob(f"{top}/{pattern}"), *TOP.glob(f"{top}/{pattern}.[ch]")))]
            if not places:
                yield text
        elif NAME.fullmatch(text) and text not in names:
            yield text
    assert not missing(path, find)


@by_page
def test_identifiers(path, tree):
    """Words with a "_", which name settings, metrics, events, results, functions."""
    def find(text):
        for word in re.findall(r"(?<![\w-])[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?!\w)", text):
            parts = {word, word.rsplit("_", 1)[0] if word[-1].isdigit() else word}  # a name with a number behind it
            if not parts & tree[1] and word not in THEIRS:
                yield word
    assert not missing(path, find)


@functools.cache
def printed_by(name, *words):
    return subprocess.run([BUILD / name, *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def settings():
    """"group.name" of each setting in a group, and the groups."""
    printed = printed_by("print-conf")
    found = set()
    for group, body in re.findall(r"^#(\w+) = \{\n(.*?)^#\};", printed, re.M | re.S):
        found.update(f"{group}.{name}" for name in re.findall(r"^#\t(\w+) =", body, re.M))
    return found, {name.split(".")[0] for name in found}


@by_page
def test_settings(path, settings):
    def find(text):
        word = re.match(r"([a-z]+)\.([a-z_0-9]+)\b(?![./])", text)
        if word and word[1] in settings[1] and not NAME.match(text) and word[0] not in settings[0]:
            yield text
    assert len(settings[0]) > 25
    assert not missing(path, find)


@by_page
def test_metrics(path):
    known = set(re.findall(r"`(mssclamp_\w+)`", printed_by("print-metrics")))
    assert len(known) > 20

    def find(text):
        for word in re.findall(r"\bmssclamp_[a-z_]+", text):
            if re.sub(r"_(bucket|sum|count)$", "", word) not in known:
                yield word
    assert not missing(path, find)


@functools.cache
def checks():
    return {one["id"] for one in read_json(run("--json", "-s", "/nonexistent", "doctor"), "doctor")["checks"]}


@by_page
def test_checks_of_doctor(path):
    known = checks()
    assert not set(re.findall(r"\bMSS\d{3}\b", path.read_text(encoding="utf-8"))) - known


@functools.cache
def targets():
    found = set()
    for file in ("Makefile", "packaging/packaging.mk"):
        for names in re.findall(r"^([a-z][a-z -]*):(?!=)", (TOP / file).read_text(encoding="utf-8"), re.M):
            found.update(names.split())
    return found


@by_page
def test_targets_of_make(path):
    known = targets()
    assert {"all", "deb", "rpm", "install"} <= known
    assert not missing(path, lambda text: [word for word in re.findall(r"^(?:sudo )?make ([a-z][a-z-]+)", text)
                                           if word not in known])


@functools.cache
def installed():
    """Each file that `make install` writes, by its default place, and the folders of its table."""
    told = subprocess.run(["make", "-s", "--no-print-directory", "-f", "-", "told"], cwd=TOP, text=True, check=True,
                          capture_output=True, input="PREFIX = /usr\nall:\ninclude packaging/packaging.mk\n"
                          "told:\n\t@printf '%s\\n' \"$$INSTALLED\"\n").stdout
    there = set()
    for row in filter(None, told.splitlines()):
        _, source, target = row.split()
        if not target.endswith("/"):
            there.add(target)
        elif source.startswith("/"):  # what is built
            there.add(target + pathlib.Path(source).name)
        else:
            there.update(target + file.name for file in TOP.glob(source))
            there.add(target.rstrip("/"))
    return there


@by_page
def test_what_is_installed(path):
    """Where the pages say that our files are, they are put."""
    there = installed()
    assert "/usr/share/mssclamp/schema/status.json" in there

    def find(text):
        for name in re.findall(r"/usr/(?:share/(?:doc/)?mssclamp|lib/)[\w./@-]*", text):
            if not any(one == name.rstrip("/") or one.startswith(name.rstrip("/") + "/") for one in there):
                yield name
    assert not missing(path, find)


def table(page, head):
    """The cells of each row of the table with that first cell in its head."""
    text = (TOP / page).read_text(encoding="utf-8")
    body = re.search(rf"^\| {head} \|.*\n\| ---.*\n((?:\|.*\n)+)", text, re.M)[1]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in body.splitlines()]


def test_suites():
    """doc/testing.md has each suite, its last run counts right, and README.md says how many that are."""
    run_checks = (TOP / "tests/run-checks").read_text(encoding="utf-8")
    suites = re.findall(r"^   (?:front|back|beside) +\d+ +\w+ +(\S+)$", run_checks, re.M)
    told = [name for row in table("doc/testing.md", "suite") for name in row[0].split(", ")]
    assert len(suites) > 25 and sorted(told) == sorted(suites)
    text = (TOP / "doc/testing.md").read_text(encoding="utf-8")
    block = text.split("<!-- run: what tests/run-checks printed")[1].split("<!-- run: end -->")[0]
    counts = re.findall(r"^\S+ +(\d+) passed, +(\d+) failed +[\d.]+ s$", block, re.M)
    total = re.search(r"^(\d+) passed, (\d+) failed$", block, re.M)
    assert tuple(sum(int(row[i]) for row in counts) for i in (0, 1)) == tuple(map(int, total.groups()))
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    said = int(re.search(r"runs every test: some ([\d,]+)", readme)[1].replace(",", ""))
    assert abs(said - int(total[1])) <= 500


def test_alerts():
    """doc/alerts.md has each alert, its setting and its default."""
    known = set(re.findall(r"^\*(\S+)\* \(_(\S+)_\)$", printed_by("print-man", "alerts").replace("\\", ""), re.M))
    conf = (TOP / "conf/mssclamp.conf").read_text(encoding="utf-8")
    told = set()
    for alerts, _, setting, default in table("doc/alerts.md", "alert"):
        told.update((alert, f"alerts.{setting.strip('`')}") for alert in re.findall(r"`(\w+)`", alerts))
        assert float(re.search(rf"^#\t{setting.strip('`')} = ([\d.]+);", conf, re.M)[1]) == float(default), setting
    assert told == known and len(known) > 8


def test_folders_of_contributing():
    """Its table of what is where has each layer but base, and nothing else."""
    told = re.findall(r"`(\w+)`", " ".join(row[1] for row in table("CONTRIBUTING.md", "what you want to change")[:-1]))
    layers = {path.name for path in (TOP / "src").iterdir() if path.is_dir()}
    assert set(told) - {"org"} == layers - {"base"}


def test_a_name_that_is_none_is_found(tree):
    assert "no_such_thing" + "_at_all" not in tree[1] and "alerts_settled" in tree[1]
    assert FILE.fullmatch("tests/vm") and not FILE.fullmatch("a sentence/of words")
