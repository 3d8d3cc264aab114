# SPDX-License-Identifier: GPL-2.0-or-later
"""Stops one thread of a process where it is, and no other (ptrace(2))."""

import contextlib
import ctypes
import os
import pathlib

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
# For the start of one that ends while its threads are stopped: who looks for leaks then cannot stop them.
NO_LEAKS = ("env", f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0")

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def thread_of(pid, name):
    """The id of the thread of that name."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that ends
            if task.joinpath("comm").read_text(encoding="utf-8").strip() == name:
                return int(task.name)
    raise AssertionError(f"process {pid} has no thread {name}")


def _ptrace(request, tid):
    if _libc.ptrace(request, tid, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")


@contextlib.contextmanager
def stalled(pid, name):
    """While the block runs; by the thread that calls. Where the process ends meanwhile, reap() has to
    be called for its end to be seen."""
    tid = thread_of(pid, name)
    _ptrace(SEIZE, tid)
    _ptrace(INTERRUPT, tid)
    os.waitpid(tid, WALL)
    try:
        yield lambda: os.waitpid(tid, WALL)
    finally:
        with contextlib.suppress(ProcessLookupError):
            _ptrace(DETACH, tid)
