"""The store: what was measured is safe, and nothing is ever overwritten."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from experiment.design.claims import CLAIMS
from experiment.design.loads import LOADS
from experiment.errors import StoreError
from experiment.records.histogram import Histogram
from experiment.records.manifest import Manifest, read_manifest
from experiment.records.registered import ClaimEntry
from experiment.records.store import CampaignFolder
from experiment.records.trial import SecondRow, Series, TrialRecord
from made_trials import FAST, trial

if TYPE_CHECKING:
    from pathlib import Path

    from experiment.design.model import Claim, Load

HISTOGRAMS = {Series.RESPONSE: Histogram({5: 3, 4000: 1}, {9000: 2})}
SECONDS = (SecondRow(second=0, answers=7, loop_lag_max_us=1.5), SecondRow(second=1))


def _record(number: int = 1) -> TrialRecord:
    record = trial(FAST, 1, goodput_rps=123.456, answers=7, bystander_p50_is_floor=True, stuck_at="a.py:3 in f")
    return replace(record, trial_id=f"t{number:04d}")


@pytest.fixture
def folder(tmp_path: Path) -> CampaignFolder:
    return CampaignFolder.create(tmp_path / "campaign", Manifest(campaign="made-up"))


def test_what_is_written_comes_back(folder: CampaignFolder) -> None:
    folder.append(_record(), HISTOGRAMS, SECONDS)
    again = CampaignFolder.open(folder.path)
    assert again.trials() == [_record()]
    assert again.histograms()["t0001"][Series.RESPONSE] == HISTOGRAMS[Series.RESPONSE]
    assert again.seconds()["t0001"] == list(SECONDS)


def test_what_was_not_measured_is_an_empty_cell_and_not_a_zero(folder: CampaignFolder) -> None:
    folder.append(_record(), {}, ())
    header, row = (folder.path / "trials.csv").read_text().splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    assert cells["makespan_s"] == ""
    assert folder.trials()[0].metrics.makespan_s is None


def test_several_rules_and_reasons_with_commas_survive(folder: CampaignFolder) -> None:
    odd = replace(_record(), rules=("errors", "driver-cpu"), reasons='3 of 5, "reset"; busy\nand a second line')
    folder.append(odd, {}, ())
    assert folder.trials() == [odd]


def test_a_campaign_is_never_written_over(folder: CampaignFolder) -> None:
    with pytest.raises(StoreError, match="not empty"):
        CampaignFolder.create(folder.path, Manifest(campaign="made-up"))


def test_a_half_written_last_line_is_ignored_and_mended(folder: CampaignFolder) -> None:
    folder.append(_record(1), HISTOGRAMS, SECONDS)
    path = folder.path / "trials.csv"
    with path.open("a") as file:
        file.write("t0002,1,0,1,sleep")
    assert [t.trial_id for t in folder.trials()] == ["t0001"]
    folder.mend()
    folder.append(_record(3), {}, ())
    assert [t.trial_id for t in folder.trials()] == ["t0001", "t0003"]


def test_rows_of_a_trial_that_never_finished_are_ignored_and_its_id_is_not_used_again(folder: CampaignFolder) -> None:
    with (folder.path / "latency.csv").open("a") as file:
        file.write("t0007,response,0,5,5,5,3\n")
    assert folder.histograms() == {}
    assert folder.next_trial_number() == 8


def test_a_campaign_that_has_not_begun_has_no_trials(folder: CampaignFolder) -> None:
    assert folder.trials() == []
    assert folder.trials_frame().empty


def test_a_folder_without_a_campaign_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no campaign"):
        CampaignFolder.open(tmp_path)


def test_a_damaged_manifest_is_named(folder: CampaignFolder) -> None:
    (folder.path / "manifest.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        CampaignFolder.open(folder.path)


def test_another_format_is_refused(folder: CampaignFolder) -> None:
    (folder.path / "manifest.json").write_text(json.dumps({"format_version": 99}))
    with pytest.raises(StoreError, match="format 99"):
        CampaignFolder.open(folder.path)


def test_a_number_that_is_none_is_named_with_file_and_trial(folder: CampaignFolder) -> None:
    folder.append(_record(), {}, ())
    path = folder.path / "trials.csv"
    path.write_text(path.read_text().replace("123.456", "fast"))
    with pytest.raises(StoreError, match=r"t0001.*goodput_rps is 'fast'"):
        folder.trials()


def test_entries_come_back_and_do_not_change_the_columns(folder: CampaignFolder) -> None:
    late = Histogram({5: 3}, {9000: 2}, {4: 1, 8000: 1})
    folder.append(_record(), {Series.RESPONSE: late, Series.SERVICE: Histogram({5: 1})}, ())
    assert folder.histograms()["t0001"] == {Series.RESPONSE: late, Series.SERVICE: Histogram({5: 1})}
    rows = (folder.path / "latency.csv").read_text().splitlines()
    assert rows[0] == "trial_id,series,censored,bucket,low_us,high_us,count"
    assert "t0001,response,2,4,4,4,1" in rows


def test_a_single_series_can_be_read_alone(folder: CampaignFolder) -> None:
    folder.append(_record(), {**HISTOGRAMS, Series.LOOP_LAG: Histogram({1: 1})}, ())
    assert set(folder.histograms(only=Series.LOOP_LAG)["t0001"]) == {Series.LOOP_LAG}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda c: c.id)
def test_every_claim_survives_the_manifest(claim: Claim) -> None:
    text = ClaimEntry.of(claim).model_dump_json()
    assert str(inf) not in text.lower()
    assert ClaimEntry.model_validate_json(text).value == claim


@pytest.mark.parametrize("load", LOADS.values(), ids=lambda load: load.id)
def test_every_load_survives_the_manifest(load: Load) -> None:
    written = json.loads(Manifest(campaign="made-up", loads={load.id: load}).model_dump_json())
    assert read_manifest(written, "manifest.json").loads == {load.id: load}


def test_a_campaign_of_a_version_with_fewer_metrics_is_read_and_they_are_missing(tmp_path: Path) -> None:
    folder = _older_by(tmp_path, "yardstick_us")
    (trial,) = CampaignFolder.open(folder).trials()
    assert trial.metrics.yardstick_us is None
    assert trial.metrics.goodput_rps == 100.0


def test_a_campaign_with_other_columns_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = _older_by(tmp_path, "yardstick_us")
    with pytest.raises(StoreError, match=r"trials\.csv was begun by another version"):
        CampaignFolder.open(folder).mend()


def test_a_table_that_lacks_its_trials_place_is_an_error_that_names_the_column(tmp_path: Path) -> None:
    folder = _older_by(tmp_path, "round")
    with pytest.raises(StoreError, match=r"trials\.csv lacks the column\(s\) round"):
        CampaignFolder.open(folder).trials()


def _older_by(path: Path, column: str) -> Path:
    folder = CampaignFolder.create(path / "older", Manifest(campaign="made-up"))
    folder.append(trial(FAST, 1, goodput_rps=100.0, yardstick_us=90.0), {}, ())
    table = pd.read_csv(folder.path / "trials.csv", dtype=str)
    table.drop(columns=column).to_csv(folder.path / "trials.csv", index=False)
    return folder.path
