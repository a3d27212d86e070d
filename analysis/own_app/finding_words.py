"""A static finding's texts as sentences need them."""

from __future__ import annotations

from analysis.wording import words
from experiment.records.app_record import FindingEntry


def finding_title(finding: FindingEntry) -> str:
    return words.upper_first(finding.title.rstrip("."))


def finding_why(finding: FindingEntry) -> str:
    return words.upper_first(finding.why.rstrip(".")) + "."


def finding_at(finding: FindingEntry) -> str:
    if not finding.file:
        return ""
    return finding.file if finding.line is None else f"{finding.file}:{finding.line}"
