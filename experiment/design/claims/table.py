"""The table of claims, and how its rows are written.

The interval of a claim is fixed here. It is copied into a campaign's manifest before the first trial, so a claim is
registered before it is measured. Never change an interval after you have seen a result: a refuted claim is a finding.
"""

from collections.abc import Collection

from bench_app.table import Table
from experiment.design.factor import Value
from experiment.design.factors import ServerConfig, server
from experiment.design.metrics import GOODPUT, NORMALIZED_GOODPUT, Metric
from experiment.design.model import Claim, Comparison, Interval, Treatment, at_least

CLAIMS_VERSION = 7
"""Counts the changes of claims that CHANGELOG tells; the manifest records it.

Version 1 is that of 0.1 and 0.2; 3 has other floors under the scatter than 2, and is otherwise the same; 4 judges more
comparisons at equal core speed; 5 and 6 have another registered scatter for some claims of the
folklore, and 7 for three of the article's.
"""

CLAIMS: Table[Claim] = Table("claim", key="id")
ARTICLE = "the article"

DEFAULT = ServerConfig()
ALL_CORES = server(cores="all")

NO_LESS = at_least(0.9)
"""At least as much, with a margin: two equal things never measure exactly equal."""
THE_SAME = Interval(0.9, 1.1)
ABOUT_THE_SAME = Interval(0.8, 1.25)
# `scatter`: the standard deviation of ln(ratio) of one pair over all campaigns of log_ratios.csv, or 1.5 times that
# where their own residuals, drawn again, give more than 5 % false verdicts; rounded up to the next 0.005
# (`python -m benchmarks.residuals` and `make calibration` print them), and no less than what the counts of a window
# let expect.

ANYTHING = at_least(0.0)
"""For what stands beside a claim and is not judged."""

A_A = Comparison(
    treatment=Treatment(variant="noop.async-native.copy", load="closed-20"),
    baseline=Treatment(variant="noop.async-native", load="closed-20"),
    metric=NORMALIZED_GOODPUT,
    expected=THE_SAME,
    scatter=0.07,
    is_alike=True,
)
"""Two byte-identical routes: any difference between them is noise."""


def article(section: str) -> str:
    return f"{ARTICLE}, «{section}»"


def ratio(
    treatment: str,
    baseline: str,
    *,
    load: str,
    expected: Interval,
    metric: Metric = GOODPUT,
    scatter: float = 0.0,
    server: ServerConfig = DEFAULT,
    baseline_server: ServerConfig | None = None,
    is_alike: bool = False,
) -> Comparison:
    """Return the comparison of two variants under one load. The servers are equal unless both are given."""
    return Comparison(
        treatment=Treatment(variant=treatment, load=load, server=server),
        baseline=Treatment(variant=baseline, load=load, server=baseline_server or server),
        metric=metric,
        expected=expected,
        scatter=scatter,
        is_alike=is_alike,
    )


def saturated(
    treatment: str,
    baseline: str,
    expected: Interval,
    *,
    load: str = "closed-20",
    scatter: float = 0.1,
    server: ServerConfig = DEFAULT,
    baseline_server: ServerConfig | None = None,
) -> Comparison:
    """Return the ratio of what two routes, or two servers, answer that both keep the core busy, at equal core speed."""
    return ratio(
        treatment,
        baseline,
        load=load,
        metric=NORMALIZED_GOODPUT,
        expected=expected,
        scatter=scatter,
        server=server,
        baseline_server=baseline_server,
        is_alike=True,
    )


def level(
    variant: str, *, load: str, metric: Metric, expected: Interval, scatter: float = 0.0, server: ServerConfig = DEFAULT
) -> Comparison:
    """Return a statement about one variant's metric itself: in every trial if it is structural, else on average."""
    treatment = Treatment(variant=variant, load=load, server=server)
    return Comparison(treatment=treatment, baseline=None, metric=metric, expected=expected, scatter=scatter)


def claim(
    id: str,  # noqa: A002 - the field's own name
    slug: str,
    statement: str,
    source: str,
    *comparisons: Comparison,
    refuted_by: str = "",
    beside: tuple[Comparison, ...] = (),
    note: str = "",
    differs_in: Collection[str] | None = None,
) -> Claim:
    """Register a claim.

    `differs_in` names what the two sides of its ratios differ in (see `differences`), where the claim is about one
    factor. Raises DuplicateNameError if another claim has its id. Raises ValueError if another has its slug, if it does
    not say what would refute it, if something beside it needs trials of its own, if the sides of a ratio differ in more
    or less than `differs_in`, or if a metric at equal core speed judges sides that are not alike.
    """
    made = Claim(
        id=id,
        slug=slug,
        statement=statement,
        source=source,
        comparisons=comparisons,
        refuted_by=refuted_by,
        beside=beside,
        note=note,
    )
    complaint = _complaint(made) or _unlike(made, differs_in)
    if complaint is not None:
        raise ValueError(complaint)
    return CLAIMS.add(made)


def _complaint(made: Claim) -> str | None:
    if made.slug in {known.slug for known in CLAIMS.values()}:
        return f"there are two claims with the slug {made.slug}"
    if not made.comparisons:
        return None if made.note else f"claim {made.id} compares nothing, and no note says why it cannot be measured"
    if not made.refuted_by:
        return f"claim {made.id} does not say what would refute it"
    if not {t for c in made.beside for t in c.treatments} <= set(made.treatments):
        return f"what stands beside claim {made.id} needs trials of its own"
    if any(c.metric.is_at_equal_speed and not c.is_alike for c in made.comparisons):
        return f"claim {made.id} judges at equal core speed two sides that do not load the core alike"
    return None


def differences(comparison: Comparison) -> frozenset[str]:
    """Return what the two sides differ in: work, style, tool, load, and server factors by name. Empty for a level."""
    one, other = comparison.treatment, comparison.baseline
    if other is None:
        return frozenset()
    return frozenset(name for name, value in _parts(one).items() if value != _parts(other)[name])


def _parts(treatment: Treatment) -> dict[str, Value]:
    work, style, tool = (*treatment.variant.split(".", 2), "", "")[:3]
    # the server factor "style" is of other people's apps, where no variant names one
    return {**treatment.server.values(), "work": work, "style": style, "tool": tool, "load": treatment.load}


def _unlike(made: Claim, differs_in: Collection[str] | None) -> str | None:
    """Return which comparison's sides differ in something else than the claim is about."""
    if differs_in is None:
        return None
    for comparison in made.comparisons:
        found = differences(comparison)
        if comparison.is_ratio and found != set(differs_in):
            about, sides = " and ".join(sorted(differs_in)), " and ".join(t.id for t in comparison.treatments)
            return f"claim {made.id} is about {about}, but {sides} differ in {', '.join(sorted(found)) or 'nothing'}"
    return None
