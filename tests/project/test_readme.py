"""README and changelog: short, plain, and led by what a reader wants first."""

from __future__ import annotations

import re

import pytest

from documented_commands import ROOT
from experiment.design.claims import CLAIMS
from harness.commands.readme_page import BLOCKS
from prose import LONGEST, sentences, too_long, words

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _block(name: str) -> str:
    found = re.search(rf"<!-- {name}:begin -->\n(.*?)<!-- {name}:end -->", README, re.DOTALL)
    assert found, name
    return found[1]


VERSIONS = re.findall(r"^## ([^\n]+)\n\n(.*?)\n\n### (\w+)", CHANGELOG, re.MULTILINE | re.DOTALL)


def test_no_sentence_of_the_readme_is_long() -> None:
    assert too_long(README) == []


def test_long_sentences_are_found_in_paragraphs_lists_and_cells() -> None:
    long = " ".join(["word"] * (LONGEST + 1))
    prose = f"# Head\n\n{long}.\n\n- Short. {long}\n- short\n\n| a | {long} |\n|---|---|\n| b | c |\n"
    page = f"{prose}\n    {long}\n\n`{long}`\n\n<details>\n{long}\n</details>\n"
    assert [len(words(sentence)) for sentence in too_long(page)] == [LONGEST + 1] * 3
    assert "Short." in list(sentences(page))


def test_the_first_screen_has_the_table_of_styles_and_then_the_commands() -> None:
    head = README.splitlines()[:34]
    assert head.index("## Which style do I use?") < head.index("## Three commands")
    for command in ("make bench ", "bench app init ", "bench app run ", "make test "):
        assert [line for line in head if line.startswith(f"    {command}")], command


def test_the_table_of_styles_has_five_rows_of_known_claims() -> None:
    rows = [line for line in _block("styles").splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 5
    for row in rows:
        claims = re.findall(r"\[(A\w+)\]\(docs/claims.md#", row)
        assert claims
        assert set(claims) <= CLAIMS.keys()


def test_what_the_reference_found_is_typed_nowhere() -> None:
    by_hand = README
    for name in BLOCKS:
        by_hand = by_hand.replace(_block(name), "")
    assert re.findall(r"\d+(?:\.\d+)?\s*(?:rps|x|%)(?=\W)|\b(?:supported|refuted|inconclusive)\b", by_hand) == []


def test_the_table_of_claims_is_folded_with_room_for_markdown() -> None:
    lines = _block("verdicts").splitlines()
    assert lines[0].startswith("<details")
    assert lines[2] == ""  # without it GitHub shows the table as text
    assert lines[-1] == "</details>"


def test_the_readme_has_one_chart() -> None:
    (chart,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert (ROOT / chart).is_file()


@pytest.mark.parametrize(("version", "opening", "next_heading"), VERSIONS, ids=[found[0] for found in VERSIONS])
def test_a_version_begins_with_what_a_user_notices(version: str, opening: str, next_heading: str) -> None:
    assert next_heading == "Methodology", version
    assert 3 <= len(list(sentences(opening))) <= 6
    assert too_long(opening) == []


def test_every_version_has_an_opening() -> None:
    assert [found[0] for found in VERSIONS] == re.findall(r"^## ([^\n]+)$", CHANGELOG, re.MULTILINE)
