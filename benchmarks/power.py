"""Power: the share of campaigns that decide a true claim within so many rounds, drawn against how true it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from analysis.drawing.axes import fixed_ticks
from analysis.drawing.canvas import Canvas, Picture, slide
from analysis.drawing.files import svg_of
from analysis.drawing.style import BODY, LIGHT, RC
from benchmarks.looks import first_verdicts
from benchmarks.noise import Model, log_ratios
from experiment.design.model import at_least
from experiment.records.writing import write_whole

ROUNDS = (4, 6, 8, 12)
SPREADS = (0.05, 0.15)
EFFECTS = tuple(float(e) for e in np.round(np.exp(np.linspace(np.log(1.01), np.log(3.0), 45)), 4))
ENOUGH = 0.8  # the power that a study is by convention planned for (Cohen, Statistical Power Analysis, 2nd ed., 1988)

# The palette's hues belong to handler styles; an ordered quantity is told by shade, marker and dashes.
_LINES = {
    4: (LIGHT.ramp[2], "o", (0, (1, 1.2))),
    6: (LIGHT.ramp[3], "s", (0, (5, 1.2, 1, 1.2))),
    8: (LIGHT.ramp[4], "^", (0, (5, 1.5))),
    12: (LIGHT.ink, "D", "solid"),
}
_LABEL_AT = 0.5
_TICKS = (1.1, 1.2, 1.3, 1.5, 2.0, 3.0)
_GAP, _AXIS = 120, 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """One point: of all campaigns with this noise and effect, which share had decided rightly after so many rounds."""

    spread: float
    rounds: int
    effect: float
    share: float


def power_table(rng: np.random.Generator, *, campaigns: int, alpha: float) -> list[Power]:
    """Simulate every effect under both spreads; the same noise serves all effects, which only shift it."""
    out = []
    for trial_spread in SPREADS:
        noise = log_ratios(Model.NORMAL, rng, campaigns=campaigns, rounds=max(ROUNDS), spread=trial_spread)
        for effect in EFFECTS:
            supported, _ = first_verdicts(noise + np.log(effect), at_least(1.0), alpha)
            out += [
                Power(spread=trial_spread, rounds=n, effect=effect, share=float(supported[:, n - 1].mean()))
                for n in ROUNDS
            ]
    return out


def smallest_found(points: Sequence[Power], *, spread: float, rounds: int) -> float | None:
    """Return the smallest effect that enough campaigns decide, or None when none of those tried is large enough.

    Interpolated between the effects tried; both are sorted, since power rises with the effect.
    """
    mine = [p for p in points if (p.spread, p.rounds) == (spread, rounds)]
    if max(p.share for p in mine) < ENOUGH:
        return None
    return float(np.exp(np.interp(ENOUGH, [p.share for p in mine], [np.log(p.effect) for p in mine])))


def draw(points: Sequence[Power], folder: Path, *, alpha: float, campaigns: int) -> None:
    with mpl.rc_context(RC):
        figure = slide(_picture(points, alpha, campaigns), LIGHT, footer="make calibration", is_smoke=False)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "power.svg", svg_of(figure))
        figure.savefig(folder / "power.png", format="png", metadata={"Software": None})


def _picture(points: Sequence[Power], alpha: float, campaigns: int) -> Picture:
    return Picture(
        name="power",
        title=_title(points),
        facts=(
            "Share of simulated campaigns that support the true claim “treatment ≥ baseline”",
            f"looked at after every round, alpha {alpha:g}",
            f"{campaigns} campaigns a point, normal noise",
            "black line: 80% of them; logarithmic effect axis",
        ),
        draw=lambda canvas: _draw(canvas, points),
    )


def _title(points: Sequence[Power]) -> str:
    quiet, loud = (smallest_found(points, spread=s, rounds=6) for s in SPREADS)
    return (
        f"Six rounds mostly decide a true ratio of {_times(quiet)} when trials scatter by {SPREADS[0]:.0%}, "
        f"and need {_times(loud)} when they scatter by {SPREADS[1]:.0%}"
    )


def _times(effect: float | None) -> str:
    return f"more than {EFFECTS[-1]:g}x" if effect is None else f"{effect:.2f}x"


def _draw(canvas: Canvas, points: Sequence[Power]) -> None:
    width = (canvas.width - _AXIS - _GAP) / len(SPREADS)
    for place, trial_spread in enumerate(SPREADS):
        left = canvas.left + _AXIS + place * (width + _GAP)
        axes = canvas.axes(left, canvas.top + 72, left + width, canvas.bottom - 52, grid="both")
        _set_up(axes)
        axes.axhline(ENOUGH, color=canvas.theme.ink, linewidth=1.5)
        words = f"trials scatter by {trial_spread:.0%} (standard deviation)"
        canvas.text(left, canvas.top + 14, words, weight="bold")
        canvas.note(left, canvas.top + 46, "share of campaigns decided")
        for rounds in ROUNDS:
            mine = [p for p in points if (p.spread, p.rounds) == (trial_spread, rounds)]
            _line(axes, mine)
            if trial_spread == max(SPREADS):  # where the lines lie far enough apart; their order is the same
                _label(canvas, axes, mine)
        canvas.note(left + width, canvas.bottom - 4, "true ratio, treatment / baseline", ha="right")


def _set_up(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_xlim(EFFECTS[0], EFFECTS[-1])
    axes.set_ylim(0, 1.02)
    fixed_ticks(axes.xaxis, _TICKS, lambda ratio: f"{ratio:g}x")
    fixed_ticks(axes.yaxis, [0, 0.2, 0.4, 0.6, 0.8, 1.0], lambda share: f"{share:.0%}")


def _line(axes: Axes, points: Sequence[Power]) -> None:
    colour, marker, style = _LINES[points[0].rounds]
    axes.plot(
        [p.effect for p in points],
        [p.share for p in points],
        color=colour,
        linestyle=style,
        linewidth=4,
        marker=marker,
        markersize=10,
        markevery=6,
        markeredgewidth=0,
    )


def _label(canvas: Canvas, axes: Axes, points: Sequence[Power]) -> None:
    """Name a line where it crosses the middle."""
    rounds = points[0].rounds
    axes.text(
        float(np.interp(_LABEL_AT, [p.share for p in points], [p.effect for p in points])),
        _LABEL_AT,
        f"{rounds} rounds" if rounds == min(ROUNDS) else f"{rounds}",
        fontsize=BODY,
        color=canvas.theme.ink,
        ha="center",
        va="center",
        bbox={"facecolor": canvas.theme.surface, "edgecolor": "none", "pad": 3},
    )
