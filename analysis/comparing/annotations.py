"""A comparison of two campaigns as GitHub annotations: what a gate stopped, and what a reader should know."""

from collections.abc import Sequence

from analysis.comparing.compare import CampaignComparison
from analysis.comparing.compare_text import remarks
from analysis.comparing.gate import GateFailure
from analysis.wording.printable import one_line
from analysis.wording.workflow import command


def annotations(found: CampaignComparison, failed: Sequence[GateFailure]) -> str:
    """Return a line for each treatment that a gate stopped, for unlike machines, and for each remark."""
    lines = [command("error", one_line(f.reason), title=f"{one_line(f.treatment)}: a gate failed") for f in failed]
    if found.warning:
        lines.append(command("warning", one_line(found.warning), title="Not comparable"))
    lines += [command("notice", one_line(text), title="To be known") for text in remarks(found)]
    return "".join(f"{line}\n" for line in lines)
