from __future__ import annotations

import csv
import pickle
from dataclasses import replace
from statistics import median
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from matplotlib.image import imread

from analysis.charts import draw_all, percentiles, pictures, two_processes
from analysis.charts.matrix import columns_of
from analysis.charts.order import Dot, stretches
from analysis.charts.two_processes import Job, draw_each
from analysis.drawing.canvas import Picture
from analysis.drawing.files import ENDINGS
from analysis.drawing.style import DARK, LIGHT
from analysis.reading import sentences
from analysis.reading.campaign import load_campaign, response_histograms, seconds_frame
from analysis.reading.summary import main_load, summarise
from analysis.wording import words
from bench_app.styles import STYLES
from bench_app.works import ARTICLE, SLEEP
from experiment.design.claims import A_A, CLAIMS
from experiment.design.metrics import GOODPUT
from experiment.design.model import Treatment
from experiment.design.plan import treatments_for
from experiment.records.histogram import Histogram
from fake_campaigns import EXTRA_TREATMENTS, SETTINGS, write_campaign

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.reading.campaign import Campaign
    from drawn_campaign import Drawn

FEW = (
    Treatment(variant="sleep.async-native", load="closed-80"),
    Treatment(variant="sleep.def", load="closed-80"),
    *A_A.treatments,
)


def by_name(campaign: Campaign) -> dict[str, Picture]:
    return {picture.name: picture for _, picture in pictures(campaign)}


def test_every_question_gets_its_chart(drawn: Drawn) -> None:
    kinds = {chart.kind for chart in drawn.charts.values()}
    over_works = {"verdicts", "matrix", "order"}
    assert kinds == over_works | {"demo", "goodput", "percentiles", "bystander", "looplag", "tokens", "cost"}
    assert {"goodput-sleep", "goodput-http", "goodput-db", "goodput-upload", "goodput-noop"} <= drawn.charts.keys()


def test_a_chart_is_a_slide_in_two_themes(drawn: Drawn) -> None:
    for chart in drawn.charts.values():
        for png in (".png", ".dark.png"):
            assert imread(chart.file(png)).shape[:2] == (900, 1600)
        for svg in (".svg", ".dark.svg"):
            root = ET.fromstring(chart.file(svg).read_text(encoding="utf-8"))  # noqa: S314 - written a moment ago by us
            assert root.get("viewBox") == "0 0 1600 900"


def test_a_chart_carries_the_drawing_that_lies_in_its_file(drawn: Drawn) -> None:
    for chart in drawn.charts.values():
        assert chart.svg == chart.file(".svg").read_text(encoding="utf-8")


def test_an_svg_is_small_and_says_nothing_of_when_or_where_it_was_made(drawn: Drawn) -> None:
    for chart in drawn.charts.values():
        assert len(chart.svg) < 150_000, chart.name
        assert "dc:date" not in chart.svg
        assert str(drawn.campaign.folder.path) not in chart.svg


def test_the_dark_svg_has_no_colour_of_the_light_theme_left(drawn: Drawn) -> None:
    for chart in drawn.charts.values():
        dark = chart.file(".dark.svg").read_text(encoding="utf-8")
        assert DARK.surface in dark
        for colour in (LIGHT.ink, LIGHT.muted, LIGHT.grid, LIGHT.surface):
            assert colour not in dark, chart.name


def test_the_numbers_of_a_chart_lie_beside_it(drawn: Drawn) -> None:
    chart = drawn.charts["goodput-sleep"]
    with chart.file(".csv").open(encoding="utf-8", newline="") as file:
        rows = {row["treatment"]: row for row in csv.DictReader(file)}
    blocking = rows["sleep.async-blocking@closed-80"]
    assert float(blocking["median_rps"]) == pytest.approx(9.9, rel=0.1)
    assert float(blocking["ceiling_rps"]) == pytest.approx(9.98, rel=0.01)
    assert blocking["n_trials"] == "4"


def test_a_title_says_what_was_found_in_these_data(drawn: Drawn) -> None:
    campaign = drawn.campaign
    slow = summarise(campaign, "sleep.async-blocking@closed-80", GOODPUT)
    assert slow is not None
    title = drawn.charts["goodput-sleep"].title
    assert title.startswith(
        f"A 100 ms sleep: async def that blocks answers {words.number(slow.median)} requests a second"
    )
    assert "/bad needs 20 s" in drawn.charts["demo-burst-10"].title
    assert "Async def that blocks is the slowest style" in drawn.charts["matrix"].title
    assert drawn.charts["verdicts-1"].title == sentences.tally(campaign)


def test_a_caption_names_metric_load_rounds_and_machine(drawn: Drawn) -> None:
    caption = drawn.charts["goodput-sleep"].caption
    for part in ("right answers a second", "80, 20, 8 and 1 users, closed loop", "4 trials", "2 cores"):
        assert part in caption


def test_unanswered_bystanders_are_said_as_at_least(drawn: Drawn) -> None:
    assert "at least" in drawn.charts["bystander-sleep"].title
    assert "≥" in drawn.charts["bystander-sleep"].alt


def test_percentiles_end_where_the_sample_does(drawn: Drawn) -> None:
    counts = {name: histogram.total for name, histogram in response_histograms(drawn.campaign).items()}
    picture = by_name(drawn.campaign)["percentiles-sleep"]
    for row in picture.rows:
        assert counts[row["treatment"]] * (1 - row["quantile"]) >= 1 - 1e-6


def test_every_trial_is_seen_in_the_order_it_ran(drawn: Drawn) -> None:
    picture = by_name(drawn.campaign)["order"]
    column = {name: [row[name] for row in picture.rows] for name in picture.rows[0]}
    assert column["trial"] == [trial.trial_id for trial in drawn.campaign.trials]
    assert column["place"] == sorted(column["place"])
    assert column["round"] == sorted(column["round"])
    assert column["is_valid"].count(False) == 2
    assert "2 were invalid" in picture.title
    assert median(column["relative_goodput"]) == pytest.approx(1, abs=0.05)


def test_steps_too_short_for_a_name_share_one(drawn: Drawn) -> None:
    some, each_px = drawn.campaign.trials[0], 10.0
    rounds = [*[1] * 40, *[2] * 40, *[n for n in range(3, 33) for _ in range(3)]]
    dots = [Dot(trial=replace(some, round=n), place=place, relative=1.0) for place, n in enumerate(rounds)]
    found = stretches(dots, each_px)
    assert [dot for mine in found for dot in mine] == dots
    assert [{dot.trial.round for dot in mine} for mine in found[:2]] == [{1}, {2}]
    assert all(len({dot.trial.round for dot in mine}) > 1 for mine in found[2:])
    assert len(found) > 3


def test_threads_at_work_and_requests_waiting_are_named_where_they_are_two_lines(drawn: Drawn) -> None:
    title = drawn.charts["tokens-db"].title
    assert "has up to 40 threads at work, and up to 20 requests waiting for one" in title
    assert "tokens-sleep" not in drawn.charts, "as many wait as are at work"
    assert "tokens-noop" not in drawn.charts, "nobody waits"


def test_a_bystander_title_has_both_quantiles_where_they_disagree(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "few", treatments=FEW[:2], claims=[CLAIMS["A8"]], rounds=3)
    campaign = load_campaign(folder)
    table = campaign.frame
    for style, p50, p99 in (("async-native", 5100.0, 9100.0), ("def", 1800.0, 19000.0)):
        table.loc[table["style"] == style, ["bystander_p50_us", "bystander_p99_us"]] = p50, p99
    assert by_name(campaign)["bystander-sleep"].title == (
        "A 100 ms sleep: beside async def that awaits an innocent request waits 5.1 ms in the median and 9.1 ms at "
        "p99, beside plain def 1.8 ms and 19 ms"
    )


def test_a_percentile_title_has_both_quantiles_where_they_disagree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_campaign(tmp_path / "few", treatments=FEW[:2], claims=[CLAIMS["A8"]], rounds=2)
    slow_for_few = Histogram.of_us([*[100_000.0] * 980, *[900_000.0] * 20])
    found = {FEW[0].id: slow_for_few, FEW[1].id: Histogram.of_us([200_000.0] * 1000)}
    monkeypatch.setattr(percentiles, "response_histograms", lambda _campaign: found)
    title = by_name(load_campaign(folder))["percentiles-sleep"].title
    assert "900 ms (half of them 100 ms) or longer with async def that awaits" in title
    assert "200 ms (half of them 200 ms) with plain def" in title


def test_few_answers_have_no_cpu_time_each(drawn: Drawn) -> None:
    chart = drawn.charts["cost-sleep"]
    assert "async-blocking: fewer than 50 answers in a trial: too few for the CPU time of one" in chart.alt
    assert "blocks" not in chart.title
    assert all("blocking" not in row["treatment"] for row in chart.rows)


def test_a_lag_as_long_as_the_window_is_called_that(drawn: Drawn) -> None:
    window_s = drawn.campaign.loads["closed-80"].window_s
    title = drawn.charts["looplag-sleep"].title
    assert f"stands still for the whole {window_s:g} s window with async def that blocks" in title


def test_what_ran_on_all_cores_is_set_beside_its_like(drawn: Drawn) -> None:
    rows = {(row["work"], row["cores"], row["style"]): row for row in drawn.charts["matrix"].rows}
    assert {style for work, cores, style in rows if (work, cores) == ("upload", "all")} >= {"async-process"}
    for cores in ("one", "all"):
        assert max(r["relative_to_best"] for key, r in rows.items() if key[:2] == ("upload", cores)) == 1


def test_an_empty_cell_of_the_matrix_has_its_reason(tmp_path: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path / "skip", skipped={"http.async-offload.session": "no client"}))
    reasons = {column.work.name: column.missing for column in columns_of(campaign)}
    assert reasons["http"][STYLES["async-offload"]] == "skipped: no client"


def test_every_picture_can_be_sent_to_a_second_process(drawn: Drawn) -> None:
    for _, picture in pictures(drawn.campaign):
        assert pickle.loads(pickle.dumps(picture)).name == picture.name  # noqa: S301 - our own


@pytest.mark.parametrize("cores", [1, 2])
def test_the_number_of_processes_changes_nothing(cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = load_campaign(write_campaign(tmp_path / "few", treatments=FEW[:2], claims=[CLAIMS["A8"]], rounds=2))
    expected = draw_all(campaign, tmp_path / "as-it-is")
    monkeypatch.setattr(two_processes, "_cores", lambda: cores)
    for one, other in zip(expected, draw_all(campaign, tmp_path / "again"), strict=True):
        for ending in ENDINGS:
            assert one.file(ending).read_bytes() == other.file(ending).read_bytes()


def test_a_second_process_that_ends_early_costs_no_chart(tmp_path: Path) -> None:
    picture = Picture(name="one", title="One", facts=(), draw=str)
    job = Job(picture=picture, footer="", is_smoke=False, folder=tmp_path)
    gone = Popen(["true"], stdin=PIPE, stdout=PIPE)
    svgs = draw_each([job, replace(job, footer="again")], gone)
    gone.communicate()
    assert len(set(svgs)) == 2


def test_the_upload_chart_tells_servers_apart(drawn: Drawn) -> None:
    assert "async-offload · all cores" in drawn.charts["goodput-upload"].alt
    assert "async-offload:" in drawn.charts["goodput-upload"].alt


def test_the_same_data_give_the_same_bytes(drawn: Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One chart of each kind, drawn again from the campaign's files, after all others, into another folder."""
    again = load_campaign(drawn.campaign.folder.path)
    one_of_each = list({kind: (kind, picture) for kind, picture in pictures(again)}.values())
    monkeypatch.setattr("analysis.charts.pictures", lambda _campaign: one_of_each)
    redrawn = draw_all(again, tmp_path / "again")
    assert {chart.kind for chart in redrawn} == {chart.kind for chart in drawn.charts.values()}
    for chart in redrawn:
        for ending in (*ENDINGS, ".csv"):
            assert chart.file(ending).read_bytes() == drawn.charts[chart.name].file(ending).read_bytes(), chart.name


def test_drawing_leaves_matplotlib_as_it_was(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    draw_all(
        load_campaign(write_campaign(tmp_path / "few", treatments=FEW[:1], claims=[], rounds=2)), tmp_path / "charts"
    )
    assert dict(mpl.rcParams) == before


def test_what_was_skipped_is_named_and_not_drawn_as_zero(tmp_path: Path) -> None:
    skipped = {"http.async-native.httpx2": "httpx2 is not installed"}
    planned = treatments_for([CLAIMS["A11b"]])
    campaign = load_campaign(write_campaign(tmp_path / "c", treatments=planned, skipped=skipped))
    picture = by_name(campaign)["goodput-http"]
    assert "async-native · httpx2: skipped: httpx2 is not installed" in picture.alt
    (row,) = [row for row in picture.rows if "httpx2" in row["treatment"]]
    assert row["median_rps"] is None


def test_a_treatment_without_a_valid_trial_is_named_with_the_rule(tmp_path: Path) -> None:
    bad = {("sleep.def@closed-80", number) for number in (1, 2)}
    campaign = load_campaign(write_campaign(tmp_path / "c", treatments=FEW, rounds=2, invalid=bad))
    assert "def: no valid trial: driver-saturated" in by_name(campaign)["goodput-sleep"].alt


def test_a_single_style_makes_no_comparison(tmp_path: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path / "c", treatments=FEW[:1], rounds=1))
    found = by_name(campaign)
    assert "bystander-sleep" not in found
    assert "matrix" not in found
    assert "async def that awaits answers" in found["goodput-sleep"].title
    assert "1 trial" in found["goodput-sleep"].facts


def test_a_campaign_without_trials_has_only_verdicts_to_show(tmp_path: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path / "c", rounds=0))
    assert {kind for kind, _ in pictures(campaign)} == {"verdicts"}


def test_equal_styles_are_called_about_the_same(tmp_path: Path) -> None:
    same = (Treatment(variant="sleep.async-offload", load="closed-80"), FEW[1])
    campaign = load_campaign(write_campaign(tmp_path / "c", treatments=same))
    assert "every variant answers about" in by_name(campaign)["goodput-sleep"].title


def test_a_title_names_the_times_of_this_campaign(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "c", treatments=FEW, rounds=1)
    campaign = load_campaign(path)
    changed = {**SETTINGS, "sleep_s": 0.25}
    campaign.folder.write_manifest(campaign.manifest.model_copy(update={"settings": changed}))
    assert by_name(load_campaign(path))["goodput-sleep"].title.startswith("A 250 ms sleep: ")


def test_the_copy_is_drawn_but_never_in_a_title(drawn: Drawn) -> None:
    chart = drawn.charts["goodput-noop"]
    assert "copy" in chart.alt
    assert "copy" not in chart.title


def test_the_main_load_is_that_with_the_most_styles(drawn: Drawn) -> None:

    assert main_load(drawn.campaign, SLEEP) == "closed-80"
    assert main_load(drawn.campaign, ARTICLE) is None


def test_merged_histograms_hold_every_valid_trial_and_no_other(drawn: Drawn) -> None:
    from experiment.records.trial import Series

    campaign = drawn.campaign
    single = campaign.folder.histograms(Series.RESPONSE)
    for treatment, merged in response_histograms(campaign).items():
        mine = [t.trial_id for t in campaign.trials if t.treatment == treatment and t.is_valid]
        assert merged.total == sum(single[trial][Series.RESPONSE].total for trial in mine)


def test_tables_have_one_row_a_trial_and_one_a_second(drawn: Drawn) -> None:
    campaign = drawn.campaign
    assert len(campaign.frame) == len(campaign.trials)
    assert set(campaign.frame["style"]) <= set(STYLES)
    seconds = seconds_frame(campaign)
    assert {"trial_id", "treatment", "round", "second", "loop_lag_max_us"} <= set(seconds.columns)


def test_the_extra_treatments_of_the_helper_are_known_variants() -> None:
    assert all("." in treatment.variant for treatment in EXTRA_TREATMENTS)
