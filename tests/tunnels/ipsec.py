# SPDX-License-Identifier: GPL-2.0-or-later
"""IPsec: security associations by hand, as policies and behind interfaces, and by strongSwan."""

import socket
import typing

import formulas as f
from kernel import BIG
from netns import until

UDP_ENCAP, UDP_ENCAP_ESPINUDP = 100, 2


class Algorithm(typing.NamedTuple):
    """Words for `ip xfrm state`, and the bytes they cost."""
    words: str
    iv: int
    icv: int
    block: int = 4


def key(length):
    return "0x" + bytes(range(1, length + 1)).hex()


def aead(name, key_length, icv=16):
    return Algorithm(f"aead {name} {key(key_length)} {icv * 8}", 8, icv)


def pair(cipher, key_length, iv, block, digest, digest_key, icv):
    return Algorithm(f"enc {cipher} {key(key_length) if key_length else chr(34) * 2} "
                     f"auth-trunc hmac({digest}) {key(digest_key)} {icv * 8}", iv, icv, block)


def cbc(digest, digest_key, icv):
    return pair("cbc(aes)", 16, 16, 16, digest, digest_key, icv)


GCM = aead("rfc4106(gcm(aes))", 20)
CBC_SHA256 = cbc("sha256", 32, 16)
ALGORITHMS = {
    "gcm 16": GCM,
    "gcm 12": aead("rfc4106(gcm(aes))", 20, 12),
    "gcm 8": aead("rfc4106(gcm(aes))", 20, 8),
    "ccm 16": aead("rfc4309(ccm(aes))", 19),
    "gmac": aead("rfc4543(gcm(aes))", 20),
    "chacha20": aead("rfc7539esp(chacha20,poly1305)", 36),
    "cbc sha1-96": cbc("sha1", 20, 12),
    "cbc sha256-128": CBC_SHA256,
    "cbc sha256-96": cbc("sha256", 32, 12),
    "cbc sha384-192": cbc("sha384", 48, 24),
    "cbc sha512-256": cbc("sha512", 64, 32),
    "ctr sha256-128": pair("rfc3686(ctr(aes))", 20, 8, 4, "sha256", 32, 16),
    "3des sha1-96": pair("cbc(des3_ede)", 24, 8, 8, "sha1", 20, 12),
    "null sha256-128": pair("ecb(cipher_null)", 0, 0, 4, "sha256", 32, 16),
}

STATES = """
xfrm state add src $local dst $remote proto $proto spi $spi$n reqid 1 mode $mode $algorithm $more
xfrm state add src $remote dst $local proto $proto spi $spi$m reqid 1 mode $mode $algorithm $more
"""
POLICIES = """
xfrm policy add src $own dst $other dir out $match priority 9 tmpl src $local dst $remote proto $proto reqid 1 mode $mode
xfrm policy add src $other dst $own dir in $match priority 9 tmpl src $remote dst $local proto $proto reqid 1 mode $mode
"""

FORWARD = POLICIES.strip().splitlines()[1].replace("dir in", "dir fwd")


def secure(lab, algorithm, outer=4, mode="tunnel", selectors=(), match="", state="", proto="esp",
           spi="0x10"):
    """States and policies at both ends; selectors are pairs (own, other) of one family each, spi
    is all but the last digit."""
    more = f"{state} flag af-unspec" if mode == "tunnel" and "flag" not in state else state
    values = {"algorithm": algorithm.words, "mode": mode, "proto": proto, "more": more,
              "spi": spi}
    for host in lab.hosts:
        ends = {"local": host.facts[f"local{outer}"], "remote": host.facts[f"remote{outer}"]}
        host.ip(host.fill(STATES, **values, **ends))
        for own, other in selectors:
            both = {"own": host.fill(own), "other": host.fill(other), "match": match}
            host.ip(host.fill(POLICIES, **values, **ends, **both))
            if "/0" in own:  # b's side of whatever a forwards
                host.ip(host.fill(FORWARD, **values, **ends, **both))


def nat_traversal(lab, outer):
    """The sockets that take ESP out of UDP; keying daemons have them. Returns the states' words."""
    for host in lab.hosts:
        taker = lab.keep(host.socket(socket.AF_INET if outer == 4 else socket.AF_INET6,
                                     socket.SOCK_DGRAM))
        taker.setsockopt(socket.IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP)
        taker.bind((host.facts[f"local{outer}"], 4500))
    return f"encap espinudp 4500 4500 {'0.0.0.0' if outer == 4 else '::'}"


INSIDE = (("$inner4", "$far4"), ("$inner6", "$far6"))
ANY = (("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"))


def inside_on_loopback(lab):
    """Addresses that no tunnel interface has; the route leads out in the clear."""
    lab.ip("addr add $inner4/32 dev lo\naddr add $inner6/128 dev lo nodad\n"
           "route add $far4/32 dev outer src $inner4\nroute add $far6/128 dev outer src $inner6\n")


def policy(algorithm, outer=4, natt=False, state="", proto="esp"):
    def build(lab):
        words = f"{state} {nat_traversal(lab, outer)}" if natt else state
        secure(lab, algorithm, outer, selectors=INSIDE, state=words, proto=proto)
        inside_on_loopback(lab)
    return build


def transport(algorithm, outer=4, natt=False, proto="esp"):
    """Between the hosts' own addresses: the tunnel's inside is its outside."""
    def build(lab):
        state = nat_traversal(lab, outer) if natt else ""
        secure(lab, algorithm, outer, "transport", ((f"$local{outer}", f"$remote{outer}"),),
               state=state, proto=proto)
        if natt:
            lab.ip(f"xfrm policy add src $remote{outer} dst $local{outer} proto udp dport 4500 "
                   "dir in priority 1 action allow")
        for host in lab.hosts:
            host.facts |= {f"inner{outer}": host.facts[f"local{outer}"],
                           f"far{outer}": host.facts[f"remote{outer}"]}
    return build


def vti(algorithm, outer=4):
    def build(lab):
        kind = "vti" if outer == 4 else "vti6"
        lab.ip(f"link add t0 type {kind} local $local{outer} remote $remote{outer} key 7\n"
               f"link set t0 mtu {BIG}\n")
        secure(lab, algorithm, outer, selectors=ANY, match="mark 7")
        lab.address()
    return build


def xfrm_interface(algorithm, outer=4, natt=False, mtu=BIG):
    def build(lab):
        lab.ip(f"link add t0 type xfrm dev outer if_id 7\nlink set t0 mtu {mtu}\n")
        words = nat_traversal(lab, outer) if natt else ""
        secure(lab, algorithm, outer, selectors=ANY, match="if_id 7", state=f"{words} if_id 7")
        lab.address()
    return build


def gre_over_transport(algorithm):
    def build(lab):
        secure(lab, algorithm, mode="transport", selectors=(("$local4", "$remote4"),))
        lab.ip(f"link add t0 type gre local $local4 remote $remote4\nlink set t0 mtu {BIG}\n")
        lab.address()
    return build


CHARON = """
charon-systemd {
	plugins { vici { socket = unix://$directory/$me.vici } }
	filelog { log { path = $directory/$me.charon } }
}
"""
SWANCTL = """
connections {
	lab {
		version = 2
		encap = $encap
		proposals = aes128-sha256-modp2048
		local_addrs = $local4
		remote_addrs = $remote4
		local { auth = psk
			id = $me }
		remote { auth = psk
			id = $peer }
		children { lab {
			local_ts = $inner4/32, $inner6/128
			remote_ts = $far4/32, $far6/128
			esp_proposals = $esp
		} }
	}
}
secrets { ike-lab { secret = "not a secret" } }
"""


class StrongSwan:
    """Two charons, each with its own control socket."""

    def __init__(self, lab, esp, encap=False):
        self.lab, self.encap = lab, encap
        inside_on_loopback(lab)
        for host in lab.hosts:
            me = host.facts["me"]
            config = lab.write(f"{me}.strongswan", host.fill(CHARON, directory=lab.directory))
            lab.start(host, "env", f"STRONGSWAN_CONF={config}", "charon-systemd")
        for host in lab.hosts:
            self.load(host, esp)
        self.swanctl(lab.a, "--initiate", "--child", "lab", "--timeout", "40")

    def swanctl(self, host, *argv):
        uri = f"unix://{self.lab.directory}/{host.facts['me']}.vici"
        return host.run("swanctl", *argv, "--uri", uri)

    def load(self, host, esp):
        me = host.facts["me"]
        peer = {"a": "b", "b": "a"}[me]
        text = host.fill(SWANCTL, peer=peer, esp=esp, encap="yes" if self.encap else "no")
        file = self.lab.write(f"{me}.swanctl", text)
        until((self.lab.directory / f"{me}.vici").exists, f"the charon of {me} listens", 20)
        self.swanctl(host, "--load-all", "--noprompt", "--file", file)

    def again(self, esp):
        """Ends what is there, and agrees on another cipher."""
        for host in self.lab.hosts:
            self.load(host, esp)
        self.swanctl(self.lab.a, "--terminate", "--ike", "lab", "--timeout", "20")
        self.swanctl(self.lab.a, "--initiate", "--child", "lab", "--timeout", "40")


def strongswan(esp, encap=False):
    return lambda lab: StrongSwan(lab, esp, encap)


def costs(algorithm):
    return {"iv": algorithm.iv, "icv": algorithm.icv, "block": algorithm.block}


AH_SHA256 = Algorithm(f"auth-trunc hmac(sha256) {key(32)} 128", 0, 16)
AH_SHA1 = Algorithm(f"auth-trunc hmac(sha1) {key(20)} 96", 0, 12)

CASES = [
    *((f"esp {name}", policy(one), f.esp(**costs(one))) for name, one in ALGORITHMS.items()),
    ("esp gcm 16 over IPv6", policy(GCM, 6), f.esp(6, **costs(GCM))),
    ("esp cbc sha256-128 over IPv6", policy(CBC_SHA256, 6), f.esp(6, **costs(CBC_SHA256))),
    ("esp gcm 16 nat-t", policy(GCM, natt=True), f.esp(natt=8, **costs(GCM))),
    ("esp cbc sha256-128 nat-t", policy(CBC_SHA256, natt=True), f.esp(natt=8, **costs(CBC_SHA256))),
    ("esp gcm 16 nat-t over IPv6", policy(GCM, 6, True), f.esp(6, natt=8, **costs(GCM))),
    ("esp gcm 16 transport", transport(GCM), f.esp_transport(**costs(GCM)), (4,)),
    ("esp cbc sha256-128 transport over IPv6", transport(CBC_SHA256, 6),
     f.esp_transport(6, **costs(CBC_SHA256)), (6,)),
    ("esp gcm 16 transport nat-t", transport(GCM, natt=True),
     f.esp_transport(natt=8, **costs(GCM)), (4,)),
    ("ah sha256-128", policy(AH_SHA256, proto="ah"), f.fixed(20 + 32)),
    ("ah sha256-128 aligned to 4", policy(AH_SHA256, state="flag align4 flag af-unspec",
                                          proto="ah"), f.fixed(20 + 28)),
    ("ah sha1-96 over IPv6", policy(AH_SHA1, 6, proto="ah"), f.fixed(40 + 24)),
    ("vti gcm 16", vti(GCM), f.esp(**costs(GCM))),
    ("vti cbc sha256-128", vti(CBC_SHA256), f.esp(**costs(CBC_SHA256))),
    ("vti6 gcm 16", vti(GCM, 6), f.esp(6, **costs(GCM))),
    ("xfrm interface gcm 16", xfrm_interface(GCM), f.esp(**costs(GCM))),
    ("xfrm interface cbc sha256-128 nat-t", xfrm_interface(CBC_SHA256, natt=True),
     f.esp(natt=8, **costs(CBC_SHA256))),
    ("xfrm interface gcm 16 over IPv6", xfrm_interface(GCM, 6), f.esp(6, **costs(GCM))),
    ("gre over esp transport", gre_over_transport(GCM),
     f.through(f.esp_transport(**costs(GCM)), f.fixed(24))),
    ("strongswan aes128gcm16", strongswan("aes128gcm16"), f.esp(**costs(GCM))),
    ("strongswan aes128-sha256 in udp", strongswan("aes128-sha256", True),
     f.esp(natt=8, **costs(CBC_SHA256))),
]
