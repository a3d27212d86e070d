"""What every HTML page has in common: escaping, the two themes, and the script that the pages share."""

from __future__ import annotations

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analysis.drawing.style import DARK, LIGHT
from analysis.wording.printable import printable


def page_environment(package: str) -> Environment:
    """Return the templates of a package beside those of this room. Every value is escaped, control characters too.

    `page.html.j2` has the macros and `page.js` the script that pages include; `themes` are the two themes' colours.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("analysis.drawing")]),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["themes"] = (LIGHT.tokens(), DARK.tokens())
    return environment


def _shown(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
