"""One shade a tool within a style's colour: told apart by how light it is, which every colour vision sees."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import pytest
from matplotlib.colors import to_rgb

from analysis.drawing.shades import shade
from analysis.wording.names import parse_variant
from bench_app.catalogue import CATALOGUE
from bench_app.styles import ASYNC_NATIVE, STYLES

TOOLS: dict[tuple[str, str], set[str]] = defaultdict(set)
for variant in map(parse_variant, CATALOGUE):
    if variant.tool and not variant.is_copy:
        TOOLS[variant.work.name, variant.style.name].add(variant.tool.removesuffix("-plain"))


def lightness(colour: str) -> float:
    """CIE L*, from 0 for black to 100 for white."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    luminance = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


MOST = 6  # more shades of one colour cannot be told apart
FEW = [name for name, tools in TOOLS.items() if len(tools) <= MOST]


@pytest.mark.parametrize(("work", "style"), FEW, ids=lambda name: name)
def test_tools_that_share_a_colour_differ_in_lightness(work: str, style: str) -> None:
    shades = [lightness(shade(STYLES[style], tool)) for tool in TOOLS[work, style]]
    for one, other in combinations(shades, 2):
        assert abs(one - other) >= 9, f"{work}: {sorted(TOOLS[work, style])}"


def test_the_tools_of_the_article_s_works_are_few_enough() -> None:
    assert {name for name in TOOLS if name[0] in {"http", "db", "article"}} <= set(FEW)


def test_without_a_tool_or_with_one_that_is_gone_the_style_keeps_its_colour() -> None:
    for style in STYLES.values():
        assert shade(style, None) == shade(style, "long-gone") == style.colour


def test_a_driver_keeps_its_shade_whatever_it_asks() -> None:
    assert shade(ASYNC_NATIVE, "psycopg-plain") == shade(ASYNC_NATIVE, "psycopg") != ASYNC_NATIVE.colour
