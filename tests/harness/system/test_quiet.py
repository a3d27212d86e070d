"""Who else uses the machine: said before something is measured, in a sentence, where it is enough to disturb."""

from __future__ import annotations

from typing import Any

import pytest

from experiment.errors import Exit
from harness.commands import claim, doctor
from harness.commands.cli import main
from harness.system.quiet import Quietness, busiest, watch


def seen(**changed: Any) -> Quietness:
    usual: dict[str, Any] = {"busy_cores": 0.02, "busiest": None, "steal_share": 0.001, "pressure_share": 0.0}
    return Quietness(cores=2, **{**usual, **changed})


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        ({}, ""),
        ({"steal_share": None, "pressure_share": None}, ""),
        ({"busy_cores": 0.24, "busiest": "a (process 1)"}, ""),
        (
            {"busy_cores": 1.24, "busiest": "tool (process 12)"},
            "this machine is not quiet (other programs use 1.2 of its 2 cores, tool (process 12) most of it)",
        ),
        ({"busy_cores": 0.5}, "this machine is not quiet (other programs use 0.5 of its 2 cores)"),
        ({"steal_share": 0.12}, "this machine is not quiet (its host takes 12% of their time)"),
    ],
)
def test_what_disturbs_is_said_and_nothing_else(found: dict[str, Any], complaint: str) -> None:
    assert seen(**found).complaint == complaint


def test_the_busiest_is_the_one_that_used_most_in_between() -> None:
    before = {(1, "old"): 100.0, (2, "idle"): 5.0}
    assert busiest(before, {(1, "old"): 100.1, (2, "idle"): 5.0, (3, "new"): 0.4}) == "new (process 3)"
    assert busiest(before, before) is None
    assert busiest({}, {}) is None


def test_this_machine_can_be_watched() -> None:
    found = watch(0.05)
    assert found.cores >= 1
    assert found.busy_cores >= 0


@pytest.mark.parametrize("found", [{}, {"busy_cores": 1.5, "steal_share": 0.2}])
def test_the_doctor_says_what_it_costs(found: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "watch", lambda: seen(**found))
    check = doctor._quiet()
    assert check.health is (doctor.Health.WEAK if found else doctor.Health.GOOD)
    assert "other programs use" in check.found


@pytest.mark.parametrize("found", [{}, {"busy_cores": 1.5}])
def test_a_claim_is_measured_on_a_restless_machine_too_and_that_is_said_once(
    found: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class _Measuring(BaseException):  # an Exception would be told as a fault of ours
        pass

    def measured(*_order: object, **_plan: object) -> None:
        raise _Measuring

    monkeypatch.setattr(claim, "watch", lambda: seen(**found))
    monkeypatch.setattr(claim, "run_as_ordered", measured)
    with pytest.raises(_Measuring):
        main(["claim", "A1", "--beside"])
    said = "This machine is not quiet (other programs use 1.5 of its 2 cores): the answer may take longer"
    assert capsys.readouterr().out.count(said) == len(found)


def test_a_machine_that_cannot_measure_is_named_as_such(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = doctor.Check("ports", "none", "Nothing can listen.", is_bad=True)
    monkeypatch.setattr(doctor, "CHECKS", (lambda: broken,))
    assert main(["doctor"]) == Exit.ENVIRONMENT
    assert capsys.readouterr().err == "bench: nothing can be measured here before this is mended: ports\n"
