# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl calc: its numbers against a second implementation and against a table of known ones,
its screens, its errors."""

import json
import re
import subprocess
import sys

import pytest

from fake_daemon import BUILD, TOP, read_error, read_json, run, run_as_nobody, validate

sys.path.insert(0, str(TOP / "tests/lib"))

import overhead_oracle as oracle  # noqa: E402

NUMBERS = ("inner_mtu_bytes", "overhead_bytes", "mss4_bytes", "mss6_bytes")


def calc(*args, **more):
    done = run("--json", "-q", "calc", *args, **more)
    assert (done.stderr, done.returncode) == ("", 0), done.stdout
    return read_json(done, "calc")


def calc_stack(stack):
    return calc("--stack", "-", input=json.dumps(stack))


def numbers(answer):
    return tuple(answer[key] for key in NUMBERS)


def test_oracle():
    """Twenty thousand stacks in one process of the same code."""
    stacks = list(oracle.make_stacks(20000, 7))
    done = subprocess.run([BUILD / "calc-lines"], stdout=subprocess.PIPE, timeout=120, check=True,
                          input="".join(json.dumps(stack) + "\n" for stack in stacks).encode())
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(stacks)
    refused = 0
    for stack, answer in zip(stacks, answers):
        want = oracle.answer(stack)
        if want is None:
            assert "does not fit" in answer["refused"], stack
            refused += 1
        else:
            assert "refused" not in answer, (stack, answer)
            assert numbers(answer) == want, stack
    assert 10 < refused < 1000


def test_oracle_through_the_program():
    for stack in oracle.make_stacks(150, 8):
        want = oracle.answer(stack)
        done = run("--json", "-q", "calc", "--stack", "-", input=json.dumps(stack))
        if want is None:
            assert (done.returncode, read_error(done)["name"]) == (1, "org.mssclamp.Failed")
            continue
        answer = read_json(done, "calc")
        assert numbers(answer) == want, stack
        assert calc_stack(answer["inputs"]) == answer, "inputs are a stack"


def test_oracle_as_words():
    """The same layers on the command line."""
    for stack in oracle.make_stacks(100, 9):
        words = []
        for layer in stack["layers"]:
            pairs = [f"{key}={json.dumps(value).strip(chr(34))}" for key, value in layer.items()
                     if key != "type" and value is not None]
            words.append(layer["type"] + (":" if pairs else "") + ",".join(pairs))
        path = ["--path", str(stack["path_mtu"])] if stack.get("path_mtu") else []
        done = run("--json", "calc", *path, *words)
        want = oracle.answer(stack)
        if want is None:
            assert done.returncode == 1
        else:
            assert numbers(read_json(done, "calc")) == want, words


# What reference works say; None: that family is not carried.
KNOWN = [
    # path, layers, MTU inside, MSS IPv4, MSS IPv6
    (1500, "wireguard:ifmtu=1420", 1420, 1380, 1360),
    (1500, "wireguard:outer=6,ifmtu=1420", 1420, 1380, 1360),
    (1492, "wireguard:ifmtu=1420", 1420, 1380, 1360),
    (1492, "wireguard:outer=6,ifmtu=1420", 1408, 1368, 1348),
    (1472, "wireguard:ifmtu=1420", 1408, 1368, 1348),
    (1472, "wireguard:outer=6,ifmtu=1420", 1392, 1352, 1332),
    (1460, "wireguard:ifmtu=1420", 1392, 1352, 1332),
    (1460, "wireguard:outer=6,ifmtu=1420", 1376, 1336, 1316),
    (1400, "wireguard:ifmtu=1420", 1328, 1288, 1268),
    (1400, "wireguard:outer=6,ifmtu=1420", 1312, 1272, 1252),
    (1500, "openvpn", 1448, 1408, 1388),
    (1500, "openvpn:outer=6", 1428, 1388, 1368),
    (1492, "openvpn", 1440, 1400, 1380),
    (1492, "openvpn:outer=6", 1420, 1380, 1360),
    (1500, "openvpn:epoch", 1444, 1404, 1384),
    (1500, "openvpn:epoch,outer=6", 1424, 1384, 1364),
    (1500, "openvpn:cipher=AES-256-CBC,auth=SHA1", 1419, 1379, 1359),
    (1500, "openvpn:cipher=AES-256-CBC", 1435, 1395, 1375),
    (1500, "openvpn:outer=6,cipher=AES-256-CBC,auth=SHA1", 1403, 1363, 1343),
    (1500, "openvpn:mode=cbc,hmac=32,iv=16,block=16", 1403, 1363, 1343),
    (1500, "openvpn:outer=6,mode=cbc,hmac=32,iv=16,block=16", 1387, 1347, 1327),
    (1500, "openvpn:cipher=AES-256-CBC,auth=SHA512", 1371, 1331, 1311),
    (1500, "esp:cipher=AES-GCM-16", 1446, 1406, 1386),
    (1500, "esp:cipher=CHACHA20-POLY1305,encap=udp", 1438, 1398, 1378),
    (1500, "esp:outer=6,cipher=AES-GCM-16", 1426, 1386, 1366),
    (1500, "esp:outer=6,cipher=AES-GCM-16,encap=udp", 1418, 1378, 1358),
    (1500, "esp:cipher=AES-CBC,auth=SHA1-96", 1438, 1398, 1378),
    (1500, "esp:cipher=AES-CBC,auth=SHA1-96,encap=udp", 1422, 1382, 1362),
    (1500, "esp:outer=6,cipher=AES-CBC,auth=SHA1-96", 1422, 1382, 1362),
    (1500, "esp:outer=6,cipher=AES-CBC,auth=SHA1-96,encap=udp", 1406, 1366, 1346),
    (1500, "esp:cipher=AES-CBC,auth=SHA256-128", 1438, 1398, 1378),
    (1500, "esp:cipher=AES-CBC,auth=SHA256-128,encap=udp", 1422, 1382, 1362),
    (1500, "esp:outer=6,cipher=AES-CBC,auth=SHA256-128", 1406, 1366, 1346),
    (1500, "esp:outer=6,cipher=AES-CBC,auth=SHA256-128,encap=udp", 1406, 1366, 1346),
    (1500, "esp:cipher=AES-CBC,auth=SHA512-256", 1422, 1382, 1362),
    (1500, "esp:cipher=AES-CBC,auth=SHA512-256,encap=udp", 1406, 1366, 1346),
    (1500, "esp:outer=6,cipher=AES-CBC,auth=SHA512-256", 1390, 1350, 1330),
    (1500, "esp:outer=6,cipher=AES-CBC,auth=SHA512-256,encap=udp", 1390, 1350, 1330),
    (1500, "esp:cipher=NULL,auth=SHA256-128", 1454, 1414, 1394),
    (1500, "esp:cipher=NULL,auth=SHA256-128,encap=udp", 1446, 1406, 1386),
    (1500, "esp:outer=6,cipher=NULL,auth=SHA256-128", 1434, 1394, 1374),
    (1500, "gre", 1476, 1436, 1416), (1500, "gre:key", 1472, 1432, 1412),
    (1500, "gre:outer=6", 1456, 1416, 1396), (1500, "gre:outer=6,encap_limit", 1448, 1408, 1388),
    (1500, "ipip", 1480, 1440, None), (1500, "sit", 1480, None, 1420),
    (1500, "ip6tnl", 1460, 1420, 1400), (1500, "ip6tnl:encap_limit", 1452, 1412, 1392),
    (1500, "vxlan", 1450, 1410, 1390), (1500, "vxlan:outer=6", 1430, 1390, 1370),
    (1500, "geneve", 1450, 1410, 1390), (1500, "geneve:outer=6", 1430, 1390, 1370),
    (1500, "l2tp2_kernel", 1460, 1420, 1400), (1500, "pptp:ppp=4,ack,mppe", 1456, 1416, 1396),
    (1500, "pptp:ppp=1,mppe", 1463, 1423, 1403),
    (1500, "pppoe", 1492, 1452, 1432), (1500, "gtpu", 1464, 1424, 1404),
    (1500, "macsec:sci,icv=16", 1468, 1428, 1408), (1500, "translate46", 1480, 1440, None),
    (1500, "route:mtu=1400", 1400, 1360, 1340),
    # inside each other
    (1500, "pppoe wireguard:outer=6,ifmtu=1420", 1408, 1368, 1348),
    (1500, "wireguard:ifmtu=1420 vxlan", 1370, 1330, 1310),
    (1500, "pppoe esp:cipher=AES-GCM-16,mode=transport gre", 1434, 1394, 1374),
    (1500, "vlan:tags=1 pppoe ipip", 1468, 1428, None),
    (1500, "sit wireguard:outer=6", 1392, 1352, 1332),
    (1500, "sit pppoe", 1472, None, 1412),
    (1500, "esp:cipher=AES-GCM-16,mode=transport", 1466, 1426, None),
    (1500, "esp:cipher=AES-GCM-16,mode=transport,outer=6", 1466, None, 1406),
    # nothing gets through
    (1500, "sit wireguard", 1408, None, None), (1500, "translate46 gre:outer=6", 1436, None, None),
]


@pytest.mark.parametrize("path, layers, inner, mss4, mss6", KNOWN,
                         ids=[f"{row[0]} {row[1]}" for row in KNOWN])
def test_known(path, layers, inner, mss4, mss6):
    done = run("--json", "-q", "calc", "--path", str(path), *layers.split())
    answer = read_json(done, "calc")
    assert (answer["inner_mtu_bytes"], answer["mss4_bytes"], answer["mss6_bytes"]) == (
        inner, mss4, mss6)
    assert answer["inputs"]["path_mtu"] == path
    assert path - sum(step["bytes"] for step in answer["steps"]) == inner


def test_steps():
    assert calc("--path", "1492", "pppoe", "wireguard:outer=6,ifmtu=1420") == {
        "schema": 1,
        "inputs": {"path_mtu": 1492, "layers": [
            {"type": "pppoe"}, {"type": "wireguard", "outer": 6, "ifmtu": 1420}]},
        "steps": [
            {"what": "pppoe: PPPoE header", "bytes": 6},
            {"what": "pppoe: PPP protocol", "bytes": 2},
            {"what": "wireguard: IPv6 header", "bytes": 40},
            {"what": "wireguard: UDP header", "bytes": 8},
            {"what": "wireguard: WireGuard header", "bytes": 16},
            {"what": "wireguard: authentication tag", "bytes": 16},
            {"what": "wireguard: round down to 16: WireGuard pads the plaintext", "bytes": 12}],
        "overhead_bytes": 88, "inner_mtu_bytes": 1392, "mss4_bytes": 1352, "mss6_bytes": 1332,
        "assumes": []}


@pytest.mark.parametrize("stack, whole, words", (
    # what is padded: the packet (in transport mode without its IP header) and what goes with it
    ("esp:cipher=AES-CBC,auth=SHA256-128,encap=udp", 2,
     "esp: padding: payload and these 2 come to a multiple of 16"),
    ("esp:cipher=AES-CBC,auth=SHA1-96,mode=transport", 2 - 20,
     "esp: padding: payload and these 2 come to a multiple of 16"),
    ("openvpn:cipher=AES-256-CBC,auth=SHA1", 1 + 4,
     "openvpn: CBC padding: at least 1, encrypted in blocks of 16")))
def test_words_of_padding(stack, whole, words):
    answer = calc(stack)
    assert answer["steps"][-1]["what"] == words
    assert (answer["inner_mtu_bytes"] + whole) % 16 == 0


def test_inputs():
    """Numbers for flags, nulls and keys without a value."""
    answer = calc_stack({"path_mtu": None, "layers": [
        {"type": "gre", "key": 1, "csum": False, "seq": None, "fou": True, "s4": None,
         "mtu": None}, {"type": "openvpn", "tls": 0, "mode": None}]})
    assert answer["inputs"] == {"path_mtu": 1500, "layers": [
        {"type": "gre", "key": True, "csum": False, "fou": 8}, {"type": "openvpn", "tls": False}]}
    assert calc("gre:fou,gue,key=0,csum=true")["inner_mtu_bytes"] == 1500 - 20 - 8 - 12 - 4 - 4
    assert calc_stack({"layers": []})["mss4_bytes"] == 1460
    assert calc("--path=1400", "--stack", "-", input='{"path_mtu":9000,"layers":[{"type":"ipip"}]}'
                )["inner_mtu_bytes"] == 1380


def test_stack_file(tmp_path):
    file = tmp_path / "stack.json"
    file.write_text('{"path_mtu":1500,"layers":[{"type":"pppoe"},{"type":"wireguard","outer":6,'
                    '"ifmtu":1420}]}')
    assert calc("--stack", str(file))["inner_mtu_bytes"] == 1408


ASSUMED = [
    ("wireguard", "no interface MTU"), ("openvpn:cipher=AES-256-CBC", "takes SHA1"),
    ("gretap:version=1", "version changes nothing"), ("ip6tnl:outer=4", "IPv6 in any case"),
    ("ipip", "no MSS for IPv6: the stack does not carry it"), ("ah", "an ICV of 12 bytes"),
    ("--path=1300 wireguard", "IPv6 inside needs 1280 bytes"),
    ("--path=70 ipip", "no MSS for IPv6"), ("--path=80 gre", "no MSS for IPv6: 56 bytes hold no"),
    ("openvpn:proto=tcp", "a TCP stream has no path MTU"), ("vxlan:opts=0", None),
    ("pppoe:outer=4", None), ("gre gre", None), ("esp:cipher=NULL,auth=none", "no ICV"),
]


@pytest.mark.parametrize("args, text", ASSUMED, ids=[row[0] for row in ASSUMED])
def test_assumes(args, text):
    assumes = calc(*args.split())["assumes"]
    if text is None:
        assert assumes == []
    else:
        assert any(text in line for line in assumes), assumes


def test_assumed_once():
    assumes = calc("wireguard", "wireguard")["assumes"]
    assert len(assumes) == len(set(assumes)) == 1


ERRORS = [
    # arguments, exit code, what stands in the message, and in the hint
    ("wiregard", 2, "layer 1: unknown kind 'wiregard', did you mean 'wireguard'?", "kinds: wireg"),
    ("none", 2, "unknown kind 'none'", "translate46, route"),
    ("pppoe gre:sqe", 2, "layer 2 (gre): unknown key 'sqe', did you mean 'seq'?",
     "gre knows: outer, key, csum, seq, encap_limit, fou, gue"),
    ("gre:s4=3", 2, "layer 1 (gre): unknown key 's4'", "gre knows"),
    ("translate46:xyzzy", 2, "unknown key 'xyzzy'", "translate46 knows no keys"),
    ("gre:key=2", 2, "key must be true, false, 1 or 0", ""),
    ("gre:key=yes", 2, "key must be true, false, 1 or 0", ""),
    ("wireguard:outer=5", 2, "outer 5 is out of range: 4 or 6", ""),
    ("wireguard:outer", 2, "outer must be a whole number, 4 or 6", ""),
    ("wireguard:outer=x", 2, "outer must be a whole number, 4 or 6", ""),
    ("wireguard:ifmtu", 2, "ifmtu must be a whole number, 68 to 65535 bytes", ""),
    ("wireguard:ifmtu=67", 2, "ifmtu 67 is out of range: 68 to 65535 bytes", ""),
    ("wireguard:ifmtu=65536", 2, "ifmtu 65536 is out of range", ""),
    ("wireguard:ifmtu=99999999999999999999", 2, "ifmtu must be a whole number", ""),
    ("wireguard:ifmtu=-1", 2, "ifmtu must be a whole number", ""),
    ("openvpn:mode=gcm", 2, "mode 'gcm' must be one of: aead, cbc, none, cfb", ""),
    ("openvpn:mode", 2, "mode must be one of: aead", ""),
    ("esp:encap=sctp", 2, "encap 'sctp' must be one of: none, udp, tcp", ""),
    ("esp:cipher=AES-XYZ", 2, "cipher 'AES-XYZ': no such cipher is known", ""),
    ("esp:cipher=AES-CBC,auth=SHA9", 2, "auth 'SHA9': no such digest is known", ""),
    ("esp:cipher", 2, "cipher must be a name", ""),
    ("openvpn:mode=aead,cipher=AES-256-CBC", 2, "mode 'aead' is not that of 'AES-256-CBC'", ""),
    ("gre:", 2, "layer 1: a key has no name", "kind[:key=value,...]"),
    ("gre:key,", 2, "a key has no name", ""), ("gre:key=", 2, "a key has no value", ""),
    ("gre:key,key=1", 2, "'key' stands there twice", ""),
    ("gre:type=gre", 2, "'type' stands there twice", ""), ("", 2, "something is missing", ""),
    ("--path 67 gre", 2, "--path 67: must be 68 to 65535 bytes", ""),
    ("--path 65536 gre", 2, "--path 65536", ""), ("--path x gre", 2, "--path x", ""),
    ("--table gre", 2, "--table goes with --path alone", ""),
    ("--table --stack -", 2, "--table goes with --path alone", ""),
    ("--stack - gre", 2, "not both", ""),
    ("--path 80 vxlan esp", 1, "layer 2 (esp) does not fit: 30 bytes are left of the path", ""),
    ("--path 68 wireguard", 1, "layer 1 (wireguard) does not fit: 68 bytes", "larger --path"),
    ("--stack /nowhere/stack", 1, "cannot read /nowhere/stack: No such file", ""),
    ("--stack /", 1, "cannot read /: Is a directory", ""),
    (" ".join(["vlan"] * 33), 2, "one word too many", ""),
]


@pytest.mark.parametrize("args, code, message, hint", ERRORS, ids=[row[0][:60] for row in ERRORS])
def test_errors(args, code, message, hint):
    words = args.split() if args != "" else []
    done = run("--json", "calc", *words, stdin=subprocess.DEVNULL)
    error = read_error(done)
    assert done.returncode == code
    assert message in error["message"], error
    assert hint in (error["hint"] or "")
    done = run("calc", *words, stdin=subprocess.DEVNULL)
    assert (done.stdout, done.returncode) == ("", code)
    assert message in done.stderr and hint in done.stderr


BAD_STACKS = [
    ("", "standard input:1:0:"), ("{", "standard input:1:1:"), ("[1,\n2", "standard input:2:1:"),
    ('{"layers":[]}x', "standard input:1:14: end of file expected"),
    ('{"layers":[],"layers":[]}', "duplicate object key"), ("null", "standard input:1:"),
    ("[]", "a stack must be an object"), ("{}", "layers must be a list"),
    ('{"layers":{}}', "layers must be a list"), ('{"layers":[1]}', "layer 1 must be an object"),
    ('{"layers":[{}]}', "layer 1 has no type"), ('{"layers":[{"type":1}]}', "layer 1 has no type"),
    ('{"layers":[{"type":"GRE"}]}', "unknown kind 'GRE', did you mean 'gre'?"),
    ('{"layers":[],"path":1500}', "unknown key 'path' beside the layers"),
    ('{"layers":[],"path_mtu":"1500"}', "path_mtu must be a whole number"),
    ('{"layers":[],"path_mtu":1500.0}', "path_mtu must be a whole number"),
    ('{"layers":[],"path_mtu":true}', "path_mtu must be a whole number"),
    ('{"layers":[],"path_mtu":67}', "path_mtu 67 is out of range: 68 to 65535"),
    ('{"layers":[],"path_mtu":-9223372036854775808}', "out of range"),
    ('{"layers":[],"path_mtu":65536}', "path_mtu 65536 is out of range"),
    ('{"layers":[{"type":"gre","key":"1"}]}', "key must be true, false, 1 or 0"),
    ('{"layers":[{"type":"gre","nonsense":null}]}', "unknown key 'nonsense'"),
    ('{"layers":[{"type":"gre","fou":8.5}]}', "fou must be a whole number, 0 to 128 bytes"),
    ('{"layers":[{"type":"gre","fou":[]}]}', "fou must be a whole number"),
    ('{"layers":[{"type":"wireguard","outer":true}]}', "outer must be a whole number"),
    ('{"layers":[{"type":"wireguard","ifmtu":false}]}', "ifmtu must be a whole number"),
    ('{"layers":[{"type":"esp","cipher":16}]}', "cipher must be a name"),
    ('{"layers":[{"type":"erspan","version":3}]}', "version 3 is out of range: 0 to 2"),
    (json.dumps({"layers": [{"type": "vlan"}] * 33}), "33 layers are too many: at most 32"),
]


@pytest.mark.parametrize("text, message", BAD_STACKS, ids=[row[0][:50] for row in BAD_STACKS])
def test_bad_stacks(text, message):
    done = run("--json", "calc", "--stack", "-", input=text)
    assert done.returncode == 2
    assert message in read_error(done)["message"]


def test_words_that_are_no_text():
    for word in (b"gr\xff", b"gre:\xff", b"esp:cipher=\xff"):
        done = run("calc", word, encoding="utf-8", errors="replace")
        assert done.returncode == 2 and "UTF-8" in done.stderr, word


def test_nesting_that_cannot_work():
    done = run("calc", "sit", "wireguard")
    assert done.returncode == 0
    assert "wireguard sends IPv4 packets, which the layers below do not carry" in done.stderr
    assert "MSS - (IPv4)  - (IPv6)" in done.stdout
    assert run("-q", "calc", "sit", "wireguard").stderr == ""


SCREEN = """\
LAYER      WHAT                                            BYTES  LEFT
path       largest IP packet                                      1492
pppoe      PPPoE header                                       -6  1486
           PPP protocol                                       -2  1484
wireguard  IPv6 header                                       -40  1444
           UDP header                                         -8  1436
           WireGuard header                                  -16  1420
           authentication tag                                -16  1404
           round down to 16: WireGuard pads the plaintext    -12  1392

 1492 |######################################################| path
 1484 |-#####################################################| pppoe 8
 1392 | ---##################################################| wireguard 92

MSS 1352 (IPv4)  1332 (IPv6)  inside MTU 1392, headers 88

Assumed:
  wireguard: no interface MTU: every packet is padded to a multiple of 16
"""


def test_screen():
    args = ("calc", "--path", "1492", "pppoe", "wireguard:outer=6")
    done = run("--ascii", *args, env={"COLUMNS": "80"})
    assert (done.stdout, done.stderr, done.returncode) == (SCREEN, "", 0)
    done = run(*args, env={"COLUMNS": "80"})
    drawn = SCREEN.replace("|", "│").replace("#", "█")
    assert done.stdout == drawn.replace("│-█", "│▒█").replace(" ---█", " ▒▒▒█")
    coloured = run("--ascii", "--color=always", *args, env={"COLUMNS": "80"}).stdout
    assert re.sub("\033\\[[0-9]*m", "", coloured) == SCREEN != coloured


@pytest.mark.parametrize("columns", [20, 40, 79, 200])
def test_ladder_fits(columns):
    """Rungs are as wide as the screen allows, to scale, and each begins where the last ended."""
    done = run("--ascii", "calc", "--path=1500", "gre", "vxlan", "wireguard", "l2tp2_kernel",
               "esp:cipher=AES-CBC", env={"COLUMNS": str(columns)})
    rungs = re.findall(r"^ *(\d+) \|([ #-]*)\| ", done.stdout, re.M)
    width = min(60, max(12, columns - 26))
    end = 0
    assert len(rungs) == 6
    for left, bar in rungs:
        assert len(bar) == width and re.fullmatch(" *-*#*", bar)
        blank, taken = len(bar) - len(bar.lstrip(" ")), bar.count("-")
        assert blank == end
        end = blank + taken
        assert abs((1500 - int(left)) / 1500 * width - end) <= (1 if width > 50 else 4)
    assert end > 1


def test_layer_that_adds_nothing():
    done = run("--ascii", "calc", "vlan", "route")
    assert "vlan   adds nothing" in done.stdout and done.returncode == 0
    assert done.stdout.count("|") == 2


def test_table():
    table = calc("--table")
    assert table["path_mtu_bytes"] == 1500
    rows = table["rows"]
    for row in rows:
        answer = calc(*row["stack"].split())
        assert numbers(answer)[0:1] + numbers(answer)[2:] == tuple(
            row[key] for key in ("inner_mtu_bytes", "mss4_bytes", "mss6_bytes"))
        assert answer["assumes"] == row["assumes"]
    seen = {(row["name"], row["outer"]): row for row in rows}
    assert len(seen) == len(rows)
    assert seen["OpenVPN UDP, AES-GCM or ChaCha20", 6]["mss4_bytes"] == 1388
    assert seen["WireGuard over PPPoE", 6]["mss6_bytes"] == 1348
    assert seen["PPPoE", None]["mss4_bytes"] == 1452
    assert [seen["IPv4 in IPv4", 4][key] for key in ("mss4_bytes", "mss6_bytes")] == [1440, None]


def test_table_for_another_path():
    rows = {(row["name"], row["outer"]): row for row in calc("--table", "--path", "1492")["rows"]}
    assert rows["WireGuard, MTU 1420 as wg-quick sets", 6]["inner_mtu_bytes"] == 1408
    small = calc("--table", "--path", "68")["rows"]
    assert {row["inner_mtu_bytes"] for row in small} > {None, 48}


def test_table_screen():
    done = run("--ascii", "calc", "--table", env={"COLUMNS": "80"})
    assert (done.stderr, done.returncode) == ("", 0)
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "CALC" not in done.stdout
    assert re.search(r"^OpenVPN UDP, AES-GCM or ChaCha20 +IPv4 +1448 +1408 +1388\n"
                     r" +IPv6 +1428 +1388 +1368$", done.stdout, re.M)
    assert re.search(r"^IPv6 in IPv4 .* IPv4 +1480 +- +1420$", done.stdout, re.M)
    wide = run("calc", "--table", env={"COLUMNS": "160"}).stdout
    assert "CALC" in wide and "esp:outer=6,cipher=AES-GCM-16,encap=udp" in wide


def test_help_lists_all():
    text = run("help", "calc").stdout
    for kind in oracle.KINDS:
        assert re.search(rf"^  {kind} ", text, re.M), kind
        for key in oracle.FLAGS.get(kind, "").split() + list(oracle.NUMBERS.get(kind, ())):
            part = text.split(f"\n  {kind} ", 1)[1]
            part = re.split(r"^  (?! )", part, maxsplit=1, flags=re.M)[0]
            assert re.search(rf"^      {key} ", part, re.M), (kind, key)
    assert run("calc", "--help").stdout == text


def test_needs_no_right_and_no_daemon():
    done = run_as_nobody("calc", "pppoe", env={"MSSCLAMP_SOCKET": "/nowhere"})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("value", [
    {"schema": 1}, {"schema": 1, "path_mtu_bytes": 1500},
    {"schema": 1, "path_mtu_bytes": 1500, "rows": [{}]}])
def test_schema_refuses(value):
    with pytest.raises(Exception, match="is not valid under any"):
        validate(value, "calc")
