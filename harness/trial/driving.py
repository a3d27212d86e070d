"""One trial driven: what the driver counted, and what the window's edges showed of SUT, host and our own processes."""

import time
from collections.abc import Callable

from experiment.records.driver_protocol import ResultEvent, TrialCommand
from experiment.records.trial import Measurement, TrialMetrics
from harness.trial.contention import Edge
from harness.trial.driver import LocustProcess, Progress
from harness.trial.window_sampler import WindowSampler

_PROBE_LAST_WORD_S = 0.12
"""The probe writes every 50 ms; after two such waits the window's last ticks are on disk, and the SUT can be killed."""


def drive(
    locust: LocustProcess,
    command: TrialCommand,
    *,
    sut: int,
    yardstick: int,
    others: tuple[int, ...],
    on_progress: Callable[[Progress], None],
) -> tuple[ResultEvent, tuple[Edge, Edge] | None]:
    """Return the driver's result and the window's edges; the probe has then written all of the window.

    `sut`, `yardstick` and `others` are pids. Raises DriverFailedError as `LocustProcess.run` does.
    """
    sampler = WindowSampler(
        sut=sut,
        yardstick=yardstick,
        driver=locust.running_pid(),
        senders=locust.running_pids(),
        others=others,
        on_progress=on_progress,
    )
    result = locust.run(command, sampler.on_event)
    time.sleep(_PROBE_LAST_WORD_S)
    return result, sampler.edges


def failed(rule: str, reason: str) -> Measurement:
    """Return the measurement of a trial that a failure rule (experiment/theory/validity.py) ends."""
    return Measurement(metrics=TrialMetrics(), histograms={}, failure=reason, failure_rule=rule)
