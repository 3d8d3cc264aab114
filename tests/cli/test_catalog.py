# SPDX-License-Identifier: GPL-2.0-or-later
"""The journal's catalog: an entry for each id that mssclampd sends, and none besides."""

import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
CATALOG = TOP / "share/mssclamp.catalog"
SOURCES = ("src/daemon/events/message_id.c", "src/daemon/alerts/alert_table.c", "include/daemon/alerts/alert_table.h")


def sent():
    found = []
    for source in SOURCES:
        found += re.findall(r'"([0-9a-f]{32})"', (TOP / source).read_text(encoding="utf-8"))
    return found


@pytest.fixture
def root(tmp_path):
    for folder in ("usr/lib/systemd/catalog", "var/lib/systemd/catalog"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/lib/systemd/catalog/mssclamp.catalog").write_bytes(CATALOG.read_bytes())
    return tmp_path


def test_each_id_has_one_entry():
    ids = sent()
    assert len(ids) == len(set(ids)) > 20
    explained = re.findall(r"^-- ([0-9a-f]{32})$", CATALOG.read_text(encoding="utf-8"), re.M)
    assert sorted(explained) == sorted(ids)


def test_systemd_takes_it(root):
    """journalctl compiles the catalog, and shows each entry with a subject and an explanation."""
    done = subprocess.run(["journalctl", f"--root={root}", "--update-catalog"], capture_output=True,
                          text=True, check=True)
    assert "rror" not in done.stderr
    for one in sent():
        shown = subprocess.run(["journalctl", f"--root={root}", "--dump-catalog", one],
                               capture_output=True, text=True, check=True).stdout
        assert re.search(r"^Subject: \S.*\nDefined-By: mssclampd$", shown, re.M), shown
        assert len(shown.split("\n\n", 1)[1].strip()) > 40, shown
