"""The animated timelines show what was recorded, when it was known, and nothing where nothing was."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from analysis.drawing.style import HEIGHT, LIGHT, WIDTH
from analysis.reading.campaign import load_campaign
from analysis.talk.stage import FOOTER_HEIGHT, LEAST
from analysis.talk.timeline import LONGEST_S, Timeline
from analysis.talk.timelines import HOLD_MS, has_timeline, slide_of, timeline_of, write_gif, write_timelines
from documented_commands import ROOT
from experiment.design.claims import CLAIMS
from experiment.design.loads import LOADS
from experiment.design.model import LoadKind
from experiment.design.plan import treatments_for
from experiment.design.profiles import ARTICLE_CLAIMS
from experiment.records.histogram import Histogram
from experiment.records.store import CampaignFolder
from experiment.records.trial import SecondRow, Series, TrialMetrics, TrialRecord
from fake_campaigns import registered, write_campaign
from harness.commands.slides import make_slides

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from analysis.reading.campaign import Campaign
    from experiment.design.model import Claim

SEEN = [claim for claim in map(CLAIMS.__getitem__, ARTICLE_CLAIMS) if has_timeline(claim, LOADS)]
CLAIMED = (CLAIMS["A1"], *SEEN)
ANSWERS_S = {
    "article.async-native.good": [2.005] * 10,
    "article.async-blocking.bad": [2.002 * n for n in range(1, 11)],
    "article.def.sync-ok": [2.012] * 10,
}
BLOCKED = [(10, 3.0, 3.0), (10, 2.0, 2.0), (9, 1.0, 1.0)]
FREE = [(395, 0.003, 0.001), (398, 0.002, 0.001), (390, 0.004, 0.002)]


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
        seconds = [] if treatment.load == "burst-10" else BLOCKED if "async-blocking" in treatment.variant else FREE
        rows = [
            SecondRow(second=n, answers=count, bystander_max_us=waited * 1e6, loop_lag_max_us=late * 1e6)
            for n, (count, waited, late) in enumerate(seconds)
        ]
        folder.append(record, {Series.RESPONSE: answers}, rows)
    return load_campaign(path)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return recorded(tmp_path_factory.mktemp("results") / "c")


@pytest.fixture(scope="module")
def reference() -> Campaign:
    return load_campaign(ROOT / "results" / "reference")


def made(campaign: Campaign, claim: str) -> Timeline:
    found = timeline_of(campaign, CLAIMS[claim])
    assert isinstance(found, Timeline)
    return found


def beyond(figure: Figure) -> set[Text]:
    """Return the labels of ticks that lie beyond their axes: they are written and never drawn."""
    found = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        found |= {tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high}
    return found


def said(campaign: Campaign, timeline: Timeline, *seconds: float) -> list[set[str]]:
    """The texts that stand on the moving parts at each of these seconds."""
    _, mover = slide_of(campaign, timeline, LIGHT)
    return [{artist.get_text() for artist in mover(second) if isinstance(artist, Text)} for second in seconds]


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_about_a_burst_or_bystanders_has_a_timeline_and_no_other(claim: Claim, campaign: Campaign) -> None:
    bursts = [t for t in claim.treatments if LOADS[t.load].kind is LoadKind.BURST]
    beside = [c for c in claim.comparisons if "bystander" in c.metric.label]
    assert has_timeline(claim, LOADS) == bool(bursts or beside)
    if claim in SEEN:
        assert made(campaign, claim.id).claim == claim


def test_the_demo_counts_the_answers_as_they_came(campaign: Campaign) -> None:
    timeline = made(campaign, "A9")
    assert timeline.title == "10 requests at once: /good needs 2.0 s, /bad needs 20 s and /sync-ok needs 2.0 s"
    before, early, late, end = said(campaign, timeline, 1.0, 3.0, 10.1, timeline.span_s)
    assert before == {"0 of 10", "after 1.0 s"}
    assert {"10 of 10", "1 of 10", "after 3.0 s"} <= early
    assert {"10 of 10", "5 of 10", "after 10 s"} <= late
    assert end == {"10 of 10", "after 2.0 s", "after 20 s"}


def test_a_bystanders_wait_grows_until_the_window_ends(campaign: Campaign) -> None:
    timeline = made(campaign, "A2")
    assert timeline.title.startswith("The slowest bystander waits at least 3.0 s beside async-blocking")
    early, later, end = said(campaign, timeline, 0.5, 1.5, 3.0)
    assert early == {"≥ 500 ms"}
    assert {"≥ 1.5 s", "≥ 500 ms", "3.0 ms", "395", "10"} <= later
    assert {"≥ 3.0 s", "≥ 2.0 s", "≥ 1.0 s", "4.0 ms", "390", "9"} <= end


def test_the_middle_one_of_the_valid_rounds_is_shown_whatever_came_out(campaign: Campaign, tmp_path: Path) -> None:
    assert "round 2, the middle one of 3" in made(campaign, "A9").facts
    some = recorded(tmp_path / "c", rounds=4, invalid=[2])
    assert "round 3, the middle one of 3" in made(some, "A9").facts


def test_what_took_longer_is_played_faster() -> None:
    spans = {20.0: 1, LONGEST_S: 1, 31.0: 2, 200.0: 7}
    for span, speed in spans.items():
        assert (
            Timeline(claim=CLAIMS["A9"], title="t", facts=(), span_s=span, draw=lambda _: lambda _: ()).speed == speed
        )


def test_a_timeline_is_a_slide_that_ends_on_a_long_frame(tmp_path: Path) -> None:
    campaign = recorded(tmp_path / "c", pace=4)  # 5 s of 20, and of the bytes
    shown = [result for result in campaign.results if result.claim.id in {"A1", "A2", "A9"}]
    written = write_timelines(campaign, tmp_path, shown)
    assert [path.name for path in written.files] == [
        f"{claim}-timeline{theme}.gif" for claim in ("A2", "A9") for theme in ("", ".dark")
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
    timeline = made(campaign, "A2")
    first, second = (write_gif(campaign, timeline, LIGHT, tmp_path / name) for name in ("a.gif", "b.gif"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("claim", SEEN, ids=lambda claim: claim.id)
@pytest.mark.parametrize("of", ["campaign", "reference"])
@pytest.mark.parametrize("part", [0.4, 1.0])
def test_no_text_of_a_timeline_is_small_off_the_slide_or_over_another(
    claim: Claim, of: str, part: float, request: pytest.FixtureRequest
) -> None:
    campaign = request.getfixturevalue(of)
    timeline = made(campaign, claim.id)
    figure, mover = slide_of(campaign, timeline, LIGHT)
    moved = {artist for artist in mover(timeline.span_s * part) if isinstance(artist, Text)}
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]  # else one for each text
    figure.draw(renderer)  # tick labels are written then
    seen = {text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()} - beyond(figure)
    found = [(text, text.get_window_extent(renderer)) for text in seen if text in moved or not text.get_animated()]
    for text, box in found:
        assert float(text.get_fontsize()) >= LEAST or box.y1 <= FOOTER_HEIGHT, text.get_text()
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= WIDTH, text.get_text()
        assert 0 <= box.y0 <= box.y1 <= HEIGHT, text.get_text()
    for (one, box), (other, beside) in combinations(found, 2):
        across = min(box.x1, beside.x1) - max(box.x0, beside.x0)
        down = min(box.y1, beside.y1) - max(box.y0, beside.y0)
        assert across <= 1 or down <= 1, f"{one.get_text()!r} and {other.get_text()!r}"


def test_without_the_data_there_is_no_timeline_and_the_reason_is_said(tmp_path: Path) -> None:
    none = load_campaign(write_campaign(tmp_path / "none", claims=SEEN, rounds=0))
    assert "no round has a valid trial of each of" in str(timeline_of(none, CLAIMS["A9"]))
    unseen = load_campaign(write_campaign(tmp_path / "c", claims=SEEN, rounds=1))
    assert str(timeline_of(unseen, CLAIMS["A9"])).startswith("latency.csv has no answers of article.")
    assert str(timeline_of(unseen, CLAIMS["A2"])).startswith("throughput.csv has no bystanders beside sleep.")


def test_the_command_says_which_timelines_it_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.talk.slides.write_slides", lambda *_: [])  # they have tests of their own
    claim = CLAIMS["A9"]
    folder = write_campaign(tmp_path / "c", claims=[claim], treatments=claim.treatments, rounds=3)
    told: list[str] = []
    make_slides(folder, told.append)
    assert list((folder / "slides").glob("*.gif")) == []
    assert [line.partition(": ")[0] for line in told if line.startswith("no timeline")] == ["no timeline of A9"]
