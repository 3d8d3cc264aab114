# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages say what the programs' own tables say."""

import re
import subprocess

import pytest
import replies
from fake_daemon import BUILD, PROGRAM, TOP, FakeDaemon
from netns import until

MAN = TOP / "doc/man"
PAGES = ("mssclampd.8", "mssclampctl.8", "mssclamp.conf.5", "mssclamp-metrics.7", "mssclamp-mtu.7",
         "mssclamp-overhead.7", "mssclamp-exporter.8", "mssclamp-facts.8", "mssclamp-notify.8")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The pages as `make man` would write them now."""
    out = tmp_path_factory.mktemp("man")
    subprocess.run([MAN / "make", BUILD, out], check=True)
    return out


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_up_to_date(made, page):
    assert (made / page).read_text(encoding="utf-8") == (MAN / page).read_text(encoding="utf-8"), (
        f"run make man and commit doc/man/{page}")


def test_no_other_pages(made):
    assert sorted(file.name for file in made.iterdir()) == sorted(PAGES)
    assert sorted(file.name for file in MAN.glob("*.[0-9]")) == sorted(PAGES)


def plain(page):
    """What a terminal shows of it, without bold and underlined."""
    shown = subprocess.run(["mandoc", "-Tutf8", "-Owidth=80", MAN / page], capture_output=True,
                           check=True, text=True).stdout
    return re.sub(".\b", "", shown)


@pytest.mark.parametrize("page", PAGES)
def test_fits_a_screen(page):
    """But for examples and tables, which are indented."""
    wide = [line for line in plain(page).splitlines()
            if len(line) > (90 if line.startswith(11 * " ") else 80)]
    assert not wide


def test_every_command():
    shown = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z]+) ", shown.split("Commands:\n")[1].split("\n\n")[0], re.M)
    assert len(commands) > 15
    page = plain("mssclampctl.8")
    for command in commands:
        assert re.search(rf"^ +{command}( |$)", page, re.M), command


@pytest.mark.parametrize("program, count", (("mssclampd", 7), ("mssclamp-notify", 5), ("mssclamp-exporter", 4),
                                            ("mssclamp-facts", 3)))
def test_help_and_page_name_the_same_options(program, count):
    """Each with its letter and its value, in one order, and the same synopsis."""
    done = subprocess.run([BUILD / program, "--help"], capture_output=True, text=True, check=True, timeout=60)
    options = re.findall(r"^ +((?:-\w, )?--[a-z]+(?: [A-Z:]+)?)  +\S", done.stdout, re.M)
    assert len(options) == count and {"-h, --help", "-V, --version"} <= set(options) and done.stderr == ""
    section = plain(f"{program}.8").split("\nOPTIONS\n")[1].split("\nS")[0]
    assert re.findall(r"^ {7}(-\S.*)$", section, re.M) == options
    synopsis = " ".join(plain(f"{program}.8").split("\nSYNOPSIS\n")[1].split("\nDESCRIPTION\n")[0].split())
    assert done.stdout.startswith(f"usage: {synopsis}\n")
    assert subprocess.run([BUILD / program, "--version"], capture_output=True, timeout=60).stdout.startswith(
        program.encode() + b" ")
    done = subprocess.run([BUILD / program, "--nonsense"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "usage: " in done.stderr and done.stdout == ""


@pytest.mark.parametrize("option", ("--help", "--version"))
@pytest.mark.parametrize("program", ("mssclampd", "mssclampctl", "mssclamp-facts", "mssclamp-notify",
                                     "mssclamp-exporter"))
def test_what_does_not_arrive_is_a_failure(program, option):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([BUILD / program, option], stdout=full, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=60)
    assert (done.returncode, done.stderr) == (
        1, f"{program}: cannot write the output: No space left on device\n")


def test_what_notify_says_of_the_daemon(tmp_path):
    said = tmp_path / "said"
    with open(said, "w", encoding="utf-8") as log, subprocess.Popen(
            [BUILD / "mssclamp-notify", "-s", tmp_path / "nobody", "-c", "/dev/null"], stderr=log) as process:
        try:
            line = until(lambda: re.search("^.*cannot reach.*\n", said.read_text(encoding="utf-8"), re.M),
                         "it says whom it cannot reach", 20)[0]
            for times in (1, 2):
                with FakeDaemon(tmp_path / "nobody", {**replies.ALL, "Subscribe": [replies.SUBSCRIBED]}):
                    until(lambda n=times: said.read_text(encoding="utf-8").count("mssclampd answers again\n") == n,
                          "it is back", 40)
        finally:
            process.kill()
    assert line.startswith("mssclamp-notify: ")
