"""A trial of the rig that several workers drive, and what becomes of it when one is lost."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design.model import Load, LoadKind, PlannedTrial, Treatment
from harness.system.pinning import plan_cores
from harness.trial.app_settings import todays
from harness.trial.preflight import preflight
from harness.trial.rig import Rig, rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.trial.driver import Progress

LOAD = Load(id="closed-9", kind=LoadKind.CLOSED, users=9, warmup_s=0.4, window_s=2.5, stagger_s=0.1)
SLEEP = {"sleep.def": CATALOGUE["sleep.def"]}


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Rig]:
    with rig(plan=plan_cores(), logs=tmp_path, loads={LOAD.id: LOAD}, settings=todays(), seed=1, workers=2) as made:
        made.answers.update(preflight(made, SLEEP).answers)
        yield made


def planned(trial_id: str) -> PlannedTrial:
    treatment = Treatment(variant="sleep.def", load=LOAD.id)
    return PlannedTrial(trial_id=trial_id, round=1, position=0, attempt=1, treatment=treatment)


def test_a_trial_counts_what_all_workers_sent_and_a_lost_one_ends_the_next_by_name(stand: Rig) -> None:
    measured = stand.measure(planned("t0001"), _ignore)
    assert measured.failure is None
    assert measured.metrics.users_started == LOAD.users
    assert measured.metrics.in_flight_mean == pytest.approx(LOAD.users, abs=1)
    assert measured.metrics.bystander_answers
    assert measured.metrics.driver_runqueue_share is not None

    lost = stand.locust.running_pids()[0]
    broken = stand.measure(planned("t0002"), lambda _: os.kill(lost, signal.SIGKILL) if _alive(lost) else None)
    assert broken.failure_rule == "driver-failed"
    assert f"worker {lost} on " in str(broken.failure)

    again = stand.measure(planned("t0003"), _ignore)
    assert again.failure is None
    assert lost not in stand.locust.running_pids()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _ignore(_progress: Progress) -> None:
    pass
