# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes on beside a block of a test."""

import contextlib
import itertools
import threading


@contextlib.contextmanager
def repeated(action, seconds):
    """Calls action(0), action(1) and so on, with so many seconds before each, as long as the block lasts;
    fails where it failed."""
    over, failed = threading.Event(), []

    def work():
        try:
            for number in itertools.count():
                if over.wait(seconds):
                    return
                action(number)
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failed
