# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion of command lines in three shells, with the names that a daemon tells."""

import os
import re
import shlex
import subprocess

import pytest
import replies
from fake_daemon import BUILD, PROGRAM, TOP, FakeDaemon

FOLDER = TOP / "share/completion"
SHELLS = ("bash", "zsh", "fish")

BASH = """
. {script}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_mssclampctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# What is offered is listed, but not where more is typed already: so the last word that is wanted is
# waited for. The marks are not what is typed: a terminal may echo that early.
ZSH = """
autoload -Uz compinit && compinit -u -d {dump}
fpath=({fpath} $fpath); autoload -Uz _mssclampctl; compdef _mssclampctl mssclampctl
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z $'PS1=; autoload -Uz compinit && compinit -u -d {dump}'
zpty -w z $'fpath=({fpath} $fpath); autoload -Uz _mssclampctl; compdef _mssclampctl mssclampctl'
zpty -w z $'zstyle ":completion:*" list-prompt ""; zstyle ":completion:*" menu no; LISTMAX=10000'
zpty -w z $'bindkey "^I" list-choices; print REA""DY'
zpty -r -m z line $'*READY\\r*'
zpty -n -w z {words}$'\\t'
zpty -r -m z listed {wanted}
zpty -n -w z $'\\C-u'$'print OV""ER\\n'
zpty -r -m z line $'*OVER\\r*'
print -r -- $listed $line
"""


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    with FakeDaemon(tmp_path_factory.mktemp("daemon") / "s", replies.ALL) as daemon:
        yield {**os.environ, "PATH": f"{PROGRAM.resolve().parent}:{os.environ['PATH']}",
               "MSSCLAMP_SOCKET": str(daemon.path), "HOME": "/nonexistent", "TERM": "xterm"}


def complete(shell, line, env, tmp_path, wanted=()):
    """What is offered for a line, without descriptions; wanted: what should be."""
    script = FOLDER / f"mssclampctl.{shell}"
    if shell == "bash":
        words = " ".join(shlex.quote(word) for word in line.split(" "))
        argv = ["bash", "-c", BASH.format(script=script, words=words)]
    elif shell == "fish":
        argv = ["fish", "--no-config", "-c", f"source {script}; complete -C {shlex.quote(line)}"]
    else:
        fpath = tmp_path / "fpath"
        fpath.mkdir(exist_ok=True)
        (fpath / "_mssclampctl").write_bytes(script.read_bytes())
        argv = ["zsh", "-f", "-c", ZSH.format(fpath=fpath, dump=tmp_path / "dump",
                                              words=shlex.quote(line),
                                              wanted=shlex.quote(f"*{max(wanted, default='')}*"))]
    done = subprocess.run(argv, env={**env, "HOME": str(tmp_path)}, capture_output=True, text=True,
                          check=True, timeout=60)
    if shell == "zsh":
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", done.stdout)
        return set(re.split(r"\s+", shown))
    return {row.split("\t")[0] for row in done.stdout.splitlines()}


@pytest.mark.parametrize("shell", SHELLS)
def test_files_are_up_to_date(shell):
    made = subprocess.run([BUILD / "print-completion", shell], capture_output=True, check=True)
    assert made.stdout == (FOLDER / f"mssclampctl.{shell}").read_bytes(), "run: make completion"


ROWS = (
    # line                          among what is offered         and not
    ("mssclampctl st",              {"status", "stats"},          {"tunnels"}),
    ("mssclampctl help pro",        {"probe"},                    {"status"}),
    ("mssclampctl explain --i",     {"--iif"},                    {"--max"}),
    ("mssclampctl rules --print ",  {"nft", "iptables"},          {"status"}),
    ("mssclampctl log ",            {"error", "debug"},           {"status"}),
    ("mssclampctl doctor --symptom ", {"web", "files", "video", "voip", "ssh"}, {"status"}),
    ("mssclampctl top --sort ",     {"syn", "clamped", "peers"},  {"status"}),
    ("mssclampctl calc wire",       {"wireguard"},                {"gre"}),
    ("mssclampctl peers ",          {"wg0"},                      {"status"}),
    ("mssclampctl stats --tunnel ", {"wg0"},                      {"status"}),
    ("mssclampctl try --peer ",     {"alice"},                    {"status"}),
)


@pytest.mark.parametrize("shell", SHELLS)
def test_offers(shell, names, tmp_path):
    for line, wanted, unwanted in ROWS:
        offered = complete(shell, line, names, tmp_path, wanted)
        # Where there is but one choice, zsh lists none or puts it in.
        assert wanted <= offered or (shell == "zsh" and len(wanted) == 1 and any(
            word in " ".join(offered) for word in wanted)), (line, offered)
        assert not unwanted & offered, (line, offered)


@pytest.mark.parametrize("shell", SHELLS)
def test_without_a_daemon(shell, names, tmp_path):
    offered = complete(shell, "mssclampctl peers ", {**names, "MSSCLAMP_SOCKET": "/nonexistent"},
                       tmp_path)
    assert not {"wg0", "status"} & offered
