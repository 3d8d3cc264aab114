# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own clampers, as people write them: a rule of iptables, and a table of nft's named "other"."""

TCPMSS = ("FORWARD", "-p", "tcp", "--tcp-flags", "SYN,RST", "SYN", "-j", "TCPMSS", "--clamp-mss-to-pmtu")
MAXSEG = """table inet other {
    chain forward {
        type filter hook forward priority mangle;
        tcp flags & (fin | syn | rst) == syn tcp option maxseg size set rt mtu
    }
}"""
