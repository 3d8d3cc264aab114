# SPDX-License-Identifier: GPL-2.0-or-later
"""What systemd is to the unit, without systemd: takes its notices, keeps its sockets, starts it again
(sd_notify(3), sd_listen_fds(3), systemd.service(5) FileDescriptorStoreMax=)."""

import collections
import itertools
import os
import socket
import subprocess
import tempfile
import threading
import time

from daemon import MSSCLAMPD, Daemon
from netns import until

# LISTEN_PID is that of the process that systemd has made: exec keeps it.
EXEC = 'export LISTEN_PID=$$; exec "$@"'


class Supervised(Daemon):
    """A daemon with a manager above it. .kept: descriptors by name, in the order they came in;
    .notices: every assignment it has sent, in order, .heard: when; .spare: descriptors more to pass,
    by name.
    .late: seconds behind which it closes what it was told to remove, as systemd does that beside its
    other work; .closed_after: how long it took each time. .deaf: whether it answers no barrier."""

    late, deaf = 0.0, False

    def __init__(self, namespace, config="", ready=True, spare=(), **more):
        self.kept, self.notices, self.heard = collections.OrderedDict(), [], []
        self.spare, self.closed_after, self.closing = list(spare), [], []
        self.barriers = [] # that nobody has answered
        self.watched, self.ready = threading.Lock(), threading.Event()
        self.marks, self.mark = itertools.count(), None
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.home = tempfile.TemporaryDirectory(prefix="mssclamp-")
        self.notify.bind(f"{self.home.name}/notify")
        os.chmod(self.home.name, 0o711)  # as systemd's: whoever the daemon becomes
        os.chmod(f"{self.home.name}/notify", 0o777)
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

    def hear(self):
        """Waits until each notice that was sent so far has been taken: they keep their order."""
        mark = str(next(self.marks))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(f"HEAR={mark}".encode(), self.notify.getsockname())
        until(lambda: self.mark == mark, "the manager has taken all notices")

    def when(self, word, since=0):
        """When the first notice behind so many others came that has such an assignment."""
        return next(when for when, words in zip(self.heard[since:], self.notices[since:])
                    if word in words)

    def _take(self, words, fds):
        if "HEAR" in words:
            self.mark = words["HEAR"]
            return
        self.heard.append(time.monotonic())
        self.notices.append(words)
        name = words.get("FDNAME", "stored")
        if "FDSTOREREMOVE" in words:
            self._remove(self.kept.pop(name, ()))
        if "FDSTORE" in words:
            self.kept.setdefault(name, []).extend(fds)
        if "BARRIER" in words:
            self.barriers.extend(fds)
            if not self.deaf:
                self._answer()
        if "READY" in words:
            self.ready.set()

    def _answer(self):
        while self.barriers:
            os.close(self.barriers.pop())

    def _remove(self, fds):
        begin = time.monotonic()

        def close():
            for fd in fds:
                os.close(fd)
            self.closed_after.append(time.monotonic() - begin)
        if self.late and fds:
            self.closing.append(threading.Timer(self.late, close))
            self.closing[-1].start()
        else:
            close()

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

    def was_overdue(self):
        """Whether a start took so long that what waited for it has passed."""
        return "queues: the start has taken" in self.log()

    def again(self):
        """Behind the end of the process, however that was; what it had sent is taken before."""
        self.process.wait()
        self.hear()
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
            for one in self.closing:
                one.join()
            self.forget()
            self._answer()
            self.notify.shutdown(socket.SHUT_RDWR)
            self.thread.join()
            self.notify.close()
            self.home.cleanup()
