# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as JSON, as tables and as a plot."""

import datetime
import json
import os
import pathlib
import subprocess

import machine
import plot
from contenders import BY_KEY
from daemon import BUILD, TOP

OUT = BUILD / "bench"
DOC = TOP / "doc"
BEGIN, END = "<!-- make bench writes from here -->", "<!-- to here -->"
GROWTH = ("queue-1", "queue-100", "queue-1000", "queue-10000", "queue-100000", "queue-routes")


def collect(bench, left_out):
    """All that goes into the JSON."""
    return {"schema": 1,
            "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "machine": bench.machine, "left_out": left_out,
            "contenders": {key: BY_KEY[key].name for key in bench.running},
            "start_seconds": {key: round(one.start_seconds, 3)
                              for key, one in bench.running.items()},
            "measures": bench.figures}


def table(head, rows):
    """A table in Markdown, which can be read as it stands too: the first column left, the others
    right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(head)] + rows) for i in range(len(head))]

    def line(row):
        return "| " + " | ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                                 for i, (cell, width) in enumerate(zip(row, widths))) + " |"
    rule = "| " + " | ".join("-" * width if i == 0 else "-" * (width - 1) + ":"
                             for i, width in enumerate(widths)) + " |"
    return "\n".join([line(head), rule] + [line(row) for row in rows])


def compared(measure):
    """One measure: each contender beside its own base."""
    if measure["figure"].endswith("_us"):
        return latencies(measure)
    rows = []
    sending = measure["contenders"].get("sending")
    for key, one in measure["contenders"].items():
        figure = one[measure["figure"]]
        rows.append([BY_KEY[key].name, f"{figure['median']:.3f}", f"{figure['iqr']:.3f}",
                     f"{figure['value']:,.0f}", BY_KEY[one["base"]].name, figure["rounds"]])
        if sending:
            rows[-1].insert(3, without(figure, sending["cpu_ns"]["value"]))
    head = ["", "ratio", "spread", measure["unit"], "to", "rounds"]
    if sending:
        head.insert(3, "without sending")
    return table(head, rows)


def without(figure, sending_ns):
    """The ratio of what is left where the generator's own part is taken from both."""
    return f"{(figure['value'] - sending_ns) / (figure['base_value'] - sending_ns):.3f}"


def latencies(measure):
    """Three quantiles, as the distance to the base."""
    names = ("p50_us", "p99_us", "p999_us")
    rows = [[BY_KEY[key].name]
            + [f"{one[name]['median']:+.1f} ({one[name]['iqr']:.1f})" for name in names]
            + [f"{one['p50_us']['value']:.1f}", BY_KEY[one["base"]].name, one["p50_us"]["rounds"]]
            for key, one in measure["contenders"].items()]
    return table(("µs, and spread", "p50", "p99", "p99.9", "p50 itself", "beside", "rounds"), rows)


def growth(measures):
    """What more entries cost."""
    drain = measures["drain"]["contenders"] if "drain" in measures else {}
    rows = []
    for key in GROWTH:
        memory = measures.get("memory", {}).get(key)
        if key in drain and memory:
            ratio = drain[key]["cpu_ns"]
            rows.append((BY_KEY[key].name, f"{ratio['median']:.3f}", f"{ratio['iqr']:.3f}",
                         f"{memory['rss_bytes'] / 1e6:.1f}"))
    return table(("", "CPU, to the null loop", "spread", "memory, MB"), rows) if rows else ""


def effects(measures):
    rows = []
    for key, one in measures.get("effects", {}).items():
        built = measures["built_us"].get(key)
        rows.append([BY_KEY[key].name]
                    + [f"{one[name]['median']:.1f} (max {one[name]['max']:.1f})"
                       for name in ("route_ms", "reload_ms")]
                    + ["" if built is None else f"{built / 1000:.2f}"])
    return table(("ms", "a route changes", "reload with another rule", "rebuild"), rows)


def programs(measures):
    lookup, rebuild = measures["programs"]["lookup"], measures["programs"]["rebuild"]
    first = table(("look-up", "IPv4, ns", "IPv6, ns", "between two peers, ns", "build, ms"),
                  [(one["name"], f"{one['ipv4_ns']:.0f}", f"{one['ipv6_ns']:.0f}",
                    f"{one['between_ns']:.0f}", f"{one['rebuild_ms']:.2f}") for one in lookup])
    parts = list(rebuild[0]["parts_ms"])
    rows = [[part] + [f"{one['parts_ms'][part]:.2f}" for one in rebuild] for part in parts]
    rows.append(["all together"] + [f"{one['all_ms']:.2f}" for one in rebuild])
    return first + "\n\n" + table(["rebuild, ms"] + [one["name"] for one in rebuild], rows)


def cores(measures):
    one = measures["cores"]["cpu_ns"]
    return table(("", "ratio", "spread", "ns", "rounds"),
                 [("CPU time of a SYN with two busy cores, to that with one",
                   f"{one['median']:.3f}", f"{one['iqr']:.3f}", f"{one['value']:.0f}",
                   one["rounds"])])


def sections(results):
    """Titles and tables, in the order of the page."""
    measures = results["measures"]
    found = [(one["title"], compared(one)) for one in measures.values()
             if isinstance(one, dict) and "contenders" in one]
    for title, text in (("With more peers and prefixes", growth(measures)),
                        ("Two cores", cores(measures) if "cores" in measures else ""),
                        ("A change, and the first SYN that shows it",
                         effects(measures) if "effects" in measures else ""),
                        ("Without a kernel", programs(measures) if "programs" in measures else "")):
        if text:
            found.append((title, text))
    return found


def text(results):
    """All of it for people."""
    lines = [f"{results['time']}: {machine.line(results['machine'])}."]
    lines += [f"- {reason}" for reason in results["left_out"]]
    for title, body in sections(results):
        lines += ["", f"### {title}", "", body]
    return "\n".join(lines)


def give_back(*paths):
    """What root writes into somebody's tree stays theirs."""
    owner = os.stat(TOP)
    for path in paths:
        os.chown(path, owner.st_uid, owner.st_gid)


def write_page(results):
    """Puts the tables between the markers of the page."""
    page = DOC / "performance.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise RuntimeError(f"{page}: the markers are gone")
    page.write_text(f"{before}{BEGIN}\n\n{text(results)}\n\n![]({plot.NAME})\n\n{END}{after}",
                    encoding="utf-8")


def write(results, whole):
    """JSON and plot beside the programs; for a whole run also in the documentation."""
    folders = [OUT] + ([DOC] if whole else [])
    for folder in folders:
        path = pathlib.Path(folder) / ("performance.json" if folder == DOC else "results.json")
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        give_back(path)
        try:
            plot.draw(results, folder)
            give_back(folder / plot.NAME)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"no plot: {error} (package gnuplot-nox)")
    if whole:
        write_page(results)
