"""The animated timelines show what was recorded, when it was known, and nothing where nothing was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from analysis.drawing.canvas import Canvas
from analysis.drawing.style import DPI, HEIGHT, LIGHT, SMALL, WIDTH
from analysis.reading.campaign import load_campaign
from analysis.talk.timeline import LONGEST_S, Timeline
from analysis.talk.timeline_burst import burst_timeline
from analysis.talk.timeline_bystander import bystander_timeline
from analysis.talk.timelines import HOLD_MS, write_gif, write_timelines
from experiment.design.claims import CLAIMS
from experiment.design.plan import treatments_for
from experiment.records.histogram import Histogram
from experiment.records.store import CampaignFolder
from experiment.records.trial import SecondRow, Series, TrialMetrics, TrialRecord
from fake_campaigns import registered, write_campaign
from harness.commands.slides import make_slides

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analysis.reading.campaign import Campaign

CLAIMED = (CLAIMS["A1"], CLAIMS["A9"])
ANSWERS_S = {
    "article.async-native.good": [2.005] * 10,
    "article.async-blocking.bad": [2.002 * n for n in range(1, 11)],
    "article.def.sync-ok": [2.012] * 10,
}
BLOCKED = [(10, 3.0, 3.0), (10, 2.0, 2.0), (9, 1.0, 1.0)]
FREE = [(395, 0.003, 0.001), (398, 0.002, 0.001), (390, 0.004, 0.002)]
SECONDS = {"sleep.async-blocking": BLOCKED, "sleep.def": FREE}


def recorded(path: Path, *, rounds: int = 3, invalid: Sequence[int] = (), pace: float = 1) -> Campaign:
    """A campaign whose every answer of the demo, and every second beside a handler, is known."""
    planned = treatments_for(CLAIMED)
    folder = CampaignFolder.create(path, registered(planned, claims=CLAIMED))
    numbered = [(number, treatment) for number in range(1, rounds + 1) for treatment in planned]
    for position, (number, treatment) in enumerate(numbered):
        record = TrialRecord(
            trial_id=f"t{position:04}",
            round=number,
            position=position,
            attempt=1,
            treatment=treatment.id,
            variant=treatment.variant,
            load=treatment.load,
            started_at="2026-01-01T10:00:00+00:00",
            duration_s=4.0,
            rules=("driver-saturated",) if number in invalid else (),
            reasons="",
            metrics=TrialMetrics(window_s=3.0, goodput_rps=9.9, makespan_s=2.0),
        )
        answers = Histogram.of_us(at * 1e6 / pace for at in ANSWERS_S.get(treatment.variant, []))
        rows = [
            SecondRow(second=n, answers=count, bystander_max_us=waited * 1e6, loop_lag_max_us=late * 1e6)
            for n, (count, waited, late) in enumerate(SECONDS.get(treatment.variant, []))
        ]
        folder.append(record, {Series.RESPONSE: answers}, rows)
    return load_campaign(path)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return recorded(tmp_path_factory.mktemp("results") / "c")


def made(found: Timeline | str) -> Timeline:
    assert isinstance(found, Timeline)
    return found


def said(timeline: Timeline, *seconds: float) -> list[set[str]]:
    """The texts that stand on the moving parts at each of these seconds."""
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
    mover = timeline.draw(Canvas(figure=figure, theme=LIGHT, top=200, bottom=HEIGHT - 76))
    return [{artist.get_text() for artist in mover(second) if isinstance(artist, Text)} for second in seconds]


def test_the_demo_counts_the_answers_as_they_came(campaign: Campaign) -> None:
    timeline = made(burst_timeline(campaign))
    assert timeline.title == "10 requests at once: /good needs 2.0 s, /bad needs 20 s and /sync-ok needs 2.0 s"
    before, early, late, end = said(timeline, 1.0, 3.0, 10.1, timeline.span_s)
    assert before == {"0 of 10", "after 1.0 s"}
    assert {"10 of 10", "1 of 10", "after 3.0 s"} <= early
    assert {"10 of 10", "5 of 10", "after 10 s"} <= late
    assert end == {"10 of 10", "after 2.0 s", "after 20 s"}


def test_a_bystanders_wait_grows_until_the_window_ends(campaign: Campaign) -> None:
    timeline = made(bystander_timeline(campaign))
    assert timeline.title.startswith("The slowest innocent request waits at least 3.0 s beside async def that blocks")
    early, later, end = said(timeline, 0.5, 1.5, 3.0)
    assert early == {"≥ 500 ms"}
    assert {"≥ 1.5 s", "≥ 500 ms", "3.0 ms", "395", "10"} <= later
    assert {"≥ 3.0 s", "≥ 2.0 s", "≥ 1.0 s", "4.0 ms", "390", "9"} <= end


def test_the_middle_one_of_the_valid_rounds_is_shown_whatever_came_out(campaign: Campaign, tmp_path: Path) -> None:
    assert "round 2, the middle one of 3" in made(burst_timeline(campaign)).facts
    some = recorded(tmp_path / "c", rounds=4, invalid=[2])
    assert "round 3, the middle one of 3" in made(burst_timeline(some)).facts


def test_what_took_longer_is_played_faster() -> None:
    spans = {20.0: 1, LONGEST_S: 1, 31.0: 2, 200.0: 7}
    for span, speed in spans.items():
        assert Timeline(name="t", title="t", facts=(), span_s=span, draw=lambda _: lambda _: ()).speed == speed


def test_a_timeline_is_a_slide_that_ends_on_a_long_frame(tmp_path: Path) -> None:
    written = write_timelines(recorded(tmp_path / "c", pace=4), tmp_path)  # 5 s of 20, and of the bytes
    assert [path.name for path in written.files] == [
        *("timeline-demo.gif", "timeline-demo.dark.gif"),
        *("timeline-bystander.gif", "timeline-bystander.dark.gif"),
    ]
    for path in written.files:
        assert path.stat().st_size < 750_000
        with Image.open(path) as gif:
            assert (gif.size, gif.info["loop"]) == ((1280, 720), 0)
            ground = gif.convert("RGB").getpixel((2, 2))
            assert ground == ((20, 23, 27) if ".dark" in path.name else (255, 255, 255))
            gif.seek(gif.n_frames - 1)  # type: ignore[attr-defined]
            assert gif.info["duration"] == HOLD_MS


def test_the_same_data_give_the_same_bytes(campaign: Campaign, tmp_path: Path) -> None:
    timeline = made(bystander_timeline(campaign))
    first, second = (
        write_gif(timeline, LIGHT, tmp_path / name, footer="f", is_smoke=False) for name in ("a.gif", "b.gif")
    )
    assert first.read_bytes() == second.read_bytes()


def test_nothing_on_a_timeline_is_too_small(campaign: Campaign) -> None:
    for timeline in (made(burst_timeline(campaign)), made(bystander_timeline(campaign))):
        figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
        mover = timeline.draw(Canvas(figure=figure, theme=LIGHT, top=200, bottom=HEIGHT - 76))
        texts = [*figure.texts, *(artist for artist in mover(timeline.span_s) if isinstance(artist, Text))]
        assert min(float(text.get_fontsize()) for text in texts) >= SMALL


@pytest.mark.parametrize(
    ("rounds", "reason"), [(0, "no round in which"), (1, "latency.csv has no answers of the two-second demo")]
)
def test_a_campaign_without_the_data_has_no_timeline_and_says_why(
    rounds: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "analysis.talk.slides.write_slides", lambda _campaign, _folder: []
    )  # they have tests of their own
    told: list[str] = []
    make_slides(
        write_campaign(tmp_path / "c", claims=CLAIMED[1:], treatments=CLAIMED[1].treatments, rounds=rounds), told.append
    )
    assert [path.name for path in (tmp_path / "c" / "slides").glob("*.gif")] == []
    (demo, bystander) = [line for line in told if line.startswith("no timeline-")]
    assert demo.startswith("no timeline-demo: this campaign")
    assert reason in demo
    assert "no round in which sleep.async-blocking and sleep.def" in bystander
