"""The app's lines that held up the loop, weighted by the time lost on them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from analysis.own_app.results import BlockingPlace, LoadResult
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
    lost: dict[tuple[str, str | None], float] = defaultdict(float)
    for line in lines:
        lost[line.place, line.library_call] += line.lost_s
    total = sum(lost.values())
    for (place, call), seconds in sorted(lost.items(), key=lambda item: -item[1]):
        yield place_of(place, call, share=seconds / total, ms=seconds * 1e3 / answers if answers else None)


def place_of(text: str, library_call: str | None, *, share: float, ms: float | None) -> BlockingPlace:
    """Take `file:line in function` apart."""
    found = _PLACE.fullmatch(text.removeprefix(NOT_OURS))
    file, line, function = found.group("file", "line", "function") if found else (text, None, None)
    return BlockingPlace(
        file=file,
        line=None if line is None else int(line),
        function=function or "",
        library_call=library_call,
        share=share,
        ms=ms,
        is_own=not text.startswith(NOT_OURS),
    )
