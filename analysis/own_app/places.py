"""The app's lines that held up the loop, weighted by the time lost on them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from analysis.own_app.results import BlockingPlace, LibraryCall, LoadResult
from experiment.records.app_record import BlockingLine
from experiment.records.trial import TrialRecord

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<line>\d+))?(?: in (?P<function>.+))?")
NOT_OURS = "~"


def places_of(
    blocking: Iterable[BlockingLine], trials: Sequence[TrialRecord], loads: Sequence[LoadResult]
) -> tuple[BlockingPlace, ...]:
    """Return the places of one request with the app as it is, the one that costs most first.

    The lightest load that lost any time decides: with one request at a time, what holds up the loop is that request.
    """
    lines = tuple(blocking)
    for load in loads:
        mine = {trial.trial_id: trial for trial in trials if trial.treatment == load.treatment and trial.is_valid}
        found = [line for line in lines if line.trial_id in mine and line.lost_s > 0]
        if found:
            answers = sum(trial.metrics.answers or 0 for trial in mine.values())
            return tuple(_weighted(found, answers))
    return ()


def _weighted(lines: Iterable[BlockingLine], answers: int) -> Iterator[BlockingPlace]:
    """Yield a place for each line of code, whatever function and library calls the time was lost in there."""
    at: dict[tuple[str, int | None, bool], list[BlockingLine]] = defaultdict(list)
    for line in lines:
        file, number, _ = parts_of(line.place)
        at[file, number, not line.place.startswith(NOT_OURS)].append(line)
    total = sum(line.lost_s for some in at.values() for line in some)
    for (file, number, is_own), some in sorted(at.items(), key=lambda item: -_lost(item[1])):
        yield BlockingPlace(
            file=file,
            line=number,
            function=_longest(some, lambda line: parts_of(line.place)[2])[0][0],
            share=_lost(some) / total,
            ms=_lost(some) * 1e3 / answers if answers else None,
            is_own=is_own,
            calls=tuple(
                LibraryCall(name=name, share=lost / total)
                for name, lost in _longest(some, lambda line: line.library_call or "")
                if name
            ),
        )


def _lost(lines: Iterable[BlockingLine]) -> float:
    return sum(line.lost_s for line in lines)


def _longest(lines: Iterable[BlockingLine], name_of: Callable[[BlockingLine], str]) -> list[tuple[str, float]]:
    """Return each name with the time lost under it, the longest first."""
    lost: dict[str, float] = defaultdict(float)
    for line in lines:
        lost[name_of(line)] += line.lost_s
    return sorted(lost.items(), key=lambda item: -item[1])


def parts_of(place: str) -> tuple[str, int | None, str]:
    """Take `file:line in function` apart; what is missing is None, or empty for the function."""
    found = _PLACE.fullmatch(place.removeprefix(NOT_OURS))
    if found is None:
        return place, None, ""
    file, line, function = found.group("file", "line", "function")
    return file, None if line is None else int(line), function or ""
