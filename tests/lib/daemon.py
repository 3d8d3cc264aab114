# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampd in a namespace, and mssclampctl beside it, as a script would use them."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile

from netns import SLOW, until

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MSSCLAMP_BUILD", TOP / "build")).resolve()
MSSCLAMPD, MSSCLAMPCTL = str(BUILD / "mssclampd"), str(BUILD / "mssclampctl")
SCHEMAS = TOP / "share" / "schema"
RECVMSG = (47, 212)  # its number, on x86-64 and arm64


def validate(command, answer):
    """Compares an answer with the schema of its command; errors have one of their own."""
    import jsonschema  # only tests need it, not the demo
    name = "error" if "error" in answer else command
    with open(SCHEMAS / f"{name}.json", encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator(schema).validate(answer)


class Ctl:
    """mssclampctl against one socket."""

    def __init__(self, namespace, socket_path):
        self.namespace, self.socket_path = namespace, socket_path

    def __call__(self, *argv, code=0, prefix=()):
        """Runs a command and checks its exit code; code None takes any."""
        patience = () if "--timeout" in argv else ("--timeout", f"{10 * SLOW:g}")
        done = self.namespace.run(*prefix, MSSCLAMPCTL, "-s", self.socket_path, *patience, *argv,
                                  check=False)
        assert code is None or done.returncode == code, (
            f"mssclampctl {' '.join(argv)}: exit {done.returncode}, expected {code}\n"
            f"{done.stdout}{done.stderr}")
        return done

    def told(self, *argv, code=0):
        """The same as one line: where a screen breaks its lines means nothing."""
        return " ".join(self(*argv, code=code).stdout.split())

    def json(self, *argv, code=0):
        """The same with --json: the answer, compared with its schema."""
        answer = json.loads(self("--json", *argv, code=code).stdout)
        validate(argv[0], answer)
        return answer

    def call(self, method, **parameters):
        """One Varlink call, without mssclampctl: the parameters of the reply, or the last word of
        the error and its parameters."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5 * SLOW)
            connection.connect(self.socket_path)
            connection.sendall(json.dumps({"method": f"org.mssclamp.{method}",
                                           "parameters": parameters}).encode() + b"\0")
            data = b""
            while not data.endswith(b"\0"):
                part = connection.recv(65536)
                assert part, f"{method}: the daemon hung up"
                data += part
        message = json.loads(data[:-1])
        if "error" in message:
            return message["error"].rsplit(".", 1)[1], message["parameters"]
        return message["parameters"]

    def stats(self):
        return self.json("stats")

    def syn(self, name, family="syn"):
        """One number of `stats`: a total without its ending, or a reason for leaving alone. In mode
        offload with the SYNs that the kernel took, whatever became of them: one more of either."""
        counts = self.stats()[family]
        return self.taken() + (counts[f"{name}_total"] if f"{name}_total" in counts else
                               counts["left_alone"][name])

    def taken(self):
        """How many SYNs the kernel has done with in mode offload, else 0."""
        return self.json("offload")["taken_total"] or 0

    def repairs(self):
        """How often rules were put back; asked also while they are not as they should be."""
        return self.json("rules", code=None)["reinstalled_total"]

    def clamps_alone(self):
        """Waits until the kernel's fallback stands by, which clamps for a moment behind a start, a reload or a
        repair; returns the status."""
        def looks():
            status = self.json("status", code=None)
            return status["checks"]["fallback"] != "active" and status
        return until(looks, "the kernel clamps no more", 20)

    def knows(self, name, seconds=5.0, **values):
        """Waits until `tunnels` has that tunnel with those values and with an MTU inside; returns it. A
        link is first made and then given its MTU, and the daemon hears of each by itself."""
        def known():
            for one in self.json("tunnels")["tunnels"]:
                if one["name"] == name and (values.items() <= one.items() and
                                            one["inner_mtu_bytes"] is not None):
                    return one
            return None
        return until(known, f"the tunnel {name} is known with {values}", seconds)

    def forgets(self, name, seconds=5.0):
        """Waits until `tunnels` has no tunnel of that name."""
        until(lambda: all(one["name"] != name for one in self.json("tunnels")["tunnels"]),
              f"the tunnel {name} is known no more", seconds)


class Daemon(Ctl):
    """A running mssclampd. config is the text of its file, without the control socket; no path is
    measured unless it says so.

    ready      waits until it clamps
    prefix     a program that starts it (setpriv, unshare)
    directory  for its files; without one it makes and removes its own
    control    settings of the control socket besides its path
    verbose    the log has what only -v tells
    mode       of SYNs, where the configuration says nothing of it
    argv       more of its command line
    keep_file  its file is there already
    """

    def __init__(self, namespace, config="", ready=True, prefix=(), directory=None, control="",
                 verbose=False, mode="queue", argv=(), keep_file=False):
        assert os.access(MSSCLAMPD, os.X_OK), f"{MSSCLAMPD} is not built"
        self._own = None if directory else tempfile.TemporaryDirectory(prefix="mssclamp-")
        self.directory = pathlib.Path(directory or self._own.name)
        super().__init__(namespace, str(self.directory / "control"))
        self.file = self.directory / "mssclamp.conf"
        self.errors = self.directory / "errors"
        self.prefix, self.control, self.process = prefix, control, None
        self.arguments = [*(["-v"] if verbose else []), *argv]
        self.mode = mode
        if not keep_file:
            self.write(config)
        self.start()
        if ready:
            self.wait_ready()

    def write(self, config):
        """Writes the configuration; it comes into force by start or reload. Where it says nothing
        of paths none is measured: what a path comes to then depends on no time."""
        if not re.search(r"\bpath\s*=", config):
            config += "\npath = { probe = false; };"
        if self.mode != "queue" and not re.search(r"\bmode\s*=", config):
            config += f'\nmode = "{self.mode}";'
        control = f'control = {{ socket = "{self.socket_path}"; {self.control} }};'
        self.file.write_text(f"{config}\n{control}\n", encoding="utf-8")

    def start(self):
        with open(self.errors, "ab") as errors:
            self.process = self.namespace.popen(
                ["setpriv", "--pdeathsig", "KILL", *self.prefix, MSSCLAMPD, "-c", str(self.file),
                 *self.arguments],
                stderr=errors, stdout=errors, stdin=subprocess.DEVNULL)

    def wait_ready(self):
        self("wait", "--for", str(max(1, round(8 * SLOW))), code=None)
        assert self.process.poll() is None, f"mssclampd ended: {self.log()}"
        self("wait", "--for", str(max(1, round(8 * SLOW))))

    def children(self, pid=None):
        """Every process that it started, and what those started: their ids by their names."""
        found = {}
        for task in pathlib.Path(f"/proc/{pid or self.process.pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                for one in task.read_text().split():
                    with contextlib.suppress(OSError): # gone meanwhile
                        found[pathlib.Path(f"/proc/{one}/comm").read_text().strip()] = int(one)
                        # What has only just been forked has its parent's name.
                        found = self.children(one) | found
        return found

    def log(self):
        return self.errors.read_text(encoding="utf-8", errors="replace")

    def says(self, pattern, seconds=5.0, since=0):
        """Waits for a line of the log, behind so many characters of it, that matches a regular expression;
        returns the match."""
        return until(lambda: re.search(pattern, self.log()[since:]), f"the log says /{pattern}/", seconds)

    def ends(self, seconds=5.0):
        """Waits for the end; returns the exit code, negative for a signal."""
        code = self.process.wait(timeout=seconds * SLOW)
        trouble = re.search(r".*(Sanitizer|runtime error|tried the system call).*", self.log())
        assert not trouble, self.log()
        return code

    def stop(self):
        """SIGTERM, and the daemon's own way out."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.ends() == 0, self.log()

    def hold(self):
        """Stops every thread of it where it is, until go_on()."""
        self.process.send_signal(signal.SIGSTOP)
        until(self.is_stopped, "all threads are stopped")

    def is_asking(self):
        """Whether it waits for an answer on a Unix socket."""
        process = pathlib.Path(f"/proc/{self.process.pid}")
        words = process.joinpath("syscall").read_text(encoding="ascii").split()
        if len(words) < 2 or int(words[0]) not in RECVMSG:
            return False
        try:
            inode = os.readlink(process / "fd" / str(int(words[1], 16))).strip("socket:[]")
        except FileNotFoundError:  # it has gone on, and closed that one
            return False
        return f" {inode}" in process.joinpath("net/unix").read_text(encoding="utf-8")

    def is_stopped(self):
        """Whether each thread of it stands still; not where it has ended, or a thread ends just now."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return all(task.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
                       for task in tasks.iterdir())
        return False

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def reload(self, config, code=0):
        self.write(config)
        return self("reload", code=code)

    def close(self):
        """Whatever state it is in: ends the daemon, and removes its files and its rules."""
        try:
            if self.process.poll() is None:
                self.go_on()
                self.stop()
        finally:
            if self.process.poll() is None:
                self.kill()
            self.namespace.run(MSSCLAMPCTL, "-s", self.socket_path, "rules", "--remove",
                               check=False)
            if self._own:
                self._own.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
