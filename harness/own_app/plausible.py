"""A request that a route might answer: plausible values for what it needs, each said to be made up (pure)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from experiment.records.inspection import ParameterEntry, RouteEntry

_PARAMETER = re.compile(r"{([^{}:]+)(?::([a-z]+))?}")
_PATH_SIGNS = "/!$&'()*+,;=:@-._~"
_BOUNDARY = "made-up-boundary"

_BY_TYPE: dict[str, str] = {
    "int": "1",
    "float": "1.5",
    "bool": "true",
    "Decimal": "1.5",
    "UUID": "00000000-0000-4000-8000-000000000001",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "date": "2026-01-31",
    "datetime": "2026-01-31T12:00:00Z",
    "time": "12:00:00",
    "path": "a/b",
    "EmailStr": "somebody@example.com",
}
_BY_NAME: tuple[tuple[str, str], ...] = (
    ("email", "somebody@example.com"),
    ("uuid", _BY_TYPE["UUID"]),
    ("date", _BY_TYPE["date"]),
    ("lang", "en"),
    ("country", "DE"),
    ("currency", "EUR"),
    ("id", "1"),
)
"""For texts: by what the name holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A request. `made_up`: the names of what was filled in; `note`: what else to know before it is sent."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    made_up: tuple[str, ...] = ()
    note: str = ""


def sample(route: RouteEntry, method: str) -> Sample:
    """Return a request for a route, with what it requires and nothing else."""
    needed = [p for p in route.parameters if p.is_required]
    path, filled = _path(route, {p.name: p for p in route.parameters if p.place == "path"})
    query = [p for p in needed if p.place == "query"]
    asked = "&".join(f"{quote(p.name, safe='')}={quote(value_of(p), safe='')}" for p in query)
    headers, body, note = _body([p for p in needed if p.place in {"body", "form"}], method)
    own = tuple(_headers(needed))
    made_up = (*filled, *(p.name for p in needed if p.place not in {"path", "body", "form"} and not _is_given(p)))
    return Sample(
        path=f"{path}?{asked}" if asked else path,
        headers=(*own, *headers),
        body=body,
        made_up=(*made_up, "the body") if body is not None else made_up,
        note=note,
    )


def _path(route: RouteEntry, known: dict[str, ParameterEntry]) -> tuple[str, tuple[str, ...]]:
    """Return a route's path with values in it, as it stands in a URL, and the names of what was made up."""
    filled: list[str] = []

    def value(match: re.Match[str]) -> str:
        entry = known.get(match[1]) or _untyped(match[1])
        if not _is_given(entry):
            filled.append(match[1])
        kind = match[2] if match[2] in {"path", "int", "float", "uuid"} else None
        return value_of(entry if kind is None else entry.model_copy(update={"type": kind}))

    return quote(_PARAMETER.sub(value, route.path) or "/", safe=_PATH_SIGNS), tuple(filled)


def _untyped(name: str) -> ParameterEntry:
    return ParameterEntry(name=name, place="path", is_required=True, type="str")


def value_of(parameter: ParameterEntry) -> str:
    """Return a value that a parameter might take, by its type and, for texts, by its name."""
    if parameter.default is not None:
        return str(parameter.default)
    kind = _innermost(parameter.type)
    if _is_literal(kind):
        return kind.strip("'\"")
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    name = parameter.name.lower()
    return next(
        (value for part, value in _BY_NAME if part in re.split(r"[_\W]", name) or name.endswith(part)), "example"
    )


def _is_given(parameter: ParameterEntry) -> bool:
    """Say whether the app itself names a value: a default, or the first of some literals."""
    return parameter.default is not None or _is_literal(_innermost(parameter.type))


def _is_literal(kind: str) -> bool:
    return kind[:1] in {"'", '"'}


def _innermost(kind: str) -> str:
    """Return the type of one value: int for `list[int]` and for `int | None`, 'a' for `Literal['a', 'b']`."""
    inside = re.fullmatch(r"\w+\[(.*)\]", kind)
    if inside is not None:
        return _innermost(inside[1].partition(", ")[0])
    return next((part for part in kind.split(" | ") if part != "None"), kind)


def _headers(needed: list[ParameterEntry]) -> Iterator[tuple[str, str]]:
    """Yield what a route wants in headers and cookies; their values may be secret, so the environment has them."""
    for each in needed:
        if each.place == "header":
            yield each.name, f"${{{_variable(each.name)}}}"
    cookies = [f"{p.name}=${{{_variable(p.name)}}}" for p in needed if p.place == "cookie"]
    if cookies:
        yield "Cookie", "; ".join(cookies)


def _variable(name: str) -> str:
    plain = re.sub(r"\W", "_", name, flags=re.ASCII).upper()
    return plain if plain[:1].isalpha() else f"X_{plain}"


def _body(needed: list[ParameterEntry], method: str) -> tuple[tuple[tuple[str, str], ...], str | None, str]:
    if not needed or method in {"GET", "HEAD"}:
        return (), None, ""
    kind = _kind(needed)
    return ((("Content-Type", kind.content_type),), kind.text(needed), kind.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A kind of body."""

    content_type: str
    text: Callable[[list[ParameterEntry]], str]
    note: str


def _kind(needed: list[ParameterEntry]) -> _Kind:
    if any("UploadFile" in p.type or p.type == "bytes" for p in needed):
        return _MULTIPART
    return _FORM if any(p.place == "form" for p in needed) else _JSON


def _json(needed: list[ParameterEntry]) -> str:
    if len(needed) == 1:
        return "{}"
    return "{" + ", ".join(f'"{p.name}": {{}}' for p in needed) + "}"


def _form(needed: list[ParameterEntry]) -> str:
    return "&".join(f"{quote(p.name, safe='')}={quote(value_of(p), safe='')}" for p in needed)


def _multipart(needed: list[ParameterEntry]) -> str:
    lines: list[str] = []
    for each in needed:
        is_file = "UploadFile" in each.type or each.type == "bytes"
        name = f'Content-Disposition: form-data; name="{each.name}"'
        lines += [f"--{_BOUNDARY}", f'{name}; filename="example.txt"' if is_file else name, ""]
        lines.append("some text" if is_file else value_of(each))
    return "\r\n".join([*lines, f"--{_BOUNDARY}--", ""])


_JSON = _Kind(content_type="application/json", text=_json, note="The body needs its fields; body_file reads a file.")
_FORM = _Kind(content_type="application/x-www-form-urlencoded", text=_form, note="")
_MULTIPART = _Kind(
    content_type=f"multipart/form-data; boundary={_BOUNDARY}",
    text=_multipart,
    note="The body is a small text file; for another one write the whole body to a file and name it with body_file.",
)
