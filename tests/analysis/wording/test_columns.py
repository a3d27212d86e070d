from __future__ import annotations

import pytest

from analysis.wording.columns import cut, padded, table, width_of, wrapped
from analysis.wording.plain import plain, plain_everywhere


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("検索", 4), ("e\u0301", 1), ("", 0)])
def test_a_text_is_as_wide_as_a_terminal_shows_it(text: str, width: int) -> None:
    assert width_of(text) == width


def test_a_cut_text_says_that_something_is_missing() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("abc", 3) == "abc"
    assert width_of(cut("検索検索", 4)) <= 4


def test_lines_are_broken_at_spaces_and_words_that_are_too_long_anywhere() -> None:
    assert wrapped("one two three", 9, indent="  ") == ["  one two", "  three"]
    assert wrapped("a" * 10, 6, indent="  ", first="- ") == ["- aaaa", "  aaaa", "  aa"]
    assert all(width_of(line) <= 5 for line in wrapped("検索検索検索", 5))


def test_numbers_stand_right_and_the_first_column_gives_way() -> None:
    assert table(("name", "n"), [("a long name", "10")], 11) == ["name      n", "a long…  10"]
    assert padded("x", 3, right=True) == "  x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31m", "a\\x1b[31m"),
        ("a\nb\tc", "a b c"),
        ("\u202eabc", "\\u202eabc"),
        ("\ud800", "\\ud800"),
        ("é 検索 🙂", "é 検索 🙂"),
    ],
)
def test_what_commands_a_terminal_becomes_visible(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_every_text_in_json_data_is_made_plain() -> None:
    assert plain_everywhere({"a\x00": ["b\x1b", 1, None]}) == {"a\\x00": ["b\\x1b", 1, None]}
