"""The findings about an app as GitHub annotations: workflow commands that mark the lines of a pull request."""

from collections.abc import Iterator

from analysis.own_app import sentences
from analysis.own_app.results import AppResults, BlockingPlace, RouteResult, Standing
from analysis.stats.direction import Direction
from analysis.wording import words
from analysis.wording.workflow import command
from experiment.records.app_record import FindingEntry

LEAST_SHARE = 0.1
"""A place with less of the time lost gets no mark of its own."""


def annotations(results: AppResults) -> str:
    """Return a line for each place that held up the loop, each static finding, and each request that became worse."""
    found = [*_blocking(results), *_worse(results), *_static(results)]
    return "".join(f"{line}\n" for line in dict.fromkeys(found))


def _blocking(results: AppResults) -> Iterator[str]:
    for route in results.routes:
        if route.standing is Standing.BLOCKS:
            for place in route.places:
                if place.is_own and place.share >= LEAST_SHARE:
                    yield command(
                        "warning",
                        _about(route, place),
                        file=results.file_prefix + place.file,
                        line=place.line,
                        title=f"{route.name} holds up the loop",
                    )


def _about(route: RouteResult, place: BlockingPlace) -> str:
    call = f", in {place.library_call}" if place.library_call else ""
    share = f"{words.percent(place.share)} of the time lost is lost here{call}."
    return f"{sentences.verdict(route)} {share}"


def _worse(results: AppResults) -> Iterator[str]:
    for route in results.routes:
        for change in route.changes:
            if change.is_version and change.outcome is Direction.WORSE:
                file, line = route.request.file, route.request.line
                title = f"{route.name} became worse"
                path = results.file_prefix + file if file else None
                yield command("warning", sentences.version_sentence(change), file=path, line=line, title=title)


def _static(results: AppResults) -> Iterator[str]:
    for finding in results.findings:
        if finding.file:
            yield command(
                "notice", _why(finding), file=results.file_prefix + finding.file, line=finding.line, title=finding.title
            )


def _why(finding: FindingEntry) -> str:
    return ": ".join(filter(None, (finding.detail, finding.why.rstrip(".")))) + "."
