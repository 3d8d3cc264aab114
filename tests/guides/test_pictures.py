# SPDX-License-Identifier: GPL-2.0-or-later
"""The pictures of README.md (doc/pictures): complete in themselves, legible, and what the programs
say today."""

import html
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]

import pages  # noqa: E402
from daemon import MSSCLAMPCTL  # noqa: E402
from netns import SLOW, Namespace  # noqa: E402

FOLDER = pages.TOP / "doc" / "pictures"
PICTURES = sorted(FOLDER.glob("*.svg"))
SCREENS = ("demo", "explain", "probe", "top")
DRAWN = ("headers", "path")
DOCUMENTATION = [ipaddress.ip_network(net) for net in (
    "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]
SVG = "{http://www.w3.org/2000/svg}"
BAD_COMMAND_LINE = 2
OUT_OF_TIME = 124

pytestmark = pytest.mark.skipif(os.environ.get("MSSCLAMP_LAB") == "stock", reason="not for the VM")


def screen(path):
    """What a terminal showed, as lines: each piece of text stands in its row and column."""
    rows = {}
    for piece in xml.etree.ElementTree.parse(path).iter(f"{SVG}text"):
        row = rows.setdefault(round(float(piece.get("y"))), "")
        column = round((float(piece.get("x")) - 16) / 8.4)
        rows[round(float(piece.get("y")))] = row.ljust(column) + piece.text
    return [rows.get(y, "") for y in range(min(rows), max(rows) + 1, 18)]


def make(out, *names):
    subprocess.run([FOLDER / "make", out, *names], check=True, timeout=120 * SLOW)


def sums(path, words):
    done = subprocess.run([MSSCLAMPCTL, "--json", "calc", "--path", str(path), words], check=True,
                          capture_output=True, text=True)
    answer = json.loads(done.stdout)
    return answer["mss4_bytes"], answer["mss6_bytes"]


def test_they_are_the_ones_of_the_list():
    assert [path.stem for path in PICTURES] == sorted((*SCREENS, *DRAWN))


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_as_calc_says_today(name, tmp_path):
    make(tmp_path, name)
    assert (tmp_path / f"{name}.svg").read_text() == (FOLDER / f"{name}.svg").read_text(), (
        "make pictures PICTURES=" + name)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_complete_in_itself(path):
    """Small, nothing to fetch or to run, and a title."""
    text = path.read_text(encoding="utf-8")
    tree = xml.etree.ElementTree.fromstring(text)
    assert len(text) < 100_000 and tree.find(f"{SVG}title").text
    foreign = r"<script|<image|<foreignObject|href=|@import|@font-face|url\((?!#)|\bon\w+="
    assert not re.search(foreign, text)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_shown_with_words_for_who_cannot_see_it(path):
    readme = (pages.TOP / "README.md").read_text(encoding="utf-8")
    shown = re.search(rf"!\[([^\]]+)\]\(doc/pictures/{path.name}\)", readme)
    assert shown and len(shown[1]) > 60


@pytest.mark.parametrize("name", SCREENS)
def test_addresses_are_those_for_documentation(name):
    text = "\n".join(screen(FOLDER / f"{name}.svg"))
    found = re.findall(r"\b\d+\.\d+\.\d+\.\d+\b|\b[0-9a-f]{1,4}:[0-9a-f:]*::[0-9a-f]+", text)
    bad = [each for each in found
           if not any(ipaddress.ip_address(each) in net for net in DOCUMENTATION)]
    assert not bad and (found or name == "top")


@pytest.mark.parametrize("name", SCREENS)
def test_commands_exist(name):
    """Exit code 2 is a bad command line; there is no daemon, so that nothing comes of it."""
    lines = "\n".join(screen(FOLDER / f"{name}.svg"))
    calls = re.findall(r"\$ (?:sudo )?mssclampctl (.*)", lines)
    nowhere = Namespace("nowhere")
    for call in calls:
        call = call.replace("top", "top --batch")  # there is no terminal here
        done = nowhere.run("timeout", str(20 * SLOW), "sh", "-c",
                           f"exec {MSSCLAMPCTL} -s /nowhere {call}", check=False)
        assert done.returncode not in (BAD_COMMAND_LINE, OUT_OF_TIME), (call, done.stderr)
    nowhere.close()
    assert calls


def test_the_demo_has_the_parts_of_today():
    source = (pages.TOP / "tests" / "demo" / "demo").read_text(encoding="utf-8")
    shown = [line[3:] for line in screen(FOLDER / "demo.svg") if line.startswith("== ")]
    assert shown == re.findall(r'headline\("(.*?)"\)', source)


def test_numbers_of_explain():
    text = "\n".join(screen(FOLDER / "explain.svg"))
    path = re.search(r"outside: probe .* (\d+) +probe", text)[1]
    mss = int(re.search(r"MSS (\d+) \(side out, wg0\): peer alice", text)[1])
    assert "IPv6 header (40)" in text
    assert mss == sums(path, "wireguard:outer=6,ifmtu=1420")[0]


def test_numbers_of_probe():
    text = "\n".join(screen(FOLDER / "probe.svg"))
    path = re.search(r"outer path MTU (\d+)", text)[1]
    mss = re.search(r"MSS (?:[\d/]+ -> )?(\d+)/(\d+)", text)
    assert tuple(map(int, mss.groups())) == sums(path, "wireguard:outer=4,ifmtu=1420")


def test_numbers_of_top():
    rows = [line.split() for line in screen(FOLDER / "top.svg")]
    peers = {row[1]: row for row in rows if row[:1] == ["wg0"] and not row[1].isdigit()}
    assert sorted(peers) == ["alice", "bob", "carol"]
    for name, row in peers.items():
        outer = 6 if name == "alice" else 4
        assert (int(row[4]), int(row[5])) == sums(row[2], f"wireguard:outer={outer},ifmtu=1420")


def test_explain_says_the_same_today(tmp_path):
    """Taken once more; ages and ports are others."""
    make(tmp_path, "explain")
    was, now = ("\n".join(screen(folder / "explain.svg")) for folder in (FOLDER, tmp_path))
    assert pages.same(was, now), f"{now}\n--- make pictures"


def test_in_a_browser(tmp_path):
    """No piece of text stands out of its picture."""
    drawn = "".join(path.read_text(encoding="utf-8") for path in PICTURES)
    (tmp_path / "all.html").write_text(
        '<!DOCTYPE html><meta charset="utf-8">' + drawn + """<script>
        const out = [];
        for (const picture of document.querySelectorAll('body > svg'))
            for (const text of picture.querySelectorAll('text')) {
                const inside = text.getBBox(), wide = picture.viewBox.baseVal.width;
                if (inside.x < 2 || inside.x + inside.width > wide - 2) out.push(text.textContent);
            }
        document.title = JSON.stringify([document.querySelectorAll('body > svg').length, out]);
        </script>""", encoding="utf-8")
    done = subprocess.run(
        ["unshare", "--net", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={tmp_path}/profile", "--dump-dom", f"file://{tmp_path}/all.html"],
        capture_output=True, text=True, timeout=240, check=True)
    title = html.unescape(re.search(r"<title>(.*?)</title>", done.stdout, re.S)[1])
    assert json.loads(title) == [len(PICTURES), []]
