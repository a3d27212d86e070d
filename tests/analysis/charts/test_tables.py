"""What is added to a table is drawn: every chart, every work, a style and a metric that did not exist before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import analysis.charts
from analysis.charts import pictures
from analysis.charts.registry import chart, charts
from analysis.drawing.canvas import Picture, slide
from analysis.drawing.style import LIGHT
from analysis.reading.campaign import load_campaign
from analysis.reading.facts import measured_rows
from analysis.reading.summary import main_load, rows_of, works
from bench_app.styles import STYLES, RunsOn, Style
from bench_app.works import WORKS
from experiment.design.claims import A_A
from experiment.design.metrics import CPU_PER_REQUEST, METRICS, Better, Metric, Unit
from experiment.design.model import Claim, Comparison, Interval, Treatment
from experiment.design.plan import treatments_for
from fake_campaigns import (
    ARTICLE,
    EXTRA_TREATMENTS,
    SESSION_TREATMENTS,
    STALL_TREATMENTS,
    SWEEP,
    TRAFFIC_TREATMENTS,
    USERS_SWEEP,
    write_campaign,
)
from fake_truths import TRUTHS, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.reading.campaign import Campaign

DEF = Treatment(variant="sleep.def", load="closed-80")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """A campaign that measured all there is to draw."""
    extra = (*SESSION_TREATMENTS, *STALL_TREATMENTS, *TRAFFIC_TREATMENTS)
    planned = (*treatments_for(ARTICLE), *EXTRA_TREATMENTS, *extra)
    folder = tmp_path_factory.mktemp("results") / "everything"
    return load_campaign(write_campaign(folder, rounds=3, treatments=planned, sweep=SWEEP, users_sweep=USERS_SWEEP))


@pytest.fixture(scope="module")
def everything_drawn(everything: Campaign) -> list[tuple[str, Picture]]:
    """All there is to draw of it. Every work has a test that asks for it."""
    return pictures(everything)


@pytest.fixture
def new_style(monkeypatch: pytest.MonkeyPatch) -> Iterator[Style]:
    style = Style(name="async-new", words="async def, anew", colour="#123456", marker="*", runs_on=RunsOn.TO_THREAD)
    monkeypatch.setitem(TRUTHS, "sleep.async-new", Truth(rps=200, cpu_us=300))
    yield STYLES.add(style)
    STYLES.remove(style.name)


@pytest.fixture(params=list(Unit), ids=lambda unit: unit.name.lower())
def new_metric(request: pytest.FixtureRequest) -> Iterator[Metric]:
    """A field that every trial has and no metric uses, in each unit."""
    metric = Metric(
        name="tokens_total", label="tokens there are", unit=request.param, better=Better.NEITHER, is_structural=True
    )
    yield METRICS.add(metric)
    METRICS.remove(metric.name)


def test_every_chart_is_drawn_by_a_campaign_that_measured_all(everything_drawn: list[tuple[str, Picture]]) -> None:
    drawn = {kind for kind, _ in everything_drawn}
    assert drawn == {kind for kind, _ in charts()}


@pytest.mark.usefixtures("everything_drawn")
def test_every_module_of_charts_is_found_without_a_list() -> None:
    found = {Path(make.__code__.co_filename).stem for _, make in charts()}
    modules = {path.stem for path in Path(analysis.charts.__path__[0]).glob("*.py")}
    assert modules - found == {"__init__", "registry", "parts", "two_processes"}


@pytest.mark.parametrize("work", WORKS.values(), ids=list(WORKS))
def test_every_work_that_was_measured_is_drawn(
    everything: Campaign, everything_drawn: list[tuple[str, Picture]], work: object
) -> None:
    names = {picture.name for _, picture in everything_drawn}
    (mine,) = [w for w in works(everything) if w is work]
    load = main_load(everything, mine)
    several = load is not None and len(rows_of(everything, mine, load)) > 1
    assert (f"goodput-{mine.name}" in names) == (load is not None)
    costs = measured_rows(everything, mine, load, CPU_PER_REQUEST) if load is not None else []
    assert (f"bystander-{mine.name}" in names) == several
    assert (f"cost-{mine.name}" in names) == (len(costs) > 1)  # requests that wait for each other are too few for one
    assert any(picture.work == mine.name for _, picture in everything_drawn)


def test_a_style_added_to_the_table_has_its_colour_and_marker_on_the_charts(tmp_path: Path, new_style: Style) -> None:
    planned = (DEF, Treatment(variant="sleep.async-new", load="closed-80"))
    campaign = load_campaign(write_campaign(tmp_path / "c", rounds=2, claims=[], treatments=planned))
    by_name = {picture.name: picture for _, picture in pictures(campaign)}
    assert "async def, anew answers" in by_name["goodput-sleep"].title
    for name in ("goodput-sleep", "cost-sleep"):
        (axes,) = slide(by_name[name], LIGHT, footer="", is_smoke=False).axes
        assert (0x12 / 255, 0x34 / 255, 0x56 / 255, 1.0) in [bar.get_facecolor() for bar in axes.patches]
    for name in ("bystander-sleep", "percentiles-sleep", "order"):
        (axes,) = slide(by_name[name], LIGHT, footer="", is_smoke=False).axes
        assert (new_style.colour, new_style.marker) in [(line.get_color(), line.get_marker()) for line in axes.lines]


def test_a_metric_added_to_the_table_is_written_in_its_unit(tmp_path: Path, new_metric: Metric) -> None:
    comparison = Comparison(treatment=DEF, baseline=None, metric=new_metric, expected=Interval(40, 40))
    claim = Claim(id="N1", slug="new", statement="There are 40 tokens", source="test", comparisons=(comparison,))
    treatments = (DEF, *A_A.treatments)
    campaign = load_campaign(write_campaign(tmp_path / "c", rounds=3, claims=[claim], treatments=treatments))
    said = " ".join(picture.alt for kind, picture in pictures(campaign) if kind == "verdicts")
    written = {
        Unit.RPS: "40 rps",
        Unit.SECONDS: "40 s",
        Unit.MICROSECONDS: "40 µs",
        Unit.CPU_MICROSECONDS: "40 µs",
        Unit.MEBIBYTES: "40 MiB",
        Unit.SHARE: "99.9 %",
        Unit.COUNT: "40",
        Unit.MILLISECONDS: "40 ms",
        Unit.WAITS: "40.0 waits",
    }
    assert f"tokens there are {written[new_metric.unit]} in each of 3 trials" in said


def test_a_chart_added_to_the_table_is_in_its_place(everything: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.charts.registry._CHARTS", {})
    empty = Picture(name="empty", title="", facts=(), draw=lambda _: None)

    @chart(place=2)
    def second(_campaign: Campaign) -> list[Picture]:
        return [empty]

    @chart(place=1)
    def first(_campaign: Campaign) -> list[Picture]:
        return [empty]

    assert [kind for kind, _ in pictures(everything)] == ["first", "second"]
