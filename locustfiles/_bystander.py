"""The bystander: an innocent request on a fixed schedule beside the load, which shows what the load does to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from _arrivals import Arrivals, every
from _ledger import Ledger
from _tally import ArrivalTally

if TYPE_CHECKING:
    from _protocol import BystanderOrder
    from _recorder import Second
    from _report import Report
    from _target import Target

# One connection would do while the server answers within the interval; the others are there when it first does not,
# since a frozen server accepts nobody new.
PREWARMED_CONNECTIONS = 4
# Served before the load's own sockets: a bystander's lateness must be the server's, not the driver's.
_PRIORITY = 2


class Bystander:
    """Sends the bystander's request at t0 + k * interval, whatever has become of those before."""

    def __init__(self, target: Target, report: Report, order: BystanderOrder) -> None:
        """Take interval and cap from the order."""
        self.tally = ArrivalTally()
        self.ledger = Ledger(self.tally, report)
        self._target = target
        self._arrivals = Arrivals(
            target,
            self.ledger,
            offsets=every(order.interval_s),
            max_in_flight=order.max_in_flight,
            priority=_PRIORITY,
        )

    @property
    def in_flight(self) -> int:
        """How many requests are under way."""
        return self._arrivals.in_flight

    def prepare(self) -> None:
        """Connect, while the server still accepts."""
        self._arrivals.prewarm(PREWARMED_CONNECTIONS)

    def start(self, start_t: float) -> None:
        """Begin the schedule, which ends with the window."""
        self._arrivals.start(start_t, self.tally.close_t)

    def end_at(self, until_t: float) -> None:
        """End the schedule before its time."""
        self._arrivals.end_at(until_t)

    def finish(self) -> None:
        """Count what was not answered."""
        self._arrivals.finish()

    def stop(self) -> None:
        """Close every connection at once."""
        self._arrivals.stop()

    def slowest_us(self, second: int) -> int | None:
        """Return the longest wait, in microseconds, that began in a second of the window; None if none did."""
        seconds: list[Second] = self.tally.seconds
        return seconds[second].slowest_us

    def to_json(self) -> dict[str, Any]:
        """Return the bystander's part of a result: answers + wrong + censored == sent + dropped."""
        tally = self.tally
        return {
            "sent": tally.sent,
            "answers": tally.answered,
            "wrong": tally.wrong,
            "errors": dict(tally.errors),
            "errors_warmup": dict(tally.errors_warmup),
            "dropped": tally.dropped,
            "response": tally.response.to_json(),
            "send_lag": tally.send_lag.to_json(),
            "first_failure": tally.first_failure,
            "connections_opened": self._target.connections_opened,
        }
