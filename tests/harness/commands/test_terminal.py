"""Prose on a terminal is broken between words, and in a file it is a line each."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.commands.terminal import say_prose

TEXT = "    what was found of the claim is said in a sentence of more than one line"


WRAPPED = ["    what was found of the claim is said", "    in a sentence of more than one line"]


@pytest.mark.parametrize(("width", "lines"), [(None, [TEXT]), (40, WRAPPED)])
def test_prose_is_broken_between_words_on_a_terminal_only(width: int | None, lines: list[str]) -> None:
    out = io.StringIO()
    say_prose(Console(file=out, width=width, force_terminal=width is not None, color_system=None), TEXT)
    assert out.getvalue().splitlines() == lines
