"""How the pairs of real campaigns scatter: the floors that claims register, and what the calibration draws from.

`python -m benchmarks.residuals` prints the pooled scatter of every comparison. Its residuals are ln(ratio) minus the
campaign's own mean; log_ratios.csv, beside this file, holds those of the committed generations of the reference, and
campaigns in results/ whose name begins with `reference` are added. `--renew COMMIT...` writes the file again from the
reference as it was in these commits, so that nothing needs git's history when it is run; `--add DIR...` appends those
of campaigns that are no reference, such as a pilot.

The upper limit of a standard deviation s with f degrees of freedom is s sqrt(f / q), q the lower quantile of
chi-square, by the approximation of Wilson & Hilferty (PNAS 17, 1931).
"""

import argparse
import csv
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from pathlib import Path
from statistics import NormalDist, fmean, variance

from analysis.stats.estimate import log_ratios
from benchmarks.metered import ROOT
from benchmarks.talk import say, table
from experiment.design.claims import A_A, CLAIMS
from experiment.design.model import Claim, Comparison
from experiment.records.store import MANIFEST, CampaignFolder, write_table

DATA = Path(__file__).with_name("log_ratios.csv")
COLUMNS = ("commit", "campaign", "treatment", "baseline", "metric", "pair", "log_ratio")
CONFIDENCE = 0.9
_FEWEST = 2  # a residual needs a mean of more than itself

Key = tuple[str, str, str]
"""The treatment's id, the baseline's (empty without one) and the metric's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """The pooled standard deviation of one comparison's log ratios about the means of their campaigns."""

    campaigns: int
    pairs: int
    spread: float
    upper: float  # limit that the true one does not exceed, with CONFIDENCE
    largest: float  # of the campaigns' own standard deviations


def key_of(comparison: Comparison) -> Key:
    baseline = comparison.baseline
    return comparison.treatment.id, baseline.id if baseline else "", comparison.metric.name


def judged() -> dict[Key, tuple[str, Comparison]]:
    """Return what today's claims judge by an interval, and the A/A pair: by key, with the claim's id."""
    own = [(claim.id, c) for claim in CLAIMS.values() for c in claim.comparisons if not c.is_structural]
    return {key_of(c): (name, c) for name, c in (*own, ("A/A", A_A))}


def estimated(claims: Iterable[Claim]) -> dict[Key, Comparison]:
    """Return what these claims judge by an interval or show beside it, and the A/A pair."""
    own = (c for claim in claims for c in (*claim.comparisons, *claim.beside) if not c.is_structural)
    return {key_of(c): c for c in (*own, A_A)}


def committed(data: Path = DATA) -> dict[Key, list[list[float]]]:
    """Return the log ratios of log_ratios.csv: a list for each campaign."""
    with data.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    out: dict[Key, list[list[float]]] = {}
    for (_, *key), group in groupby(rows, lambda r: (r["campaign"], r["treatment"], r["baseline"], r["metric"])):
        out.setdefault((key[0], key[1], key[2]), []).append([float(row["log_ratio"]) for row in group])
    return out


def all_known(results: Path, data: Path = DATA) -> dict[Key, list[list[float]]]:
    """Return the log ratios of log_ratios.csv and of the reference campaigns in `results` that are not in it."""
    out = committed(data)
    names = {line.split(",")[1] for line in data.read_text(encoding="utf-8").splitlines()[1:]}
    for path in sorted(results.glob("reference*")):
        if (path / MANIFEST).exists() and CampaignFolder(path).manifest().campaign not in names:
            folder = CampaignFolder(path)
            for key, logs in measured(folder, _wanted(folder)).items():
                out.setdefault(key, []).append(logs)
    return out


def _wanted(folder: CampaignFolder) -> dict[Key, Comparison]:
    """Return what a campaign's own claims and today's estimate."""
    return estimated([*folder.manifest().asked(), *CLAIMS.values()])


def measured(folder: CampaignFolder, wanted: Mapping[Key, Comparison]) -> dict[Key, list[float]]:
    """Return a campaign's log ratios of each comparison that it has two pairs of."""
    trials = folder.trials()
    found = {key: log_ratios(c, trials) for key, c in wanted.items()}
    return {key: logs for key, logs in found.items() if len(logs) >= _FEWEST}


def residuals(logs: Sequence[float]) -> list[float]:
    """Return a campaign's residuals, scaled so that their mean square is the sample's variance."""
    n, mean = len(logs), fmean(logs)
    return [(x - mean) * sqrt(n / (n - 1)) for x in logs]


def scatter(campaigns: Sequence[Sequence[float]]) -> Scatter:
    """Pool the campaigns' variances by their degrees of freedom."""
    degrees = sum(len(logs) - 1 for logs in campaigns)
    variances = [variance(logs) for logs in campaigns]
    pooled = sum((len(logs) - 1) * v for logs, v in zip(campaigns, variances, strict=True)) / degrees
    return Scatter(
        campaigns=len(campaigns),
        pairs=sum(map(len, campaigns)),
        spread=sqrt(pooled),
        upper=sqrt(pooled * degrees / _chi_square(1 - CONFIDENCE, degrees)),
        largest=sqrt(max(variances)),
    )


def _chi_square(probability: float, degrees: int) -> float:
    a = 2 / (9 * degrees)
    return float(degrees * (1 - a + NormalDist().inv_cdf(probability) * sqrt(a)) ** 3)


def renew(commits: Sequence[str], data: Path = DATA) -> None:
    """Write log_ratios.csv from the reference campaign in each of these commits, in this order."""
    with tempfile.TemporaryDirectory(prefix="reference-") as place:
        folders = {commit: _taken_out(commit, Path(place) / commit) for commit in commits}
        wanted = {key: c for folder in folders.values() for key, c in _wanted(folder).items()}
        rows = [row for commit, folder in folders.items() for row in _rows(commit, folder, wanted)]
    write_table(data, COLUMNS, rows)


def add(folders: Iterable[Path], data: Path = DATA) -> None:
    """Append the log ratios of these campaigns to log_ratios.csv."""
    with data.open(encoding="utf-8", newline="") as file:
        before = list(csv.reader(file))[1:]
    found = [CampaignFolder(path) for path in folders]
    new = [row for f in found for row in _rows((f.manifest().git.commit or "unknown")[:7], f, _wanted(f))]
    write_table(data, COLUMNS, [*before, *new])


def _rows(commit: str, folder: CampaignFolder, wanted: Mapping[Key, Comparison]) -> list[tuple[object, ...]]:
    name, found = folder.manifest().campaign, measured(folder, wanted)
    return [(commit, name, *key, n, x) for key, logs in found.items() for n, x in enumerate(logs, start=1)]


def _taken_out(commit: str, place: Path) -> CampaignFolder:
    """Return the reference as it was in a commit, written to `place`. Raises CalledProcessError without that commit."""
    command = ["git", "-C", str(ROOT), "archive", commit, "results/reference"]
    archive = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(place, filter="data")
    return CampaignFolder(place / "results" / "reference")


def scatter_table(known: Mapping[Key, Sequence[Sequence[float]]]) -> str:
    """Return the table of floors: what today's claims judge first, with what they registered."""
    head = ("treatment", "baseline", "metric", "claim", "campaigns", "pairs", "sd", "sd 90 %", "largest", "registered")
    now = judged()
    keys = [*(key for key in now if key in known), *(key for key in known if key not in now)]
    return table(head, [_scatter_cells(key, scatter(known[key]), now.get(key)) for key in keys])


def _scatter_cells(key: Key, found: Scatter, asker: tuple[str, Comparison] | None) -> tuple[object, ...]:
    name, floor = (asker[0], asker[1].scatter) if asker else ("–", 0.0)
    spreads = (f"{x:.4f}" for x in (found.spread, found.upper, found.largest))
    return (*key, name, found.campaigns, found.pairs, *spreads, f"{floor:g}" if floor else "–")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.residuals", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--renew", nargs="+", metavar="COMMIT", help="write log_ratios.csv from these commits first")
    parser.add_argument("--add", nargs="+", metavar="DIR", type=Path, help="append the log ratios of these campaigns")
    options = parser.parse_args()
    if options.renew:
        renew(options.renew)
    if options.add:
        add(options.add)
    say(scatter_table(all_known(ROOT / "results")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
