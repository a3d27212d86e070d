"""Whether a window is in steady state, by MSER-5: where to cut its start, and whether the cut would matter.

K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997): average
the series in batches of five, then cut where the standard error of what remains is smallest. We do not cut (the window
is fixed beforehand). We report by how much the mean would move, and call a trial unsteady when that is too much.
"""

from collections.abc import Sequence
from statistics import fmean

BATCH = 5
_FEWEST_BATCHES = 6


def batch_means(series: Sequence[float], size: int = BATCH) -> list[float]:
    """Average a series in batches; an incomplete last batch is dropped."""
    whole = len(series) // size * size
    return [fmean(series[i : i + size]) for i in range(0, whole, size)]


def mser_cut(batches: Sequence[float]) -> int:
    """Return how many batches MSER would cut off at the start, at most half of them."""

    def statistic(cut: int) -> float:
        rest = batches[cut:]
        mean = fmean(rest)
        return sum((x - mean) ** 2 for x in rest) / len(rest) ** 2

    return min(range(len(batches) // 2 + 1), key=statistic)


def truncation_shift(series: Sequence[float]) -> float | None:
    """Return |mean after MSER-5's cut / mean of the whole - 1|, or None if it is too short or all 0."""
    batches = batch_means(series)
    if len(batches) < _FEWEST_BATCHES or fmean(batches) == 0:
        return None
    return abs(fmean(batches[mser_cut(batches) :]) / fmean(batches) - 1)
