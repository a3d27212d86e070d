"""The report of an app: one HTML page that needs nothing beside it, made again from the raw data at any time."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.drawing.style import DARK, LIGHT
from analysis.own_app.page_view import page_view
from analysis.own_app.results import AppResults


def page(results: AppResults) -> str:
    """Return the page. Every text is escaped by the template; texts of the app were made plain when they were read."""
    view = page_view(results)
    return _templates().get_template("app.html.j2").render(page=view, light=LIGHT.tokens(), dark=DARK.tokens())


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("analysis.own_app"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
