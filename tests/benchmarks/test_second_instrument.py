"""A claim about goodput, measured with wrk."""

from __future__ import annotations

import shutil

import pytest

from benchmarks import second_instrument
from benchmarks.instruments import Reading
from benchmarks.second_instrument import row, unfit
from experiment.design.claims import CLAIMS

(B15,) = CLAIMS["B15"].comparisons


def _reading(rps: float) -> Reading:
    return Reading(requests=round(rps), seconds=1.0)


def test_a_row_has_the_ratio_of_treatment_to_baseline_round_by_round() -> None:
    readings = [(_reading(220), _reading(200)), (_reading(112), _reading(100)), (_reading(327), _reading(300))]
    assert row("B15", B15, readings) == (
        "B15",
        "noop.async-native@closed-20 / noop.async-native@closed-20+asyncio",
        "1.10x (0.99 to 1.23)",
        "220 and 200",
        "3",
    )


def test_a_round_that_failed_is_left_out_and_none_says_why() -> None:
    failed = Reading(problem="Socket errors: connect 20")
    assert row("B15", B15, [(failed, _reading(200))])[2:] == ("–", "Socket errors: connect 20", "0")
    assert row("B15", B15, [(failed, _reading(200)), (_reading(2), _reading(1))])[4] == "1"
    assert row("B15", B15, [(_reading(2), _reading(1))] * 2)[2] == "2.00x"


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("B1", "no ratio of goodput"),
        ("B4f", "no ratio of goodput"),
        ("B17b", "its request has a body"),
        ("B15", None),
        ("B28", None),
    ],
)
def test_what_wrk_cannot_do_is_known(claim: str, reason: str | None) -> None:
    assert unfit(CLAIMS[claim].comparisons[0]) == reason


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_the_command_asks_real_apps(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["second_instrument", "B16b", "--rounds", "1"])
    monkeypatch.setattr(second_instrument, "_WINDOW_S", 1.0)
    assert second_instrument.main() == 0
    _, _, found = capsys.readouterr().out.splitlines()
    assert found.startswith("| B16b | noop.async-native@closed-20 / noop.async-native@closed-20+h11 | ")
    assert found.endswith(" | 1 |")
