"""A sweep over users, waits or CPU: what each variant did at each of them, and which are best there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from analysis.reading.campaign import Campaign
from analysis.reading.summary import Summary, rows_of, summarise
from analysis.wording.names import VariantName, treatment_label, treatment_phrase
from bench_app.styles import Style
from bench_app.works import Work
from experiment.design.factors import CPU_US, WAIT_MS
from experiment.design.metrics import GOODPUT
from experiment.design.model import Load, LoadKind, Treatment
from experiment.theory.ceilings import Ceiling, ceiling, wait_of

MATTERS = 1.1
"""Styles whose goodput is closer than this to the best are as good: the choice does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is compared: a variant on a server configuration. `at` is one of its treatments, without wait and CPU."""

    name: VariantName
    at: Treatment

    @property
    def label(self) -> str:
        return treatment_label(self.at)

    @property
    def phrase(self) -> str:
        """The side in the middle of a sentence."""
        return treatment_phrase(self.at)

    @property
    def style(self) -> Style:
        return self.name.style


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The goodput of a side at a wait (0 without one), users and CPU of the handler, with the ceiling in theory."""

    side: Side
    wait_s: float
    users: int
    cpu_us: int
    value: Summary
    ceiling: Ceiling | None


def points_of(campaign: Campaign, work: Work) -> list[Point]:
    """Return the measured steps of a work's sweep over users, sides in the fixed order of styles."""
    steps = {entry.id for entry in campaign.manifest.sweep}
    found = []
    for row in rows_of(campaign, work):
        value = summarise(campaign, row.treatment.id, GOODPUT)
        if value is None or row.load.kind is not LoadKind.CLOSED or row.treatment.id not in steps:
            continue
        server = row.treatment.server
        side = Side(name=row.name, at=replace(row.treatment, load="", server=server.without(WAIT_MS, CPU_US)))
        wait_s = wait_of(row.name, server.settings(campaign.manifest.settings)) or 0.0
        limit = ceiling(row.name, row.load, server, campaign.costs)
        cpu_us = int(server[CPU_US] or 0)
        found.append(Point(side=side, wait_s=wait_s, users=row.load.users, cpu_us=cpu_us, value=value, ceiling=limit))
    return found


def sides_of(points: Iterable[Point]) -> list[Side]:
    return list(dict.fromkeys(point.side for point in points))


def waits_of(points: Iterable[Point]) -> list[float]:
    """Return the waits in seconds, the shortest first."""
    return sorted({point.wait_s for point in points})


def good_of(points: Iterable[Point]) -> tuple[Side, ...]:
    """Return the sides as good as the best of one cell, by what was measured."""
    return _good([(point.side, point.value.median) for point in points])


def good_in_theory(campaign: Campaign, sides: Sequence[Side], wait_s: float, users: float) -> tuple[Side, ...]:
    """Return the sides as good as the best by their ceilings; empty where theory has none for one of them."""
    limits = [(side, _ceiling(campaign, side, wait_s, users)) for side in sides]
    known = [(side, limit.goodput_rps) for side, limit in limits if limit is not None]
    return _good(known) if len(known) == len(sides) else ()


def _good(rates: Sequence[tuple[Side, float]]) -> tuple[Side, ...]:
    best = max((rate for _, rate in rates), default=0.0)
    return tuple(side for side, rate in rates if rate > 0 and rate * MATTERS >= best)


def _ceiling(campaign: Campaign, side: Side, wait_s: float, users: float) -> Ceiling | None:
    """Return a side's ceiling at any wait, measured or not."""
    setting = side.name.work.setting
    waits = {**campaign.costs.waits_s, **({setting: wait_s} if setting else {})}
    load = Load(id="", kind=LoadKind.CLOSED, users=max(1, round(users)))
    return ceiling(side.name, load, side.at.server, replace(campaign.costs, waits_s=waits))


def cells_of(points: Iterable[Point]) -> dict[tuple[float, int], list[Point]]:
    """Return the points by wait and number of users."""
    found: dict[tuple[float, int], list[Point]] = {}
    for point in points:
        found.setdefault((point.wait_s, point.users), []).append(point)
    return found


def has_cpu(points: Iterable[Point]) -> bool:
    """Return whether it is a sweep over the CPU that the handler uses."""
    return len({point.cpu_us for point in points}) > 1
