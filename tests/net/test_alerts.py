# SPDX-License-Identifier: GPL-2.0-or-later
"""Alerts: real fragments make one fire and end; what hears of it, and what mssclamp-notify does."""

import contextlib
import json
import signal
import socket
import stat
import subprocess
import threading

import packets
from daemon import BUILD
from meanwhile import repeated
from netns import until

NOTIFY = str(BUILD / "mssclamp-notify")
ONE = ('alerts = {{ for = "1s"; fragments_per_second = {threshold}; retransmit_percent = 0.0; '
       'command = "{command}"; mail = "{mail}"; }};')


def config(threshold=2.0, command="", mail=""):
    return ONE.format(threshold=threshold, command=command, mail=mail)


@contextlib.contextmanager
def fragments(path):
    """Datagrams of 1500 bytes for a link of 1400: the gateway cuts them, forty pieces a second."""
    sender = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    datagram = packets.ip(path.CLIENT4, path.SERVER4, b"\x9c\x40\x00\x09\x05\xb4\x00\x00" + bytes(1452),
                          protocol=17)
    try:
        with repeated(lambda _: sender.send(datagram), 0.05):
            yield
    finally:
        sender.close()


@contextlib.contextmanager
def listening(daemon):
    """The names of the events, as they come."""
    heard = []
    ctl = daemon.namespace.popen([str(BUILD / "mssclampctl"), "-s", daemon.socket_path,
                                  "--json-lines", "events"], stdout=subprocess.PIPE, text=True)

    def read():
        for line in ctl.stdout:
            heard.append(json.loads(line))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        until(lambda: heard, "the first event", 10)
        yield heard
    finally:
        ctl.send_signal(signal.SIGINT)
        ctl.wait()
        thread.join()


def firing(daemon):
    return [alert["alert"] for alert in daemon.json("status")["alerts"]]


@contextlib.contextmanager
def notify(daemon, *prefix, memory=None):
    """mssclamp-notify beside it; gives what it has logged."""
    log = daemon.directory / "notify"
    with open(log, "wb") as file:
        process = daemon.namespace.popen(
            ["setpriv", "--pdeathsig", "KILL", *prefix, NOTIFY, "-c", str(daemon.file), "-s",
             daemon.socket_path, *(["-m", str(memory)] if memory else [])], stdout=file, stderr=file)
    try:
        yield lambda: log.read_text(encoding="utf-8")
        assert process.poll() is None, log.read_text(encoding="utf-8")
    finally:
        process.terminate()
        process.wait()


def heard_of(heard, event):
    return [one for one in heard if one["event"] == event]


def test_fires_and_ends(path, start, tmp_path):
    told = tmp_path / "told"
    daemon = start(config(command=f'echo $MSSCLAMP_STATE $MSSCLAMP_ALERT $MSSCLAMP_VALUE '
                                  f'$MSSCLAMP_THRESHOLD >>{told}'))
    assert firing(daemon) == []
    with listening(daemon) as heard, notify(daemon) as log:
        with fragments(path):
            until(lambda: firing(daemon) == ["fragments_ipv4"], "an alert", 60)
            shown = daemon.told("status")
            assert "! alert fragments_ipv4: " in shown and "threshold 2.0" in shown
            assert daemon.json("status")["state"] == "running" # the daemon itself is well
            until(lambda: heard_of(heard, "alert_fired"), "its event")
            new = heard_of(heard, "alert_fired")[0]["new"]
            assert new["alert"] == "fragments_ipv4" and new["value"] >= 2 and new["threshold"] == 2
            until(lambda: told.exists() and told.read_text().endswith("\n"), "the command", 20)
        until(lambda: firing(daemon) == [], "its end", 60)
        until(lambda: heard_of(heard, "alert_cleared"), "the event of its end")
        old = heard_of(heard, "alert_cleared")[0]["old"]
        assert old["alert"] == "fragments_ipv4" and old["firing_seconds"] >= 1
        until(lambda: told.read_text().count("\n") == 2, "the command again", 20)
        first, last = (line.split() for line in told.read_text().splitlines())
        assert first[:2] == ["firing", "fragments_ipv4"] and float(first[2]) >= 2
        assert last[:2] == ["cleared", "fragments_ipv4"] and float(last[2]) < 2
        assert first[3] == last[3] == "2"
        assert "alert fragments_ipv4: " in log()
    until(lambda: "alert fragments_ipv4 is over after " in daemon.log(), "a line in the log")


def test_a_path_that_falls(path, start):
    """Of a tunnel that has no peers of its own. A total has its value at once: no window passes."""
    path.gateway.ip(f"link add vx7 type vxlan id 7 remote {path.SERVER4} dstport 4789\n"
                    "link set vx7 up")
    try:
        daemon = start('alerts = { for = "1s"; path_mtu_falls_per_hour = 1.0; '
                       'drops_per_second = 0.0; };')
        until(lambda: daemon.json("tunnels")["tunnels"], "the tunnel", 20)
        # What is off is settled by the first look at the counters: falls count from there on.
        until(lambda: "drops" in daemon.json("status")["alerts_settled"], "the first look", 20)
        path.gateway.ip("link set wan mtu 1340")
        until(lambda: firing(daemon) == ["path_mtu_falls"], "an alert", 60)
        assert daemon.json("status")["alerts"][0]["value"] == 1
    finally:
        path.gateway.ip("link del vx7")
        path.gateway.ip("link set wan mtu 1400")


def test_notify_catches_up(path, start, tmp_path):
    """What fired before it came, and what ended while the daemon was away."""
    told = tmp_path / "told"
    daemon = start(config(command=f"echo $MSSCLAMP_STATE >>{told}"))
    with fragments(path):
        until(lambda: firing(daemon) == ["fragments_ipv4"], "an alert", 60)
        with notify(daemon):
            until(lambda: told.exists() and told.read_text() == "firing\n", "the command", 20)
            daemon.process.kill()
            daemon.process.wait()
            daemon.write(config(threshold=0.0, command=f"echo $MSSCLAMP_STATE >>{told}"))
            daemon.start()
            daemon.wait_ready()
            until(lambda: told.read_text() == "firing\ncleared\n", "the end", 60)


def again(daemon):
    daemon.process.kill()
    daemon.process.wait()
    daemon.start()
    daemon.wait_ready()


def test_neither_restart_repeats_or_forgets(path, start, tmp_path):
    """A daemon that has measured nothing yet lists no alert; and mssclamp-notify remembers."""
    told, memory = tmp_path / "told", tmp_path / "alarms"
    daemon = start(config(command=f"echo $MSSCLAMP_STATE >>{told}"))
    with fragments(path):
        with notify(daemon, memory=memory):
            until(lambda: told.exists() and told.read_text() == "firing\n", "the command", 60)
            again(daemon)
            assert "fragments_ipv4" not in daemon.json("status")["alerts_settled"]
            until(lambda: firing(daemon) == ["fragments_ipv4"], "it fires anew", 60)
            until(lambda: "fragments_ipv4" in memory.read_text(), "it is kept")
        assert told.read_text() == "firing\n"
        with notify(daemon, memory=memory):
            until(lambda: daemon.json("status")["uptime_seconds"] > 15, "time to tell it again", 60)
    with notify(daemon, memory=memory):
        again(daemon)
        until(lambda: "fragments_ipv4" in daemon.json("status")["alerts_settled"], "it is known", 60)
        until(lambda: told.read_text() == "firing\ncleared\n", "the end", 60)


def test_what_could_not_be_told_is_told_later(path, start, tmp_path):
    """By a command that fails, then by a configuration that cannot be read, and over a restart of it."""
    told, memory, works = tmp_path / "told", tmp_path / "alarms", tmp_path / "works"
    command = f"test -e {works} && echo $MSSCLAMP_STATE >>{told}"
    daemon = start(config(command=command))
    with fragments(path):
        with notify(daemon, memory=memory) as log:
            until(lambda: log().count("not all could be told of alert fragments_ipv4") >= 2, "two tries", 60)
        assert not memory.exists() and not told.exists()
        good = daemon.file.read_text(encoding="utf-8")
        daemon.file.write_text("alerts = 7;", encoding="utf-8")
        works.touch()
        with notify(daemon, memory=memory) as log:
            until(lambda: "not all could be told of alert fragments_ipv4" in log(), "no configuration", 60)
            assert not memory.exists()
            new = daemon.file.with_name("new")
            new.write_text(good, encoding="utf-8")
            new.rename(daemon.file)  # an empty one is valid
            until(lambda: told.exists() and told.read_text() == "firing\n", "it is told", 60)
            until(lambda: memory.exists() and "fragments_ipv4" in memory.read_text(), "it is kept", 20)
            works.unlink()
            daemon.write(config(threshold=0.0, command=command))
            daemon("reload")
            until(lambda: "alert fragments_ipv4 is over" in log() and log().count("not all could") >= 2,
                  "the end cannot be told", 60)
            assert "fragments_ipv4" in memory.read_text()
            works.touch()
            until(lambda: told.read_text() == "firing\ncleared\n", "the end", 60)
            until(lambda: "fragments_ipv4" not in memory.read_text(), "it is over", 20)


SENDMAIL = """#!/bin/sh
printf '%s|' "$@" >{0}.part
cat >>{0}.part
mv {0}.part {0}
"""


def test_mail_a_command_that_fails_and_an_end_by_reload(path, start, tmp_path):
    """A sendmail of the test's own, in a mount namespace."""
    mail, work = tmp_path / "mail", tmp_path / "work"
    work.mkdir()
    sendmail = tmp_path / "sendmail"
    sendmail.write_text(SENDMAIL.format(mail), encoding="utf-8")
    sendmail.chmod(sendmail.stat().st_mode | stat.S_IXUSR)
    failing = "echo no such thing >&2; exit 7"
    daemon = start(config(mail="admin@example.net", command=failing))
    mounted = ("unshare", "-m", "sh", "-ec", f"mount -t tmpfs none {work}; mkdir {work}/u {work}/w; "
               f"cp {sendmail} {work}/u; mount -t overlay -o lowerdir=/usr/sbin,upperdir={work}/u,"
               f'workdir={work}/w none /usr/sbin; exec "$@"', "sh")
    with notify(daemon, *mounted) as log, fragments(path):
        until(mail.exists, "a mail", 60)
        text = mail.read_text(encoding="utf-8")
        assert text.startswith("-i|--|admin@example.net|To: admin@example.net\nSubject: [")
        assert f"[{socket.gethostname()}] mssclampd: fragments_ipv4 fires\n" in text
        assert "at or above 2 for 1 s" in text
        until(lambda: "alerts.command ended with 7: no such thing" in log(), "a complaint")
        mail.unlink()
        daemon.write(config(threshold=0.0, mail="admin@example.net"))
        daemon("reload")
        until(lambda: firing(daemon) == [], "its end by the reload", 10)
        until(mail.exists, "a mail of that", 20)
        assert "fragments_ipv4 is over" in mail.read_text(encoding="utf-8")
