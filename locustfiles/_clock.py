"""How far a worker's clock is from the master's, and how well that is known.

A clock is asked some times. Each answer bounds the difference: the worker read its clock between the master's question
and the answer's arrival. The narrowest of the bounds counts (F. Cristian, Distributed Computing 3, 1989).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """A worker's clock minus the master's, in seconds, and how much it may be wrong either way."""

    s: float
    bound_s: float

    def to_worker(self, t: float) -> float:
        return t + self.s

    def to_master(self, t: float) -> float:
        return t - self.s


def offset(readings: Iterable[tuple[float, float, float]]) -> Offset:
    """Return the offset from (asked, read, answered): the master's clock, the worker's, the master's again.

    What cannot be told from 0 is 0: processes of one machine have one clock. Raises ValueError without readings.
    """
    asked, read, answered = min(readings, key=lambda each: each[2] - each[0])
    found, bound_s = read - (asked + answered) / 2, (answered - asked) / 2
    return Offset(s=0.0 if abs(found) <= bound_s else found, bound_s=bound_s)
