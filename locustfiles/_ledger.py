"""Requests that ended, told to the tally and to Locust a few at a time.

Telling costs little while the processor has that code and its data at hand, and a multiple of it just after it woke up
for an answer, which is when every answer comes. Eight told together share one warming up. They carry their own times,
so that nothing about them depends on when they are told; more than eight gained nothing when it was tried, and would
hold up what is to be sent next.
"""

from _report import Ended, Report
from _tally import Tally
from _target import Failure

TOLD_TOGETHER = 8


class Ledger:
    """Keeps the last few requests of one load; `settle` before the tally is read."""

    __slots__ = ("_ended", "_report", "tally")

    def __init__(self, tally: Tally, report: Report) -> None:
        self.tally = tally
        self._report = report
        self._ended: list[Ended] = []

    def ended(self, intended: float, sent_t: float, ended_t: float, received: int, failure: Failure | None) -> None:
        """Note a request that ended (perf_counter seconds; bytes received)."""
        self._ended.append((intended, sent_t, ended_t, received, failure))
        if len(self._ended) >= TOLD_TOGETHER:
            self._tell()

    def unanswered(self, intended: float, sent_t: float) -> None:
        """Count a request that is still in flight when nobody waits any longer; Locust is not told."""
        self.tally.unanswered(intended, sent_t)

    def drop(self, intended: float) -> None:
        """Count an arrival that was never sent; Locust is not told."""
        self.tally.drop(intended)

    def settle(self) -> None:
        """Tell of everything noted so far."""
        self._tell()
        self._report.settle()

    def _tell(self) -> None:
        """Tell the tally, in the order in which the requests ended; the report may keep them for a while."""
        ended, self._ended = self._ended, []
        done = self.tally.done
        for intended, sent_t, ended_t, _, failure in ended:
            done(intended, sent_t, ended_t, failure)
        self._report.keep(ended)
