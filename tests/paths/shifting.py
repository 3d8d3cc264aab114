# SPDX-License-Identifier: GPL-2.0-or-later
"""A path that shrinks and grows again, and when the daemon followed."""

import datetime
import time
import typing

from netns import until
from passages import WIDE, TunnelLab

INTERVAL = 10.0  # between two measurements, and a tenth of it at most
HOLD = 60.0      # between a change and the next raise
SMALL = 1400


class Seconds(typing.NamedTuple):
    smaller: float  # from the shrinking to the smaller limit
    larger: float   # from that to the larger one; the path grew at once


def found_at(daemon):
    """When the daemon found the path that it tells, as it wrote down: this process may see it late."""
    changes = [event["time"] for event in daemon.call("ListEvents")["events"]
               if event["event"] == "tunnel_changed"]
    return datetime.datetime.fromisoformat(changes[-1]).timestamp()


def follow():
    """Returns Seconds. The MSS is right at each step."""
    with TunnelLab("vxlan", WIDE, "icmp", ping=True) as lab:
        daemon = lab.run_daemon(path=f'interval = "{INTERVAL:.0f}s";')
        daemon.finds(WIDE)
        lab.check_mss(WIDE)
        times = [time.time()]
        for path, seconds in ((SMALL, 3 * INTERVAL), (WIDE, HOLD + 3 * INTERVAL)):
            lab.narrow(path)
            until(lambda p=path: daemon.is_measured(p), f"a path of {path} bytes is found", seconds)
            times.append(found_at(daemon))
            lab.check_mss(path)
    return Seconds(times[1] - times[0], times[2] - times[1])
