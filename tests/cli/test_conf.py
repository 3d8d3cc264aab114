# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped configuration is what the table of settings prints."""
import pathlib
import re
import subprocess
import tempfile

import pytest
from fake_daemon import BUILD, TOP


@pytest.fixture(name="folder")
def readable_folder():
    """For everybody: of files that user mssclamp could not read, if there is one, the check warns."""
    with tempfile.TemporaryDirectory(prefix="mssclamp-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield folder


def test_shipped_configuration_is_the_table():
    printed = subprocess.run([BUILD / "print-conf"], stdout=subprocess.PIPE, check=True).stdout
    shipped = (TOP / "conf/mssclamp.conf").read_bytes()
    assert printed == shipped, "run: make conf"


def check(*argv):
    return subprocess.run([BUILD / "mssclampd", "-t", *argv], capture_output=True, text=True, check=False, timeout=60)


def test_what_is_commented_out_can_be_taken_in(folder):
    """As its head says: the # away from the first column of each. A block alone, then all of them."""
    text = (TOP / "conf/mssclamp.conf").read_text(encoding="utf-8")
    blocks = re.findall(r"^#\w.*;$", text, re.M) + re.findall(r"^#\w+ = [{(]\n.*?^#[})];$", text, re.M | re.S)
    assert len(blocks) > 12
    file = folder / "taken.conf"
    for block in [*blocks, "\n".join(blocks)]:
        file.write_text(re.sub(r"^#", "", block, flags=re.M) + "\n", encoding="utf-8")
        done = check("-c", file, "--strict")
        assert (done.returncode, done.stdout) == (0, ""), block


def test_a_file_that_is_not_there(folder):
    """Who names one to be checked means it. The usual one need not be: the unit names it and starts."""
    done = check("-c", folder / "absent.conf")
    assert (done.returncode, done.stdout) == (
        6, f"{folder}/absent.conf: does not exist; look at its name, or make it: an empty file stands for the defaults\n1 error, 0 warnings, configuration not usable\n")
    usual = pathlib.Path("/etc/mssclamp.conf")
    if not usual.exists() and not usual.with_suffix(".conf.d").exists():
        assert (check().returncode, check("-c", usual).returncode) == (0, 0)
    empty = folder / "empty.conf"
    empty.write_text("", encoding="utf-8")
    assert (check("-c", empty).returncode, check("-c", empty).stdout) == (0, "")
