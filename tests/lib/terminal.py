# SPDX-License-Identifier: GPL-2.0-or-later
"""A program on a pseudo terminal."""

import fcntl
import os
import pty
import struct
import termios


def show(start, columns=None):
    """The process that start(descriptor) has begun on it, and what it wrote there until its end.
    columns: of the terminal; without, its size is unknown."""
    ours, theirs = pty.openpty()
    if columns:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = start(theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    return process, shown.decode()
