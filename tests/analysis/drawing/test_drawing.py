from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from analysis.drawing.axes import LOG_FROM, durations_axis
from analysis.drawing.style import DARK, LIGHT, THEMES, shortened, spread, text_width, wrapped
from bench_app.styles import STYLES

if TYPE_CHECKING:
    from analysis.drawing.style import Theme


def test_a_log_axis_is_only_for_ranges_over_fifty_fold() -> None:
    assert not durations_axis([0.1, 0.1 * LOG_FROM]).is_log
    assert durations_axis([0.1, 0.1 * LOG_FROM * 1.01]).is_log


def test_every_style_has_a_colour_and_a_marker_of_its_own() -> None:
    assert len({style.colour for style in STYLES.values()}) == len(STYLES)
    assert len({style.marker for style in STYLES.values()}) == len(STYLES)


def test_no_two_tokens_of_the_light_theme_share_a_colour() -> None:
    colours = [*LIGHT.tokens().values(), *(style.colour for style in STYLES.values())]
    assert len(set(colours)) == len(colours)
    assert LIGHT.tokens().keys() == DARK.tokens().keys()


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(theme: Theme) -> None:
    for colour in (theme.ink, theme.muted, theme.warn):
        assert contrast(colour, theme.surface) >= 4.5
    for ink, ground in zip(theme.on_ramp, theme.ramp, strict=True):
        assert contrast(ink, ground) >= 4.5


def test_labels_are_spread_without_changing_their_order() -> None:
    placed = spread([100, 101, 102, 300], 20, 90, 310)
    assert placed == sorted(placed)
    assert all(b - a >= 20 - 1e-9 for a, b in pairwise(placed))
    assert min(placed) >= 90
    assert max(placed) <= 310


def test_lines_are_broken_to_the_width_they_have() -> None:
    lines = wrapped("one two three four five six seven", 20, 120)
    assert len(lines) > 1
    assert all(text_width(line, 20) <= 120 for line in lines)


def test_a_text_without_room_ends_in_an_ellipsis() -> None:
    text = "async-native · httpx"
    assert shortened(text, 20, text_width(text, 20)) == text
    short = shortened(text, 20, 100)
    assert short.endswith("…")
    assert text_width(short, 20) <= 100
