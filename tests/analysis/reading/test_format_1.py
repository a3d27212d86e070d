"""Format 1 is read for ever: a campaign of version 0.1 says today what it said then."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from analysis.reading.campaign import load_campaign
from experiment.design.factors import ServerConfig, server
from experiment.errors import StoreError
from experiment.records.registered import OLD_NAMES
from experiment.records.store import CampaignFolder
from experiment.records.trial import Series

OLD = Path(__file__).resolve().parents[2] / "data" / "format-1"
VERDICTS = list(csv.DictReader((OLD / "verdicts-of-version-0.1.csv").read_text(encoding="utf-8").splitlines()))


def _cell(value: float | None) -> str:
    return "" if value is None or value in (float("inf"), float("-inf")) else f"{value:.9g}"


def test_every_verdict_is_what_it_was() -> None:
    results = load_campaign(OLD).results
    assert [r.claim.id for r in results] == list(dict.fromkeys(row["claim"] for row in VERDICTS))
    then = {row["claim"]: row["verdict"] for row in VERDICTS}
    assert {r.claim.id: r.verdict.value for r in results} == then


@pytest.mark.parametrize(
    "row", [r for r in VERDICTS if r["comparison"]], ids=lambda r: f"{r['claim']}-{r['comparison']}"
)
def test_every_estimate_is_what_it_was(row: dict[str, str]) -> None:
    result = next(r for r in load_campaign(OLD).results if r.claim.id == row["claim"])
    found = result.comparisons[int(row["comparison"]) - 1]
    asked, estimate = found.comparison, found.estimate
    assert (asked.treatment.id, asked.baseline.id if asked.baseline else "") == (row["treatment"], row["baseline"])
    assert asked.metric.name == OLD_NAMES.get(row["metric"], row["metric"])
    assert (_cell(asked.expected.low), _cell(asked.expected.high)) == (row["expected_low"], row["expected_high"])
    assert (str(estimate.n), _cell(estimate.effect)) == (row["n"], row["effect"])
    assert (_cell(estimate.low), _cell(estimate.high)) == (row["low"], row["high"])


def test_its_servers_are_the_default_one_but_for_the_cores() -> None:
    servers = {t.server for t in load_campaign(OLD).treatments.values()}
    assert servers == {ServerConfig(), server(cores="all")}


def test_its_columns_are_found_under_their_new_names() -> None:
    trials = CampaignFolder.open(OLD).trials()
    assert len(trials) > 100
    assert all(t.metrics.goodput_normalized_rps for t in trials if t.is_valid and t.metrics.goodput_rps)


def test_its_histograms_and_seconds_are_read() -> None:
    folder = CampaignFolder.open(OLD)
    assert folder.histograms()["t0001"][Series.RESPONSE].answered > 0
    assert folder.seconds()["t0001"][0].answers is not None


def test_it_is_not_gone_on_with(tmp_path: Path) -> None:
    for file in OLD.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(StoreError, match=r"trials\.csv was begun by another version"):
        CampaignFolder.open(tmp_path).mend()
