# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that fail while a daemon reloads, and while it answers: what it says is what holds then, and the
next one who asks gets an answer."""

import collections

import packets
import pytest
from faults import choose
from netns import until
from running import Running

RULES = 'rules = ({{ family = "ipv4"; mss = {}; }});'
FIRST = 1000
RELOADS, CALLS, SEED = 150, 400, 3
QUESTIONS = {
    "GetStatus": {}, "GetStats": {}, "ListTunnels": {}, "ListPeers": {}, "GetOffload": {},
    "GetRules": {"diff": True}, "ApplyRules": {}, "SetLogLevel": {"level": "info"},
    "Explain": {"flow": "192.0.2.2 198.18.0.1"},
    "Try": {"interface": "alt", "mss": 900, "for_seconds": 1},
}


@pytest.fixture(scope="module")
def running():
    one = Running(RULES.format(FIRST))
    yield one
    one.close()


class Reloads:
    """One after the other, each with another limit."""

    def __init__(self, running):
        self.running, self.limit, self.next = running, FIRST, FIRST
        self.tally = collections.Counter()

    def reload(self, limit):
        self.running.daemon.write(RULES.format(limit))
        return self.running.ask("Reload")

    def count(self):
        self.running.daemon.plan.count()
        self.limit = self.next = FIRST + 1
        assert "error" not in self.reload(self.limit)
        self.running.daemon.plan.stop()
        return self.running.daemon.plan.counts()

    def _left(self):
        with packets.Capture(self.running.path.server, "eth0") as there:
            self.running.injector.send(packets.syn(self.running.path.CLIENT4,
                                                   self.running.path.SINK4, sport=999))
            return there.next().mss[0]

    def again(self):
        """Behind one that a library ended: the daemon is new."""
        assert "error" not in self.reload(FIRST)
        self.limit = self.next = FIRST
        return "library"

    def attempt(self, call, number, error):
        """Returns what became of it; raises where something does not hold."""
        running, plan = self.running, self.running.daemon.plan
        self.next = FIRST + (self.next - FIRST + 1) % 400
        with running.stream() as stream:
            plan.fail(call, error, number, trace=True)
            answer = self.reload(self.next)
            failed = plan.failed
            plan.stop()
            arrived = stream.end()
        if running.is_gone():
            return self.again()
        assert len(arrived) == stream.sent, "SYNs are lost"
        assert set(arrived) <= {self.limit, self.next}, set(arrived)
        outcome = self._outcome(answer, failed)
        if outcome == "no answer":
            self.limit = self._left()
        elif outcome != "refused":
            self.limit = self.next
        running.limit(self.limit)
        until(lambda: running.is_running() or running.is_gone(),
              f"it runs behind {call} {number} {error}", 8)
        return outcome if running.daemon.plan is plan else self.again()

    def _outcome(self, answer, failed):
        if answer is None:
            return "no answer"
        if "error" not in answer:
            return "done" if failed else "unseen"
        assert answer["parameters"].get("message"), answer
        return "refused"


def test_a_reload(running):
    """It is in force, or the old one is; either way that is what was said, and the rules stand."""
    reloads = Reloads(running)
    points = choose(reloads.count(), RELOADS, SEED)
    for point in points:
        mark = len(running.daemon.log())
        try:
            reloads.tally[reloads.attempt(*point)] += 1
        except AssertionError as fault:
            fault.add_note(f"{point}\n{running.daemon.log()[mark:]}")
            raise
    print(f"\n{len(points)} reloads in which a call fails: {dict(reloads.tally)}")
    assert reloads.tally["done"] > 0 and reloads.tally["refused"] > 0
    assert reloads.tally["library"] <= len(points) / 5


def shape(value):
    """The names in an answer, whatever their values; but of what may happen to a daemon at any time."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items() if name != "last_standstill"}
    return None


def whole_answer(running, method, parameters):
    """Its shape, and in the plan what is called for it; None where something is still wrong."""
    running.is_gone()
    running.daemon.plan.count()
    answer = running.ask(method, **parameters)
    running.daemon.plan.stop()
    return None if answer is None or "error" in answer else shape(answer)


def test_a_question(running):
    """A whole answer, an error, or the end of the connection; the next one has an answer."""
    tally = collections.Counter()
    for method, parameters in QUESTIONS.items():
        whole = until(lambda m=method, p=parameters: whole_answer(running, m, p), "an answer", 20)
        points = choose(running.daemon.plan.counts(), CALLS // len(QUESTIONS), SEED)
        for point in points:
            call, number, error = point
            running.daemon.plan.fail(call, error, number, trace=True)
            answer = running.ask(method, **parameters)
            running.daemon.plan.stop()
            assert answer is None or "error" in answer or shape(answer) == whole, point
            tally["no answer" if answer is None else
                  "error" if "error" in answer else "answer"] += 1
            if running.is_gone():
                tally["new"] += 1
                continue
            until(lambda: running.is_running() or running.is_gone(),
                  f"it runs behind {method} {point}", 8)
    print(f"\n{sum(tally.values())} questions in which a call fails: {dict(tally)}")
    running.daemon.reload(RULES.format(FIRST))
    running.limit(FIRST)
    assert min(tally["answer"], tally["error"]) > 0
    assert tally["new"] <= sum(tally.values()) / 50, "ended by a library"
