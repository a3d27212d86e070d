"""What a trial counts, and when: one tally for the load, one for the bystander.

A tally is told of every request that ended, with its intended start, its send and its end (perf_counter seconds), and
in the end of those that did not. Nothing is silently missing: what was not answered is recorded as censored, at its age
when the trial stopped looking.

Right answers to requests that began and ended inside the window are counted many at a time, all others one by one; a
test compares both ways, bit for bit.

Two ways to decide what belongs to the window. A closed load or a burst has a fixed number of requests in flight, so a
request belongs where it was COMPLETED. Arrivals (open load, bystander) come whether or not they are answered, so a
request belongs where it was meant to START: otherwise a frozen server would push its slow answers out of the sample.
"""

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator

import numpy as np

from _recorder import Durations, Second, Times, Whole, whole_us, whole_us_of
from _target import WRONG_KINDS, Failure, FailureKind

NEVER = math.inf
# Fine enough to see within a window of two or three seconds whether the load was steady.
BIN_S = 0.05


class Tally(ABC):
    """Counts of one load. The window is [open_t, close_t); what is in flight at its end may drain until end_t."""

    def __init__(self) -> None:
        """Count everything as warm-up until `begin` says when the window is."""
        self.open_t = self.close_t = self.end_t = NEVER
        self.response = Durations()
        self.service = Durations()
        self.send_lag = Durations()
        self.sent = self.answers = self.wrong = self.in_flight_end = 0
        self.errors: Counter[FailureKind] = Counter()
        self.errors_warmup: Counter[FailureKind] = Counter()
        self.first_failure: str | None = None
        self.last_answer_t: float | None = None
        self.seconds: list[Second] = []
        self._answers_per_bin: list[int] = []
        self._drops: list[float] = []
        self.in_flight_ns = 0  # whole, so that the sum of several tallies is exact

    def begin(self, *, open_t: float, window_s: float, drain_s: float = 0.0) -> None:
        """Set the window: from `open_t` for `window_s`, and then `drain_s` more for what is in flight."""
        self.open_t = open_t
        self.close_t = open_t + window_s
        self.end_t = self.close_t + drain_s
        # one second more than can be needed: a sum of floats may round up
        self.seconds = [Second() for _ in range(math.ceil(window_s) + 1)]
        self._answers_per_bin = [0] * (math.ceil(window_s / BIN_S) + 1)

    def close_early(self, close_t: float) -> None:
        """End the window before its time: there is nothing left to wait for."""
        self.close_t = self.end_t = close_t

    def note(self, failure: Failure) -> None:
        """Remember the first failure of all, for people to read."""
        if self.first_failure is None:
            self.first_failure = str(failure)

    @abstractmethod
    def done(self, intended: float, sent_t: float, ended: float, failure: Failure | None) -> None:
        """Count a request that ended. `sent_t` is 0.0 where it never reached the wire."""

    def answered(self, intended: Times, sent_t: Times, ended: Times) -> None:
        """Count requests that were answered right; each is counted as `done` would."""
        inside = (self.open_t <= intended) & (intended <= sent_t) & (sent_t <= ended) & (ended < self.close_t)
        if not inside.all():
            times = np.column_stack((intended, sent_t, ended))[~inside]
            for began, sent, done in times.tolist():
                self.done(began, sent, done, None)
            intended, sent_t, ended = intended[inside], sent_t[inside], ended[inside]
        if len(ended):
            self._inside(intended, sent_t, ended)

    def unanswered(self, intended: float, sent_t: float) -> None:
        """Count a request that is still in flight when the trial ends."""
        self.done(intended, sent_t, NEVER, None)

    def drop(self, intended: float) -> None:
        """Count an arrival that was never sent: too many were in flight, or its turn never came."""
        if self.open_t <= intended < self.close_t:
            self._drops.append(intended)

    def finish(self) -> None:
        """Give the dropped arrivals the age they have now that the trial ends."""
        for intended in self._drops:
            self._censor(intended, 0.0, self.end_t)
            self._slow(intended, self.end_t)

    @property
    def dropped(self) -> int:
        return len(self._drops)

    @property
    def window_s(self) -> float:
        return self.close_t - self.open_t

    @property
    def in_flight_mean(self) -> float:
        """The number in flight, averaged over the window (the N of Little's law)."""
        return self.in_flight_ns / 1e9 / self.window_s if self.window_s > 0 else 0.0

    @property
    def answers_per_bin(self) -> list[int]:
        """How many right answers were completed in each whole BIN_S of the window."""
        return self._answers_per_bin[: int(self.window_s / BIN_S + 1e-6)]

    # shared by both kinds

    def _inside(self, intended: Times, sent_t: Times, ended: Times) -> None:
        """Count right answers to requests that began and ended inside the window."""
        self.sent += len(ended)
        self.answers += len(ended)
        self.in_flight_ns += int(((ended - intended) * 1e9 + 0.5).astype(np.int64).sum())
        self.response.counts.record_all(whole_us_of(ended - intended))
        self.service.counts.record_all(whole_us_of(ended - sent_t))
        self.send_lag.counts.record_all(whole_us_of(sent_t - intended))
        since_open = ended - self.open_t
        for second, count in _counted(since_open.astype(np.int64)):
            self.seconds[second].answers += count
        for number, count in _counted((since_open / BIN_S).astype(np.int64)):
            self._answers_per_bin[number] += count

    def _overlap(self, intended: float, ended: float) -> None:
        """Add the part of a request's life that lies inside the window."""
        start = max(self.open_t, intended)
        end = min(self.close_t, ended)
        if end > start:
            self.in_flight_ns += int((end - start) * 1e9 + 0.5)

    def _answered(self, intended: float, sent_t: float, ended: float) -> None:
        self.response.counts.record(int((ended - intended) * 1e6 + 0.5))
        self.service.counts.record(int((ended - sent_t) * 1e6 + 0.5))
        self.send_lag.counts.record(int((sent_t - intended) * 1e6 + 0.5))

    def _censor(self, intended: float, sent_t: float, at: float) -> None:
        """Record the ages of a request that had no right answer when it was last looked at."""
        self.response.censored.record(whole_us(at - intended))
        if 0.0 < sent_t <= at:
            self.service.censored.record(whole_us(at - sent_t))
            self.send_lag.counts.record(whole_us(sent_t - intended))
        else:
            self.send_lag.censored.record(whole_us(at - intended))

    def _second(self, t: float) -> Second:
        return self.seconds[int(t - self.open_t)]

    def _slow(self, intended: float, until: float) -> None:
        """Keep the longest wait of each second, by the second in which it began."""
        second = self._second(intended)
        second.slowest_us = max(second.slowest_us or 0, whole_us(until - intended))

    def _count_second(self, ended: float, failure: Failure | None) -> None:
        """Count a request that ended inside the window, right or not, in its second."""
        second = self._second(ended)
        if failure is None:
            second.answers += 1
            self._answers_per_bin[int((ended - self.open_t) / BIN_S)] += 1
        elif failure.kind in WRONG_KINDS:
            second.wrong += 1
        else:
            second.errors += 1

    def _count_failure(self, failure: Failure) -> None:
        if failure.kind in WRONG_KINDS:
            self.wrong += 1
        else:
            self.errors[failure.kind] += 1


def _counted(numbers: Whole) -> Iterator[tuple[int, int]]:
    """Yield each number of these (none below 0), and how often it is among them."""
    counts = np.bincount(numbers)
    return ((number, int(counts[number])) for number in np.flatnonzero(counts).tolist())


class CompletionTally(Tally):
    """A closed load or a burst: a request belongs to the window if it was completed inside it.

    A failed request is counted and has no duration. One in flight at the window's end has the duration that the drain
    gave it if it was answered right by then, and is censored otherwise. One in flight when the window opened entered at
    the age that it had then: answered before, it would not have been seen.
    """

    def done(self, intended: float, sent_t: float, ended: float, failure: Failure | None) -> None:
        if failure is not None:
            self.note(failure)
        if ended < self.open_t:
            if failure is not None:
                self.errors_warmup[failure.kind] += 1
            return
        self._overlap(intended, ended)
        if ended >= self.close_t:
            self._late(intended, sent_t, ended, failure)
        else:
            self._count_second(ended, failure)
            if failure is None:
                self.answers += 1
                self._last(ended)
                self._answered(intended, sent_t, ended)
            else:
                self._count_failure(failure)
        if intended >= self.open_t:
            self.sent += intended < self.close_t
        elif failure is None or ended >= self.close_t:
            self._entered(intended, sent_t)

    def _inside(self, intended: Times, sent_t: Times, ended: Times) -> None:
        super()._inside(intended, sent_t, ended)
        self._last(float(ended.max()))

    def _last(self, ended: float) -> None:
        self.last_answer_t = max(self.last_answer_t or ended, ended)

    def _late(self, intended: float, sent_t: float, ended: float, failure: Failure | None) -> None:
        if intended >= self.close_t:
            return
        self.in_flight_end += 1
        if failure is None and ended < self.end_t:
            self._answered(intended, sent_t, ended)
        else:
            self._censor(intended, sent_t, min(ended, self.end_t))

    def _entered(self, intended: float, sent_t: float) -> None:
        """Record how old a request was when the window opened; its service may have begun later."""
        self.response.entered.record(whole_us(self.open_t - intended))
        if 0.0 < sent_t < self.open_t:
            self.service.entered.record(whole_us(self.open_t - sent_t))


class ArrivalTally(Tally):
    """Arrivals: a request belongs to the window if it was meant to start inside it.

    Every such request is exactly one of: answered right (a response time), wrong, or censored. An error is counted and
    censored at its age when it failed; a drop is counted and censored at its age when the trial ended.
    `answers` and the seconds count completions inside the window, which is what goodput means.
    """

    def done(self, intended: float, sent_t: float, ended: float, failure: Failure | None) -> None:
        if failure is not None:
            self.note(failure)
        self._overlap(intended, ended)
        if self.open_t <= ended < self.close_t:
            self._count_second(ended, failure)
            self.answers += failure is None
        if intended < self.open_t:
            if failure is not None:
                self.errors_warmup[failure.kind] += 1
        elif intended < self.close_t:
            self.sent += 1
            self.in_flight_end += ended >= self.close_t
            self._classify(intended, sent_t, ended, failure)

    def _inside(self, intended: Times, sent_t: Times, ended: Times) -> None:
        super()._inside(intended, sent_t, ended)
        seconds = (intended - self.open_t).astype(np.int64)
        for number, _ in _counted(seconds):
            chosen = seconds == number
            slowest_us = int(whole_us_of(ended[chosen] - intended[chosen]).max())
            self.seconds[number].slowest_us = max(self.seconds[number].slowest_us or 0, slowest_us)

    def _classify(self, intended: float, sent_t: float, ended: float, failure: Failure | None) -> None:
        ended_or_end = min(ended, self.end_t)
        self._slow(intended, ended_or_end)
        if ended >= self.end_t:
            self._censor(intended, sent_t, self.end_t)
        elif failure is None:
            self._answered(intended, sent_t, ended)
        else:
            self._count_failure(failure)
            if failure.kind not in WRONG_KINDS:
                self._censor(intended, sent_t, ended_or_end)
