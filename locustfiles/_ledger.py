"""Requests that ended, told to the tally and to Locust many at a time.

Telling costs little while the processor has that code and its data at hand, and a multiple of it just after it woke up
for an answer, which is when every answer comes. So a right answer is only written down, with its own times, and nothing
about it depends on when it is told. The tally is told of a failure at once.
"""

import numpy as np

from _report import Report
from _tally import Tally
from _target import Failure

TOLD_TOGETHER = 256
"""Telling so many takes some hundred microseconds, in which nothing is sent; of more there is little to gain."""


class Ledger:
    """Keeps the last right answers of one load; `settle` before the tally is read."""

    __slots__ = ("_report", "_right", "tally")

    def __init__(self, tally: Tally, report: Report) -> None:
        self.tally = tally
        self._report = report
        self._right: list[tuple[float, float, float, int]] = []

    def ended(self, intended: float, sent_t: float, ended_t: float, received: int, failure: Failure | None) -> None:
        """Note a request that ended (perf_counter seconds; bytes received)."""
        if failure is not None:
            self.tally.done(intended, sent_t, ended_t, failure)
            self._report.failed(intended, ended_t, received, failure)
            return
        self._right.append((intended, sent_t, ended_t, received))
        if len(self._right) >= TOLD_TOGETHER:
            self._tell()

    def unanswered(self, intended: float, sent_t: float) -> None:
        """Count a request that is still in flight when nobody waits any longer; Locust is not told."""
        self.tally.unanswered(intended, sent_t)

    def drop(self, intended: float) -> None:
        """Count an arrival that was never sent; Locust is not told."""
        self.tally.drop(intended)

    def settle(self) -> None:
        """Tell of everything noted so far."""
        if self._right:
            self._tell()
        self._report.settle()

    def _tell(self) -> None:
        """Tell of the right answers, in the order in which they came."""
        right, self._right = self._right, []
        intended, sent_t, ended_t, received = np.array(right, dtype=np.float64).T.copy()
        self.tally.answered(intended, sent_t, ended_t)
        self._report.answered(intended, ended_t, received)
        self._report.settle()
