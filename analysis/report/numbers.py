"""What a sentence may quote of one comparison."""

from dataclasses import dataclass

from analysis.reading.campaign import Campaign
from analysis.reading.summary import summarise
from analysis.stats.results import ComparisonResult
from analysis.wording import words
from experiment.design.model import Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The effect of a comparison and the values of both sides, in words; what was not measured says so."""

    ratio: str
    treated: str
    base: str


def numbers_of(campaign: Campaign, result: ComparisonResult) -> Numbers:
    asked, found = result.comparison, result.estimate
    if found.effect is None:
        ratio = words.NOT_MEASURED
    elif asked.is_ratio:
        ratio = f"{'at least ' if found.is_floor else ''}{words.times(found.effect)}"
    else:
        ratio = words.metric_value(asked.metric, found.effect)
    return Numbers(
        ratio=ratio, treated=_value(campaign, result, asked.treatment), base=_value(campaign, result, asked.baseline)
    )


def _value(campaign: Campaign, result: ComparisonResult, treatment: Treatment | None) -> str:
    metric = result.comparison.metric
    value = summarise(campaign, treatment.id, metric) if treatment else None
    if value is None:
        return words.NOT_MEASURED
    return f"{'at least ' if value.is_floor else ''}{words.metric_value(metric, value.median)}"
