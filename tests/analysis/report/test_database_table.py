"""What the database saw, in the report: beside the arithmetic where there is one, and empty where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.reading.campaign import load_campaign
from analysis.report.database_table import database_table
from analysis.report.report import write_report
from experiment.design.claims import CLAIMS
from experiment.design.model import Treatment
from experiment.records.store import CampaignFolder
from fake_campaigns import write_campaign
from made_trials import trial

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.reading.campaign import Campaign
    from experiment.records.trial import TrialRecord

WAITS = Treatment(variant="db.def.psycopg2", load="closed-80")
PLAIN = Treatment(variant="db.def.psycopg2-plain", load="closed-80")
SLEEPS = Treatment(variant="sleep.def", load="closed-80")


def _watched(treatment: Treatment, number: int, *, mean: float, rps: float = 390.0, waiting: int = 0) -> TrialRecord:
    return trial(
        treatment,
        number,
        goodput_rps=rps,
        window_s=3.0,
        db_in_use_mean=mean,
        db_in_use_peak=20,
        db_waiting_peak=waiting,
    )


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("results") / "c"
    planned = [WAITS, PLAIN, SLEEPS]
    made = CampaignFolder(write_campaign(folder, treatments=planned, claims=[CLAIMS["A17"]], rounds=0))
    contradicting = replace(_watched(WAITS, 3, mean=3.0, waiting=7), rules=("db-in-use",))
    trials = (
        _watched(WAITS, 1, mean=19.6),
        _watched(WAITS, 2, mean=19.5, rps=388.0),
        _watched(WAITS, 4, mean=19.8, rps=392.0, waiting=1),
        contradicting,
        _watched(PLAIN, 1, mean=2.25, rps=900.0),
        trial(SLEEPS, 1, goodput_rps=400.0),
    )
    for trial_record in trials:
        made.append(trial_record, {}, ())
    return load_campaign(folder)


def test_only_treatments_whose_database_was_watched_have_a_row(campaign: Campaign) -> None:
    assert [row.id for row in database_table(campaign).rows] == [WAITS.id, PLAIN.id]


def test_goodput_times_hold_stands_beside_what_was_in_use(campaign: Campaign) -> None:
    row, _ = database_table(campaign).rows
    assert list(row.cells.values())[:5] == ["390 rps", "50 ms", "19.5", "19.6", "1.01"]
    assert [row.cells[name] for name in ("most in use", "most waiting", "pool")] == ["20", "1", "20"]
    assert (row.work, row.claims) == ("db", "A17")


def test_trials_that_contradict_are_counted_and_left_out_of_the_medians(campaign: Campaign) -> None:
    row, _ = database_table(campaign).rows
    assert row.cells["trials that agree"] == "3 of 4"


def test_a_lookup_that_does_not_wait_has_nothing_to_hold_it_against(campaign: Campaign) -> None:
    _, row = database_table(campaign).rows
    unknown = ("S_hold", "X·S_hold", "in use / X·S_hold", "trials that agree")
    assert {row.cells[name] for name in unknown} == {"–"}
    assert [row.cells[name] for name in ("goodput X", "in use", "most in use")] == ["900 rps", "2.25", "20"]


def test_the_table_is_in_both_reports(campaign: Campaign) -> None:
    html, markdown = (path.read_text(encoding="utf-8") for path in write_report(campaign, []))
    assert "What the database saw" in html
    assert '<th scope="row">db.def.psycopg2@closed-80</th><td class="number">390 rps</td>' in html
    assert "| 390 rps | 50 ms | 19.5 | 19.6 | 1.01 | 20 | 1 | 20 | 3 of 4 |" in markdown
    assert "| 900 rps | – | – | 2.25 | – | 20 | 0 | 20 | – |" in markdown


def test_a_report_without_a_database_does_not_speak_of_one(tmp_path: Path) -> None:
    made = load_campaign(write_campaign(tmp_path / "c", treatments=[SLEEPS], claims=[CLAIMS["A1"]], rounds=0))
    for path in write_report(made, []):
        assert "X·S_hold</th>" not in path.read_text(encoding="utf-8")
        assert "| X·S_hold |" not in path.read_text(encoding="utf-8")
