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
PART = "<!-- make bench writes: {} -->"
END = "<!-- to here -->"
GROWTH = ("queue-1", "queue-100", "queue-1000", "queue-10000", "queue-100000", "queue-routes",
          "mark-1", "mark-10000", "offload-1", "offload-10000")
RECKONED = ("xt", "nft", "packed", "usual", "queue-1", "queue-10000", "queue-100000", "mark-10000",
            "offload-1", "offload-10000")
SERVER_CORES = 64
# 100 Gbit/s in connections of 100 kB each: 125,000 a second, and a SYN and a SYN-ACK for each.
SERVER_PPS = 250_000


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
        if sending and key != "sending":
            rows[-1].insert(3, without(figure, sending["cpu_ns"]["value"]))
        elif sending:
            rows[-1].insert(3, "")
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


def growth(results):
    """What more entries cost: CPU time, memory, and the time from the start to clamping."""
    measures, rows = results["measures"], []
    for key in GROWTH:
        if key not in measures["memory"]:
            continue
        cells = []
        for name in ("drain", "forward"):
            one = measures[name]["contenders"].get(key)
            cells.append(
                f"{one['cpu_ns']['median']:.3f} ({one['cpu_ns']['iqr']:.3f})" if one else "")
        rows.append([BY_KEY[key].name, *cells, f"{measures['memory'][key]['rss_bytes'] / 1e6:.1f}",
                     f"{results['start_seconds'][key]:.1f}"])
    return table(("", "reader, to the null loop", "all, to no rule", "memory, MB", "start, s"),
                 rows)


def reckoned(measures):
    """What a large server would need, from the CPU time of a SYN without the generator's part."""
    forward, rows = measures["forward"]["contenders"], []
    sending_ns = forward["sending"]["cpu_ns"]["value"]
    for key in RECKONED:
        if key in forward:
            cost_ns = forward[key]["cpu_ns"]["value"] - sending_ns
            rows.append((BY_KEY[key].name, f"{cost_ns:,.0f}", f"{1e9 / cost_ns:,.0f}",
                         f"{SERVER_CORES * 1e9 / cost_ns / 1e6:.0f}",
                         f"{SERVER_PPS * cost_ns / 1e9:.2f}"))
    return table(("", "ns a SYN", "SYNs/s, one core", f"millions/s, {SERVER_CORES} cores",
                  f"cores for {SERVER_PPS:,}/s"), rows)


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
    if "cores" not in measures:
        return ""
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
    for title, body in (("A change, and the first SYN that shows it",
                         effects(measures) if "effects" in measures else ""),
                        ("Without a kernel", programs(measures) if "programs" in measures else "")):
        if body:
            found.append((title, body))
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


def replace_part(page, name, body):
    """The page with another text between the markers of a part."""
    before, begin, rest = page.partition(PART.format(name))
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RuntimeError(f"the markers of {name} are gone")
    return f"{before}{begin}\n\n{body}\n\n{end}{after}"


def page_of(results, page):
    """The page with what was measured between its markers."""
    measures = results["measures"]
    page = replace_part(page, "results", f"{text(results)}\n\n![Bars and a curve]({plot.NAME})")
    page = replace_part(page, "growth", f"{growth(results)}\n\n{cores(measures)}")
    return replace_part(page, "a large server", reckoned(measures))


def write_page(results):
    path = DOC / "performance.md"
    path.write_text(page_of(results, path.read_text(encoding="utf-8")), encoding="utf-8")


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


def rewrite(path):
    """The page and the plot once more, from the JSON of an earlier run."""
    results = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    write(results, whole=True)
    return text(results)
