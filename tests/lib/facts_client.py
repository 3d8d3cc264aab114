#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""facts_client.py PROGRAM: a client of mssclamp-facts, as mssclampd is one.

Lines on stdin are sent as questions, each as it is; what comes is printed, a message a line. The
first line printed is the pid of the program, the last one "ended CODE".
"""

import contextlib
import os
import select
import socket
import subprocess
import sys


def main():
    ours, theirs = socket.socketpair()
    program = subprocess.Popen([sys.argv[1], "--fd", str(theirs.fileno())],
                               pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()
    print(program.pid, flush=True)
    rest, waiting = b"", True
    while waiting:
        ready, _, _ = select.select([ours, 0], [], [])
        if 0 in ready:
            line = os.read(0, 1 << 20)
            with contextlib.suppress(ConnectionError):  # it cuts us off: the receive tells
                if line:
                    ours.sendall(line.replace(b"\n", b"\0"))
                else:
                    ours.shutdown(socket.SHUT_WR)
        if ours in ready:
            try:
                data = ours.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            waiting = bool(data)
            *messages, rest = (rest + data).split(b"\0")
            for message in messages:
                sys.stdout.buffer.write(message + b"\n")
            sys.stdout.flush()
    ours.close()
    print("ended", program.wait(timeout=20), flush=True)


main()
