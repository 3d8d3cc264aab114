# SPDX-License-Identifier: GPL-2.0-or-later
"""What README and doc/ show of our programs is what these programs take: commands parse,
configurations are valid, `calc` prints what stands there, links lead somewhere, and no block of a
guide goes untried."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]

import pages  # noqa: E402
from daemon import MSSCLAMPCTL, MSSCLAMPD  # noqa: E402
from netns import SLOW, Namespace  # noqa: E402

TOP = pages.TOP
PAGES = sorted([*(TOP / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")), *TOP.glob("doc/*.md"),
                *TOP.glob("doc/man/*.scd"), *pages.pages()])
BAD_COMMAND_LINE = 2
OUT_OF_TIME = 124

SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin"

pytestmark = pytest.mark.skipif(os.environ.get("MSSCLAMP_LAB") == "stock", reason="not for the VM")


@pytest.fixture(scope="module")
def nowhere():
    """A namespace without links, so that nothing can be sent or changed."""
    namespace = Namespace("nowhere")
    yield namespace
    namespace.close()


def blocks(path):
    """(line, text) of each fenced or indented block."""
    lines = path.read_text(encoding="utf-8").splitlines()
    begin = None
    for number, line in enumerate(lines):
        if line.lstrip().startswith("```"):
            if begin is not None:
                yield begin + 1, "\n".join(lines[begin + 1:number]) + "\n"
                begin = None
            else:
                begin = number
        elif begin is None and line.startswith("    "):
            yield number + 1, line.strip() + "\n"


def spans(path):
    """(line, text) of each `...` in running text, in a manual page of each bold one; it may go over the
    end of a line."""
    text = re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"),
                  path.read_text(encoding="utf-8"), flags=re.M | re.S)
    bold = re.finditer(r"(?<!\\)\*([^*]+)\*", text) if path.suffix == ".scd" else None
    for found in bold or re.finditer(r"`([^`]+)`", text):
        word = found[1] if bold is None else re.sub(r"_(\w+)_$", r"\1", found[1]).replace("\\", "")
        yield text.count("\n", 0, found.start()) + 1, word.replace("\n", " ")


def words(command):
    """A command line as its words, up to what is for a shell; None for one with placeholders, and for
    a sentence that goes on with a command."""
    command = re.split(r" (?:\|\||\||&&|2?>|;)|; |&$", command)[0]
    try:
        split = shlex.split(command, comments=True)
    except ValueError:
        return None
    if any(re.fullmatch(r"\[.*|.*\]|.*\.\.\.|<-.*", word) for word in split) or command.endswith("."):
        return None
    return split


def commands(path):
    """(line, words behind the name) of each call of mssclampctl that is shown. What stands in
    running text as one word is its name."""
    shown = [(line + number, text, True) for line, block in blocks(path)
             for number, text in enumerate(block.splitlines())]
    for line, text, call in shown + [(*span, False) for span in spans(path)]:
        found = re.match(r"\s*(?:[$#] )?(?:sudo )?(?:PostUp = )?(mssclampctl(?: .*)?)$", text)
        if found and (split := words(found[1])) and split[1:]:
            yield line, split[1:] if call or len(split) > 2 else ["help", split[1]]


FILLED = {"N": "1400", "MSS": "1300", "FLOW": "192.0.2.1", "SEC": "1", "COMMAND": "status"}


def cases(find):
    return [pytest.param(path, *row, id=f"{path.relative_to(TOP)}:{row[0]}")
            for path in PAGES for row in find(path)]


def code_of(argv, nowhere, cwd):
    """The exit code of a line; what it says. There is no daemon, so that nothing comes of it, and
    `wait` does not wait for one."""
    argv = [FILLED.get(word, word) for word in argv]
    if argv[0] == "wait":
        argv = ["0.1" if before == "--for" else word for before, word in zip(["", *argv], argv)]
    done = nowhere.run("timeout", str(60 * SLOW), MSSCLAMPCTL, "-s", "/nowhere", *argv, check=False,
                       cwd=cwd)
    assert done.returncode != OUT_OF_TIME, f"mssclampctl {argv} does not end"
    return done.returncode, f"mssclampctl {argv}\n{done.stderr}"


@pytest.mark.parametrize("path, line, argv", cases(commands))
def test_command_parses(path, line, argv, nowhere, tmp_path):
    code, said = code_of(argv, nowhere, tmp_path)
    assert code != BAD_COMMAND_LINE, said


def test_a_line_with_an_option_that_is_none_does_not(nowhere, tmp_path):
    """Of each command that is shown, its first line."""
    first = {}
    for path in PAGES:
        for _, argv in commands(path):
            first.setdefault(argv[0], argv)
    assert len(first) > 15
    good = [argv for argv in first.values()
            if code_of([*argv, "--nonsense"], nowhere, tmp_path)[0] != BAD_COMMAND_LINE]
    assert not good


def test_examples_of_help(nowhere, tmp_path):
    """Those that the table of commands has, which are in mssclampctl(8) as well."""
    listed = subprocess.run([MSSCLAMPCTL, "--help"], capture_output=True, text=True, check=True).stdout
    commands_section = listed.split("Commands:\n")[1].split("\n\n")[0]
    tried = 0
    for command in re.findall(r"^  ([a-z]+) ", commands_section, re.M):
        shown = subprocess.run([MSSCLAMPCTL, "help", command], capture_output=True, text=True, check=True).stdout
        for line in re.findall(r"^ +mssclampctl (.*)$", shown, re.M):
            code, said = code_of(words(line), nowhere, tmp_path)
            assert code != BAD_COMMAND_LINE, said
            tried += 1
    assert tried > 6


def calcs(path):
    """(line, argv, what is printed) of each calc that is shown with its output."""
    for line, block in blocks(path):
        if block.startswith("$ mssclampctl calc"):
            for command, printed in pages.commands(block):
                yield line, words(command)[1:], printed


@pytest.mark.parametrize("path, line, argv, printed", cases(calcs))
def test_calc_prints_what_the_page_shows(path, line, argv, printed):
    """As wide as a terminal, or as the machines of the guides."""
    shown = [subprocess.run([MSSCLAMPCTL, *argv], capture_output=True, text=True, check=False,
                            env={**os.environ, "COLUMNS": columns, "LC_ALL": "C.UTF-8"}).stdout
             for columns in ("80", "100")]
    assert any(pages.same(printed, one) for one in shown), shown[0]


SETTING = re.compile(r"^\s*[a-z_]+ *= *(?:[({\[\"]|\d+;|true;|false;)")


def configurations(path):
    """(line, text): blocks of settings, and settings in running text."""
    for line, block in blocks(path):
        rows = block.splitlines()
        first = next((row for row in rows if not row.lstrip().startswith(("//", "#"))), "")
        if SETTING.match(first) and block.rstrip().endswith(";"):
            yield line, block
    for line, text in spans(path):
        if SETTING.match(text) and text.endswith(";") and "..." not in text:
            yield line, text


@pytest.mark.parametrize("path, line, text", cases(configurations))
def test_configuration_is_valid(path, line, text, tmp_path):
    file = tmp_path / "mssclamp.conf"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run([MSSCLAMPD, "-t", "-c", str(file)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr


def sums(words, path=1500):
    """(MSS for IPv4, for IPv6) as calc has it."""
    done = subprocess.run([MSSCLAMPCTL, "--json", "calc", "--path", str(path), *words.split()],
                          capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    return answer["mss4_bytes"], answer["mss6_bytes"]


def rows(page):
    """The cells of each row of all tables."""
    for line in (pages.GUIDES / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("| ").split(" | ")]


def test_numbers_of_wireguard():
    found = [row for row in rows("wireguard.md") if re.match(r"1\d{3}\b", row[0])]
    for path, *cells in found:
        assert cells == [f"{four} / {six}" for four, six in (
            sums(f"wireguard:outer={outer},ifmtu=1420", path[:4]) for outer in (4, 6))], path
    assert len(found) == 5


def test_an_odd_mtu_of_wireguard():
    """1412 of 1492 bytes over IPv6: right for an end that has it, too large for one with 1420."""
    text = (pages.GUIDES / "wireguard.md").read_text(encoding="utf-8")
    path, odd, usual, always = map(int, re.search(
        r"On a path of (\d+) over IPv6 an MTU of (\d+) .*?an end with\s(\d+) makes .*?(\d+) fits whatever", text, re.S).groups())
    inside = [sums(f"wireguard:outer=6,ifmtu={mtu}", path)[0] + 40 for mtu in (odd, usual)]
    assert (odd, inside) == (path - 80, [odd, always])


def test_numbers_of_openvpn():
    found = [row for row in rows("openvpn.md") if row[-1].startswith("`openvpn")]
    for *cells, words in found:
        for cell, outer in zip(cells[1:], (4, 6)):
            kind, _, keys = words.strip("`").partition(":")
            keys = ",".join([*(key for key in keys.split(",") if "outer" not in key),
                             f"outer={outer}"])
            assert cell == "{} / {}".format(*sums(f"{kind}:{keys}")), words
    assert len(found) == 5


def test_numbers_of_ipsec():
    found = [row for row in rows("ipsec.md") if len(row) == 5 and row[1].isdigit()]
    for name, *cells in found:
        cipher, _, auth = name.partition(", ")
        keys = "" if auth.startswith("ChaCha") else f",auth={auth}"
        assert cells == [str(sums(f"esp:cipher={cipher},encap={encap},outer={outer}{keys}")[0])
                         for outer in (4, 6) for encap in ("none", "udp")], name
    assert len(found) == 4


def test_numbers_of_l2tp_over_ipsec():
    found = [row for row in rows("pptp-l2tp.md") if row[0].startswith("AES")]
    for name, cell in found:
        encap = "udp" if name.endswith(", NAT-T") else "none"
        cipher, _, auths = name.removesuffix(", NAT-T").partition(", ")
        for auth in auths.split(" or "):
            keys = f",auth={auth}" if auth else ""
            layers = f"esp:cipher={cipher},mode=transport,encap={encap}{keys} l2tp2:ppp=4"
            assert cell == "{} / {}".format(*sums(layers)), layers
    assert len(found) == 3


def test_numbers_of_6in4():
    text = (pages.GUIDES / "ipv6.md").read_text(encoding="utf-8")
    told = re.search(r"MTU 1480, MSS (\d+)\..*?carries 1472\s+\(MSS (\d+)\)", text, re.S)
    assert [int(mss) for mss in told.groups()] == [sums("sit", path)[1] for path in (1500, 1492)]


def test_numbers_of_performance():
    """Packets for a megabyte, and what their IPv4 and TCP headers are of it."""
    found = [row for row in rows("performance.md") if row[0].isdigit()]
    for mss, *cells in found:
        packets = -(-1_000_000 // int(mss))
        assert cells == [str(packets), f"{100 * 40 / (int(mss) + 40):.1f} %"], mss
    assert len(found) == 4


def test_the_page_of_the_benchmark_is_its_json():
    """What `make bench` writes between its marks."""
    sys.path[:0] = [str(TOP / "tests" / "bench")]
    import report
    results = json.loads((TOP / "doc" / "performance.json").read_text(encoding="utf-8"))
    page = (TOP / "doc" / "performance.md").read_text(encoding="utf-8")
    assert report.page_of(results, page) == page, "make bench BENCH=--from-json=doc/performance.json"
    assert report.page_of(results, page.replace("145,598", "145,599")) == page


def test_speeds_are_those_of_the_benchmark():
    """In running text, to one in twenty."""
    measures = json.loads((TOP / "doc" / "performance.json").read_text(encoding="utf-8"))["measures"]
    most = {key: one[measures["most"]["figure"]]["value"] for key, one in measures["most"]["contenders"].items()}
    idle = {key: one["p50_us"]["value"] for key, one in measures["idle"]["contenders"].items()}
    guide = " ".join((pages.GUIDES / "performance.md").read_text(encoding="utf-8").split())
    faq = " ".join((pages.GUIDES / "faq.md").read_text(encoding="utf-8").split())
    for text, pattern, measured in (
            (guide, r"A worker takes some ([\d,]+) SYNs a second on one core", most["queue-1"]),
            (guide, r"and ([\d,]+) SYNs a second with one limit per interface", most["offload-1"]),
            (faq, r"waits some (\d+) microseconds for a verdict", idle["queue-1"] - idle["none"])):
        said = int(re.search(pattern, text)[1].replace(",", ""))
        assert abs(said / measured - 1) < 0.05, (pattern, measured)


def test_queries_of_prometheus(tmp_path):
    """Prometheus takes them, and there is such a metric."""
    queries = [row[1].strip("`") for row in rows("prometheus.md") if row[1].startswith("`")]
    rules = [{"alert": f"a{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "guide", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    metrics = (TOP / "doc" / "metrics.md").read_text(encoding="utf-8")
    named = set(re.findall(r"mssclamp_\w+", " ".join(queries)))
    assert len(queries) == 6 and not {name for name in named if not re.search(rf"`{name}[`{{]", metrics)}


def checks(path):
    """(line, command, text) of each file that a command shall accept."""
    for step in pages.steps(path):
        if step.what == "check":
            yield step.line, step.words, step.text


@pytest.mark.parametrize("path, line, command, text", cases(checks))
def test_file_is_accepted(path, line, command, text, tmp_path):
    file = tmp_path / "file"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(["sh", "-c", command.replace("@", str(file))], capture_output=True,
                          text=True, check=False,
                          env={**os.environ, "PATH": f"{os.path.dirname(MSSCLAMPD)}:{SYSTEM}"})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", pages.pages(), ids=lambda path: path.stem)
def test_every_block_of_a_guide_is_tried(path):
    """Or says why not."""
    stray = [str(step) for step in pages.steps(path) if step.what == "block"]
    assert not stray, "\n".join(stray)
    ran = any(step.what in ("run", "file", "check") for step in pages.steps(path))
    assert pages.lab(path) or not ran, "commands and no lab"


WAITING = re.compile(r"\w+ for i in \$\(seq \d+\); do (?:grep|ip (?:-[46] )?(?:addr|link|route) show) "
                     r"[^;]* exit 0; sleep 0\.1; done; exit 1")


@pytest.mark.parametrize("path", pages.followed(), ids=lambda path: path.stem)
def test_nothing_is_done_for_the_reader(path):
    """What changes something on a machine that the page has commands for stands there to be read."""
    steps = list(pages.steps(path))
    readers = {step.words.split()[0] for step in steps if step.what in ("run", "file")}
    hidden = [str(step) for step in steps if step.what == "does" and step.words.split()[0] in readers]
    assert not hidden, "\n".join(hidden)
    more = [str(step) for step in steps if step.what == "waits" and not WAITING.fullmatch(step.words)]
    assert not more, "\n".join(more)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TOP)))
def test_links_lead_somewhere(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        to = (path.parent / file).resolve() if file else path
        assert to.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", to.read_text(encoding="utf-8"), flags=re.M)
            ids = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in ids, target


def test_the_layers_are_those_that_are_checked():
    """README's table of folders is that of tests/check-layers."""
    checked = {}
    for names, used in re.findall(r'^\t([a-z |]+)\) (?:echo "([a-z ]+)")? ?;;$', (
            TOP / "tests" / "check-layers").read_text(encoding="utf-8").split("}")[0], flags=re.M):
        checked.update({name: set(used.split()) for name in names.split(" | ")})
    readme = (TOP / "README.md").read_text(encoding="utf-8").split("| folder | may use | is |")[1]
    told = {name: set(used.split(", ")) - {"nothing"}
            for name, used in re.findall(r"^\| `(\w+)` \| (.*?) \|", readme, flags=re.M)}
    assert told == checked and len(told) == 10


def test_an_index_names_every_page():
    """The one of doc/, or for what is no guide README.md."""
    index = (TOP / "doc" / "README.md").read_text(encoding="utf-8")
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    missing = [path.name for path in pages.pages() if f"(guides/{path.name})" not in index]
    missing += [path.name for path in TOP.glob("doc/*.md") if path.name != "README.md"
                and f"({path.name})" not in index and f"(doc/{path.name}" not in readme]
    assert not missing, missing
