# SPDX-License-Identifier: GPL-2.0-or-later
"""What a tunnel should carry, written down a second time and on its own: from the headers that the
RFCs and the kernel's sources show, not from the daemon's table.

Each returns a function: bytes of the path outside -> largest IP packet inside."""

UDP, ETHERNET, ESP_HEADER = 8, 14, 8
IP = {4: 20, 6: 40}


def down(size, block):
    return size - size % block


def fixed(overhead):
    return lambda path: path - overhead


def through(*layers):
    """Tunnels in tunnels, from the wire inwards."""
    def inner(path):
        for layer in layers:
            path = layer(path)
        return path
    return inner


def wireguard(outer=4, ifmtu=1420):
    """Header 16, tag 16; the plaintext is padded to 16, but not beyond the interface's MTU."""
    def inner(path):
        raw = path - IP[outer] - UDP - 16 - 16
        return ifmtu if ifmtu <= raw else down(raw, 16)
    return inner


def openvpn_aead(outer=4, extra=0):
    """Opcode and peer id 4, packet id 4, tag 16."""
    return fixed(IP[outer] + UDP + 4 + 4 + 16 + extra)


def openvpn_cbc(outer=4, hmac=20, iv=16, block=16, extra=0, head=4, packet_id=4):
    """The packet id is inside; at least one byte of padding."""
    return lambda path: (down(path - IP[outer] - UDP - head - hmac - iv, block)
                         - 1 - packet_id - extra)


def esp(outer=4, iv=8, icv=16, block=4, natt=0):
    """Tunnel mode: pad length and next header 2."""
    return lambda path: down(path - IP[outer] - natt - ESP_HEADER - iv - icv, block) - 2


def esp_transport(outer=4, **more):
    """The outer header is the packet's own."""
    return lambda path: esp(outer, **more)(path) + IP[outer]
