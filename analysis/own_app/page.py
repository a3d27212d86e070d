"""The report of an app: one HTML page that needs nothing beside it, made again from the raw data at any time."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from analysis.drawing.pages import page_environment
from analysis.own_app.page_view import page_view
from analysis.own_app.results import AppResults


def page(results: AppResults) -> str:
    """Return the page. Every text is escaped by the template; texts of the app were made plain when they were read."""
    return _templates().get_template("app.html.j2").render(page=page_view(results))


@cache
def _templates() -> Environment:
    return page_environment("analysis.own_app")
