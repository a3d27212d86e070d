"""Other processes on our cores: what costs a trial is what they do to it, not that they are there."""

from collections.abc import Iterator

import pytest

from experiment.design.model import Load, LoadKind, PlannedTrial, Treatment
from experiment.records.trial import Measurement
from experiment.theory.validity import RuleContext, findings
from harness.system.pinning import plan_cores
from harness.trial.app_settings import todays
from harness.trial.preflight import preflight
from harness.trial.rig import Rig, rig
from neighbours import burner

PLAN = plan_cores()
pytestmark = pytest.mark.skipif(not PLAN.enforced, reason="needs two cores to pin to")

LOAD = Load(id="closed-20", kind=LoadKind.CLOSED, users=20, warmup_s=0.5, window_s=1.5)
BUSY, WAITING = "noop.async-native", "sleep.async-native"
ATTEMPTS = 4


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    logs = tmp_path_factory.mktemp("logs")
    with rig(plan=PLAN, logs=logs, loads={LOAD.id: LOAD}, settings=todays(), seed=1) as made:
        made.answers.update(preflight(made, [BUSY, WAITING]).answers)
        yield made


def _measured(stand: Rig, variant: str, number: int) -> tuple[Measurement, set[str]]:
    planned = PlannedTrial(
        trial_id=f"t{number:04d}", round=1, position=0, attempt=1, treatment=Treatment(variant=variant, load=LOAD.id)
    )
    measured = stand.measure(planned, lambda _: None)
    assert measured.failure is None
    return measured, {f.rule for f in findings(measured, RuleContext(load=LOAD))}


def test_a_process_on_the_core_of_a_busy_sut_costs_the_trial(stand: Rig) -> None:
    with burner(PLAN.sut[-1]):
        measured, rules = _measured(stand, BUSY, 1)
    assert "sut-contention" in rules
    assert measured.metrics.sut_runqueue_share
    assert measured.metrics.sut_foreign_cores


def test_a_process_on_the_drivers_core_does_not_cost_a_trial_that_waits(stand: Rig) -> None:
    seen: list[Measurement] = []
    with burner(PLAN.others[0], share=0.5):
        for number in range(2, 2 + ATTEMPTS):
            measured, rules = _measured(stand, WAITING, number)
            seen.append(measured)
            if not rules:
                break
    last = seen[-1].metrics
    assert (last.host_foreign_cores or 0) > 0.2  # the burner is seen; so much once made a trial invalid by itself
    if rules and rules <= {"sut-contention", "host-steal"}:  # not the burner's doing, which keeps to the driver's core
        pytest.skip(f"others use the SUT's core, or the host takes it, all the time: {', '.join(rules)}")
    assert rules == set()


def test_the_idle_sut_is_measured_once_for_a_configuration_and_leaves_no_file(stand: Rig) -> None:
    measured, _ = _measured(stand, WAITING, 9)
    (share,) = stand.idle_shares.values()
    assert measured.metrics.sut_idle_cpu_share == share
    assert 0 < share < 1
    assert not list(stand.logs.glob("idle*"))
