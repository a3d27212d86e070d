"""A campaign with the database: what it sees, and what happens when it dies."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bench_app.settings import Settings
from experiment.design.model import Load, LoadKind, PlannedTrial, Treatment
from experiment.errors import Exit
from experiment.theory.pool_occupancy import ConnectionHold, allowed_in_use, complaint
from harness.commands.cli import main
from harness.system.pinning import plan_cores
from harness.trial.app_settings import todays
from harness.trial.preflight import preflight
from harness.trial.rig import Rig, rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.trial.driver import Progress

LOAD = Load(id="closed-10", kind=LoadKind.CLOSED, users=10, warmup_s=0.3, window_s=1.5)
SETTINGS = Settings.model_construct()
HELD = ConnectionHold(hold_s=SETTINGS.query_s, pool_size=SETTINGS.db_pool_size)
ASYNCPG = Treatment(variant="db.async-native.asyncpg", load=LOAD.id)


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    logs = tmp_path_factory.mktemp("logs")
    with rig(plan=plan_cores(), logs=logs, loads={LOAD.id: LOAD}, settings=todays(), seed=1) as made:
        report = preflight(made, [ASYNCPG.variant])
        assert not report.complaints
        made.answers.update(report.answers)
        yield made


def _planned(number: int) -> PlannedTrial:
    return PlannedTrial(trial_id=f"t{number:04d}", round=1, position=0, attempt=1, treatment=ASYNCPG)


def _ignore(_progress: Progress) -> None:
    pass


def test_the_connections_the_database_sees_agree_with_littles_law(stand: Rig) -> None:
    measured = stand.measure(_planned(1), _ignore)
    metrics = measured.metrics
    assert measured.failure is None
    assert metrics.db_in_use_peak is not None
    assert 1 <= metrics.db_in_use_peak <= LOAD.users
    assert allowed_in_use(metrics, HELD) is not None
    assert complaint(metrics, HELD) is None
    assert complaint(metrics, replace(HELD, hold_s=HELD.hold_s / 4)) is not None
    assert any(second.db_in_use_max for second in measured.seconds)


def test_a_database_that_dies_makes_the_trial_invalid_and_the_next_one_has_a_new_one(stand: Rig) -> None:
    first = stand.database.running()
    assert first.postmaster_pid is not None

    def kill(_progress: Progress) -> None:
        assert first.postmaster_pid is not None
        os.kill(first.postmaster_pid, signal.SIGKILL)

    broken = stand.measure(_planned(2), kill)
    assert broken.failure_rule == "service-died"
    assert broken.failure is not None
    assert "PostgreSQL" in broken.failure

    again = stand.measure(_planned(3), _ignore)
    assert again.failure is None
    assert again.metrics.answers
    assert stand.database.running().postmaster_pid != first.postmaster_pid


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:p@127.0.0.1/db", "postgresql://"),
        ("postgresql://u:p@127.0.0.1:1/db", "BENCH_DATABASE_URL"),
        ("nonsense", "postgresql://"),
    ],
)
def test_a_wrong_database_url_is_told_before_anything_is_measured(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_DATABASE_URL", url)
    folder = tmp_path / "campaign"
    assert main(["run", "--claims", "A17", "--out", str(folder)]) == Exit.ENVIRONMENT
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not folder.exists()
