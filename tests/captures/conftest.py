# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the shared pieces lie."""

import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "lib"), str(TESTS / "captures")]
