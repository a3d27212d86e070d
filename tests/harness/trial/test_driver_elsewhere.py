"""A trial of the rig that `bench worker` drives, on an app that listens on another address than usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design.model import Load, LoadKind, PlannedTrial, Treatment
from experiment.errors import EnvironmentUnfitError
from experiment.records.manifest import Elsewhere
from harness.system.pinning import plan_cores
from harness.trial import driver
from harness.trial.app_settings import todays
from harness.trial.driver import LocustProcess
from harness.trial.preflight import preflight
from harness.trial.rig import Rig, rig
from real_servers import free_port
from volunteers import volunteers

if TYPE_CHECKING:
    from pathlib import Path

    from experiment.records.trial import Measurement
    from harness.trial.driver import Progress

LOAD = Load(id="closed-9", kind=LoadKind.CLOSED, users=9, warmup_s=0.4, window_s=1.5, stagger_s=0.1)
SLEEP = {"sleep.def": CATALOGUE["sleep.def"]}


def planned(trial_id: str) -> PlannedTrial:
    treatment = Treatment(variant="sleep.def", load=LOAD.id)
    return PlannedTrial(trial_id=trial_id, round=1, position=0, attempt=1, treatment=treatment)


def test_a_trial_is_driven_from_elsewhere_and_a_lost_worker_does_not_end_its_master(tmp_path: Path) -> None:
    port = free_port()
    found = Elsewhere(bind=f"::1:{port}", sut_host="::1")
    plan, loads = plan_cores(), {LOAD.id: LOAD}
    with (
        volunteers(port, 1, host="[::1]") as others,
        rig(plan=plan, logs=tmp_path, loads=loads, settings=todays(), seed=1, workers=1, elsewhere=found) as stand,
    ):
        measured = _measured(stand, "t0001")
        assert measured.failure is None
        assert measured.metrics.users_started == LOAD.users
        assert measured.metrics.bystander_answers
        assert measured.metrics.driver_runqueue_share is not None  # its worker runs on this machine, too

        master = stand.locust.running_pid()
        others[0].leave()
        with volunteers(port, 1, host="[::1]"):
            assert _measured(stand, "t0002").failure is None
        assert stand.locust.running_pid() == master


def _measured(stand: Rig, trial_id: str) -> Measurement:
    stand.answers.update(preflight(stand, SLEEP).answers)
    with stand.serving(SLEEP, planned(trial_id).treatment.server, "seen") as service:
        assert service.url == f"http://[::1]:{service.port}"
    return stand.measure(planned(trial_id), _ignore)


def test_workers_that_do_not_come_are_an_error_for_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "COME_LIMIT_S", 0.5)
    locust = LocustProcess(
        log=tmp_path / "driver.log", cores=(), workers=2, elsewhere=Elsewhere(bind=f"127.0.0.1:{free_port()}")
    )
    with pytest.raises(EnvironmentUnfitError, match=r"did not start: only 0 of 2 workers came within 0\.5 s"):
        locust.start()
    assert locust.pid is None


def _ignore(_progress: Progress) -> None:
    pass
