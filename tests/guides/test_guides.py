# SPDX-License-Identifier: GPL-2.0-or-later
"""Each guide is followed word for word: its files are written, its commands typed and their output
compared, on the machines of its lab. MSSCLAMP_LAB=stock: those that need the VM's kernel.
MSSCLAMP_GUIDES=show, with pytest -s: compares nothing, and prints the blocks as they are here."""

import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]

import pages  # noqa: E402
import transfer  # noqa: E402
from labs import LABS  # noqa: E402
from machines import Machine  # noqa: E402
from netns import SLOW, until  # noqa: E402

KERNEL = "stock" if os.environ.get("MSSCLAMP_LAB") == "stock" else "here"
SHOW = os.environ.get("MSSCLAMP_GUIDES") == "show"
SIZE = 300_000
PATIENCE = 40.0  # seconds until a screen shows what it should


def show_console(machine, step):
    """Types each command, and prints the block as it is here."""
    print(f"=== {step.page}:{step.line}")
    time.sleep(4 * SLOW)
    for command, _ in pages.commands(step.text):
        print("$", command.replace("\n", "\n> "))
        print(machine.shell(command, check=False), end="")
    print("===", flush=True)


def type_console(machine, step):
    """Types each command and compares; what is shown may take its time to come about."""
    if SHOW:
        show_console(machine, step)
        return
    for command, expected in pages.commands(step.text):
        end = time.monotonic() + PATIENCE * SLOW
        while not pages.same(expected, got := machine.shell(command, check=False)):
            assert time.monotonic() < end, f"$ {command}\n--- the page:\n{expected}--- here:\n{got}"
            time.sleep(0.3)


def ends(lab, words):
    """("lan", "->", "client", ...): its machines, and the other words."""
    source, arrow, target, *more = words.split()
    assert arrow == "->"
    return lab.machines[source], lab.machines[target], more


def connect(source, target, family, limit):
    """One connection, whose MSS is that at both ends, and through which all arrives."""
    server = transfer.Server(target, target.addresses[family])
    try:
        with transfer.connect(source, server, 10) as client:
            maxseg = client.getsockopt(socket.SOL_TCP, socket.TCP_MAXSEG)
            far = until(lambda: server.mss, "the far end has accepted")[0]
        assert (far, maxseg) == (limit, limit), f"IPv{family}: MSS {far} and {maxseg}, not {limit}"
        transfer.both_ways(source, server, SIZE, 10)
    finally:
        server.close()


def connect_both(lab, words):
    """By either family; the path may not have been measured yet."""
    source, target, limits = ends(lab, words)
    for family, limit in zip((4, 6), limits):
        end = time.monotonic() + PATIENCE * SLOW
        while limit != "-":
            try:
                connect(source, target, family, int(limit))
                break
            except (AssertionError, OSError, transfer.Hangs):
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)


def hangs(source, server):
    """Whether the connection stood, and then nothing came; None where it did not stand in time."""
    try:
        transfer.both_ways(source, server, SIZE, 1)
    except transfer.Hangs:
        return True
    except TimeoutError:
        return None
    raise AssertionError("all of it arrived")


def hang(lab, words):
    source, target, _ = ends(lab, words)
    server = transfer.Server(target, target.addresses[4])
    try:
        until(lambda: hangs(source, server), "a connection", PATIENCE)
    finally:
        server.close()


def follow(lab, step):
    name, _, rest = step.words.partition(" ")
    machine = lab.machines.get(name)
    match step.what:
        case "run" if step.text.startswith("$ "):
            type_console(machine, step)
        case "run":
            machine.shell(step.text)
        case "file":
            machine.write(rest, step.text)
        case "does" | "before" | "tries" | "waits":
            machine.shell(rest)
        case "mss":
            connect_both(lab, step.words)
        case "hangs":
            hang(lab, step.words)


CHOSEN = [page for page in pages.followed() if pages.lab(page) and pages.lab(page)[0] == KERNEL]


@pytest.mark.parametrize("page", CHOSEN, ids=lambda page: page.stem)
def test_guide(page):
    lab = LABS[pages.lab(page)[1]]()
    try:
        for step in pages.steps(page):
            begin = time.monotonic()
            try:
                follow(lab, step)
                if SHOW:
                    print(f"{step}: {time.monotonic() - begin:.1f} s", flush=True)
            except (AssertionError, OSError, subprocess.TimeoutExpired, transfer.Hangs) as error:
                raise AssertionError(f"{step}\n{error}\n{logs(lab)}") from None
    finally:
        lab.close()


def logs(lab):
    """What the programs of the machines have said last."""
    tail = "tail -n 15 /run/*.log 2>/dev/null"
    return "".join(f"--- {machine.label}\n{machine.shell(tail, check=False)}"
                   for machine in lab.machines.values())


def test_a_machine_leaves_nothing(tmp_path, monkeypatch):
    """Its layers are its own: no folder of them stays behind, and what it writes reaches nobody."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    machine = Machine("brief", {})
    try:
        machine.write("/etc/mssclamp.conf", "mode = \"audit\";\n")
        assert machine.shell("cat /etc/mssclamp.conf; echo kept >/var/kept; cat /var/kept") == \
            'mode = "audit";\nkept\n'
        assert not pathlib.Path("/var/kept").exists()
    finally:
        machine.close()
    assert not list(tmp_path.iterdir())
