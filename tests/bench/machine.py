# SPDX-License-Identifier: GPL-2.0-or-later
"""What the figures were measured on, in a few words."""

import os
import pathlib
import platform
import re


def first_match(path, pattern):
    found = re.search(pattern, pathlib.Path(path).read_text(encoding="utf-8", errors="replace"))
    return found[1].strip() if found else None


def mitigations():
    """The vulnerabilities that cost something here, or would: "meltdown: Mitigation: PTI"."""
    folder = pathlib.Path("/sys/devices/system/cpu/vulnerabilities")
    said = {path.name: path.read_text(encoding="ascii").strip()
            for path in sorted(folder.glob("*"))}
    return {name: text for name, text in said.items() if text != "Not affected"}


def describe():
    flags = first_match("/proc/cpuinfo", r"flags\s*:(.*)") or ""
    return {
        "cpu": first_match("/proc/cpuinfo", r"model name\s*:(.*)") or platform.machine(),
        "cpus": os.cpu_count(),
        "virtual": " hypervisor" in flags,
        "kernel": platform.release(),
        "mitigations": mitigations(),
        "load_at_start": os.getloadavg()[0],
    }


def line(machine):
    """The same for people."""
    kind = "virtual, " if machine["virtual"] else ""
    costly = [f"{name} ({text.partition(':')[2].partition(';')[0].strip() or text})"
              for name, text in machine["mitigations"].items()]
    return (f"{machine['cpu']}, {kind}{machine['cpus']} CPUs, Linux {machine['kernel']}; "
            f"mitigations: {', '.join(costly) or 'none'}; load {machine['load_at_start']:.1f} "
            "when it began")
