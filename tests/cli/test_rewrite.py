# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl rewrite against a second implementation of its contract, byte for byte."""

import json
import os
import pathlib
import random
import re
import resource
import signal
import struct
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "lib"))

import hostile  # noqa: E402
import oracle  # noqa: E402
import packets as lib_packets  # noqa: E402

BUILD = pathlib.Path(os.environ.get("MSSCLAMP_BUILD", TESTS.parent / "build"))
PROGRAM = BUILD / "mssclampctl"
SCHEMA = TESTS.parent / "share/schema/rewrite.json"
LIMITS = {4: 1300, 6: 1280}
MICRO, NANO = 0xa1b2c3d4, 0xa1b23c4d
FRAME_MAX = 262144


def file_header(link_type, order="<", magic=MICRO, snaplen=262144, version=(2, 4)):
    return struct.pack(order + "IHHIIII", magic, *version, 0, 0, snaplen, link_type)


def record(frame, original=None, order="<", time=(1700000000, 5)):
    original = len(frame) if original is None else original
    return struct.pack(order + "4I", *time, len(frame), original) + frame


def capture(link_type, frames, order="<", **header):
    parts = [file_header(link_type, order, **header)]
    parts += [record(frame, order=order, time=(1700000000 + i, i * 7)) for i, frame in
              enumerate(frames)]
    return b"".join(parts)


def run(*args, data=None, **more):
    return subprocess.run([PROGRAM, *map(str, args)], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, **more)


def limit_options(limits, insert=False):
    options = [f"--mss{version}={limit}" for version, limit in limits.items() if limit]
    return options + ["--insert"] * insert


def rewrite(data, limits=LIMITS, insert=False):
    """Through pipes: what comes out, with exit code 0."""
    done = run("-q", "rewrite", "-", "-", *limit_options(limits, insert), data=data)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def compare(data, got, names, limits=LIMITS, insert=False):
    """Compares a result with the oracle's, and names the first packet that differs."""
    want, results = oracle.rewrite(data, limits, insert)
    if got == want:
        return
    before, wanted, came = (oracle.read(part)[2] for part in (data, want, got))
    assert got[:24] == want[:24], "the file header"
    for name, result, old, new, there in zip(names, results, before, wanted, came):
        assert there == new, (f"{name} ({result}):\n was  {old[2].hex()}\n want {new[2].hex()}\n "
                              f"got  {there[2].hex()}")
    assert len(came) == len(wanted)


@pytest.fixture(scope="module", name="packets")
def fixture_packets():
    return list(hostile.everything())


LIMIT_SETS = [{4: 1300, 6: 1280}, {4: 1360, 6: 1340}, {4: 536, 6: 1220}, {4: 88, 6: 88},
              {4: 1, 6: 65535}, {4: 65535, 6: 1}, {4: 1300, 6: None}, {4: None, 6: 1280}]


@pytest.mark.parametrize("insert", [False, True])
@pytest.mark.parametrize("limits", LIMIT_SETS, ids=str)
def test_every_packet_is_as_the_contract_says(packets, limits, insert):
    data = capture(101, [packet for _, packet in packets])
    got = rewrite(data, limits, insert)
    compare(data, got, [name for name, _ in packets], limits, insert)


def test_a_second_run_changes_nothing(packets):
    once = rewrite(capture(101, [packet for _, packet in packets]), insert=True)
    assert rewrite(once, insert=True) == once


def test_a_lower_limit_afterwards_is_the_lower_limit_at_once(packets):
    data = capture(101, [packet for _, packet in packets])
    lower = {4: 1000, 6: 900}
    assert rewrite(rewrite(data), lower) == rewrite(data, lower)


def test_results_are_counted_by_name(packets, tmp_path):
    data = capture(101, [packet for _, packet in packets])
    (tmp_path / "in").write_bytes(data)
    done = run("--json", "rewrite", tmp_path / "in", tmp_path / "out", "--insert", "--mss4", 1300,
               "--mss6", 1280)
    answer = json.loads(done.stdout)
    _, results = oracle.rewrite(data, LIMITS, insert=True)
    counts = answer["syn"] | {f"{k}_total": v for k, v in answer["syn"]["left_alone"].items()}
    assert answer["packets_total"] == counts["seen_total"] == len(results)
    for name in set(results) | {"dropped", "raised", "bridge", "userns"}:
        assert counts[f"{name}_total"] == results.count(name), name
    parts = ("clamped", "inserted", "raised", "dropped", "already_small", "no_mss", "no_limit",
             "left_alone")
    assert counts["seen_total"] == sum(counts[f"{part}_total"] for part in parts)


def test_what_tshark_reads_of_it(tmp_path):
    """Each MSS, and that nothing is wrong with a checksum; tshark knows nothing of the oracle."""
    frames = [lib_packets.syn(source, target, lib_packets.mss(value))
              for value in (1460, 1300, 1279, 536)
              for source, target in (("192.0.2.2", "198.51.100.2"), ("2001:db8:1::2", "2001:db8:2::2"))]
    (tmp_path / "out.pcap").write_bytes(rewrite(capture(101, frames)))
    done = subprocess.run(["tshark", "-n", "-r", tmp_path / "out.pcap", "-o", "tcp.check_checksum:TRUE",
                           "-Tfields", "-e", "tcp.options.mss_val", "-e", "tcp.checksum.status"],
                          capture_output=True, text=True, check=True, timeout=120)
    assert [tuple(map(int, line.split())) for line in done.stdout.splitlines()] == [
        (min(value, limit), 1) for value in (1460, 1300, 1279, 536) for limit in (LIMITS[4], LIMITS[6])]


def test_json_follows_its_schema(tmp_path):
    import jsonschema
    (tmp_path / "in").write_bytes(capture(101, [hostile.ip(4, hostile.tcp(4, hostile.mss(1460)))]))
    done = run("--json", "rewrite", tmp_path / "in", tmp_path / "out", "--mss4=1300")
    schema = json.loads(SCHEMA.read_text())
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({k: v for k, v in answer.items() if k != "syn"}, schema)


MACS = bytes.fromhex("020000000001020000000002")
TAG, SERVICE, OLD = b"\x81\x00\x00\x05", b"\x88\xa8\x20\x07", b"\x91\x00\xe0\x09"


def link_headers(version):
    """Link type, a name and the bytes in front of an IP packet of that version."""
    kind = {4: b"\x08\x00", 6: b"\x86\xdd"}[version]
    cooked = struct.pack("!HHH", 0, 1, 6) + MACS[:6] + b"\0\0"
    cooked2 = struct.pack("!HIHBB", 0, 3, 1, 4, 6) + MACS[:6] + b"\0\0"
    for link_type in (101, 12, 14, {4: 228, 6: 229}[version]):
        yield link_type, "plain", b""
    for name, tags in {"plain": b"", "VLAN": TAG, "QinQ": SERVICE + TAG, "old QinQ": OLD + TAG,
                       "VLAN in VLAN": TAG + TAG, "three tags": SERVICE + TAG + TAG}.items():
        yield 1, name, MACS + tags + kind
        # Cooked headers hold the first EtherType; the rest of the tags follows them.
        parts = tags + kind
        yield 113, name, cooked + parts[:2] + parts[2:]
        yield 276, name, parts[:2] + cooked2 + parts[2:]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("magic", [MICRO, NANO])
@pytest.mark.parametrize("insert", [False, True])
def test_every_link_type(packets, order, magic, insert):
    some = packets[::97]
    for version in (4, 6):
        for link_type, name, header in link_headers(version):
            # Packets of the other version under this header must stay, too.
            data = capture(link_type, [header + packet for _, packet in some], order, magic=magic)
            names = [f"{link_type} {name}: {packet}" for packet, _ in some]
            got = rewrite(data, insert=insert)
            compare(data, got, names, insert=insert)
            assert got != data, (link_type, name)


def test_bits_above_the_link_type_stay():
    frame = MACS + b"\x08\x00" + hostile.ip(4, hostile.tcp(4, hostile.mss(1460))) + bytes(4)
    data = capture(0x24000001, [frame])
    compare(data, rewrite(data), ["frame check sequence"])
    assert rewrite(data) != data


def test_frames_that_are_not_ip_or_too_short_stay():
    syn = hostile.ip(4, hostile.tcp(4, hostile.mss(1460)))
    frames = [MACS + kind + syn for kind in (b"\x08\x06", b"\x00\x30", b"\x86\xdd", b"\x88\x64")]
    for link_type, header in ((1, MACS + TAG + b"\x08\x00"), (113, bytes(14) + TAG + b"\x08\x00"),
                              (276, TAG[:2] + bytes(18) + TAG[2:] + b"\x08\x00")):
        cut = [header[:size] for size in range(len(header) + 1)]
        data = capture(link_type, (frames if link_type == 1 else []) + cut)
        assert rewrite(data, insert=True) == data


def test_snapped_packets_stay():
    syn = hostile.ip(4, hostile.tcp(4, hostile.mss(1460)))
    data = file_header(101)
    for size in range(len(syn) + 1):
        data += record(syn[:size], len(syn))
    data += record(syn + bytes(9), len(syn) + 10) + record(syn, 65535) + record(syn, 2**32 - 1)
    got = rewrite(data, insert=True)
    compare(data, got, [f"snapped at {size}" for size in range(len(syn) + 4)])
    changed = [new != old for new, old in zip(oracle.read(got)[2], oracle.read(data)[2])]
    assert changed == [False] * len(syn) + [True] + [False] * 3


def test_lengths_of_which_the_captured_one_is_larger():
    syn = hostile.ip(4, hostile.tcp(4))
    data = file_header(101) + record(syn, 0) + record(syn, len(syn) - 1)
    compare(data, rewrite(data, insert=True), ["0", "1 less"], insert=True)


def test_snap_length_follows_a_frame_that_outgrows_it(tmp_path):
    syn = hostile.ip(4, hostile.tcp(4))
    for snaplen, after in ((40, 44), (43, 44), (44, 44), (0, 0), (65535, 65535)):
        data = capture(101, [syn], snaplen=snaplen)
        (tmp_path / "in").write_bytes(data)
        done = run("rewrite", tmp_path / "in", tmp_path / "out", "--mss4=1300", "--insert")
        got = (tmp_path / "out").read_bytes()
        compare(data, got, ["SYN"], insert=True)
        assert struct.unpack("<I", got[16:20])[0] == after
        assert b"warning" not in done.stderr
        piped = run("rewrite", "-", "-", "--mss4=1300", "--insert", data=data)
        assert (b"warning" in piped.stderr) == (snaplen != after)
        assert piped.stdout[:24] == data[:24] and piped.stdout[24:] == got[24:]


@pytest.mark.parametrize("link_type, name", [(0, b"NULL"), (105, b"IEEE802_11"), (108, b"LOOP"),
                                             (9, b"PPP"), (147, b"USER0"), (4711, b"unknown")])
def test_other_link_types_are_refused_by_name(tmp_path, link_type, name):
    (tmp_path / "in").write_bytes(capture(link_type, [b"frame"]))
    done = run("rewrite", tmp_path / "in", tmp_path / "out", "--mss4=1300")
    assert done.returncode == 1
    assert b"link type %d (%s)" % (link_type, name) in done.stderr
    assert b"1 (ETHERNET)" in done.stderr and b"276 (LINUX_SLL2)" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["in"]


PCAPNG = struct.pack("<IIIHHqI", 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28)


@pytest.mark.parametrize("data, words", [
    (PCAPNG, b"pcapng"), (b"\x1f\x8b\x08" + bytes(40), b"gzip"), (b"", b"empty"),
    (b"\x28\xb5\x2f\xfd" + bytes(40), b"zstd"), (b"hello, world" * 4, b"is no capture"),
    (struct.pack("<I", 0xa1b2cd34) + bytes(40), b"modified pcap"),
    (file_header(101, version=(2, 2)), b"version"), (file_header(101)[:23], b"ends at byte 23"),
    (file_header(101)[:1], b"ends at byte 1"), (PCAPNG[:8], b"pcapng"),
])
def test_other_files_are_refused_by_name(tmp_path, data, words):
    (tmp_path / "in").write_bytes(data)
    done = run("rewrite", tmp_path / "in", tmp_path / "out", "--mss4=1300")
    assert done.returncode == 1
    assert words in done.stderr and b"/in" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["in"]


def test_a_header_alone_is_a_capture(tmp_path):
    for order in "<>":
        data = capture(1, [], order)
        assert rewrite(data) == data


def test_cut_files_say_where_and_keep_what_came_before(tmp_path):
    frames = [hostile.ip(4, hostile.tcp(4, hostile.mss(1460), bytes(n))) for n in range(3)]
    data = capture(101, frames)
    ends = [24]
    for frame in frames:
        ends.append(ends[-1] + 16 + len(frame))
    for size in range(24, len(data)):
        (tmp_path / "in").write_bytes(data[:size])
        done = run("rewrite", tmp_path / "in", tmp_path / "out", "--mss4=1300")
        whole = max(i for i, end in enumerate(ends) if end <= size)
        kept = (tmp_path / "out").read_bytes()
        compare(data[:ends[whole]], kept, ["kept"] * whole)
        assert len(kept) == ends[whole]
        if size == ends[whole]:
            assert done.returncode == 0
            continue
        part = b"header" if size - ends[whole] < 16 else b"frame"
        assert done.returncode == 1
        assert b"byte %d, in the %s of record %d" % (size, part, whole + 1) in done.stderr
        assert b"%d records before" % whole in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]


@pytest.mark.parametrize("length", [FRAME_MAX + 1, 2**31, 2**32 - 1])
def test_impossible_lengths_say_where(tmp_path, length):
    start = capture(101, [hostile.ip(4, hostile.tcp(4, hostile.mss(1460)))])
    (tmp_path / "in").write_bytes(start + struct.pack("<4I", 1, 2, length, length) + bytes(99))
    done = run("--json", "rewrite", tmp_path / "in", tmp_path / "out", "--mss4=1300")
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["error"]["name"] == "org.mssclamp.Failed"
    assert f"byte {len(start)}: record 2 says it holds {length} bytes" in answer["error"]["message"]
    compare(start, (tmp_path / "out").read_bytes(), ["first"])


def test_flipped_bytes_never_crash_it(packets):
    rng = random.Random(3)
    frames = [MACS + b"\x08\x00" + packet for _, packet in packets[::400]]
    data = capture(1, frames)
    for _ in range(100):
        damaged = bytearray(data)
        for _ in range(len(data) // 50):
            damaged[rng.randrange(len(data))] = rng.getrandbits(8)
        for part in (damaged, damaged[24:]):  # the second one with a good file header
            broken = bytes(part) if part is damaged else data[:24] + bytes(part)
            done = run("rewrite", "-", "-", "--mss4=1300", "--insert", data=broken)
            assert done.returncode in (0, 1) and b"Sanitizer" not in done.stderr
            assert len(done.stdout) <= len(broken) + 4 * len(frames)


def old_captures(packets):
    """Name and bytes: what may be left of a capture in a drawer."""
    data = capture(1, [MACS + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet
                       for _, packet in packets[::160]])
    assert len(data) > 4096 + 64
    for size in range(4096):
        yield f"cut at {size}", data[:size]
    rng = random.Random(4)
    for n in range(64):
        damaged = bytearray(data)
        for _ in range(len(data) // 50):
            damaged[rng.randrange(24, len(data))] = rng.getrandbits(8)
        yield f"2 % of its bytes are others, {n}", bytes(damaged)
    for captured, original in ((0, 0), (0, 2**32 - 1), (60, 20), (2**32 - 1, 2**32 - 1), (2**31, 60),
                               (FRAME_MAX + 1, FRAME_MAX + 1), (FRAME_MAX, 2**32 - 1), (13, 60)):
        lie = struct.pack("<4I", 1, 2, captured, original)
        yield f"lengths {captured} and {original}", data[:24] + lie + data[40:]
        yield f"lengths {captured} and {original} at the end", data + lie


def test_old_captures_are_rewritten_or_refused(packets):
    """What came out is right as far as it goes, behind that there is a reason, and 64 MiB are enough
    for each."""
    refused = 0
    for name, data in old_captures(packets):
        done = subprocess.run(["prlimit", f"--as={64 << 20}", PROGRAM, "-q", "rewrite", "-", "-",
                               *limit_options(LIMITS, True)], input=data, capture_output=True,
                              timeout=60, check=False)
        code, out, err = done.returncode, done.stdout, done.stderr
        assert code in (0, 1) and b"Sanitizer" not in err, (name, err)
        refused += code
        if code:
            assert err.startswith(b"mssclampctl: "), name
        if len(data) < 24:
            assert code == 1 and out == b"", name
            continue
        whole = data[:whole_records(data)]
        assert code == (len(whole) < len(data)), name
        compare(whole, out, [name] * len(oracle.read(whole)[2]), insert=True)
    assert refused > 4000


def whole_records(data):
    """Where the last record ends that is whole and may be as long as it says."""
    at = 24
    while at + 16 <= len(data):
        captured = struct.unpack_from("<I", data, at + 8)[0]
        if captured > FRAME_MAX or at + 16 + captured > len(data):
            break
        at += 16 + captured
    return at


def test_the_longest_frame_passes():
    syn = hostile.ip(4, hostile.tcp(4))
    for size in (FRAME_MAX - 4, FRAME_MAX - 3, FRAME_MAX):
        data = capture(101, [syn + bytes(size - len(syn))])
        got = rewrite(data, insert=True)
        assert len(got) - len(data) == (4 if size + 4 <= FRAME_MAX else 0)
        assert rewrite(got) == got


def test_memory_stays_bounded(tmp_path):
    data = file_header(1, snaplen=0) + 300 * record(bytes(FRAME_MAX))
    with subprocess.Popen([PROGRAM, "-q", "rewrite", "-", tmp_path / "out", "--mss4=1300"],
                          stdin=subprocess.PIPE) as process:
        process.stdin.write(data)
        process.stdin.flush()
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        process.stdin.close()
    peak_kib = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    assert process.returncode == 0 and (tmp_path / "out").read_bytes() == data
    assert peak_kib << 10 < len(data) / 2  # with sanitizers too


def test_the_same_file_is_refused(tmp_path):
    data = capture(101, [hostile.ip(4, hostile.tcp(4, hostile.mss(1460)))])
    (tmp_path / "in").write_bytes(data)
    (tmp_path / "symlink").symlink_to("in")
    os.link(tmp_path / "in", tmp_path / "hardlink")
    for source, target in (("in", "in"), ("in", "symlink"), ("hardlink", "in"), ("symlink", "in")):
        done = run("rewrite", tmp_path / source, tmp_path / target, "--mss4=1300")
        assert done.returncode == 2 and b"same file" in done.stderr
    with open(tmp_path / "in", "rb") as stdin:
        done = subprocess.run([PROGRAM, "rewrite", "-", tmp_path / "in", "--mss4=1300"],
                              stdin=stdin, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 2
    assert (tmp_path / "in").read_bytes() == data
    assert sorted(os.listdir(tmp_path)) == ["hardlink", "in", "symlink"]


def test_a_full_disk_leaves_nothing(tmp_path):
    (tmp_path / "in").write_bytes(capture(101, [bytes(1000)] * 1000))
    (tmp_path / "old").write_bytes(b"what was there")
    for name in ("new", "old"):
        done = run("rewrite", tmp_path / "in", tmp_path / name, "--mss4=1300", preexec_fn=lambda:
                   resource.setrlimit(resource.RLIMIT_FSIZE, (500000, 500000)))
        assert done.returncode == 1
        assert name.encode() + b": cannot be written: File too large" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["in", "old"]
    assert (tmp_path / "old").read_bytes() == b"what was there"
    done = run("rewrite", tmp_path / "in", "/dev/full", "--mss4=1300")
    assert done.returncode == 1 and b"No space left" in done.stderr


def test_devices_and_links_are_written_to_not_replaced(tmp_path):
    data = capture(101, [hostile.ip(4, hostile.tcp(4, hostile.mss(1460)))])
    (tmp_path / "in").write_bytes(data)
    assert run("rewrite", tmp_path / "in", "/dev/null", "--mss4=1300").returncode == 0
    assert pathlib.Path("/dev/null").is_char_device()
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "target").chmod(0o640)
    (tmp_path / "link").symlink_to("target")
    assert run("rewrite", tmp_path / "in", tmp_path / "link", "--mss4=1300").returncode == 0
    compare(data, (tmp_path / "target").read_bytes(), ["SYN"])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("args, words", [
    (["-", "-"], b"needs a limit"), (["-"], b""), (["-", "-", "-", "--mss4=1"], b""), ([], b""),
    (["-", "-", "--mss4=0"], b"--mss4"), (["-", "-", "--mss6=65536"], b"--mss6"),
    (["-", "-", "--mss4=1400x"], b"1400x"), (["-", "-", "--mss4=-1"], b"--mss4"),
    (["-", "-", "--mss4="], b"--mss4"), (["-", "-", "--mss5=1"], b"--mss5"),
    (["-", "-", "--mss4=1", "--json"], b"standard output"),
])
def test_bad_command_lines(args, words):
    done = run("rewrite", *args, data=b"")
    assert done.returncode == 2
    assert words in done.stderr + done.stdout


def test_files_that_cannot_be_opened(tmp_path):
    (tmp_path / "in").write_bytes(capture(101, []))
    for source, target, word in (("none", "out", b"none"), ("in", "no/out", b"no/out"),
                                 (".", "out", b"directory"), ("in", ".", b"directory")):
        done = run("rewrite", tmp_path / source, tmp_path / target, "--mss4=1300")
        assert done.returncode == 1 and word in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["in"]


def test_the_summary_is_one_line(tmp_path):
    (tmp_path / "in").write_bytes(capture(101, [hostile.ip(4, hostile.tcp(4, hostile.mss(1460))),
                                                hostile.ip(4, hostile.tcp(4)), b"\0"]))
    done = run("rewrite", tmp_path / "in", tmp_path / "out", "--mss4=1300", "--insert")
    assert done.stdout == b""
    assert done.stderr == (b"3 packets, 2 SYNs, 1 clamped, 1 inserted, 1 unchanged: not_ip 1\n")


# A filesystem without nameless files looks the same as a /proc that does not show them.
NO_PROC = 'mount --bind "$0" "/proc/$$/fd" && exec "$@"'


def start_and_stall(tmp_path, named):
    """A rewrite that waits for more input with half of its output written."""
    (tmp_path / "out").write_bytes(b"what was there")
    (tmp_path / "empty").mkdir()
    prefix = ["unshare", "-m", "sh", "-c", NO_PROC, tmp_path / "empty"] if named else []
    process = subprocess.Popen([*prefix, PROGRAM, "rewrite", "-", tmp_path / "out", "--mss4=1300"],
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(capture(101, [bytes(100000)] * 20))
    process.stdin.flush()  # more than a pipe holds: it reads, so its output is open
    return process


@pytest.mark.parametrize("named, number", [
    (False, signal.SIGTERM), (False, signal.SIGINT), (False, signal.SIGKILL),
    (True, signal.SIGTERM), (True, signal.SIGINT), (True, signal.SIGHUP)])
def test_a_signal_leaves_nothing(tmp_path, named, number):
    process = start_and_stall(tmp_path, named)
    assert len([name for name in os.listdir(tmp_path) if name.startswith("out.")]) == named
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number
    assert sorted(os.listdir(tmp_path)) == ["empty", "out"]
    assert (tmp_path / "out").read_bytes() == b"what was there"


@pytest.mark.parametrize("named", [False, True])
def test_an_ignored_signal_stays_ignored(tmp_path, named):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = start_and_stall(tmp_path, named)
    finally:
        signal.signal(signal.SIGINT, before)
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1].startswith(b"20 packets")
    assert process.returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["empty", "out"]
    assert (tmp_path / "out").read_bytes() == capture(101, [bytes(100000)] * 20)
