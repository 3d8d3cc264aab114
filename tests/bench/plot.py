# SPDX-License-Identifier: GPL-2.0-or-later
"""The plot: who costs how much, and how cost grows with the entries. Drawn by gnuplot."""

import subprocess

from contenders import BY_KEY

NAME = "performance.svg"
CURVE = ("queue-1", "queue-100", "queue-1000", "queue-10000", "queue-100000")
SCRIPT = """
set terminal svg noenhanced size 900,{height} font "sans-serif,13" background "white"
set output "{output}"
set multiplot
set size 1,{bars_part}; set origin 0,{curve_part}
set title "CPU time of one SYN, to plain forwarding (line: the spread)"
set style fill solid 0.7; unset key; set xrange [0:*]; set yrange [{bottom}:0.6]
set ytics ({names}) scale 0; set grid x; set lmargin 34; set rmargin 8; set bmargin 3
plot $bars using ($2/2):(-$1):($2/2):(0.35) with boxxyerror linecolor rgb "#4477aa", \\
     $bars using 2:(-$1):3:4 with xerrorbars pointtype 0 linecolor rgb "black", \\
     $bars using 2:(-$1):(sprintf("  %.2f", $2)) with labels left offset 1,0
set size 1,{curve_part}; set origin 0,0
set title "CPU time of the reader, to the packed null loop, by the number of peers"
set logscale x; set xrange [0.7:200000]; set yrange [0:*]; set ytics autofreq scale 1
set lmargin 10; set rmargin 3; set grid x y; set xlabel "peers"; set bmargin 4
plot $curve using 1:2:3:4 with yerrorbars pointtype 7 linecolor rgb "#4477aa", \\
     $curve using 1:2 with lines linecolor rgb "#4477aa", 1 with lines dashtype 2 linecolor "black"
"""


def half_spread(one):
    return one["median"] - one["iqr"] / 2, one["median"] + one["iqr"] / 2


def bars(forward):
    """Rows of numbers, and the names for the axis."""
    rows, names = ["0 1 1 1"], ['"no rule" 0']
    for number, (key, one) in enumerate(forward.items(), start=1):
        low, high = half_spread(one["cpu_ns"])
        rows.append(f"{number} {one['cpu_ns']['median']} {low} {high}")
        names.append(f'"{BY_KEY[key].name}" {-number}')
    return rows, names


def curve(drain):
    rows = []
    for key in CURVE:
        if key in drain:
            low, high = half_spread(drain[key]["cpu_ns"])
            rows.append(f"{BY_KEY[key].entries} {drain[key]['cpu_ns']['median']} {low} {high}")
    return rows


def draw(results, folder):
    """Writes the plot into a folder; does nothing where a run has not what it shows."""
    measures = results["measures"]
    if not {"forward", "drain"} <= measures.keys():
        return
    rows, names = bars(measures["forward"]["contenders"])
    points = curve(measures["drain"]["contenders"])
    height = 340 + 24 * len(rows)
    script = SCRIPT.format(height=height, bars_part=1 - 300 / height, curve_part=300 / height,
                           output=folder / NAME, bottom=0.4 - len(rows), names=", ".join(names))
    data = "\n".join(["$bars << END", *rows, "END", "$curve << END", *points, "END"])
    subprocess.run(["gnuplot"], input=data + script, text=True, check=True)
