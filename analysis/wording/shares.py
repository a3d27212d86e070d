"""Shares as people write them on a command line."""

import re

from experiment.errors import UsageError

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def share_of(text: str) -> float:
    """Read `5%` as 0.05; raises UsageError without the sign or from 100 % on."""
    match = _PERCENT.fullmatch(text.strip())
    if match is None or float(match[1]) >= 100:  # noqa: PLR2004 - per cent
        raise UsageError(f"{text!r} is no share; write it with its sign and below a hundred, like 5% or 2.5%.")
    return float(match[1]) / 100
