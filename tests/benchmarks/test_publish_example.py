"""An example's campaign is kept with what the page is made of, and without the rest."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from analysis.own_app.reading import read_results
from analysis.own_app.terminal import terminal
from benchmarks.publish_example import publish
from example_apps import EXAMPLES
from experiment.errors import StoreError
from experiment.records.store import LATENCY

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    campaign = tmp_path / "1-run"
    shutil.copytree(EXAMPLES / "shop" / "measured" / "1-run", campaign)
    (campaign / "logs").mkdir()
    first = (campaign / LATENCY).read_text(encoding="utf-8").splitlines()[1]
    with (campaign / LATENCY).open("a", encoding="utf-8") as file:
        file.write(first.replace(",response,", ",service,").replace(",bystander,", ",service,") + "\n")
    return campaign


def test_what_is_kept_says_the_same_as_the_campaign(measured: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "1-run"
    publish(measured, kept)
    assert terminal(read_results(kept)) == terminal(read_results(measured))


def test_logs_and_series_that_the_page_does_not_need_stay_behind(measured: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "1-run"
    publish(measured, kept)
    assert not (kept / "logs").exists()
    assert ",service," not in (kept / LATENCY).read_text(encoding="utf-8")


def test_an_earlier_campaign_is_replaced(measured: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "1-run"
    kept.mkdir(parents=True)
    (kept / "old.csv").touch()
    publish(measured, kept)
    assert not (kept / "old.csv").exists()


def test_a_folder_without_a_campaign_is_refused_and_nothing_is_lost(measured: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "1-run"
    publish(measured, kept)
    with pytest.raises(StoreError):
        publish(tmp_path / "nothing", kept)
    assert (kept / LATENCY).exists()
