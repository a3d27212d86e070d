"""What was found about a request, in sentences with their numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from analysis.own_app.ranking import Gain, Ranked, Source, best_gain, blocked_ms, first_line, says_something
from analysis.own_app.results import BlockingPlace, Change, JudgedClaim, LoadResult, RouteResult, Standing
from analysis.reading import sentences as claims
from analysis.stats.direction import Direction
from analysis.wording import words
from experiment.design.factors import FACTORS
from experiment.design.metrics import GOODPUT, LOOP_BLOCKED
from experiment.design.model import Interval
from experiment.records.app_record import Prediction, RefusalEntry, TroubleEntry
from experiment.records.histogram import Quantile
from experiment.theory.app_capacity import LIMITED_BY

CHANGE_WORDS: tuple[tuple[str, str], ...] = (
    (r"style-def", "as def"),
    (r"style-on-loop", "on the loop"),
    (r"tokens-(\d+)", r"with \1 thread tokens"),
    (r"workers-(\d+)", r"with \1 workers"),
    (r"without-(.+)", r"without \1"),
    (r"version-(.+)", r"than version \1"),
    (r"all-cores", "on all cores"),
    (r"like:(.+)", r"done as \1"),
    (r"(asyncio|uvloop|h11|httptools)", r"on \1"),
)
"""How a change is named in the middle of a sentence, by the way a treatment's id writes it.

`like:` is ours: another request that a claim of the user's sets against this one.
"""

STANDING_WORDS = {
    Standing.BLOCKS: "blocks the loop",
    Standing.CLEAR: "loop stays free",
    Standing.UNDECIDED: "not decided",
    Standing.FAILED: "failed",
    Standing.UNJUDGED: "not judged",
}
OUTCOME_WORDS = {
    Direction.BETTER: "better",
    Direction.WORSE: "worse",
    Direction.DIFFERS: "differs",
    Direction.SAME: "the same",
    Direction.UNDECIDED: "not decided",
}


def verdict(route: RouteResult) -> str:
    """Return the sentence about a request: what it does to the loop, where, and what a change would bring."""
    return f"{route.name} {predicate(route)}"


def predicate(route: RouteResult) -> str:
    """Return that sentence without its subject, for a place where the request is named already."""
    return " ".join((f"{_about_loop(route)}{_with_change(route)}.", *_versions(route)))


def _about_loop(route: RouteResult) -> str:
    match route.standing:
        case Standing.BLOCKS:
            return blocks(route)
        case Standing.CLEAR:
            return f"does not hold up the loop{_in_brackets(_blocked(route))}{_serves(route)}"
        case Standing.FAILED:
            return f"could not be measured: {_why_failed(route)}"
        case Standing.UNDECIDED:
            return f"may or may not hold up the loop: {_undecided(route)}"
        case Standing.UNJUDGED:
            return f"with {served}" if (served := _serves(route)[2:]) else "was not measured as it is"


def blocks(route: RouteResult) -> str:
    """Say how long a request holds up the loop, and where."""
    place = first_line(route)
    long = f" {held_up(route)} a request" if blocked_ms(route) is not None else ""
    return f"blocks the loop{long}{f' at {where(place)}' if place else ''}"


def held_up(route: RouteResult) -> str:
    """Return how long a request holds up the loop; below what the instrument can tell from nothing, it says that."""
    found = blocked_ms(route)
    if found is None:
        return words.NOT_MEASURED
    if found < LOOP_BLOCKED.least:
        return f"< {LOOP_BLOCKED.least:g} ms"
    return words.metric_value(LOOP_BLOCKED, found)


def where(place: BlockingPlace) -> str:
    """Return a place in a sentence: `shop/search.py:41 in rank`."""
    function = f" in {place.function}" if place.function else ""
    outside = "" if place.is_own else " (no line of the app was running)"
    return f"{place.at}{function}{outside}"


def _blocked(route: RouteResult) -> str:
    return "" if blocked_ms(route) is None else f"{held_up(route)} a request"


def _serves(route: RouteResult) -> str:
    busy = route.busy or route.alone
    goodput = busy.figure(GOODPUT) if busy else None
    if busy is None or goodput is None:
        return ""
    return f"; {words.plural(busy.load.users, 'user')}: {words.rate(goodput.median)}{_limited(busy.prediction)}"


def _limited(prediction: Prediction | None) -> str:
    if prediction is None:
        return ""
    return f" (theory: {words.rate(prediction.value)}; limit: {limit(prediction)})"


def limit(prediction: Prediction) -> str:
    """Return what decides a capacity, in words; a term without any stays as it is."""
    return LIMITED_BY.get(prediction.decided_by, prediction.decided_by)


def first_troubles(troubles: Sequence[TroubleEntry]) -> list[tuple[TroubleEntry, str]]:
    """Return the first trouble of each request, with what to say of its other ones: nothing, or in how many trials."""
    count = Counter(trouble.request for trouble in troubles)
    first = {trouble.request: trouble for trouble in reversed(troubles)}
    others = {request: words.plural(count[request] - 1, "more trial") for request in first}
    return [
        (first[request], f" (and in {others[request]})" if count[request] > 1 else "")
        for request in dict.fromkeys(trouble.request for trouble in troubles)
    ]


def _why_failed(route: RouteResult) -> str:
    if route.failure:
        return route.failure.rstrip(".")
    if route.troubles:
        return route.troubles[0].reason.rstrip(".")
    failures = (load.first_failure for load in route.loads)
    return next(filter(None, failures), "no trial of it is valid").rstrip(".")


def _undecided(route: RouteResult) -> str:
    claim = route.claim("blocks")
    return claim.result.reason or claims.finding(claim.result).rstrip(".") if claim else "nothing was registered"


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


def _with_change(route: RouteResult) -> str:
    gain = best_gain(route)
    if gain is not None and (route.standing is Standing.BLOCKS or gain.source is Source.MEASURED):
        return f"; {gain_sentence(gain)}"
    return ""


def gain_sentence(gain: Gain) -> str:
    """Return what a change brings: measured with its interval, or predicted and said to be so."""
    named = change_words(gain.change.key)
    if gain.source is Source.PREDICTED:
        return _predicted(gain, named)
    found = f"measured: {interval(gain.low, gain.high)}"
    match gain.outcome:
        case Direction.SAME:
            return f"{named} it would serve the same ({found})"
        case Direction.UNDECIDED:
            return f"whether it would serve more {named} is not decided ({found})"
        case _:
            return f"{named} it would serve {words.times(gain.ratio)} ({found})"


def _predicted(gain: Gain, how: str) -> str:
    so_far = unmeasured(gain.change) if gain.so_far is None else _so_far(gain.so_far)
    if gain.outcome is Direction.SAME:
        return f"{how} it would serve the same ({about(gain.ratio)} predicted by theory, {so_far})"
    return f"{how} it would serve {about(gain.ratio)} (predicted by theory, {so_far})"


def unmeasured(change: Change) -> str:
    """Say why there is no measurement beside a prediction."""
    return "could not be tried" if change.refusal else "not measured"


def _so_far(ratio: float) -> str:
    return f"measured so far {words.times(ratio)}, in too few trials"


def interval(low: float | None, high: float | None) -> str:
    """Return a ratio's interval with its signs: `6.9x to 7.9x`."""
    if low is None or high is None or not says_something(Interval(low, high)):
        return words.TOO_FEW
    said = words.span(Interval(low, high))
    return re.sub(r"[\d.,]*\d", lambda match: f"{match[0]}x", said)


def gain_figure(gain: Gain) -> str:
    """Return the figure of a gain alone: `7.38x` measured, `8.9x` predicted."""
    return words.times(gain.ratio) if gain.source is Source.MEASURED else about(gain.ratio)


def about(ratio: float) -> str:
    """Return a predicted ratio: to two digits, which is more than theory knows."""
    return f"{words.significant(ratio)}x"


def change_words(key: str) -> str:
    """Return a change in the middle of a sentence: `as def`, `with 100 thread tokens and without GZipMiddleware`."""
    return words.listing([_one_change(part) for part in key.split("+")])


def _one_change(part: str) -> str:
    for pattern, said in CHANGE_WORDS:
        match = re.fullmatch(pattern, part)
        if match:
            return match.expand(said)
    return f"with {part}"


def _versions(route: RouteResult) -> list[str]:
    return [version_sentence(change) for change in route.changes if change.is_version and change.is_measured]


def version_sentence(change: Change) -> str:
    """Return how a request fares beside another version: each judged ratio, this version over the other."""
    other = other_version(change)
    ratios = words.listing(
        [
            f"{part.comparison.metric.short_label} {words.times(part.estimate.effect)} "
            f"({interval(part.estimate.low, part.estimate.high)})"
            for part in change.parts
            if part.estimate.effect is not None
        ]
    )
    return f"Against {other}: {OUTCOME_WORDS[change.outcome]}, {ratios}."


def other_version(change: Change) -> str:
    return change.key.removeprefix(FACTORS["version"].suffix.format(""))


def refusal(entry: RefusalEntry) -> str:
    """Say why a change could not be tried, and at which line."""
    at = f" at {entry.file}:{entry.line}" if entry.file and entry.line else f" at {entry.file}" if entry.file else ""
    function = f" in {entry.function}" if entry.function else ""
    return f"{change_words(entry.change)} could not be tried: {entry.why.rstrip('.')}{at}{function}"


def others(ranked: Ranked) -> str:
    """Return what everybody else waits, today and with the change; empty where it was not measured."""
    if ranked.others is None:
        return ""
    before, after = (words.duration_us(value) for value in ranked.others)
    return f"others' p99 beside it: {after} instead of {before}"


def capacity(load: LoadResult) -> str:
    """Return the goodput under a load beside theory's: `46 rps; theory: 50 rps, limited by ...`."""
    goodput = load.figure(GOODPUT)
    said = "not measured" if goodput is None else words.rate(goodput.median)
    return said if load.prediction is None else f"{said}{_limited(load.prediction)}"


def claim_line(claim: JudgedClaim) -> str:
    """Return a claim's verdict and what was found."""
    return f"{verdict_word(claim)}: {claims.finding(claim.result)}"


def quantile(found: Quantile | None) -> str:
    """Return a percentile; ≥ where too few were answered to know it."""
    return words.NOT_MEASURED if found is None else floor(found.is_floor) + words.duration_us(found.value_us)


def p50_alone(route: RouteResult) -> str:
    return quantile(route.alone.response.p50 if route.alone and route.alone.response else None)


def p99_busy(route: RouteResult) -> str:
    busy = route.busy or route.alone
    return quantile(busy.response.p99 if busy and busy.response else None)


def floor(is_floor: bool) -> str:  # noqa: FBT001 - it is the sign of just that
    return "≥ " if is_floor else ""


def found(claim: JudgedClaim) -> str:
    """Return what a claim found, without its verdict."""
    return claims.finding(claim.result)


def change_line(change: Change) -> str:
    """Return a measured change in a row: how it came out, each ratio, and theory's next to it."""
    if change.is_version:
        return version_sentence(change)
    ratios = words.listing(
        [
            f"{part.comparison.metric.short_label} {words.times(part.estimate.effect)} "
            f"({interval(part.estimate.low, part.estimate.high)})"
            for part in change.parts
            if part.estimate.effect is not None
        ]
    )
    predicted = change.prediction.ratio if change.prediction else None
    theory = "" if predicted is None else f"; theory predicted {about(predicted)}"
    return f"{change_words(change.key)}: {OUTCOME_WORDS[change.outcome]}, {ratios}{theory}."


def verdict_word(claim: JudgedClaim) -> str:
    return claims.VERDICT_WORDS[claim.result.verdict].lower()


def expected(claim: JudgedClaim) -> str:
    """Return what was registered of a claim, each comparison's limit."""
    return words.listing([claims.expectation(part.comparison) for part in claim.result.comparisons])
