# SPDX-License-Identifier: GPL-2.0-or-later
"""A path that changes while the daemon runs: for more than a minute, while other tests run."""

from netns import SLOW
from passages import FOUND_SECONDS
from shifting import HOLD, INTERVAL


def test_shrinks_and_grows(shifting):
    """Lowered as soon as it is measured again; raised, but not within a minute of that."""
    seconds = shifting.result(timeout=120 * SLOW)
    assert seconds.smaller < (1.1 * INTERVAL + 1.5 * FOUND_SECONDS) * SLOW
    assert HOLD - 1 < seconds.larger < (HOLD + 1.1 * INTERVAL + FOUND_SECONDS) * SLOW
