"""The two sides of a trial, its load and its bystander: what each asks, what sends it and where it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from _answer import build_request
from _ledger import Ledger
from _load_closed import ClosedLoad
from _load_open import Bystander, OpenLoad
from _recorder import Durations
from _report import Report
from _tally import ArrivalTally, CompletionTally, Tally
from _tally_bystander import BystanderTally
from _target import Target
from experiment.records.driver_protocol import BurstOrder, ClosedOrder, HistogramPairs, Request, TrialCommand

if TYPE_CHECKING:
    from locust.env import Environment

Load = ClosedLoad | OpenLoad
L = TypeVar("L", bound=Load | Bystander)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side(Generic[L]):
    """One side; `ledger` writes into `tally`."""

    target: Target
    ledger: Ledger
    load: L

    @property
    def tally(self) -> Tally:
        """What was counted, once the ledger is settled."""
        return self.ledger.tally

    def counts(self) -> dict[str, Any]:
        """Return what RequestCounts has, but for the answers, which each side counts in its own way."""
        tally = self.tally
        return {
            "sent": tally.sent,
            "wrong": tally.wrong,
            "errors": dict(tally.errors),
            "errors_warmup": dict(tally.errors_warmup),
            "first_failure": tally.first_failure,
            "connections_opened": self.target.connections_opened,
            "connections_opened_in_window": sum(tally.open_t <= t < tally.close_t for t in self.target.opened_t),
            "dropped": tally.dropped,
            "response": pairs(tally.response),
            "send_lag": pairs(tally.send_lag),
        }


def load_side(environment: Environment, command: TrialCommand) -> Side[Load]:
    """Return the side of the load. Raises ValueError for a request that cannot be written."""
    order, target = command.load, _target(command, command.request)
    tally = CompletionTally() if isinstance(order, ClosedOrder | BurstOrder) else ArrivalTally()
    ledger = Ledger(tally, Report(environment, method=command.request.method, name=command.request.path))
    load: Load
    match order:
        case ClosedOrder():
            load = ClosedLoad(
                target, ledger, users=order.users, once=False, stagger_s=order.stagger_s, first_s=order.first_s
            )
        case BurstOrder():
            load = ClosedLoad(target, ledger, users=order.requests, once=True)
        case _:
            load = OpenLoad(target, ledger, order)
    return Side(target=target, ledger=ledger, load=load)


def bystander_side(environment: Environment, command: TrialCommand) -> Side[Bystander] | None:
    """Return the side of the bystander, if there is one. Raises ValueError for a request that cannot be written."""
    order = command.bystander
    if order is None:
        return None
    target = _target(command, order)
    tally = BystanderTally()
    ledger = Ledger(tally, Report(environment, method=order.method, name=f"bystander {order.path}"))
    load = Bystander(target, ledger, tally, order, seconds=command.warmup_s + command.window_s)
    return Side(target=target, ledger=ledger, load=load)


def pairs(durations: Durations) -> HistogramPairs:
    """Return durations in the form in which they travel."""
    return HistogramPairs(
        counts=durations.counts.to_pairs(), censored=durations.censored.to_pairs(), entered=durations.entered.to_pairs()
    )


def _target(command: TrialCommand, request: Request) -> Target:
    host, port = command.host, command.port
    raw = build_request(
        method=request.method,
        path=request.path,
        authority=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        headers=request.headers,
        body=request.body,
    )
    return Target(
        host=host,
        port=port,
        request=raw,
        expected_status=request.expected_status,
        expected_body=request.expected_body,
        timeout_s=command.request_timeout_s,
    )
