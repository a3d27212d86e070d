"""What several test files look at, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from _campaigns import write_campaign
from _drawn import Drawn
from _misbehaving import Driver
from analysis.charts import draw_all
from analysis.load import load_campaign

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _not_waiting_for_the_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out fsync, which thousands of made-up trials would wait for, but where the store itself is tested."""
    if request.module.__name__ != "test_store":
        monkeypatch.setattr("os.fsync", lambda _fd: None)


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    """A driver that carries out one trial after the other, as in a campaign."""
    with Driver() as driver:
        yield driver


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """A whole made-up campaign with all its charts, which take longer than all that is asked about them."""
    campaign = load_campaign(write_campaign(tmp_path_factory.mktemp("results") / "whole"))
    charts = draw_all(campaign, campaign.folder.path / "charts")
    return Drawn(campaign, {chart.name: chart for chart in charts})
