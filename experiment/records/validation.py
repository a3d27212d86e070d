"""What the models of messages and files have in common, and what is wrong with one as a sentence for people."""

import re
from base64 import b64encode
from collections.abc import Collection
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails


def _require_tags(schema: dict[str, Any]) -> None:
    """Have a JSON schema require what names the kind of a message: its default is for Python only."""
    tags = [key for key, value in schema["properties"].items() if "const" in value]
    for tag in tags:
        schema["properties"][tag].pop("default", None)
    schema["required"] = list(dict.fromkeys([*tags, *schema.get("required", [])]))


class StrictModel(BaseModel):
    """A value whose types are not converted, whose keys are all known and whose numbers are finite."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        val_json_bytes="base64",
        validate_by_name=True,
        serialize_by_alias=True,
        json_schema_extra=_require_tags,
    )


Base64 = Annotated[
    bytes,
    # pydantic reads both alphabets of base64 and would write the one for URLs
    PlainSerializer(lambda data: b64encode(data).decode("ascii"), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
"""Bytes that are base64 in the JSON of a StrictModel."""

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
    keys = [str(key) for key in fault["loc"] if key not in tags]
    if fault["type"].startswith("union_tag_"):
        keys.append(fault["ctx"]["discriminator"].strip("'"))
    where = f"{'.'.join(keys)}: " if keys else ""
    return where + words_of(fault)


def words_of(fault: ErrorDetails, *, shows_given: bool = True) -> str:
    """Return what is wrong, and what was given if that may be shown, without the path to it."""
    kind, given, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind.startswith("union_tag_"):
        given = context.get("tag")
    words = {key: _without_point(value) for key, value in context.items()}
    wrong = _WORDS[kind].format(**words) if kind in _WORDS else re.sub(r"^\w+ should ", "must ", fault["msg"])
    is_clear = wrong in {"is missing", "no such key"} or not shows_given
    return wrong + ("" if is_clear else f" (given: {_short(given)})")


def _without_point(value: Any) -> Any:
    """Return a whole number as people write it: 0 for 0.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
