"""What a whole campaign over an app found, in a line: how many requests block, and how many trials count."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.own_app.results import AppResults, Standing
from analysis.own_app.sentences import OUTCOME_WORDS
from analysis.stats.direction import Direction
from analysis.stats.reasons import rule_name
from analysis.wording import words


def tally(results: AppResults) -> str:
    """Return the headline: how many requests hold up the loop."""
    total = len(results.routes)
    count = _counts(results)
    if count[Standing.UNJUDGED] == total:
        return _tally_of_changes(results)
    blocking = count[Standing.BLOCKS]
    subject = f"{blocking} of {words.plural(total, 'request')} {_verb(blocking, total)} up the loop"
    rest = _open(count)
    return f"{subject}; {words.listing(rest)}" if rest else subject


def _counts(results: AppResults) -> dict[Standing, int]:
    return {standing: sum(route.standing is standing for route in results.routes) for standing in Standing}


def _open(count: Mapping[Standing, int]) -> list[str]:
    """Return how many requests nothing is known of, by the reason."""
    said = ((Standing.UNDECIDED, "not decided"), (Standing.FAILED, "not measured"))
    return [f"{count[standing]} {words_of}" for standing, words_of in said if count[standing]]


def _verb(count: int, total: int) -> str:
    return "holds" if 1 in (count, total) else "hold"


def nothing_ranked(results: AppResults) -> str:
    """Say that nothing is to be changed, or that nobody knows yet."""
    count = _counts(results)
    if count[Standing.UNJUDGED] == len(results.routes):
        return "No change that was tried is surely better. `bench app run` asks what holds up the loop."
    if rest := _open(count):
        return f"Not known: of {words.plural(len(results.routes), 'request')}, {words.listing(rest)}."
    return "Nothing: no request was found to hold up the loop."


def _tally_of_changes(results: AppResults) -> str:
    changes = [change for route in results.routes for change in route.changes]
    counted = {outcome: sum(change.outcome is outcome for change in changes) for outcome in Direction}
    said = [f"{count} {OUTCOME_WORDS[outcome]}" for outcome, count in counted.items() if count]
    return f"{words.plural(len(changes), 'change')} tried: {words.listing(said)}" if said else "Nothing was judged"


def validity(results: AppResults) -> str:
    """Return how many trials count, and which rules took the others."""
    if not results.trials:
        return "No trial was finished"
    if results.valid == results.trials:
        return f"All {words.plural(results.trials, 'trial')} valid"
    named = words.listing([f"{rule_name(rule)} ({count})" for rule, count in results.rules.items()])
    return f"{results.valid} of {words.plural(results.trials, 'trial')} valid; left out for {named}"
