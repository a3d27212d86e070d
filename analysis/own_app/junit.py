"""The findings about an app as JUnit XML, which every CI system shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree as ET

from analysis.own_app import sentences
from analysis.own_app.gate import stopped
from analysis.own_app.results import AppResults, Standing
from analysis.stats.results import Verdict

_UNDECIDED = {Verdict.INCONCLUSIVE, Verdict.INVALID, Verdict.SKIPPED}


def junit(results: AppResults, gates: Sequence[str] = ()) -> str:
    """Return a test for each request and each claim of the user's, failed where a gate stopped it.

    Without a gate nothing fails: the file agrees with the exit code.
    """
    reasons: dict[str, list[str]] = {}
    for each in (found for gate in gates for found in stopped(results, gate)):
        reasons.setdefault(each.name, []).append(each.reason)
    cases = [*_requests(results, reasons), *_claims(results, reasons)]
    counts = {name: str(sum(case.find(tag) is not None for case in cases)) for name, tag in _COUNTED.items()}
    root = ET.Element("testsuites", {"tests": str(len(cases)), **counts})
    name = {"name": f"bench app {results.target}", "tests": str(len(cases))}
    suite = ET.SubElement(root, "testsuite", {**name, **counts})
    suite.extend(cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _requests(results: AppResults, reasons: Mapping[str, Sequence[str]]) -> Iterator[ET.Element]:
    for route in results.routes:
        case = _case("request", route.request.id, reasons)
        if route.request.file:
            case.set("file", results.file_prefix + route.request.file)
        if route.standing is Standing.FAILED:
            ET.SubElement(case, "skipped", {"message": sentences.verdict(route)})
        ET.SubElement(case, "system-out").text = sentences.verdict(route)
        yield case


def _claims(results: AppResults, reasons: Mapping[str, Sequence[str]]) -> Iterator[ET.Element]:
    for claim in results.own:
        case = _case("claim", claim.note.id, reasons)
        if claim.result.verdict in _UNDECIDED:
            ET.SubElement(case, "skipped", {"message": claim.result.reason})
        ET.SubElement(case, "system-out").text = f"{claim.result.claim.statement}\n{sentences.claim_line(claim)}"
        yield case


def _case(kind: str, name: str, reasons: Mapping[str, Sequence[str]]) -> ET.Element:
    case = ET.Element("testcase", {"classname": kind, "name": name})
    if name in reasons:
        ET.SubElement(case, "failure", {"message": "; ".join(reasons[name])})
    return case
