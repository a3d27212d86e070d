"""What is wrong with a file that a user wrote, as a sentence: the file, the table, the key, the nearest known key."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bench_app.table import nearest
from experiment.records.validation import words_of

_MOST_FAULTS = 3
_PRIVATE = ("headers", "environment", "body")


def file_complaint(error: ValidationError, model: type[BaseModel], data: Mapping[str, Any]) -> str:
    """Return one sentence such as `[[request]] "search", pth: no such key; did you mean path?`.

    `model` is that of the whole file, `data` what the file holds.
    """
    faults = error.errors(include_url=False)
    said = [_say(fault, model, data) for fault in faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        said.append(f"and {len(faults) - _MOST_FAULTS} more")
    return "; ".join(said)


def _say(fault: ErrorDetails, model: type[BaseModel], data: Mapping[str, Any]) -> str:
    # what is written there may be a secret, or hold one, as a whole table may
    is_private = any(key in _PRIVATE for key in fault["loc"]) and "expect" not in fault["loc"]
    is_private = is_private or isinstance(fault["input"], dict | list)
    wrong = words_of(fault, shows_given=not is_private)
    if fault["type"] == "extra_forbidden":
        wrong += _nearest_key(model, fault["loc"])
    return f"{place(fault['loc'], data)}: {wrong}"


def place(path: Sequence[str | int], data: Mapping[str, Any]) -> str:
    """Return where something stands, as TOML has it: `[app], python` or `[[request]] "search", expect.status`."""
    match list(path):
        case [str(table), int(number), *keys]:
            where = f"[[{table}]] {_entry(data, table, number)}"
        case [str(table)] if isinstance(data.get(table), Mapping):
            return f"[{table}]"
        case [str(table), str(first), *rest]:
            where, keys = f"[{table}]", [first, *rest]
        case keys:
            return ".".join(map(str, keys))
    return ", ".join(filter(None, [where, ".".join(map(str, keys))]))


def _entry(data: Mapping[str, Any], table: str, number: int) -> str:
    """Return what an entry of an array of tables is called: its id, or its number from 1."""
    entry = data[table][number]
    name = entry.get("id") if isinstance(entry, Mapping) else None
    return f'"{name}"' if isinstance(name, str) else f"number {number + 1}"


def _nearest_key(model: type[BaseModel], path: Sequence[str | int]) -> str:
    known = _keys_at(model, path[:-1])
    close = nearest(str(path[-1]), known)
    return f"; did you mean {close}?" if close else f"; there is {', '.join(known)}"


def _keys_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Return the keys that a model has at the end of a path; the path's numbers are places in lists."""
    for name in path:
        if isinstance(name, str):
            model = _model_in(model.model_fields[name].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation such as `list[Model]` or `Model | None` names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)
