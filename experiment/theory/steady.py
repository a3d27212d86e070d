"""Whether a window is in steady state, by MSER-5: where to cut its start, and whether the cut would matter.

K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997): average
the series in batches of five, then cut where the standard error of what remains is smallest. We do not cut (the window
is fixed beforehand). We report by how much the mean would move, and call a trial unsteady when that is too much.

The bystander's calls are too few for that; there the two halves of the window are compared.
"""

from collections.abc import Sequence
from statistics import fmean

BATCH = 5
_FEWEST_BATCHES = 6
_FEWEST_OF_A_HALF = 4


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


def shift_between_halves(parts: Sequence[float | None]) -> float | None:
    """Return by how much one half of a series of positive values lies above the other, at least; 0.0 if they overlap.

    It is lowest / highest - 1, of the half above and the half below. If order is left to chance, five values all lie
    above five others, or below, in 2 of 252 cases (Wilcoxon, Biometrics Bull. 1, 1945), whatever their distribution.
    Values are medians of successive calls, so that calls that wait for the same thing count once.

    None where fewer than four values of a half are known.
    """
    middle = len(parts) // 2
    first, second = ([x for x in half if x is not None] for half in (parts[:middle], parts[middle:]))
    if min(len(first), len(second)) < _FEWEST_OF_A_HALF:
        return None
    return max(min(first) / max(second) - 1, min(second) / max(first) - 1, 0.0)
