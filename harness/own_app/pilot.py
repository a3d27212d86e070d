"""The pilot: one user of each request for a second or two, then twice a second of 20, before anything is registered.

A route that seems to block is driven alone a second time: the first moment of an app is its most restless. Of the two
times with 20 users the one with less CPU a request counts, since a disturbed machine only adds to it. One user
shows the service time and how long the loop is held up; 20 show what a request costs a busy app. All requests are
driven on one process of the app. Its figures are what theory predicts from. They are no evidence: nothing is judged by
them.
"""

from collections.abc import Iterable, Iterator
from math import inf

from experiment.design.model import Load, LoadKind
from experiment.records.app_record import PilotEntry
from experiment.records.trial import Measurement, TrialMetrics
from experiment.theory.app_capacity import BLOCKS_FROM_S, RouteCosts
from harness.own_app.preflight import Found
from harness.own_app.rig import AppRig
from harness.system.services import Service

PILOT = "pilot"
_WINDOW_S, _LONGEST_S = 1.2, 4.0
_ANSWERS_WANTED = 10
_LEAST_ANSWERS = 5
_LEAST_NET_CPU_S = 0.02
"""As for a trial's own figure, but of fewer answers: a prediction may be off by a tenth."""


def pilot_load(seconds: float) -> Load:
    """Return the load for a request that takes so long alone: long enough for ten answers, within limits."""
    window_s = min(_LONGEST_S, max(_WINDOW_S, _ANSWERS_WANTED * seconds))
    return Load(
        id=PILOT, kind=LoadKind.CLOSED, users=1, stagger_s=0.0, warmup_s=min(0.3, window_s / 4), window_s=window_s
    )


_BUSY = Load(id=PILOT, kind=LoadKind.CLOSED, users=20, stagger_s=0.1, warmup_s=0.3, window_s=0.8)
_BUSY_TIMES = 2
_SLOWEST_BUSY_S = 0.1
"""20 users of a slower route that blocks get too few answers in a second; then one user's CPU must do."""


def pilot(rig: AppRig, version: str, asked: Iterable[Found], service: Service, name: str) -> Iterator[PilotEntry]:
    """Drive each request once; yield what it costs."""
    for found in asked:
        request = found.request.id
        load = pilot_load(found.answer.seconds)
        alone = rig.pilot(request, version, load, service, name)
        if _blocks(alone.metrics):
            alone = calmer(alone, rig.pilot(request, version, load, service, name))
        is_quick = (alone.metrics.response_mean_us or inf) <= _SLOWEST_BUSY_S * 1e6
        busy = [rig.pilot(request, version, _BUSY, service, name) for _ in range(_BUSY_TIMES if is_quick else 0)]
        yield entry_of(request, version, alone, *busy)


def calmer(first: Measurement, second: Measurement) -> Measurement:
    """Return the measurement in which the loop was held up less: a disturbed machine only adds to that (pure)."""
    before_ms, after_ms = (m.metrics.loop_blocked_ms_per_answer for m in (first, second))
    if second.failure is not None or before_ms is None or after_ms is None:
        return first
    return second if after_ms < before_ms else first


def entry_of(request: str, version: str, alone: Measurement, *busy: Measurement) -> PilotEntry:
    """Return what a pilot's measurements say (pure). What goes wrong with 20 users is for the trials to find."""
    metrics = alone.metrics
    failure = alone.failure or (metrics.first_failure if metrics.wrong or metrics.errors else None)
    right = [m.metrics for m in busy if not m.metrics.wrong and not m.metrics.errors and not _blocks(metrics)]
    cpu_us = min((known for each in right if (known := _cpu_us(each)) is not None), default=None)
    return PilotEntry(
        request=request,
        version=version,
        answers=metrics.answers,
        service_us=metrics.response_mean_us,
        cpu_us=_cpu_us(metrics) if cpu_us is None else cpu_us,
        blocked_ms=metrics.loop_blocked_ms_per_answer,
        failure=failure or (None if metrics.answers else "no answer within the pilot's window"),
    )


def _blocks(metrics: TrialMetrics) -> bool:
    """Return whether a route blocks: its CPU is then taken from the same moment as b and S, with which it is compared.

    A core's speed differs by a fifth from one second to the next, and a handler that computes is no cheaper when busy.
    """
    return (metrics.loop_blocked_ms_per_answer or 0.0) >= BLOCKS_FROM_S * 1000


def _cpu_us(metrics: TrialMetrics) -> float | None:
    """Return the CPU of a request without the idle app's; None where there is too little to tell."""
    share, idle, answers, window_s = (
        metrics.sut_cpu_share,
        metrics.sut_idle_cpu_share,
        metrics.answers or 0,
        metrics.window_s,
    )
    if share is None or idle is None or window_s is None or answers < _LEAST_ANSWERS:
        return None
    net_s = (share - idle) * window_s
    return net_s / answers * 1e6 if net_s >= _LEAST_NET_CPU_S else None


def costs_of(entry: PilotEntry, style: str | None) -> RouteCosts | None:
    """Return a request's costs for theory; None where the pilot got no answer (pure)."""
    if entry.failure is not None or not entry.service_us:
        return None
    return RouteCosts(
        style=style,
        service_s=entry.service_us / 1e6,
        cpu_s=None if entry.cpu_us is None else entry.cpu_us / 1e6,
        blocked_s=(entry.blocked_ms or 0.0) / 1000,
    )
