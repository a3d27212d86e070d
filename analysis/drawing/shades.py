"""A tool's shade of its style's colour: what stands side by side in one colour differs in how light it is.

Lightness is what every kind of colour vision tells apart. A light bar keeps an edge in the style's own colour.
"""

from collections.abc import Sequence
from functools import cache

from matplotlib.colors import to_hex, to_rgb

from bench_app.catalogue import CATALOGUE
from bench_app.db_drivers import DB_DRIVERS
from bench_app.http_clients import HTTP_CLIENTS
from bench_app.styles import ASYNC_NATIVE, DEF, Style

_PER_REQUEST = {"httpx-per-request": ASYNC_NATIVE, "weather": ASYNC_NATIVE, "requests": DEF, "weather-sync": DEF}
"""Variants that open a client for each request, and their style: no rows of HTTP_CLIENTS."""
_QUERY = "-plain"  # the same driver, with another query
_WHITE, _BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
_MIXED = ((_WHITE, 0.0), (_WHITE, 0.52), (_BLACK, 0.4), (_WHITE, 0.78), (_WHITE, 0.27), (_BLACK, 0.68))
"""What the tools' shades are mixed with, in their order; the first is the style's own colour. With more tools than that
the order begins anew: more than six cannot be told apart by lightness, and charts name each bar."""


def shade(style: Style, tool: str | None) -> str:
    """Return the colour of a style's variant with this tool; without one, or with an unknown one, the style's own."""
    rows = (_clients(style), _drivers(style), *_others(style.name))
    known = next((row for row in rows if _base(tool) in row), ())
    place = known.index(_base(tool)) if known else 0
    other, share = _MIXED[place % len(_MIXED)]
    red, green, blue = (part * (1 - share) + of * share for part, of in zip(to_rgb(style.colour), other, strict=True))
    return to_hex((red, green, blue))


def _base(tool: str | None) -> str:
    return (tool or "").removesuffix(_QUERY)


def _clients(style: Style) -> Sequence[str]:
    shared = (client.name for client in HTTP_CLIENTS.values() if style in client.styles)
    return (*shared, *(name for name, its_style in _PER_REQUEST.items() if its_style is style))


def _drivers(style: Style) -> Sequence[str]:
    rows = (driver.tool for driver in DB_DRIVERS.values() if style in driver.styles)
    return tuple(dict.fromkeys(rows))


@cache
def _others(style: str) -> Sequence[Sequence[str]]:
    """Return the tools of each work in this style."""
    tools: dict[str, list[str]] = {}
    for variant in CATALOGUE.values():
        if variant.style.name == style and variant.tool:
            tools.setdefault(variant.work.name, []).append(_base(variant.tool))
    return tuple(map(tuple, tools.values()))
