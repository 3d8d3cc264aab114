# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways with daemons in which calls fail. MSSCLAMP_FAULTS=all tries every point instead of some."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
