"""Markdown in which text from others stays text."""

from __future__ import annotations

import pytest

from analysis.wording import markdown


@pytest.mark.parametrize("text", ["@everyone", "ask @somebody", "(@team/a)"])
def test_a_name_calls_nobody_in_a_pull_request(text: str) -> None:
    assert "@\N{ZERO WIDTH SPACE}" in markdown.cell(text)


def test_a_treatments_id_can_still_be_copied() -> None:
    assert markdown.cell("sleep.def@closed-80") == "sleep.def@closed-80"
