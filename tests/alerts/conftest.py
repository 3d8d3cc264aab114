# SPDX-License-Identifier: GPL-2.0-or-later
"""client - gateway - server as in tests/net."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from fixtures import path  # noqa: E402, F401
