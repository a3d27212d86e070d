"""The validity rules in words, for whoever reads of an invalid trial: what each means, its limit, what to do."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analysis.reading.campaign import Campaign
from experiment.theory.validity import FAILURE_RULES, RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """One rule. `limit` is what the number that it looks at is held against; None where there is no number."""

    id: str
    meaning: str
    advice: str
    limit: float | None = None


def rule_texts() -> Mapping[str, RuleText]:
    """Return every rule by its id: first those that look at a trial's numbers, then what leaves one unfinished."""
    looked_at = [RuleText(id=r.id, meaning=r.meaning, advice=r.advice, limit=r.limit) for r in RULES.values()]
    unfinished = [RuleText(id=i, meaning=meaning, advice=advice) for i, (meaning, advice) in FAILURE_RULES.items()]
    return {text.id: text for text in (*looked_at, *unfinished)}


def advice_on(rules: Iterable[str]) -> tuple[str, ...]:
    """Return what to do about rules that fired; nothing on those of another version."""
    known = rule_texts()
    return tuple(known[rule].advice for rule in rules if rule in known)


def firings(campaign: Campaign) -> Mapping[RuleText, int]:
    """Return how many trials each rule made invalid; rules of another version that fired stand last."""
    fired = Counter(rule for trial in campaign.trials for rule in trial.rules)
    known = rule_texts()
    strange = [RuleText(id=i, meaning="A rule of another version.", advice="") for i in fired if i not in known]
    return {text: fired[text.id] for text in (*known.values(), *strange)}
