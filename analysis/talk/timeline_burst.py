"""A burst as it happened: every answer of one round at the second it came."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.drawing.canvas import Canvas
from analysis.drawing.marks import marker_of
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from analysis.talk.stage import LEAST, quiet
from analysis.talk.timeline import Mover, Timeline, middle_round, together
from analysis.wording import words
from analysis.wording.names import VariantName, parse_variant, treatment_label, work_task
from bench_app.styles import STYLES
from experiment.design.model import Claim, Load, LoadKind, Treatment
from experiment.records.histogram import Histogram, bucket_mid_us
from experiment.records.trial import Series

_NAME, _COUNT = 40.0, 46.0  # font sizes
_LEFT, _RIGHT, _AXIS = 280.0, 280.0, 84.0  # columns of names and of counts, row of the axis


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One route: the seconds at which its requests were answered, in order; a burst starts all of them at 0."""

    treatment: Treatment
    sent: int
    answers_s: tuple[float, ...]

    @property
    def name(self) -> VariantName:
        return parse_variant(self.treatment.variant)

    @property
    def label(self) -> str:
        return treatment_label(self.treatment)

    @property
    def is_complete(self) -> bool:
        return len(self.answers_s) == self.sent

    @property
    def outcome(self) -> str:
        if self.is_complete:
            return f"{self.label} needs {words.duration(self.answers_s[-1])}"
        return f"{self.label} answers {len(self.answers_s)} of them"


def burst_treatments(claim: Claim, loads: Mapping[str, Load]) -> list[Treatment]:
    """Return a claim's treatments under its first burst, in the fixed order of styles."""
    found = [t for t in claim.treatments if t.load in loads and loads[t.load].kind is LoadKind.BURST]
    alike = [t for t in found if t.load == found[0].load]
    return sorted(alike, key=lambda t: STYLES.place(parse_variant(t.variant).style))


def burst_timeline(campaign: Campaign, claim: Claim, treatments: Sequence[Treatment]) -> Timeline | str:
    """Return a burst over time, or why there is none."""
    found = middle_round(campaign, treatments)
    if found is None:
        return f"no round has a valid trial of each of {words.listing([t.id for t in treatments])}"
    recorded = campaign.folder.merged_histograms(Series.RESPONSE, {trial: name for name, trial in found.trials.items()})
    lanes = _lanes(treatments, recorded)
    if len(lanes) < len(treatments):
        return f"latency.csv has no answers of {words.listing([t.id for t in treatments])}"
    users = campaign.loads[treatments[0].load].users
    return Timeline(
        claim=claim,
        title=f"{users} requests at once: " + words.listing([lane.outcome for lane in lanes]),
        facts=(f"Each route does {_tasks(campaign, lanes)}", machine(campaign), found.words),
        span_s=max(lane.answers_s[-1] for lane in lanes),
        draw=lambda canvas: _draw(canvas, lanes),
    )


def _tasks(campaign: Campaign, lanes: Sequence[Lane]) -> str:
    works = dict.fromkeys(lane.name.work for lane in lanes)
    return words.listing([work_task(work, campaign.manifest.settings) for work in works])


def _lanes(treatments: Sequence[Treatment], recorded: Mapping[str, Histogram]) -> list[Lane]:
    lanes = []
    for treatment in treatments:
        histogram = recorded.get(treatment.id)
        if histogram is not None and histogram.answered:
            answers = [bucket_mid_us(index) / 1e6 for index in sorted(Counter(histogram.counts).elements())]
            lanes.append(Lane(treatment=treatment, sent=histogram.total, answers_s=tuple(answers)))
    return lanes


def _draw(canvas: Canvas, lanes: Sequence[Lane]) -> Mover:
    """Draw a lane a route, one below the other, on one axis of seconds."""
    height = (canvas.bottom - _AXIS - canvas.top) / len(lanes)
    span = max(lane.answers_s[-1] for lane in lanes)
    right = canvas.right - _RIGHT
    movers: list[Mover] = []
    for i, lane in enumerate(lanes):
        top, style, is_last = canvas.top + i * height, lane.name.style, i == len(lanes) - 1
        axes = canvas.axes(canvas.left + _LEFT, top + 8, right, top + height - 8, grid="x")
        axes.set_xlim(0, span * 1.02)
        axes.set_ylim(0, lane.sent + 1)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, steps=[1, 2, 5, 10]))
        axes.tick_params(labelsize=LEAST, labelbottom=is_last)
        if not is_last:
            canvas.rule(top + height)
        middle = top + height / 2
        canvas.text(canvas.left, middle - 20, lane.label, size=_NAME, weight="bold", colour=style.colour)
        canvas.text(canvas.left, middle + 24, style.name, size=LEAST, colour=canvas.theme.muted)
        movers.append(_moving(canvas, axes, lane, middle, height))
    canvas.text(right, canvas.bottom, "seconds since all were sent", ha="right", va="bottom", **quiet(canvas))
    return together(movers)


def _moving(canvas: Canvas, axes: Axes, lane: Lane, middle: float, height: float) -> Mover:
    """Draw what of a lane moves: the time, the answers so far, how many they are, and since when."""
    size = max(4.0, min(16.0, 1.6 * height / (lane.sent + 2)))
    (now,) = axes.plot([0, 0], [0, lane.sent + 1], color=canvas.theme.faint, linewidth=3, animated=True)
    (dots,) = axes.plot([], [], linestyle="none", animated=True, **marker_of(lane.name.style, size))
    count = canvas.text(canvas.right, middle - 20, "", size=_COUNT, weight="bold", ha="right")
    since = canvas.text(canvas.right, middle + 26, "", size=LEAST, colour=canvas.theme.muted, ha="right")
    for text in (count, since):
        text.set_animated(True)

    def at(second: float) -> list[Artist]:
        done = sum(answer <= second for answer in lane.answers_s)
        x = min(second, lane.answers_s[-1]) if lane.is_complete else second
        now.set_xdata([x, x])
        dots.set_data(lane.answers_s[:done], range(1, done + 1))
        count.set_text(f"{done} of {lane.sent}")
        since.set_text(f"after {words.duration(x)}")
        return [now, dots, count, since]

    return at
