#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of fuzz_xfrm_parse, the same ones in each run: the recorded messages of
tests/unit/xfrm_messages.h, each alone and as sets that belong together."""

import pathlib
import re
import shutil

HERE = pathlib.Path(__file__).resolve().parent
TEXT = (HERE.parent / "unit" / "xfrm_messages.h").read_text()
ARRAY = re.compile(r"static const uint8_t (\w+)\[\] = \{(.*?)\};", re.S)
SETS = {
    "tunnel": ("state_gcm", "state_gcm_back", "policy_gcm"),
    "ends_differ": ("state_natt", "state_gcm_back", "policy_gcm"),
    "rekey": ("state_rekey_new", "state_rekey_old", "policy_gcm"),
    "compressed": ("state_comp_esp", "state_comp", "state_comp_ipip", "policy_comp"),
    "host_to_host": ("state_transport", "policy_transport"),
    "ipv6": ("state_outer6", "policy_outer6"),
    "ipv4_in_ipv6": ("state_mixed", "policy_mixed"),
    "xfrm_link": ("state_if_id", "policy_if_id"),
    "vti_link": ("state_vti", "policy_vti"),
    "policies": ("policy_socket", "policy_bypass_ssh", "policy_wide", "policy_block",
                 "policy_bypass"),
}


def messages():
    for name, body in ARRAY.findall(TEXT):
        body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
        yield name, bytes(int(value, 16) for value in re.findall(r"0x[0-9a-f]{2}", body))


folder = HERE / "seeds" / "xfrm_parse"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
known = dict(messages())
for name, content in known.items():
    (folder / name).write_bytes(content)
for name, parts in SETS.items():
    (folder / name).write_bytes(b"".join(known[part] for part in parts))
