# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages say what the programs' own tables say."""

import json
import re
import struct
import subprocess

import pytest
import replies
from fake_daemon import BUILD, PROGRAM, TOP, FakeDaemon
from netns import until

MAN = TOP / "doc/man"
PAGES = ("mssclampd.8", "mssclampctl.8", "mssclamp.conf.5", "mssclamp-metrics.7", "mssclamp-mtu.7",
         "mssclamp-overhead.7", "mssclamp-exporter.8", "mssclamp-facts.8", "mssclamp-notify.8")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The pages as `make man` would write them now."""
    out = tmp_path_factory.mktemp("man")
    subprocess.run([MAN / "make", BUILD, out], check=True)
    return out


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_up_to_date(made, page):
    assert (made / page).read_text(encoding="utf-8") == (MAN / page).read_text(encoding="utf-8"), (
        f"run make man and commit doc/man/{page}")


def test_no_other_pages(made):
    assert sorted(file.name for file in made.iterdir()) == sorted(PAGES)
    assert sorted(file.name for file in MAN.glob("*.[0-9]")) == sorted(PAGES)


def plain(page):
    """What a terminal shows of it, without bold and underlined."""
    shown = subprocess.run(["mandoc", "-Tutf8", "-Owidth=80", MAN / page], capture_output=True,
                           check=True, text=True).stdout
    return re.sub(".\b", "", shown)


@pytest.mark.parametrize("page", PAGES)
def test_fits_a_screen(page):
    """But for examples and tables, which are indented."""
    wide = [line for line in plain(page).splitlines()
            if len(line) > (90 if line.startswith(11 * " ") else 80)]
    assert not wide


def test_every_command():
    shown = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z]+) ", shown.split("Commands:\n")[1].split("\n\n")[0], re.M)
    assert len(commands) > 15
    page = plain("mssclampctl.8")
    for command in commands:
        assert re.search(rf"^ +{command}( |$)", page, re.M), command


@pytest.mark.parametrize("program, count", (("mssclampd", 7), ("mssclamp-notify", 5), ("mssclamp-exporter", 4),
                                            ("mssclamp-facts", 3)))
def test_help_and_page_name_the_same_options(program, count):
    """Each with its letter and its value, in one order, and the same synopsis."""
    done = subprocess.run([BUILD / program, "--help"], capture_output=True, text=True, check=True, timeout=60)
    options = re.findall(r"^ +((?:-\w, )?--[a-z]+(?: [A-Z:]+)?)  +\S", done.stdout, re.M)
    assert len(options) == count and {"-h, --help", "-V, --version"} <= set(options) and done.stderr == ""
    section = plain(f"{program}.8").split("\nOPTIONS\n")[1].split("\nS")[0]
    assert re.findall(r"^ {7}(-\S.*)$", section, re.M) == options
    synopsis = " ".join(plain(f"{program}.8").split("\nSYNOPSIS\n")[1].split("\nDESCRIPTION\n")[0].split())
    assert done.stdout.startswith(f"usage: {synopsis}\n")
    assert subprocess.run([BUILD / program, "--version"], capture_output=True, timeout=60).stdout.startswith(
        program.encode() + b" ")
    done = subprocess.run([BUILD / program, "--nonsense"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "usage: " in done.stderr and done.stdout == ""


@pytest.mark.parametrize("option", ("--help", "--version"))
@pytest.mark.parametrize("program", ("mssclampd", "mssclampctl", "mssclamp-facts", "mssclamp-notify",
                                     "mssclamp-exporter"))
def test_what_does_not_arrive_is_a_failure(program, option):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([BUILD / program, option], stdout=full, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=60)
    assert (done.returncode, done.stderr) == (
        1, f"{program}: cannot write the output: No space left on device\n")


def calc(words, path=1500):
    """(MTU inside, MSS of IPv4, of IPv6) or what there is of them."""
    done = subprocess.run([PROGRAM, "--json", "calc", "--path", str(path), *words.split()], capture_output=True,
                          text=True, check=True)
    answer = json.loads(done.stdout)
    return answer["inner_mtu_bytes"], answer["mss4_bytes"], answer["mss6_bytes"]


@pytest.fixture(scope="module")
def mtu():
    """mssclamp-mtu(7) as one line."""
    return " ".join(plain("mssclamp-mtu.7").replace("‐\n", "-").split())


def number(text, pattern):
    found = re.search(pattern, text)
    assert found, pattern
    return [float(one) if "." in one else int(one) for one in found.groups()]


def test_mtu_headers(mtu):
    assert number(mtu, r"MTU less (\d+)\. An IPv6 header has 40: the MTU less (\d+)\.") == [40, 60]
    assert number(mtu, r"On Ethernet that is (\d+) for IPv4 and (\d+) for IPv6") == [1460, 1440]
    four, six = number(mtu, r"a path of 1500 bytes carries packets of (\d+) over IPv4 and of (\d+) over IPv6")
    assert (four, six) == (calc("wireguard:outer=4")[0], calc("wireguard:outer=6,ifmtu=1420")[0])
    both, block, larger = number(mtu, r"(\d+), which wg-quick sets, fits both\..*?WireGuard to (\d+) bytes.*?"
                                      r"where that is larger, only (\d+) fit over IPv6")
    assert {calc(f"wireguard:outer={outer},ifmtu={both}")[0] for outer in (4, 6)} == {both}
    assert larger == calc(f"wireguard:outer=6,ifmtu={both + block}")[0]


def test_mtu_cost(mtu):
    small, large, packets, headers, before = number(
        mtu, r"an MSS of (\d+) instead of (\d+) sends ([\d.]+) % more packets, and ([\d.]+) % of each packet "
             r"instead of ([\d.]+) % are")
    assert (packets, headers, before) == (round(100 * large / small - 100, 1), round(4000 / (small + 40), 1),
                                          round(4000 / (large + 40), 1))
    least, times, work = number(mtu, r"an MSS of (\d+) there are ([\d.]+) times as many packets, .*? grows ([\d.]+)")
    assert times == work == round(large / least, 1)


def test_mtu_numbers_that_people_copy(mtu):
    assert number(mtu, r"1420 is the MTU\. The MSS is (\d+) for IPv4 and (\d+) for IPv6") == list(
        calc("wireguard:ifmtu=1420")[1:])
    most, least = calc("pptp:ppp=4"), calc("pptp:ppp=4,ack,mppe")
    assert number(mtu, r"take (\d+) to (\d+) bytes: (\d+) to (\d+), and (\d+) fits") == [
        1500 - most[0], 1500 - least[0], least[1], most[1], least[1]]
    gcm, long = number(mtu, r"It is (\d+) for AES-GCM over IPv4, and (\d+) or less for long digests")
    assert gcm == calc("esp:cipher=AES-256-GCM")[1]
    assert long == calc("esp:cipher=AES-256-CBC,auth=SHA512,encap=udp,outer=6")[1]
    payload, mss = number(mtu, r"It limits the UDP payload to (\d+); the MSS becomes (\d+) with AES-GCM")
    assert mss == calc("openvpn:outer=4", payload + 28)[1]
    sent, four, six = number(mtu, r"Sends packets of (\d+) bytes.*?(\d+) for IPv4 and (\d+) for IPv6 fill 1500")
    assert (sent, four, six) == (1500 + 20 + 8, 1500 - 20 - 8, 1500 - 40 - 8)


def frame(family, flags):
    """An Ethernet frame with a TCP header."""
    tcp = struct.pack("!HHIIBBHHH", 1, 2, 0, 0, 0x50, flags, 0, 0, 0)
    if family == 4:
        return bytes(12) + b"\x08\x00" + struct.pack("!BBHIBBH8x", 0x45, 0, 40, 0, 64, 6, 0) + tcp
    return bytes(12) + b"\x86\xdd" + struct.pack("!IHBB32x", 6 << 28, 20, 6, 64) + tcp


def test_mtu_filters_of_tcpdump(mtu, tmp_path):
    """The first shows SYNs of IPv4 alone, the second those of IPv6."""
    first, second = re.search(r"tcpdump '([^']+)' Shows IPv4 alone\. For IPv6: '([^']+)'", mtu).groups()
    file = tmp_path / "syns.pcap"
    frames = [frame(4, 0x02), frame(4, 0x10), frame(6, 0x12), frame(6, 0x10)]
    file.write_bytes(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + b"".join(
        struct.pack("<IIII", 0, 0, len(one), len(one)) + one for one in frames))

    def shown(words):
        done = subprocess.run(["tcpdump", "-nn", "-r", file, words], capture_output=True, text=True, check=True)
        return [line.split()[1] for line in done.stdout.splitlines()]
    assert (shown(first), shown(second)) == (["IP"], ["IP6"])


def test_what_notify_says_of_the_daemon(tmp_path):
    said = tmp_path / "said"
    with open(said, "w", encoding="utf-8") as log, subprocess.Popen(
            [BUILD / "mssclamp-notify", "-s", tmp_path / "nobody", "-c", "/dev/null"], stderr=log) as process:
        try:
            line = until(lambda: re.search("^.*cannot reach.*\n", said.read_text(encoding="utf-8"), re.M),
                         "it says whom it cannot reach", 20)[0]
            for times in (1, 2):
                with FakeDaemon(tmp_path / "nobody", {**replies.ALL, "Subscribe": [replies.SUBSCRIBED]}):
                    until(lambda n=times: said.read_text(encoding="utf-8").count("mssclampd answers again\n") == n,
                          "it is back", 40)
        finally:
            process.kill()
    assert line.startswith("mssclamp-notify: ")
