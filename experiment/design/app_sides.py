"""How a claim about an app writes its sides and its interval: `search+style-def`, `search@main`, `>= 1.5`."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from bench_app.table import nearest
from experiment.design.factor import Factor, FactorError, Value
from experiment.design.factors import (
    CORES,
    HTTP_PARSER,
    LOOP,
    STYLE,
    THREAD_TOKENS,
    VERSION,
    WITHOUT_MIDDLEWARE,
    WORKERS,
    ServerConfig,
    server,
)
from experiment.design.metrics import METRICS, Metric
from experiment.design.model import Interval, at_least, at_most

OWN_APP_FACTORS: tuple[Factor, ...] = (CORES, THREAD_TOKENS, LOOP, HTTP_PARSER, WORKERS, STYLE, WITHOUT_MIDDLEWARE)
"""The factors that a side may name after a plus sign. Which version it is stands after an @."""

_NOT_COUNTED = frozenset(
    {
        *("share_on_loop", "share_off_loop", "in_flight_peak", "busiest_worker_share"),  # our own handlers count these
        *("loop_stall_per_answer_waits", "loop_stall_longest_waits"),  # in units of the wait that our own works have
    }
)
_FORMS = '">= 1.5", "<= 0.2" or "0.9..1.1"'
_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSide:
    """One side of a claim about an app: a request, and what differs from the app as it stands."""

    request: str
    server: ServerConfig

    @property
    def version(self) -> str | None:
        """The git ref that it is measured at; None for the files as they are."""
        value = self.server[VERSION]
        return None if value is None else str(value)


def read_side(text: str, requests: Collection[str]) -> AppSide:
    """Return the side that is written as `request[+factor...][@ref]`.

    Raises ValueError, with the nearest name, if there is no such request or factor.
    """
    before, at, ref = text.partition("@")
    name, *changes = before.split("+")
    if name not in requests:
        raise ValueError(f"there is no request {name!r}{_hint(name, requests)}")
    if at and not ref:
        raise ValueError(f"{text!r} names no version after the @")
    values: dict[str, Value] = {VERSION.name: ref} if at else {}
    for change in changes:
        factor, value = _change(change)
        if factor.name in values:
            raise ValueError(f"{text!r} says {factor.name} twice")
        values[factor.name] = value
    return AppSide(request=name, server=server(values))


def _change(written: str) -> tuple[Factor, Value]:
    """Return the factor and its value from the way a treatment's id writes them."""
    for factor in OWN_APP_FACTORS:
        value = _value(factor, written)
        if value is not None:
            try:
                return factor, factor.check(value)
            except FactorError as error:
                raise ValueError(str(error)) from None
    raise ValueError(f"an app has no factor {written!r}{_hint(written, _examples())}")


def _value(factor: Factor, written: str) -> Value:
    """Return the value of this factor that is written there, as yet unchecked; None if it is another factor's."""
    for value in factor.values:
        if factor.suffix.format(value) == written:
            return value
    head, _, end = factor.suffix.partition("{}")
    if not head or not written.startswith(head) or not written.endswith(end):
        return None
    given = written.removeprefix(head).removesuffix(end)
    return int(given) if given.isdecimal() and given.isascii() else given


def _examples() -> tuple[str, ...]:
    free = {THREAD_TOKENS.name: 100, WITHOUT_MIDDLEWARE.name: "NAME"}
    return tuple(
        factor.suffix.format(value)
        for factor in OWN_APP_FACTORS
        for value in factor.values or (free[factor.name],)
        if value != factor.default
    )


def _hint(name: str, known: Collection[str]) -> str:
    close = nearest(name, known)
    if close:
        return f"; did you mean {close}?"
    return f"; there is {', '.join(known)}" if known else ""


def app_metrics() -> tuple[Metric, ...]:
    """Return the metrics that a claim about an app may name."""
    return tuple(row for row in METRICS.values() if row.name not in _NOT_COUNTED and not row.is_at_equal_speed)


def app_metric(name: str) -> Metric:
    """Return the metric that a claim about an app names. Raises ValueError for one that an app cannot have."""
    known = [metric.name for metric in app_metrics()]
    if name in known:
        return METRICS[name]
    if name in METRICS and METRICS[name].is_at_equal_speed:
        raise ValueError(f"{name} is for sides that load the core alike, which nobody knows of an app; name another")
    if name in METRICS:
        raise ValueError(f"{name} is counted for our own handlers only; there is {', '.join(known)}")
    raise ValueError(f"there is no metric {name!r}{_hint(name, known)}")


def read_interval(text: str) -> Interval:
    """Return the interval that is written as `>= 1.5`, `<= 0.2` or `0.9..1.1`. Raises ValueError for anything else."""
    one = re.fullmatch(rf"\s*(>=|<=)\s*{_NUMBER}\s*", text)
    two = re.fullmatch(rf"\s*{_NUMBER}\s*\.\.\s*{_NUMBER}\s*", text)
    if one is not None and not math.isclose(float(one[2]), 0.0):
        return at_least(float(one[2])) if one[1] == ">=" else at_most(float(one[2]))
    if two is not None:
        return Interval(float(two[1]), float(two[2]))
    why = "is true of everything or of nothing" if one is not None else "is no interval"
    raise ValueError(f"{text!r} {why}; write {_FORMS}")
