# SPDX-License-Identifier: GPL-2.0-or-later
"""Reload: all of the new file or none of it."""

import json
import re
import signal

import packets
import pytest
from netns import until

CONFIG = 'rules = ({ interface = "wan"; mss = 1200; });'

BAD = (
    # name                   configuration                        what the message says
    ("syntax",              "rules = ( { interface = \n",        r"mssclamp\.conf:\d+: .*syntax"),
    ("unknown setting",     "\nmdoe = \"queue\";",
     r"mssclamp\.conf:2: mdoe: .*did you mean 'mode'"),
    ("unknown key",         'rules = ({ interfcae = "wan"; mss = 1; });',
     r"mssclamp\.conf:1: .*interfcae"),
    ("wrong type",          'rules = ({ interface = 7; mss = 1200; });',
     r"mssclamp\.conf:1: .*interface"),
    ("out of range",        'rules = ({ mss = 70000; });',       r"mssclamp\.conf:1: .*mss.*65495"),
    ("two values",          'rules = ({ mss = 1200; mtu = 1300; });',
     r"mssclamp\.conf:1: .*m(ss|tu)"),
    ("no value",            'rules = ({ interface = "wan"; });', r"mssclamp\.conf:1: "),
    ("bits behind a prefix", 'rules = ({ prefix = "10.9.0.1/16"; mss = 1200; });',
     r"mssclamp\.conf:1: .*prefix"),
)


@pytest.fixture(autouse=True)
def original(daemon):
    yield
    daemon.reload(CONFIG)


def test_a_good_file(daemon, left):
    assert left() == 1200
    daemon.reload(CONFIG.replace("1200", "1300"))
    assert left() == 1300


def test_what_changed_is_told(daemon):
    daemon.write(CONFIG + 'tcp_ao = "clamp";')
    told = daemon.json("reload")
    assert told["files"] == 1
    assert [row["path"] for row in told["changed"]] == ["tcp_ao"]
    assert told["changed"][0]["new"] == "clamp"
    assert told["changed"][0]["line"] == 1
    assert told["needs_restart"] == []


def test_nothing_changed(daemon):
    assert daemon.json("reload")["changed"] == []


def test_what_needs_a_restart_is_told(daemon, left):
    daemon.write(CONFIG + 'queues = { first = 5555; };')
    told = daemon.json("reload")
    assert any("queues.first" in path for path in told["needs_restart"])
    assert left() == 1200


@pytest.mark.parametrize("config, message", [case[1:] for case in BAD],
                         ids=[case[0] for case in BAD])
def test_a_bad_file_changes_nothing(daemon, left, config, message):
    done = daemon.reload(config, code=6)
    assert re.search(message, done.stderr), done.stderr
    assert "kept" in done.stderr
    assert left() == 1200


def test_a_bad_file_as_json(daemon):
    daemon.write("mode = 7;")
    error = daemon.json("reload", code=6)["error"]
    assert error["name"] == "org.mssclamp.InvalidConfiguration"
    assert "mssclamp.conf:1: mode" in error["message"]


def test_what_is_refused_is_remembered(daemon, left):
    """Event and status say why, and since when, until a file is taken."""
    daemon.reload("mode = 7;\nhooks = 8;", code=6)
    first = daemon.json("status")["reload_refused"]
    assert first["since"] == first["last"]
    assert [re.search(r"mssclamp[.]conf:(\d): (\w+)", line).groups() for line in first["errors"]] == [
        ("1", "mode"), ("2", "hooks")]
    event = json.loads(daemon("--json-lines", "events", "--last", "1").stdout)
    assert event["event"] == "reload_refused" and event["why"] == "\n".join(first["errors"])
    assert event["message"] == ("reload: the running configuration was kept: "
                                f"{first['errors'][0]} (and 1 more)")
    assert event["message"] in daemon.log()
    daemon.reload("rules = ({ mss = 7; });", code=6)
    second = daemon.json("status")["reload_refused"]
    assert second["since"] == first["since"] <= second["last"] and len(second["errors"]) == 1
    text = daemon.told("status")
    assert f"is refused since {first['since']}" in text and second["errors"][0] in text
    assert f"mssclampd -t -c {daemon.file}" in text
    daemon.reload(CONFIG)
    assert daemon.json("status")["reload_refused"] is None
    assert "is refused" not in daemon.told("status") and left() == 1200


def test_drop_ins_append_in_order(daemon, left):
    folder = daemon.directory / "mssclamp.conf.d"
    folder.mkdir()
    try:
        (folder / "20-b.conf").write_text('rules = ({ mss = 999; });', encoding="utf-8")
        (folder / "10-a.conf").write_text('rules = ({ interface = "lan"; mss = 1111; });',
                                          encoding="utf-8")
        daemon("reload")
        assert left() == 1111
        (folder / "10-a.conf").write_text("rules = ({ mss = 7; });", encoding="utf-8")
        assert "10-a.conf:1" in daemon("reload", code=6).stderr
        assert left() == 1111
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_a_file_that_has_gone(daemon, left):
    """Is a mistake, unlike one that is empty."""
    before = left()
    away = daemon.file.rename(daemon.file.with_name("away"))
    try:
        assert "mssclamp.conf: does not exist; look at its name, or make it: an empty file stands for the defaults" in daemon("reload", code=6).stderr
        assert left() == before
    finally:
        away.rename(daemon.file)
    daemon("reload")


def test_sighup_reloads_too(daemon, left):
    daemon.write(CONFIG.replace("1200", "1301"))
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: left() == 1301, "the new limit", 2)


def test_no_syn_is_lost_or_let_through_while_reloading(daemon, path, inject, arrivals):
    """Each SYN leaves with the limit of one of the two files."""
    sent = 0
    for i in range(10):
        for _ in range(50):
            inject(packets.syn(path.CLIENT4, path.SINK4))
            sent += 1
        daemon.reload(CONFIG.replace("1200", "1300" if i % 2 else "1200"))
    got = [packet.mss[0] for packet in arrivals.take(sent, 5)]
    assert len(got) == sent
    assert set(got) <= {1200, 1300}
