"""Turns pydantic's errors about a message or a file into one sentence for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_WORDS = {
    "extra_forbidden": "no such key",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "json_invalid": "must be JSON: {error}",
    "less_than_equal": "must be at most {le}",
    "missing": "is missing",
    "union_tag_invalid": "must be one of {expected_tags}",
    "union_tag_not_found": "is missing",
    "value_error": "{error}",
}
"""By pydantic's types of error; the messages of all other types are clear enough."""

_MOST_FAULTS = 3
_MOST_CHARACTERS = 80


def complaint(error: ValidationError, *, tags: Collection[str] = ()) -> str:
    """Return one sentence that names every invalid key, such as "trial.load.users: must be at least 1 (given: 0)".

    `tags` are the tags of nested unions. pydantic puts them between the keys of a path; the sentence leaves them out.
    """
    faults = error.errors(include_url=False)
    said = [_say(fault, tags) for fault in faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        said.append(f"and {len(faults) - _MOST_FAULTS} more")
    return "; ".join(said)


def _say(fault: ErrorDetails, tags: Collection[str]) -> str:
    kind, given, context = fault["type"], fault["input"], fault.get("ctx", {})
    keys = [str(key) for key in fault["loc"] if key not in tags]
    if kind.startswith("union_tag_"):
        keys.append(context["discriminator"].strip("'"))
        given = context.get("tag")
    wrong = _WORDS[kind].format(**context) if kind in _WORDS else re.sub(r"^\w+ should ", "must ", fault["msg"])
    where = f"{'.'.join(keys)}: " if keys else ""
    return where + wrong + ("" if wrong in {"is missing", "no such key"} else f" (given: {_short(given)})")


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
