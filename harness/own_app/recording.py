"""app.json of a campaign, from what was prepared and registered (pure)."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from experiment.design.own_app import AppRequest
from experiment.records.app_record import AppRecord, Prediction, RequestEntry, VersionEntry
from experiment.records.inspection import Inspection
from experiment.theory.app_findings import findings
from harness.own_app.app_theory import predictions
from harness.own_app.claims import shown
from harness.own_app.order import AppOrder, writes
from harness.own_app.planning import Plan
from harness.own_app.preparing import Prepared
from harness.own_app.versions import Version


def app_record(order: AppOrder, made: Prepared, plan: Plan, versions: Mapping[str, Version]) -> AppRecord:
    """Return the record as it stands before the first trial."""
    return AppRecord(
        asked=order.asked,
        file=order.file.path.name,
        versions=tuple(_version(one, made.inspections[name]) for name, one in versions.items()),
        requests=tuple(_request(request, made) for request in order.chosen),
        pilots=tuple(made.pilots),
        claims=tuple(r.note for r in plan.claims),
        predictions=tuple(_predictions(plan)),
        refusals=tuple(made.refusals),
        findings=findings(made.inspections[""]),
        notes=tuple(_notes(order, made)),
    )


def _version(one: Version, inspection: Inspection) -> VersionEntry:
    return VersionEntry(
        name=one.name,
        target=one.app.target,
        directory=_relative(one.app.directory),
        prefix=one.prefix,
        commit=one.commit,
        dirty=one.dirty,
        packages={"python": inspection.python, **inspection.packages},
        inspection=inspection.model_dump(mode="json"),
    )


def _relative(folder: Path) -> str:
    """Return a folder as seen from the current one; of one elsewhere only its name."""
    here = Path.cwd()
    return str(folder.resolve().relative_to(here)) if folder.resolve().is_relative_to(here) else folder.name


def _request(request: AppRequest, made: Prepared) -> RequestEntry:
    found, route = made.found[request.id, ""], made.route(request)
    good = found.complaint is None
    return RequestEntry(
        id=request.id,
        method=request.method,
        path=request.path,
        header_names=tuple(name for name, _ in request.headers),
        has_body=request.body is not None,
        expect_status=request.expect_status,
        expect_body="same" if found.expected_body is not None else "any",
        expect_contains=request.expect_contains,
        is_varying=found.is_varying,
        answer_bytes=len(found.answer.body) if good else None,
        content_type=found.answer.content_type if good else None,
        endpoint=route.endpoint if route else None,
        route=route.path if route else None,
        style=route.style if route else None,
        file=route.file if route else None,
        line=route.line if route else None,
    )


def _predictions(plan: Plan) -> Iterator[Prediction]:
    yield from predictions([r.claim for r in plan.claims], plan.theory)
    for treatment, today in plan.refused:
        own, theirs = plan.theory.of(treatment), plan.theory.of(today)
        if own is not None and theirs is not None:
            yield Prediction(
                treatment=treatment.id,
                baseline=today.id,
                metric="goodput_rps",
                value=own.goodput_rps,
                ratio=own.goodput_rps / theirs.goodput_rps,
                decided_by=own.decided_by,
            )


def _notes(order: AppOrder, made: Prepared) -> Iterator[str]:
    for request in writes(order.chosen):
        yield f"{shown(request)} wrote to the app's own database, as many times as it was answered."
    for (name, version), found in made.found.items():
        of = f" in version {version}" if version else ""
        if found.complaint is not None:
            yield f"Not measured{of}: {found.complaint}"
        elif found.is_varying:
            yield f"{shown(order.file.request(name))}{of} answers differently each time, so any body counted as right."
