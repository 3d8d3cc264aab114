# SPDX-License-Identifier: GPL-2.0-or-later
"""What systemd is to the unit, without systemd: takes its notices, keeps its sockets, starts it again
(sd_notify(3), sd_listen_fds(3), systemd.service(5) FileDescriptorStoreMax=)."""

import array
import collections
import os
import socket
import subprocess
import tempfile
import threading

from daemon import MSSCLAMPD, Daemon
from netns import until

# LISTEN_PID is that of the process that systemd has made: exec keeps it.
EXEC = 'export LISTEN_PID=$$; exec "$@"'


class Supervised(Daemon):
    """A daemon with a manager above it. .kept: descriptors by name, in the order they came in;
    .notices: every assignment it has sent, in order; .spare: descriptors more to pass, by name."""

    def __init__(self, namespace, config="", ready=True, spare=(), **more):
        self.kept, self.notices = collections.OrderedDict(), []
        self.spare = list(spare)
        self.watched, self.ready = threading.Lock(), threading.Event()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.home = tempfile.TemporaryDirectory(prefix="mssclamp-")
        self.notify.bind(f"{self.home.name}/notify")
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()
        super().__init__(namespace, config, ready, **more)

    def _listen(self):
        while True:
            data, fds, _, _ = socket.recv_fds(self.notify, 4096, 16)
            if not data:
                return
            words = dict(line.split("=", 1) for line in data.decode().splitlines())
            with self.watched:
                self._take(words, fds)

    def _take(self, words, fds):
        self.notices.append(words)
        name = words.get("FDNAME", "stored")
        if "FDSTOREREMOVE" in words:
            for fd in self.kept.pop(name, ()):
                os.close(fd)
        if "FDSTORE" in words:
            self.kept.setdefault(name, []).extend(fds)
        if "READY" in words:
            self.ready.set()

    def start(self):
        """Passes on all that is kept, as 3, 4 and so on."""
        self.ready.clear()
        with self.watched:
            passed = [(name, fd) for name, fds in self.kept.items() for fd in fds] + self.spare
            copies = [os.dup(fd) for _, fd in passed]
        for fd in copies:
            os.set_inheritable(fd, True)
        moves = " ".join(f"{3 + i}<&{fd}" for i, fd in enumerate(copies))
        shut = " ".join(f"{fd}<&-" for fd in copies if fd >= 3 + len(copies))
        environment = dict(os.environ, NOTIFY_SOCKET=self.notify.getsockname())
        if copies:
            environment |= {"LISTEN_FDS": str(len(copies)),
                            "LISTEN_FDNAMES": ":".join(name for name, _ in passed)}
        script = f"exec {moves} {shut}\n{EXEC}" if copies else EXEC
        with open(self.errors, "ab") as errors:
            self.process = self.namespace.popen(
                ["bash", "-c", script, "supervised", "setpriv", "--pdeathsig", "KILL",
                 *self.prefix, MSSCLAMPD, "-c", str(self.file), *self.arguments],
                stderr=errors, stdout=errors, stdin=subprocess.DEVNULL, env=environment,
                pass_fds=copies)
        for fd in copies:
            os.close(fd)

    def wait_ready(self):
        until(lambda: self.ready.is_set() or self.process.poll() is not None, "READY=1", 10.0)
        assert self.process.poll() is None, f"mssclampd ended: {self.log()}"

    def again(self):
        """Behind the end of the process, however that was."""
        self.process.wait()
        self.start()
        self.wait_ready()

    def forget(self):
        """A service that is stopped loses what was kept for it."""
        with self.watched:
            for fds in self.kept.values():
                for fd in fds:
                    os.close(fd)
            self.kept.clear()

    def close(self):
        try:
            super().close()
        finally:
            self.forget()
            self.notify.shutdown(socket.SHUT_RDWR)
            self.thread.join()
            self.notify.close()
            self.home.cleanup()
