# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines of doc/install.md: the packages that they name are all that `make deb` needs."""

import os
import re
import shutil
import subprocess

import pytest
from pages import TOP

pytestmark = pytest.mark.skipif(os.environ.get("MSSCLAMP_LAB") == "stock", reason="not for the VM")


def quickstart_installs():
    """What ./quickstart build installs, as doc/install.md has it done first."""
    text = (TOP / "quickstart").read_text(encoding="utf-8")
    packages = re.search(r"^BUILD_PACKAGES=\((.*?)^\)", text, flags=re.M | re.S)[1]
    return re.sub(r"#.*", "", packages).split()


def page_installs():
    """What its line before `make deb` does."""
    text = (TOP / "doc" / "install.md").read_text(encoding="utf-8")
    line = re.search(r"^sudo apt-get install --no-install-recommends (.*)\nmake deb$", text, flags=re.M)
    return re.sub(r"#.*", "", line[1]).split()


def unmet(packages, directory):
    """What dpkg-checkbuilddeps misses where these are installed, and no others."""
    status = subprocess.run(["dpkg-query", "-s", *packages], capture_output=True, text=True, check=True)
    (directory / "status").write_text(status.stdout, encoding="utf-8")
    return subprocess.run(["dpkg-checkbuilddeps", f"--admindir={directory}",
                           str(TOP / "packaging" / "debian" / "control")],
                          capture_output=True, text=True, check=False).stderr


@pytest.mark.skipif(not shutil.which("dpkg-checkbuilddeps"), reason="this is no Debian")
def test_make_deb_has_what_it_needs(tmp_path):
    packages = quickstart_installs() + page_installs()
    assert len(packages) > 15
    assert unmet(packages, tmp_path) == ""
    packages.remove("libcmocka-dev")
    assert "libcmocka-dev" in unmet(packages, tmp_path)
