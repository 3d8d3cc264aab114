# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampd --takeover in which a call of the new one fails, or in which it is stopped there: until it
has said that it serves the old one goes on where the new one does not, and there is one of them in the
end; no SYN is lost either way."""

import collections
import concurrent.futures
import errno
import pathlib
import re
import signal
import tempfile

import pytest
from attempts import LIMIT4
from faults import STOP, Faulty, Plan, choose
from netns import SLOW, until
from running import Running

POINTS, SEED, GATEWAYS = 100, 5, 3
STOPS = 9  # of each phase
KILL, GO_ON, LATER = range(3)
TOO_LATE = "nothing was touched, try again"
HAS_BEGUN = "does not say that it serves"
ENDING = "another mssclampd has taken over the queues: ending"


class Chain(Running):
    """Daemons that take over from each other; they share their files."""

    def revive(self):
        if not hasattr(self, "home"):
            self.home = tempfile.TemporaryDirectory(prefix="mssclamp-")
        elif self.daemon:
            self.daemon.close()
        self.daemon = Faulty(self.path.gateway, self.config,
                             directory=pathlib.Path(self.home.name))

    def end(self):
        """By a thread that has started it, whose end would end it too. libnftables aborts in its own
        process where memory is short, which is refused there and ends it all the same."""
        self.daemon.process.terminate()
        assert self.daemon.process.wait(20 * SLOW) == 0
        assert not re.search("tried the system call (?!tgkill)", self.daemon.log()), self.daemon.log()

    def close(self):
        if self.daemon.process.poll() is None:
            self.end()
        super().close()
        self.home.cleanup()

    def successor(self, plan):
        return Faulty(self.path.gateway, plan=plan, directory=self.daemon.directory,
                      argv=("--takeover",), ready=False, keep_file=True)

    def count(self, call, number=0):
        """How often each call happens until it has asked, until the one that is named, and until it
        serves, give or take a look."""
        plan, before, mark = Plan(), self.daemon, len(self.daemon.log())
        plan.fail(call, STOP, number)
        before.hold()
        self.daemon = self.successor(plan)
        until(self.daemon.is_asking, "it has asked", 10)
        asked = plan.counts()
        before.go_on()
        until(lambda: plan.failed and self.daemon.is_stopped(), f"it calls {call}", 10)
        reached = plan.counts()
        self.daemon.go_on()
        until(lambda: "clamps: queues" in self.daemon.log()[mark:], "it serves", 10)
        done = plan.counts()
        until(lambda: before.process.poll() is not None, "the old one has ended", 10)
        plan.stop()
        return asked, reached, done

    def attempt(self, call, number, error):
        """Returns what became of it; raises where something does not hold."""
        before, mark, plan = self.daemon, len(self.daemon.log()), Plan()
        plan.fail(call, error, number, trace=True)
        with self.stream() as stream:
            after = self.successor(plan)
            self._decided(before, after)
            plan.stop()
            return self._one_is_left(before, after, stream, mark)

    def stop(self, call, number, then):
        """The same where it stops at that call: then it is killed, goes on, or does so once the old one
        has had enough."""
        before, mark, plan = self.daemon, len(self.daemon.log()), Plan()
        plan.fail(call, STOP, number)
        with self.stream() as stream:
            after = self.successor(plan)
            until(lambda: self._any_ended(before, after) or plan.failed and after.is_stopped(),
                  "it stops", 20)
            plan.stop()
            if self._any_ended(before, after): # no such call came, or only now, or it was too late
                if plan.failed and after.process.poll() is None:
                    until(after.is_stopped, "it stops", 5)
                    after.go_on()
                self._one_is_left(before, after, stream, mark)
                if self.gone is after:
                    assert after.process.returncode > 0 and TOO_LATE in after.log()[mark:]
                return "unseen"
            if then == LATER:
                said = until(lambda: re.search(f"{HAS_BEGUN}|in time: this one goes on",
                                               before.log()[mark:]), "the old one says so", 15)
            if then == KILL and self._is_told(before, mark):
                then = GO_ON # a point that is behind it this time
            if then == KILL:
                after.kill()
            else:
                after.go_on()
            self._decided(before, after)
            outcome = self._one_is_left(before, after, stream, mark)
        assert (outcome == "taken over") == (then == GO_ON or then == LATER and
                                             said[0] == HAS_BEGUN), (call, number, then)
        return outcome if then != LATER or outcome == "taken over" else "too late"

    def _is_told(self, before, mark):
        """Whether the new one, which stands still, has said that it serves: then the old one ends, whatever
        becomes of the new one."""
        before.process.send_signal(signal.SIGSTOP)
        until(lambda: before.process.poll() is not None or before.is_stopped(), "it stands still too")
        mail = [line.split()[2] for line in self.path.gateway.run("ss", "-xHnp").stdout.splitlines()
                if f"pid={before.process.pid}," in line and before.socket_path in line]
        told = before.process.poll() is not None or ENDING in before.log()[mark:] or any(map(int, mail))
        before.go_on()
        return told

    @staticmethod
    def _any_ended(before, after):
        return before.process.poll() is not None or after.process.poll() is not None

    def _decided(self, before, after):
        until(lambda: self._any_ended(before, after), "one has ended", 20)

    def _one_is_left(self, before, after, stream, mark):
        self.daemon = after if before.process.poll() is not None else before
        gone, log = before if self.daemon is after else after, after.log()[mark:]
        assert self.daemon.process.poll() is None, f"both have ended\n{log}"
        self.limit(seconds=30)
        self.gone, self.mark = gone, mark
        arrived = self.arrived = stream.end()
        assert len(arrived) == stream.sent, f"{stream.sent - len(arrived)} SYNs are lost\n{log}"
        assert self.ask("GetStatus") is not None, log
        gone.process.wait(20)
        if gone is before:
            assert gone.process.returncode == 0, log
            return "taken over"
        assert gone.process.returncode != 0, log
        return "left"


@pytest.fixture(scope="module")
def chains():
    made = [Chain("queues = { count = 2; };") for _ in range(GATEWAYS)]
    yield made
    for one in made:
        one.close()


def test_a_takeover(chains):
    counts = chains[0].count("pthread_create")[2]
    tally = collections.Counter()
    points = choose(counts, POINTS, SEED)
    for point in points:
        tally[chains[0].attempt(*point)] += 1
    print(f"\n{len(points)} takeovers in which a call fails: {dict(tally)}")
    assert tally["taken over"] > 0 and tally["left"] > 0


def between(first, last):
    """Points at which it has called more than in the first counts, and less than in the last."""
    return {call: (first.get(call, 0), count) for call, count in last.items()
            if count > first.get(call, 0)}


def test_a_queue_that_cannot_be_taken(chains):
    """Its socket cannot be asked about, or set up, before the token is taken or behind that: the
    old one goes on, and not one SYN has passed it unclamped."""
    chain, tally = chains[0], collections.Counter()
    asked, reached, _ = chain.count("pthread_create", 1) # one of two workers
    for call in "getsockname", "setsockopt":
        for number in range(*between(asked, reached)[call]):
            outcome = chain.attempt(call, number, errno.ENOMEM)
            refused = "cannot be taken over" in chain.gone.log()[chain.mark:]
            assert outcome == "left" or not refused
            assert outcome == "taken over" or set(chain.arrived) == {LIMIT4}
            tally[outcome, refused] += 1
    print(f"\n{dict(tally)}")
    assert tally["left", True] >= 2 + 2 + 2 * 3 # looked at, taken, options of each


def test_a_control_socket_that_cannot_be_set_up(chains):
    """The old one goes on with it, and people find it: its file is there."""
    chain, tally = chains[0], collections.Counter()
    asked, reached, _ = chain.count("pthread_create", 1)
    for number in range(*between(asked, reached)["epoll_ctl"]):
        tally[chain.attempt("epoll_ctl", number, errno.ENOSPC)] += 1
    print(f"\n{dict(tally)}")
    assert tally["left"] >= 1


def some(ranges):
    """As many as STOPS of them, spread over the calls."""
    points = choose({call: last - first for call, (first, last) in ranges.items()}, STOPS, SEED)
    return [(call, ranges[call][0] + number) for call, number, _ in points[:STOPS]]


def test_it_is_stopped(chains):
    """Before it has begun: the old one does not wait for it, and it finds that it is too late. Behind
    that the old one waits, until it serves or is gone."""
    asked = chains[0].count("pthread_create")[0]
    begun = chains[0].count("read", asked.get("read", 0))[1] # the token
    _, reads, done = chains[0].count("pthread_create", 1) # one of two workers
    points = [(*point, LATER) for point in some(between(asked, begun))]
    for phase in between(begun, reads), between(reads, done):
        points += [(*point, (KILL, GO_ON)[i % 2]) for i, point in enumerate(some(phase))]

    def share(which):
        outcomes = [chains[which].stop(*point) for point in points[which::GATEWAYS]]
        chains[which].end()
        return outcomes

    with concurrent.futures.ThreadPoolExecutor() as pool:
        tally = sum(map(collections.Counter, pool.map(share, range(GATEWAYS))), collections.Counter())
    print(f"\n{len(points)} takeovers in which the new one is stopped: {dict(tally)}")
    assert tally["too late"] >= STOPS / 2
    assert tally["left"] > 0 and tally["taken over"] > 0 and tally["unseen"] <= STOPS
