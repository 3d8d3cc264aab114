# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped configuration is what the table of settings prints."""
import pathlib
import subprocess

from fake_daemon import BUILD, TOP


def test_shipped_configuration_is_the_table():
    printed = subprocess.run([BUILD / "print-conf"], stdout=subprocess.PIPE, check=True).stdout
    shipped = (TOP / "conf/mssclamp.conf").read_bytes()
    assert printed == shipped, "run: make conf"


def check(*argv):
    return subprocess.run([BUILD / "mssclampd", "-t", *argv], capture_output=True, text=True, check=False, timeout=60)


def test_a_file_that_is_not_there(tmp_path):
    """Who names one to be checked means it. The usual one need not be: the unit names it and starts."""
    done = check("-c", tmp_path / "absent.conf")
    assert (done.returncode, done.stdout) == (
        6, f"{tmp_path}/absent.conf: does not exist; look at its name, or make it: an empty file stands for the defaults\n1 error, 0 warnings, configuration not usable\n")
    usual = pathlib.Path("/etc/mssclamp.conf")
    if not usual.exists() and not usual.with_suffix(".conf.d").exists():
        assert (check().returncode, check("-c", usual).returncode) == (0, 0)
    empty = tmp_path / "empty.conf"
    empty.write_text("", encoding="utf-8")
    assert (check("-c", empty).returncode, check("-c", empty).stdout) == (0, "")
