"""Is the judge honest, and what does it find? `make calibration`, or `python -m benchmarks.calibration`.

Thousands of simulated campaigns are looked at after every round, as a real one is, and stop at the first verdict:

- how often the interval ever excludes the truth on either side, under each kind of noise: declared is 2 alpha;
- how often a claim is falsely supported, or falsely refuted, when the truth sits on its limit: the worst place for it.
  Declared is alpha. Without a registered scatter, with one as large as the pairs' normal scatter, and with one that is
  too small by a factor, as on a machine that is noisier than those before;
- the same on the noise of real campaigns, comparison by comparison: their own residuals, drawn again;
- some hundred whole campaigns through harness.campaign with FakeDriver, on planted effects and on the limit;
- the power: which share decides a true claim, against the size of the effect and the rounds (docs/figures/power.svg).

Everything is seeded: the same numbers come out each time.
"""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import log, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from analysis.stats.judge import ALPHA
from analysis.stats.rule import LATEST
from benchmarks import campaigns as whole
from benchmarks.looks import first_verdicts, look
from benchmarks.metered import ROOT
from benchmarks.noise import Model, log_ratios
from benchmarks.power import ENOUGH, ROUNDS, SPREADS, Power, draw, power_table, smallest_found
from benchmarks.resampling import RealNoise, real_noises
from benchmarks.residuals import all_known
from benchmarks.talk import say, table, write_json
from experiment.design.model import Interval, at_least
from harness.campaign.fake import Noise

FIGURES = ROOT / "docs" / "figures"
LIMIT = 1.1
MOST_ROUNDS = 20
SEED = 20261122
FAKE_SPREAD, FAKE_ROUNDS = 0.05, 8

SHARES = (0.0, 1.0, 0.5, 0.25, 0.125)
"""A claim registers so much of the true scatter. Down to a quarter the declared rate is to hold."""
LEAST_SHARE = 0.25

ONE_SIDED, EQUIVALENCE = at_least(LIMIT), Interval(1 / LIMIT, LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseRates:
    """Shares of simulated campaigns that erred at any look, the truth lying on the limit of the claim."""

    model: Model
    spread: float
    registered: float  # scatter of a pair; 0 without one
    campaigns: int
    excluded: float  # the interval did not hold the truth at some look
    supported: float  # "at least 1.1" was supported; false if the truth lies a hair below
    refuted: float  # "at least 1.1" was refuted; false if the truth lies a hair above
    equivalent: float  # "the same within 10 %" was supported; false if the truth lies a hair outside

    @property
    def worst(self) -> float:
        """The largest rate of a false verdict."""
        return max(self.supported, self.refuted, self.equivalent)

    def keeps(self, alpha: float) -> bool:
        """Whether every rate is at or below the declared one."""
        return self.worst <= alpha and self.excluded <= LATEST.supporting_level(alpha)


def false_rates(
    model: Model, *, campaigns: int, spread: float, alpha: float = ALPHA, share: float = 0.0, seed: int = SEED
) -> FalseRates:
    """Simulate campaigns whose truth lies on the limit; `spread` is that of one trial.

    The claim registers `share` of the pairs' normal scatter; 0: none.
    """
    truth, registered = log(LIMIT), sqrt(2) * spread * share
    noise = log_ratios(model, np.random.default_rng(seed), campaigns=campaigns, rounds=MOST_ROUNDS, spread=spread)
    prior = LATEST.prior(registered)
    supported, refuted = first_verdicts(truth + noise, ONE_SIDED, alpha, prior)
    equivalent, _ = first_verdicts(truth + noise, EQUIVALENCE, alpha, prior)
    excluded = look(noise, LATEST.supporting_level(alpha), prior).excludes(0.0).any(axis=1)
    return FalseRates(
        model=model,
        spread=spread,
        registered=registered,
        campaigns=campaigns,
        excluded=float(excluded.mean()),
        supported=float(supported[:, -1].mean()),
        refuted=float(refuted[:, -1].mean()),
        equivalent=float(equivalent[:, -1].mean()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCampaigns:
    """What whole campaigns through FakeDriver said, as shares of the verdicts that could have been given."""

    noise: Noise
    campaigns: int
    false_at_limit: float
    found: float
    false_on_planted: float


def whole_campaigns(noise: Noise, *, campaigns: int, alpha: float = ALPHA) -> WholeCampaigns:
    """Run campaigns with FakeDriver and count what they decided."""
    tally = whole.count(noise, campaigns=campaigns, spread=FAKE_SPREAD, rounds=FAKE_ROUNDS, alpha=alpha)
    return WholeCampaigns(
        noise=noise,
        campaigns=campaigns,
        false_at_limit=_share(tally, whole.AT_THE_LIMIT, campaigns, right=False),
        found=_share(tally, whole.PLANTED, campaigns, right=True),
        false_on_planted=_share(tally, whole.PLANTED, campaigns, right=False),
    )


def _share(tally: Counter[tuple[str, bool]], names: Sequence[str], campaigns: int, *, right: bool) -> float:
    return sum(tally[name, right] for name in names) / (campaigns * len(names))


def main() -> None:
    options = _options()
    start = time.monotonic()
    rates = [
        false_rates(m, campaigns=options.campaigns, spread=s, share=share)
        for m in Model
        for s in SPREADS
        for share in (SHARES if m is Model.NORMAL else SHARES[:2])
    ]
    _print_rates(rates)
    real = real_noises(
        all_known(ROOT / "results"), campaigns=options.campaigns, rounds=MOST_ROUNDS, alpha=ALPHA, seed=SEED
    )
    _print_real(real)
    wholes = [whole_campaigns(noise, campaigns=options.whole) for noise in Noise]
    _print_wholes(wholes)
    points = power_table(np.random.default_rng(SEED), campaigns=options.campaigns, alpha=ALPHA)
    _print_power(points)
    draw(points, options.out, alpha=ALPHA, campaigns=options.campaigns)
    write_json(options.out / "calibration.json", _as_json(rates, real, wholes, points))
    say(f"\nTook {time.monotonic() - start:.0f} s. {_conclusion(rates)} {_real_conclusion(real)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.calibration", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--campaigns", type=int, default=20_000, help="simulated campaigns a noise model and a spread")
    parser.add_argument("--whole", type=int, default=100, help="campaigns through FakeDriver a noise model")
    parser.add_argument(
        "--out", type=Path, default=FIGURES, help="folder for calibration.json, power.svg and power.png"
    )
    return parser.parse_args()


def _print_rates(rates: Sequence[FalseRates]) -> None:
    say(f"False verdicts with the truth on the limit, looked at after each of {MOST_ROUNDS} rounds; declared {ALPHA:g}")
    say(f"(both ends of an interval: {LATEST.supporting_level(ALPHA):g}); registered: the scatter of a pair")
    excluded, *wrong = "interval excludes truth", "falsely >= 1.1", "falsely < 1.1", "falsely same"
    head = ("noise", "spread", "registered", excluded, *wrong, "kept")
    say(table(head, [(*_rate_cells(r), "yes" if r.keeps(ALPHA) else "NO") for r in rates]))


def _rate_cells(rates: FalseRates) -> tuple[str, ...]:
    shares = (rates.excluded, rates.supported, rates.refuted, rates.equivalent)
    registered = f"{rates.registered:.3f}" if rates.registered else "–"
    return (rates.model.value, f"{rates.spread:.0%}", registered, *(f"{share:.2%}" for share in shares))


def _print_real(real: Sequence[RealNoise]) -> None:
    say("\nThe same on the noise of earlier campaigns: each comparison's own residuals on its own limits, drawn again")
    head = ("comparison", "pairs", "sd", "registered", "worst", "kept", "without", "and the wide prior", "enough")
    rows = [
        (
            r.name,
            r.pairs,
            f"{r.spread:.4f}",
            f"{r.registered:g}" if r.registered else "–",
            f"{r.worst:.2%}",
            "yes" if r.keeps(ALPHA) else "NO",
            f"{r.worst_unregistered:.2%}",
            f"{r.worst_wide_unregistered:.2%}",
            f"{r.enough:.4f}" if r.enough else "–",
        )
        for r in real
    ]
    say(table(head, rows))


def _print_wholes(wholes: Sequence[WholeCampaigns]) -> None:
    say(f"\nWhole campaigns through FakeDriver: spread {FAKE_SPREAD:.0%}, at most {FAKE_ROUNDS} rounds, first verdict")
    head = ("noise", "campaigns", "false at the limit", "planted 3x found", "false on planted")
    say(
        table(
            head,
            [
                (w.noise.value, w.campaigns, f"{w.false_at_limit:.1%}", f"{w.found:.1%}", f"{w.false_on_planted:.1%}")
                for w in wholes
            ],
        )
    )


def _print_power(points: Sequence[Power]) -> None:
    say(f"\nSmallest true ratio decided by {ENOUGH:.0%} of campaigns (claim: at least 1x)")
    rows = [
        (f"{spread:.0%}", *(_found(smallest_found(points, spread=spread, rounds=n)) for n in ROUNDS))
        for spread in SPREADS
    ]
    say(table(("trials scatter by", *(f"{n} rounds" for n in ROUNDS)), rows))


def _found(effect: float | None) -> str:
    return "–" if effect is None else f"{effect:.2f}x"


def _conclusion(rates: Sequence[FalseRates]) -> str:
    broken = sorted({_case(r) for r in rates if not r.keeps(ALPHA)})
    if not broken:
        return f"Under every noise model false verdicts stay at or below the declared {ALPHA:g}."
    return f"False verdicts stay at or below the declared {ALPHA:g}, except under: {', '.join(broken)}."


def _case(rates: FalseRates) -> str:
    share = rates.registered / (sqrt(2) * rates.spread)
    return f"{rates.model.value}, {share:.3g} of the scatter registered" if 0 < share < 1 else rates.model.value


def _real_conclusion(real: Sequence[RealNoise]) -> str:
    worst, broken = max(real, key=lambda r: r.worst), [r for r in real if not r.keeps(ALPHA)]
    start = (
        f"On the noise of real campaigns the worst of {len(real)} comparisons errs in {worst.worst:.2%} ({worst.name})"
    )
    return f"{start}; above the declared rate: {len(broken)}."


def _as_json(
    rates: Sequence[FalseRates], real: Sequence[RealNoise], wholes: Sequence[WholeCampaigns], points: Sequence[Power]
) -> dict[str, Any]:
    return {
        "command": "make calibration",
        "alpha": ALPHA,
        "limit": LIMIT,
        "rounds": MOST_ROUNDS,
        "seed": SEED,
        "false_rates": [{**asdict(r), "keeps_alpha": r.keeps(ALPHA)} for r in rates],
        "real_noise": [{**asdict(r), "keeps_alpha": r.keeps(ALPHA)} for r in real],
        "whole_campaigns": {"spread": FAKE_SPREAD, "rounds": FAKE_ROUNDS, "by_noise": [asdict(w) for w in wholes]},
        "smallest_found": [
            {"spread": s, "rounds": n, "power": ENOUGH, "ratio": smallest_found(points, spread=s, rounds=n)}
            for s in SPREADS
            for n in ROUNDS
        ],
        "power": [asdict(p) for p in points],
    }


if __name__ == "__main__":
    main()
