# SPDX-License-Identifier: GPL-2.0-or-later
"""Daemons in which chosen calls fail (failing.c), and points to try."""

import errno
import mmap
import os
import pathlib
import random
import re
import struct
import tempfile

from daemon import BUILD, Daemon

HERE = pathlib.Path(__file__).resolve().parent
CALLS = re.findall(r"^\tCALL\([^,]*, (\w+),", (HERE / "calls.h").read_text(encoding="utf-8"), re.M)
LIBRARY = BUILD / "failing.so"
HEAD = struct.Struct("=IIIiII")  # struct plan
FIRST, TIMES, FAILED, WALL, BOOT, COUNTS = (HEAD.size + 8 * i for i in range(6))
ANY, MAIN, OTHERS = range(3)     # enum thread
FOREVER = 1 << 62
STOP = -1                        # for an errno: all threads stop there


class Plan:
    """What fails in the processes that have it."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="mssclamp-plan-")
        self.file.truncate(mmap.PAGESIZE)
        self.map = mmap.mmap(self.file.fileno(), mmap.PAGESIZE)
        assert COUNTS + 8 * len(CALLS) <= mmap.PAGESIZE

    def _put(self, at, *numbers):
        self.map[at:at + 8 * len(numbers)] = struct.pack(f"={len(numbers)}Q", *numbers)

    def _get(self, at):
        return struct.unpack_from("=Q", self.map, at)[0]

    def count(self):
        """Calls are counted from now on, and none fails."""
        self.fail("malloc", 0, first=FOREVER)

    def fail(self, call, error, first=0, times=1, thread=ANY, trace=False):
        """From now on; the call after `first` others of its kind, and those behind it."""
        self.stop()
        self._put(FIRST, first, times, 0)
        self._put(COUNTS, *([0] * len(CALLS)))
        self.map[4:HEAD.size] = HEAD.pack(0, CALLS.index(call), thread, error, trace, 0)[4:]
        self.map[0:4] = struct.pack("=I", 1)

    def stop(self):
        self.map[0:4] = struct.pack("=I", 0)

    def shift(self, wall_seconds=0, boot_seconds=0):
        """What the clocks are off by from now on."""
        self.map[WALL:COUNTS] = struct.pack("=qq", wall_seconds, boot_seconds)

    @property
    def failed(self):
        return self._get(FAILED)

    def counts(self):
        """How often each was called, of those that were."""
        found = {call: self._get(COUNTS + 8 * i) for i, call in enumerate(CALLS)}
        return {call: count for call, count in found.items() if count}

    def close(self):
        self.map.close()
        self.file.close()


def prefix(plan):
    """Of the command that starts the daemon. A sanitizer takes what the loader allocates for a leak
    where it is not asked by the loader itself."""
    options = os.environ.get("ASAN_OPTIONS", "")
    return ("env", f"LD_PRELOAD={LIBRARY}", f"MSSCLAMP_FAILING={plan.file.name}",
            f"ASAN_OPTIONS={options}:verify_asan_link_order=0:allocator_may_return_null=1:"
            "detect_leaks=0")


class Faulty(Daemon):
    """A daemon with a plan of its own, or the one that is given."""

    def __init__(self, namespace, config="", plan=None, **more):
        self.plan, self.owns_plan = plan or Plan(), plan is None
        super().__init__(namespace, config, prefix=prefix(self.plan), **more)

    def is_ready(self):
        return "clamps: queues" in self.log()

    def close(self):
        try:
            super().close()
        finally:
            self.plan.stop()
            if self.owns_plan:
                self.plan.close()


# What the kernel may answer, the commonest first.
ERRORS = {
    "malloc": (errno.ENOMEM,), "calloc": (errno.ENOMEM,), "realloc": (errno.ENOMEM,),
    "aligned_alloc": (errno.ENOMEM,), "mmap": (errno.ENOMEM,), "open_memstream": (errno.ENOMEM,),
    "pthread_create": (errno.EAGAIN, errno.EPERM), "posix_spawn": (errno.ENOMEM, errno.EAGAIN),
    "waitpid": (errno.EINTR,),
    "socket": (errno.EMFILE, errno.ENOBUFS, errno.EPERM), "socketpair": (errno.EMFILE,),
    "bind": (errno.EADDRINUSE, errno.EPERM), "connect": (errno.EPERM, errno.EINTR),
    "listen": (errno.EADDRINUSE,), "accept4": (errno.EMFILE, errno.ECONNABORTED, errno.EINTR),
    "getsockname": (errno.ENOBUFS,), "setsockopt": (errno.EPERM, errno.ENOPROTOOPT, errno.ENOMEM),
    "getsockopt": (errno.ENOPROTOOPT,),
    "send": (errno.ENOBUFS, errno.ENOMEM, errno.EPERM, errno.EINTR, errno.EAGAIN),
    "sendto": (errno.ENOBUFS, errno.ENOMEM, errno.EPERM, errno.EINTR),
    "sendmsg": (errno.ENOBUFS, errno.EAGAIN, errno.EPERM, errno.EINTR),
    "recv": (errno.ENOMEM, errno.EINTR, errno.EPERM, errno.EAGAIN),
    "recvfrom": (errno.ENOMEM, errno.EINTR),
    "recvmsg": (errno.ENOBUFS, errno.ENOMEM, errno.EINTR, errno.EPERM),
    "recvmmsg": (errno.ENOBUFS, errno.ENOMEM, errno.EINTR, errno.EPERM, errno.EAGAIN),
    "read": (errno.EIO, errno.EINTR), "write": (errno.ENOSPC, errno.EINTR),
    "epoll_create1": (errno.EMFILE,), "epoll_ctl": (errno.ENOSPC, errno.ENOMEM),
    "epoll_wait": (errno.EINTR,), "epoll_pwait2": (errno.EINTR,),
    "timerfd_create": (errno.EMFILE,), "timerfd_settime": (errno.ENOMEM,),
    "signalfd": (errno.EMFILE,), "poll": (errno.EINTR, errno.ENOMEM),
    "fdatasync": (errno.EIO,), "renameat": (errno.ENOSPC,), "unlinkat": (errno.EROFS,),
    "mkdir": (errno.ENOSPC,), "fork": (errno.EAGAIN, errno.ENOMEM), "eventfd": (errno.EMFILE,),
    "dup2": (errno.EMFILE, errno.EINTR), "dup3": (errno.EMFILE, errno.EINTR),
    "mlock": (errno.ENOMEM, errno.EPERM), "readlink": (errno.EACCES, errno.ENOENT),
    "readlinkat": (errno.EACCES, errno.ENOENT), "getrandom": (errno.EINTR, errno.ENOSYS),
}
OTHER_ERRORS = (errno.EACCES, errno.EMFILE, errno.ENOMEM)


def errors_of(call):
    return ERRORS.get(call, OTHER_ERRORS)

ALL = os.environ.get("MSSCLAMP_FAULTS") == "all"
# What ends the process for want of memory, whoever asks it to do something: libconfig 1.5 writes to
# null pointers, and the lookup of names in glibc 2.36 asserts that it could read its configuration.
LIBRARIES = re.compile(r"(?m)^/\S+/failing\.so\(\w+\+.*\n(?:^/\S+libc\.so.*\n)*?"
                       r"(?:^/\S+libconfig\.so|^/\S+libc\.so\S+\(__nss_)")


def is_of_library(log):
    """Whether the call that failed was one of theirs; with `trace`."""
    return LIBRARIES.search(log) is not None


def choose(counts, number, seed):
    """Points as (call, which one, errno): `number` of them, each call among them, or all."""
    chance = random.Random(seed)
    points = [(call, i, chance.choice(errors_of(call)))
              for call, count in sorted(counts.items()) for i in range(count)]
    if ALL:
        return points
    chance.shuffle(points)
    first = {point[0]: point for point in points}
    rest = [point for point in points if first[point[0]] != point]
    return [*first.values(), *rest][:max(number, len(first))]
