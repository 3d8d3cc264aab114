# SPDX-License-Identifier: GPL-2.0-or-later
"""A second implementation of the overhead of tunnels, by the formulas of RFCs and kernel files."""

import random

CBC = {"AES-CBC": (16, 16), "3DES-CBC": (8, 8), "CAMELLIA-CBC": (16, 16)}  # IV, block
STREAMS = {"AES-CTR": (8, 1), "NULL": (0, 1)}
AEADS = {"AES-GCM-16": 16, "AES-GCM-12": 12, "AES-GCM-8": 8, "AES-CCM-16": 16, "AES-CCM-8": 8,
         "CHACHA20-POLY1305": 16, "AES-GMAC": 16}  # all: IV 8
ESP_DIGESTS = {"SHA1-96": 12, "SHA256-128": 16, "SHA256-96": 12, "SHA384-192": 24,
               "SHA512-256": 32, "MD5-96": 12, "AES-XCBC-96": 12, "none": 0}
OPENVPN_BLOCKS = {"AES-256": 16, "AES-128": 16, "BF": 8, "DES-EDE3": 8, "CAMELLIA-192": 16}
OPENVPN_DIGESTS = {"MD5": 16, "SHA1": 20, "SHA224": 28, "SHA256": 32, "SHA384": 48, "SHA512": 64,
                   "none": 0}


def down(number, multiple):
    return number // multiple * multiple


def header(version):
    return {4: 20, 6: 40}[version]


class Layer(dict):
    """Absent keys and null are alike."""

    def of(self, key, absent=0):
        value = self.get(key)
        return absent if value is None else value

    @property
    def outer(self):
        return 6 if self["type"] in ("ip6tnl", "translate46") else self.of("outer", 4)

    @property
    def limit(self):
        return 8 if self.outer == 6 and self.of("encap_limit") else 0


def wireguard(path, layer):
    raw = path - header(layer.outer) - 8 - 32 - layer.of("s4")
    mtu = layer.of("ifmtu")
    inner = mtu if mtu and mtu <= raw else down(raw, 16)
    return inner, header(layer.outer) + 40 + layer.of("s4")


def openvpn_parts(layer):
    """mode, HMAC, IV, block"""
    cipher, auth = layer.of("cipher", None), layer.of("auth", None)
    mode = layer.of("mode", "aead")
    hmac, iv, block = 0, 0, 1
    if auth:
        hmac = OPENVPN_DIGESTS[auth]
    if cipher:
        if cipher == "CHACHA20-POLY1305" or cipher.endswith("-GCM"):
            mode = "aead"
        elif cipher == "none":
            mode, hmac = "none", OPENVPN_DIGESTS[auth or "none"]
        else:
            name, kind = cipher.rsplit("-", 1)
            iv = OPENVPN_BLOCKS[name]
            mode, block = ("cbc", iv) if kind == "CBC" else ("cfb", 1)
            hmac = OPENVPN_DIGESTS[auth or "none"]
    return (mode, layer.of("hmac", hmac), layer.of("iv", iv), layer.of("block", block) or 1)


def openvpn(path, layer):
    """OpenVPN: mss.c, mtu.c, crypto.c"""
    mode, hmac, iv, block = openvpn_parts(layer)
    tcp, tls, dco = layer.of("proto", "udp") == "tcp", layer.of("tls", True), layer.of("dco")
    extra = layer.of("comp") + 4 * layer.of("fragment") + 14 * layer.of("tap")
    transport = header(layer.outer) + (20 + 2 if tcp else 8 + 10 * layer.of("socks"))
    opcode = (4 if layer.of("peer_id", True) else 1) if tls else 0
    pid = 4 if tls else 8
    if dco:
        fixed = transport + 24 + extra
        inner = path - fixed
    elif mode == "aead":
        fixed = transport + opcode + (8 if layer.of("epoch") else pid) + 16 + extra
        inner = path - fixed
    elif mode == "cbc":
        fixed = transport + opcode + hmac + iv + pid + extra
        room = path - transport - opcode - hmac - iv
        inner = down(room, block) - 1 - pid - extra
    elif mode == "cfb":
        fixed = transport + opcode + hmac + iv + extra
        inner = path - fixed
    else:
        fixed = transport + opcode + pid + hmac + extra
        inner = path - fixed
    mtu = layer.of("ifmtu")
    if mtu:
        inner = mtu if tcp else min(inner, mtu)
    return inner, fixed


def esp(path, layer):
    """xfrm_state_mtu"""
    cipher = layer.of("cipher", None)
    iv, block, icv = 0, 1, 0
    if layer.of("auth", None):
        icv = ESP_DIGESTS[layer["auth"]]
    if cipher in AEADS:
        iv, block, icv = 8, 1, AEADS[cipher]
    elif cipher:
        iv, block = {**CBC, **STREAMS}[cipher]
    iv, block, icv = layer.of("iv", iv), layer.of("block", block), layer.of("hmac", icv)
    block = max(4, -(-block // 4) * 4)
    transport = layer.of("mode", "tunnel") == "transport"
    ahead = {"none": 0, "udp": 8, "tcp": 2}[layer.of("encap", "none")] + 8 + iv
    outer = header(layer.outer)
    inner = down(path - outer - ahead - icv, block) - 2 + (outer if transport else 0)
    return inner, ahead + icv + 2 + (0 if transport else outer)


def ah(path, layer):
    icv = ESP_DIGESTS[layer["auth"]] if layer.of("auth", None) else 12
    icv = layer.of("icv", layer.of("hmac", icv))
    align = 4 if layer.of("align4") and layer.outer == 4 else 8
    fixed = -(-(12 + icv) // align) * align
    if layer.of("mode", "tunnel") == "tunnel":
        fixed += header(layer.outer)
    return path - fixed, fixed


def erspan_header(layer):
    return {0: 4, 1: 8 + 4 + 4, 2: 8 + 4 + 8}[layer.of("version")]


# Kinds that are a sum: bytes in front of the packet.
SUMS = {
    "gre": lambda l: header(l.outer) + 4 + 4 * (l.of("key") + l.of("csum") + l.of("seq")) + l.limit,
    "erspan": lambda l: header(l.outer) + erspan_header(l) + 14 + l.limit,
    "ipip": lambda l: header(l.outer) + l.limit,
    "sit": lambda l: header(l.outer) + l.limit,
    "ip6tnl": lambda l: 40 + l.limit,
    "vxlan": lambda l: (header(l.outer) + 8 + 8 + (0 if l.of("gpe") or l.of("l3") else 14)
                        + 4 * l.of("inner_vlan") + l.of("opts") + 4 * l.of("mpls")),
    "geneve": lambda l: (header(l.outer) + 8 + 8 + l.of("opts") + (0 if l.of("l3") else 14)
                         + 4 * l.of("inner_vlan") + 4 * l.of("mpls")),
    "bareudp": lambda l: header(l.outer) + 8 + 4 * l.of("mpls") + l.of("opts"),
    "gtpu": lambda l: header(l.outer) + 16 + l.of("opts"),
    "l2tp2": lambda l: (header(l.outer) + 14 + 2 * l.of("length") + 4 * l.of("seq") + l.of("ppp")
                        + 4 * l.of("mppe")),
    "l2tp2_kernel": lambda l: 40,
    "l2tp3eth": lambda l: (header(l.outer) + 12 * l.of("udp") + 4 + l.of("cookie")
                           + 4 * l.of("l2spec") + 14),
    "pptp": lambda l: header(l.outer) + 12 + 4 * l.of("ack") + l.of("ppp") + 4 * l.of("mppe"),
    "pppoe": lambda l: 6 + l.of("ppp", 2) + 4 * l.of("mppe"),
    "macsec": lambda l: (16 if l.of("sci") else 8) + l.of("icv"),
    "mpls": lambda l: 4 * l.of("labels"),
    "vlan": lambda l: 4 * l.of("tags"),
    "fastd": lambda l: header(l.outer) + 8 + l.of("method") + 14 * l.of("tap"),
    "translate46": lambda l: 20,
}
SUMS["gretap"] = lambda l: SUMS["gre"](l) + 14
WRAPPED = {"gre", "gretap", "erspan", "ipip", "sit", "ip6tnl"}  # by FOU or GUE
BARE = {"pppoe", "macsec", "mpls", "vlan", "route"}  # no IP header
FORMULAS = {"wireguard": wireguard, "amneziawg": wireguard, "openvpn": openvpn, "esp": esp,
            "ah": ah}


def inside(path, layer):
    """MTU inside one layer (0: nothing fits) and its headers."""
    layer = Layer(layer)
    kind = layer["type"]
    if kind == "route":
        return min(path, layer.of("mtu", path)), 0
    if kind in FORMULAS:
        inner, fixed = FORMULAS[kind](path, layer)
    else:
        fixed = SUMS[kind](layer)
        fixed += layer.of("fou") + layer.of("gue") if kind in WRAPPED else 0
        inner = path - fixed
    return max(inner, 0), fixed


def carried(layer):
    """Families that one layer carries."""
    layer = Layer(layer)
    if layer["type"] in ("ipip", "translate46"):
        return {4}
    if layer["type"] == "sit":
        return {6}
    if layer["type"] in ("esp", "ah") and layer.of("mode") == "transport":
        return {layer.outer}
    return {4, 6}


def answer(stack):
    """inner_mtu_bytes, overhead_bytes, mss4_bytes, mss6_bytes; None where a layer does not fit."""
    left, total, families = stack.get("path_mtu") or 1500, 0, {4, 6}
    for layer in stack["layers"]:
        left, fixed = inside(left, layer)
        total += fixed
        if left <= 0:
            return None
        if layer["type"] in BARE:
            families &= carried(layer)
        else:
            families = carried(layer) if Layer(layer).outer in families else set()
    return (left, total, left - 40 if 4 in families and left > 40 else None,
            left - 60 if 6 in families and left > 60 else None)


FLAGS = {
    "gre": "key csum seq encap_limit", "gretap": "key csum seq encap_limit",
    "erspan": "encap_limit", "ipip": "encap_limit", "sit": "encap_limit", "ip6tnl": "encap_limit",
    "vxlan": "gpe inner_vlan l3", "geneve": "inner_vlan l3", "l2tp2": "length seq mppe",
    "l2tp3eth": "udp l2spec", "pptp": "ack mppe", "pppoe": "mppe", "macsec": "sci", "fastd": "tap",
    "openvpn": "tls peer_id epoch comp fragment tap socks dco", "ah": "align4",
}
NUMBERS = {
    "wireguard": {"ifmtu": (1280, 1440), "s4": (0, 8)},
    "amneziawg": {"ifmtu": (1280, 1440), "s4": (0, 64)},
    "gre": {"fou": (8, 8), "gue": (12, 24)}, "sit": {"fou": (8, 8)}, "ipip": {"gue": (12, 20)},
    "ip6tnl": {"gue": (12, 12)}, "gretap": {"fou": (8, 8)}, "erspan": {"version": (0, 2)},
    "vxlan": {"opts": (0, 16), "mpls": (0, 3)}, "geneve": {"opts": (0, 252), "mpls": (0, 2)},
    "bareudp": {"mpls": (0, 4), "opts": (0, 8)}, "gtpu": {"opts": (0, 16)},
    "l2tp2": {"ppp": (0, 4)},
    "l2tp3eth": {"cookie": (0, 8)}, "pptp": {"ppp": (1, 4)}, "pppoe": {"ppp": (1, 2)},
    "macsec": {"icv": (8, 16)}, "mpls": {"labels": (0, 4)}, "vlan": {"tags": (0, 2)},
    "fastd": {"method": (0, 32)}, "route": {"mtu": (600, 9000)}, "ah": {"icv": (0, 64)},
    "openvpn": {"hmac": (0, 64), "iv": (0, 16), "block": (0, 16), "ifmtu": (1000, 1500)},
    "esp": {"hmac": (0, 32), "iv": (0, 16), "block": (0, 32)},
}
KINDS = sorted(set(SUMS) | set(FORMULAS) | {"route"})


def make_layer(kind, rng):
    """A layer with keys at random, some of them null or written as numbers."""
    layer = {"type": kind}
    if kind not in BARE | {"ip6tnl", "translate46"} and rng.random() < .6:
        layer["outer"] = rng.choice([4, 6, 4, 6, None])
    for key in FLAGS.get(kind, "").split():
        if rng.random() < .4:
            layer[key] = rng.choice([True, True, False, 1, 0, None])
    for key, (low, high) in NUMBERS.get(kind, {}).items():
        if rng.random() < .4:
            layer[key] = rng.choice([rng.randint(low, high), rng.randint(low, high), None])
    if kind == "openvpn":
        if rng.random() < .4:
            layer["cipher"] = rng.choice(["AES-256-GCM", "CHACHA20-POLY1305", "none"] +
                                         [f"{name}-{mode}" for name in OPENVPN_BLOCKS
                                          for mode in ("CBC", "CFB", "OFB")])
        elif rng.random() < .6:
            layer["mode"] = rng.choice(["aead", "cbc", "none", "cfb", None])
        if rng.random() < .5:
            layer["auth"] = rng.choice(list(OPENVPN_DIGESTS))
        if rng.random() < .3:
            layer["proto"] = rng.choice(["udp", "tcp", None])
    if kind in ("esp", "ah"):
        if kind == "esp" and rng.random() < .8:
            layer["cipher"] = rng.choice([*CBC, *STREAMS, *AEADS])
        if rng.random() < .8:
            layer["auth"] = rng.choice(list(ESP_DIGESTS))
        if rng.random() < .5:
            layer["mode"] = rng.choice(["tunnel", "transport", None])
        if kind == "esp" and rng.random() < .5:
            layer["encap"] = rng.choice(["none", "udp", "tcp", None])
    return layer


def make_stacks(count, seed):
    """Stacks of one to four layers; every kind comes often."""
    rng = random.Random(seed)
    for number in range(count):
        kinds = [KINDS[number % len(KINDS)]] + rng.choices(KINDS, k=rng.choice([0, 0, 0, 1, 2, 3]))
        rng.shuffle(kinds)
        stack = {"layers": [make_layer(kind, rng) for kind in kinds]}
        if rng.random() < .8:
            stack["path_mtu"] = rng.choice([1500, 1492, 1480, 1472, 1460, 1400, 1280, 576, 9000,
                                            None, rng.randint(68, 1600), rng.randint(68, 65535)])
        yield stack
