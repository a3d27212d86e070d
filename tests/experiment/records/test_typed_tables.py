"""Tables are read with the types of their records: missing stays missing, and nothing unreadable is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from experiment.errors import StoreError
from experiment.records.histogram import Histogram
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from experiment.records.trial import METRIC_FIELDS, SecondRow, Series
from made_trials import FAST, trial

if TYPE_CHECKING:
    from pathlib import Path

MEASURED = trial(FAST, 1, goodput_rps=123.456, answers=7, bystander_p50_is_floor=True, stuck_at="NA")


@pytest.fixture
def folder(tmp_path: Path) -> CampaignFolder:
    made = CampaignFolder.create(tmp_path / "campaign", Manifest(campaign="made-up"))
    seconds = (SecondRow(second=0, answers=7, loop_lag_max_us=1.5), SecondRow(second=1))
    made.append(MEASURED, {Series.RESPONSE: Histogram({5: 3, 4000: 1}, {9000: 2})}, seconds)
    return made


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_column_has_its_fields_type_and_what_is_missing_is_neither_zero_nor_false(folder: CampaignFolder) -> None:
    frame = folder.trials_frame()
    kinds = {str(frame[name].dtype) for name in METRIC_FIELDS}
    assert kinds == {"Int64", "float64", "boolean", "object"}
    assert frame["makespan_s"].isna().all()
    assert frame["tokens_peak"].isna().all()
    assert frame["response_p50_is_floor"].isna().all()
    assert frame["stuck_at"].tolist() == ["NA"]  # a text that pandas would take for missing
    assert folder.trials() == [MEASURED]


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("trials.csv", "123.456", "fast", r"trials\.csv, line 2, trial t\d+: goodput_rps is 'fast', which is no float"),
        ("trials.csv", f"{MEASURED.trial_id},1,", f"{MEASURED.trial_id},,", r"round is '', which is no int"),
        (
            "throughput.csv",
            ",0,7,",
            ",0,7.5,",
            r"throughput\.csv, line 2, trial t\d+: answers is '7.5', which is no int",
        ),
        ("latency.csv", ",5,5,5,3", ",5,5,5,many", r"latency\.csv, line 2: count is 'many', which is no int"),
    ],
)
def test_a_cell_that_is_no_number_is_named(folder: CampaignFolder, table: str, old: str, new: str, said: str) -> None:
    _change(folder.path / table, old, new)
    with pytest.raises(StoreError, match=said):
        (folder.trials(), folder.seconds(), folder.histograms())


def test_a_flag_is_yes_or_no(folder: CampaignFolder) -> None:
    frame = folder.trials_frame()
    assert frame["bystander_p50_is_floor"].tolist() == [True]
    header, row = (folder.path / "trials.csv").read_text(encoding="utf-8").splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True)) | {"bystander_p50_is_floor": "maybe"}
    (folder.path / "trials.csv").write_text(f"{header}\n{','.join(cells.values())}\n", encoding="utf-8")
    with pytest.raises(StoreError, match="bystander_p50_is_floor is 'maybe', which is no bool"):
        folder.trials()


def test_a_column_of_a_newer_version_is_passed_over(folder: CampaignFolder) -> None:
    header, row = (folder.path / "trials.csv").read_text(encoding="utf-8").splitlines()
    (folder.path / "trials.csv").write_text(f"of_tomorrow,{header}\nnews,{row}\n", encoding="utf-8")
    assert folder.trials() == [MEASURED]


def test_a_quote_that_swallows_rows_is_damage(folder: CampaignFolder) -> None:
    with (folder.path / "trials.csv").open("a", encoding="utf-8") as file:
        file.write('t0002,"\nt0003,1\n')
    with pytest.raises(StoreError, match=r"trials\.csv, line 3: the line has a quote that does not end"):
        folder.trials()


def test_seconds_of_an_unfinished_trial_are_left_out(folder: CampaignFolder) -> None:
    with (folder.path / "throughput.csv").open("a", encoding="utf-8") as file:
        file.write("t9999,0,5,0,0,,,,,,,\n")
    assert set(folder.seconds_frame()["trial_id"]) == {MEASURED.trial_id}


def test_histograms_are_added_up_over_a_group_whatever_the_size_of_a_piece(
    folder: CampaignFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.append(trial(FAST, 2), {Series.RESPONSE: Histogram({5: 1, 6: 1})}, ())
    groups = {record.trial_id: "all" for record in folder.trials()}
    for size in (20, 50, 1000):
        monkeypatch.setattr("experiment.records.files.BLOCK_BYTES", size)
        merged = folder.merged_histograms(Series.RESPONSE, groups)
        assert merged == {"all": Histogram({5: 4, 6: 1, 4000: 1}, {9000: 2})}
