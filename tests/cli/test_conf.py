# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped configuration is what the table of settings prints."""
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MSSCLAMP_BUILD", TOP / "build"))


def test_shipped_configuration_is_the_table():
    printed = subprocess.run([BUILD / "print-conf"], stdout=subprocess.PIPE, check=True).stdout
    shipped = (TOP / "conf/mssclamp.conf").read_bytes()
    assert printed == shipped, "run: make conf"
