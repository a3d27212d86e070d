"""JUnit XML, which every CI system shows: a suite of cases, each passed, failed or skipped."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
"""What XML 1.0 cannot hold, not even escaped: a name that carries it must not spoil the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: failed where there are `failures`, skipped where `skipped` says why, else passed."""

    kind: str
    name: str
    said: str = ""
    failures: Sequence[str] = ()
    skipped: str | None = None
    file: str = ""


def junit(name: str, cases: Sequence[Case], properties: Mapping[str, str] | None = None) -> str:
    """Return a file with one suite; properties without a value are left out."""
    made = [_case(case) for case in cases]
    counts = {tag: str(sum(case.find(one) is not None for case in made)) for tag, one in _COUNTED.items()}
    totals = {"tests": str(len(made)), **counts}
    root = ET.Element("testsuites", totals)
    suite = ET.SubElement(root, "testsuite", {"name": _xml(name), **totals})
    _properties(suite, properties or {})
    suite.extend(made)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _properties(suite: ET.Element, texts: Mapping[str, str]) -> None:
    if texts:
        place = ET.SubElement(suite, "properties")
        for name, value in texts.items():
            if value:
                ET.SubElement(place, "property", {"name": name, "value": _xml(value)})


def _case(case: Case) -> ET.Element:
    made = ET.Element("testcase", {"classname": case.kind, "name": _xml(case.name)})
    if case.file:
        made.set("file", _xml(case.file))
    if case.failures:
        ET.SubElement(made, "failure", {"message": _xml("; ".join(case.failures))})
    elif case.skipped is not None:
        ET.SubElement(made, "skipped", {"message": _xml(case.skipped)})
    if case.said:
        ET.SubElement(made, "system-out").text = _xml(case.said)
    return made


def _xml(text: str) -> str:
    """Drop what XML cannot hold at all; the rest ElementTree escapes."""
    return _UNPRINTABLE.sub("", text)
