"""What a request to a route has to bring along."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from handlerbench_guest.routes import Found

_PLACES = {"path": "path_params", "query": "query_params", "header": "header_params", "cookie": "cookie_params"}
_JSON = (str, int, float, bool)


def parameters(found: Found) -> list[dict[str, Any]]:
    """Return name, place, is_required, type and default of each parameter, those of dependencies included."""
    if found.dependant is None:
        return [_of_path(name, convertor) for name, convertor in getattr(found.route, "param_convertors", {}).items()]
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for each in _of_dependant(found.dependant):
        seen.setdefault((each["place"], each["name"]), each)
    return list(seen.values())


def _of_path(name: str, convertor: Any) -> dict[str, Any]:
    kind = type(convertor).__name__.replace("Convertor", "").lower()
    said = {"string": "str", "integer": "int"}.get(kind, kind)
    return {"name": name, "place": "path", "is_required": True, "type": said, "default": None}


def _of_dependant(dependant: Any) -> Iterator[dict[str, Any]]:
    for place, fields in _PLACES.items():
        for field in getattr(dependant, fields):
            yield from _of_field(field, place)
    for field in dependant.body_params:
        yield _entry(field, "form" if _is_form(field) else "body")
    for inner in dependant.dependencies:
        yield from _of_dependant(inner)


def _of_field(field: Any, place: str) -> Iterator[dict[str, Any]]:
    """Yield a parameter; or, where a pydantic model holds several of them, each of its fields."""
    inside = getattr(_annotation(field), "model_fields", None)
    if not isinstance(inside, dict):
        yield _entry(field, place)
        return
    for name, info in inside.items():
        said = name.replace("_", "-") if place == "header" else name
        yield {
            "name": info.alias or said,
            "place": place,
            "is_required": info.is_required(),
            "type": _type_name(info.annotation),
            "default": _default(info.default),
        }


def _entry(field: Any, place: str) -> dict[str, Any]:
    info = getattr(field, "field_info", None)
    required = getattr(field, "required", None)
    return {
        "name": field.alias,
        "place": place,
        "is_required": bool(info.is_required() if required is None and info is not None else required),
        "type": _type_name(_annotation(field)),
        "default": _default(getattr(field, "default", None)),
    }


def _annotation(field: Any) -> Any:
    info = getattr(field, "field_info", None)
    found = getattr(info, "annotation", None)
    return getattr(field, "type_", None) if found is None else found


def _is_form(field: Any) -> bool:
    return any(c.__name__ == "Form" for c in type(getattr(field, "field_info", None)).__mro__)


def _type_name(annotation: Any) -> str:
    """Return a type in short: int, list[int], str | None, Item."""
    if annotation is None or annotation is type(None):
        return "None"
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is None:
        return annotation.__name__ if inspect.isclass(annotation) else str(annotation).replace("typing.", "")
    if hasattr(annotation, "__metadata__"):
        return _type_name(args[0])
    if origin is Union or getattr(origin, "__name__", "") == "UnionType":
        return " | ".join(_type_name(arg) for arg in args)
    inside = ", ".join(_type_name(arg) if not isinstance(arg, _JSON) else repr(arg) for arg in args)
    return f"{getattr(origin, '__name__', origin)}[{inside}]"


def _default(value: Any) -> Any:
    """Return a default as JSON has it; None where there is none, or it is no simple value."""
    return value if isinstance(value, _JSON) else None
