# SPDX-License-Identifier: GPL-2.0-or-later
"""A command on a terminal of its own, and what stood there as SVG.

The picture is complete in itself: no script, no font, nothing to fetch. It has its own background,
so that it is read on any page. One that moves ends as a still where nothing may move.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from xml.sax.saxutils import escape

import pyte

WIDTH, HEIGHT, SIZE = 8.4, 18, 14  # pixels of a character and its row, and the font's size
EDGE, BAR = 16, 30                 # around the screen, and above it
HOLD = 12.0                        # seconds that the end of a moving picture stays
READ = 3.0                         # seconds at least between two parts of one
PAINTS = {"red": "#ff8f8f", "green": "#8fd98f", "brown": "#f2cc60", "default": "#e6e6e6"}
FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"


class Terminal:
    """Runs one command. .rows and .times: what stands there, and when each row came to be."""

    def __init__(self, command, argv, columns=80, lines=24, env=None):
        self.command = command
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.begin, self.times = time.monotonic(), {}
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(env or {})}
        environment.pop("COLUMNS", None)
        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, env=environment)
        os.close(slave)

    def _take(self, seconds):
        """What comes within that time; False at the end."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the last one has closed the other end
            return False
        self._stream.feed(data)
        for row in range(self.screen.cursor.y + 1):
            self.times.setdefault(row, time.monotonic() - self.begin)
        return bool(data)

    def run(self, seconds):
        """To the end of the command, which is to succeed; .code is its exit code."""
        end = time.monotonic() + seconds
        while self._take(0.1):
            if time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"{self.command}: not done after {seconds} s")
        self.code = self.process.wait()
        os.close(self._master)
        return self

    def until(self, check, seconds):
        """Until check(text) holds."""
        end = time.monotonic() + seconds
        while not check("\n".join(self.screen.display)):
            assert self._take(0.1) and time.monotonic() < end, "\n".join(self.screen.display)
        return self

    def press(self, key):
        os.write(self._master, key)

    def rows(self):
        """[(text, paint, bold, reverse)] of each row, without the empty ones at the end."""
        found = []
        for y in range(self.screen.lines):
            line, runs = self.screen.buffer[y], []
            for x in range(self.screen.columns):
                cell = line[x]
                style = (cell.fg, cell.bold, cell.reverse)
                if runs and runs[-1][1:] == style:
                    runs[-1] = (runs[-1][0] + cell.data, *style)
                else:
                    runs.append((cell.data, *style))
            found.append(runs)
        while found and not "".join(run[0] for run in found[-1]).strip():
            found.pop()
        return found


def _run_svg(at, y, text, paint, bold, reverse):
    """One piece of a row; textLength keeps it in its columns, whatever the font."""
    shape, width = "", len(text) * WIDTH
    if reverse:
        shape = (f'<rect x="{at:.1f}" y="{y - HEIGHT + 5}" width="{width:.1f}" height="{HEIGHT}" '
                 f'fill="{PAINTS.get(paint, PAINTS["default"])}"/>')
    elif not text.strip():
        return ""
    else:
        blank = len(text) - len(text.lstrip())
        text = text.strip()
        at, width = at + blank * WIDTH, len(text) * WIDTH
    look = ' font-weight="bold"' if bold else ""
    fill = "#16191d" if reverse else PAINTS.get(paint, PAINTS["default"])
    if fill != PAINTS["default"]:
        look += f' fill="{fill}"'
    return (f'{shape}<text x="{at:.1f}" y="{y}" textLength="{width:.1f}"{look}>'
            f'{escape(text)}</text>')


def _row_svg(number, runs):
    at, parts = EDGE, []
    for text, *style in runs:
        parts.append(_run_svg(at, number * HEIGHT + SIZE, text, *style))
        at += len(text) * WIDTH
    return "".join(parts)


def _slower(rows, times):
    """When each row appears: as it was, but each part with a headline ("== ") can be read."""
    shift, last, shown = 0.0, None, []
    for row, when in zip(rows, times):
        if "".join(run[0] for run in row).startswith("== "):
            if last is not None:
                shift += max(0.0, READ - (when + shift - last))
            last = when + shift
        shown.append(when + shift)
    return shown


def _motion(shown, window):
    """CSS: rows come, and the screen scrolls. Without it, all are there and the end is seen."""
    total = shown[-1] + HOLD
    steps = sorted(set(shown))
    css, keys = [], []
    for when in steps:
        last = max(i for i, each in enumerate(shown) if each <= when)
        up = max(0, last + 1 - window)
        keys.append(f"{100 * when / total:.2f}%{{transform:translateY({-up * HEIGHT}px)}}")
    css.append(f"@keyframes s{{0%{{transform:none}}{''.join(keys)}"
               f"100%{{transform:translateY({-max(0, len(shown) - window) * HEIGHT}px)}}}}")
    for number, when in enumerate(steps):
        if when > 0:
            css.append(f"@keyframes r{number}{{0%{{opacity:0}}{100 * when / total:.2f}%,100%"
                       f"{{opacity:1}}}}.r{number}{{animation:r{number} {total:.1f}s "
                       "step-end infinite}")
    css.append(f".s{{animation:s {total:.1f}s step-end infinite}}")
    return "@media (prefers-reduced-motion:no-preference){" + "\n".join(css) + "}", steps


def draw(title, prompts, columns, window=None):
    """SVG of a screen. prompts: [(command as it was typed, rows, times or None)], one below the
    other; window: how many rows are seen at a time of one that moves, by the times of its rows."""
    rows, times = [], []
    for command, body, when in prompts:
        if rows:
            rows.append([(" ", "default", False, False)])
            times.append(times[-1])
        rows.append([(command, "green", True, False)])
        times.append(0.0)
        rows += body
        times += [when[i] for i in range(len(body))] if when else [0.0] * len(body)
    seen = min(window or len(rows), len(rows))
    width, height = columns * WIDTH + 2 * EDGE, seen * HEIGHT + EDGE + BAR
    style, group, steps, shown = "", "", [0.0], [0.0] * len(rows)
    if window:
        shown = _slower(rows, times)
        style, steps = _motion(shown, seen)
        group = f' class="s" transform="translate(0,{-(len(rows) - seen) * HEIGHT})"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}" role="img" font-family="{FONT}" font-size="{SIZE}" '
        f'fill="{PAINTS["default"]}">',
        f"<title>{escape(title)}</title>",
        f"<style>text{{white-space:pre}}{style}</style>",
        f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1}" rx="8" fill="#16191d" '
        'stroke="#7d8590"/>',
        *(f'<circle cx="{20 + 18 * i}" cy="15" r="5" fill="#4d5560"/>' for i in range(3)),
        f'<svg y="{BAR}" width="{width:.0f}" height="{seen * HEIGHT + 4}"><g{group}>']
    for step, when in enumerate(steps):
        drawn = [_row_svg(number, row) for number, row in enumerate(rows) if shown[number] == when]
        parts.append(f'<g class="r{step}">' if window and when else "<g>")
        parts += [line for line in drawn if line]
        parts.append("</g>")
    return "\n".join([*parts, "</g></svg>", "</svg>"]) + "\n"
