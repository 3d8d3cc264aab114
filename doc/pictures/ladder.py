# SPDX-License-Identifier: GPL-2.0-or-later
"""Two pictures of bytes. What they say is what `mssclampctl calc --json` says: nothing is reckoned
here but differences. How wide a box is says nothing."""

import json
import subprocess
from xml.sax.saxutils import escape

from daemon import MSSCLAMPCTL

WIDTH, LEFT, RIGHT, TALL, STEP = 820, 110, 796, 34, 62
OUTER, SECRET, INNER, DATA, LINK = "#f6c98f", "#d9c2ee", "#a9cdf0", "#a8dcb5", "#e4e4e4"
FONT = "system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif"
HEAD = """<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" \
markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>"""


def calc(*words):
    done = subprocess.run([MSSCLAMPCTL, "--json", "calc", *words], check=True, capture_output=True,
                          text=True)
    return json.loads(done.stdout)


class Picture:
    """Shapes one behind the other; middle is where a text is centred, or "start", "end"."""

    def __init__(self, headline):
        self.parts = []
        self.text(24, 28, headline, "start", 15, bold=True)

    def text(self, x, y, words, anchor="middle", size=13, bold=False):
        look = ' font-weight="bold"' if bold else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" '
                          f'font-size="{size}"{look}>{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, more):
        self.parts.append(f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="#555" {more}/>')

    def box(self, x, y, width, paint, words, below=None, tall=TALL):
        """With a text in its middle, or two, one below the other."""
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{tall:g}" '
                          f'fill="{paint}" stroke="#555"/>')
        middle = x + width / 2
        if not words:
            return
        if below is None:
            self.text(middle, y + tall / 2 + 5, words)
        else:
            self.text(middle, y + tall / 2 - 2, words, size=12)
            self.text(middle, y + tall / 2 + 12, str(below), size=12)

    def lines(self, x, y, *lines):
        for number, words in enumerate(lines):
            self.text(x, y + 21 * number, words, "start")

    def svg(self, height, title):
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" font-family="{FONT}" fill="#1c1c1c">',
            f"<title>{escape(title)}</title>", HEAD,
            f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8" '
            'fill="#fbfaf7" stroke="#9a9a9a"/>', *self.parts, "</svg>"]) + "\n"


def outside(picture, y, steps):
    """The row of the headers around a packet; returns where that begins and ends."""
    x, (tag, tag_size) = LEFT, steps[-1]
    for name, size in steps[:-1]:
        wide = 24 + 7 * len(name)
        picture.box(x, y, wide, SECRET if name == "WireGuard" else OUTER, name, size)
        x += wide
    end = RIGHT - 20 - 6 * len(tag)
    picture.box(end, y, RIGHT - end, SECRET, tag, tag_size)
    picture.box(x, y, end - x, INNER, "encrypted")
    return x, end


def headers():
    """Where the bytes of a packet of 1500 go, in WireGuard over IPv6."""
    got, other = (calc("--path", "1500", f"wireguard:outer={outer},ifmtu=1420") for outer in (6, 4))
    path, inner, mss = got["inputs"]["path_mtu"], got["inner_mtu_bytes"], got["mss4_bytes"]
    steps = [(step["what"].partition(": ")[2].removesuffix(" header"), step["bytes"])
             for step in got["steps"]]
    ends = inner - mss
    assert steps[-1][0] == "authentication tag" and other["inner_mtu_bytes"] == inner
    assert ends == 40, got  # IPv4 20, TCP 20, both without options
    picture, y = Picture("Where each byte goes: WireGuard over IPv6"), 44
    for row, (name, size) in enumerate((("path", path), ("on the wire", path), ("inside", inner),
                                        ("MSS", mss))):
        picture.text(LEFT - 14, y + STEP * row + 14, name, "end", 12)
        picture.text(LEFT - 14, y + STEP * row + 30, str(size), "end", 15, bold=True)
    picture.box(LEFT, y, RIGHT - LEFT, LINK,
                f"the largest IP packet that the path carries: {path} bytes")
    begin, end = outside(picture, y + STEP, steps)
    for row in (1, 2):
        for at in (begin, end):
            picture.line(at, y + STEP * row + TALL, at, y + STEP * (row + 1),
                         'stroke-dasharray="3 3"')
    picture.box(begin, y + 2 * STEP, end - begin, INNER,
                f"packet inside, the tunnel's MTU: {inner} bytes")
    for at, name in ((begin, "IPv4"), (begin + 56, "TCP")):
        picture.box(at, y + 3 * STEP, 56, INNER, name, ends // 2)
    picture.box(begin + 112, y + 3 * STEP, end - begin - 112, DATA, f"data: {mss} bytes")
    picture.lines(LEFT, y + 3 * STEP + TALL + 30,
                  f"{path} - {got['overhead_bytes']} = {inner}, and {inner} - {ends} = {mss}. "
                  f"An IPv6 header inside is 20 bytes larger: MSS {got['mss6_bytes']}.",
                  f"Over IPv4 WireGuard takes {other['overhead_bytes']}; an interface with MTU "
                  f"{inner} then leaves {path - other['overhead_bytes'] - inner} bytes of the path "
                  "unused.")
    return picture.svg(334, f"Where each byte goes: {path} bytes, {inner} inside, MSS {mss}")


def network(picture, link, got):
    """Two LANs, the VPN server of one of them, the tunnel."""
    y, begin, end = 60, 420, 676
    for at, paint, name, under in ((24, LINK, "a host", "in the LAN"),
                                   (300, DATA, "VPN server", "mssclampd"),
                                   (end, LINK, "alice's LAN", "peer of wg0")):
        picture.box(at, y, 120, paint, "", tall=58)
        picture.text(at + 60, y + 25, name, size=14, bold=True)
        picture.text(at + 60, y + 45, under, size=12)
    picture.line(144, y + 29, 300, y + 29, 'stroke-width="3"')
    picture.text(222, y + 20, str(link))
    picture.box(begin, y + 12, end - begin, OUTER, "", tall=34)
    picture.box(begin, y + 19, end - begin, INNER, f"inside fit {got['inner_mtu_bytes']}; wg0 says "
                f"{got['inputs']['layers'][0]['ifmtu']}", tall=20)
    middle = (begin + end) / 2
    picture.text(middle, y + 4, f"Internet, PPPoE: {got['inputs']['path_mtu']}")
    picture.text(middle, y + 62, f"{got['overhead_bytes']} bytes of headers, padding to 16",
                 size=12)


def arrows(picture, y, name, before, after, turn):
    """One packet that passes the server, from left to right or back."""
    parts = [(84, 354, before), (366, 736, after)]
    if turn:
        parts = [(354, 84, after), (736, 366, before)]
    for begin, end, mss in parts:
        picture.line(begin, y, end, y, 'marker-end="url(#to)"')
        picture.text((begin + end) / 2, y - 7, f"{name}, MSS {mss}", size=14, bold=mss == after)


def path():
    """A connection through a server whose uplink carries less than the interface's MTU takes."""
    own = calc("--path", "1500", "route:mtu=1500")
    got = calc("--path", "1492", "wireguard:outer=6,ifmtu=1420")
    link, before = own["inputs"]["path_mtu"], own["mss4_bytes"]
    inner, after = got["inner_mtu_bytes"], got["mss4_bytes"]
    picture = Picture("One connection, both directions")
    network(picture, link, got)
    arrows(picture, 160, "SYN", before, after, turn=False)
    arrows(picture, 204, "SYN-ACK", before, after, turn=True)
    picture.lines(24, 248,
                  f"Hosts on both sides know links of {link} and announce {before}. mssclampd "
                  "lowers that in both directions, so that",
                  f"both send packets of {inner}: {after} bytes of data behind {inner - after} of "
                  "IP and TCP. No other packet is touched.")
    return picture.svg(288, "A connection through a VPN server: MSS "
                       f"{before} becomes {after} in both directions")
