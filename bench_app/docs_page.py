"""The API page at /docs: plain HTML of our own. FastAPI's loads its scripts from the internet, and stays white without.

It is made from the OpenAPI schema when it is asked for.
"""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h2 { margin: 2rem 0 .5rem; } td { padding: .2rem 1rem .2rem 0; vertical-align: top; }
code { font-size: .95em; white-space: nowrap; } p { margin: .2rem 0; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } a { color: #8bf; } }
"""


def page(schema: Mapping[str, Any]) -> str:
    """Return the page: a table for each tag of the schema, a row for each operation."""
    title = escape(schema["info"]["title"])
    return "\n".join(
        (
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head><body>',
            f"<h1>{title}</h1><p>{escape(schema['info'].get('summary', ''))}</p>",
            '<p>The same as data: <a href="openapi.json">openapi.json</a></p>',
            *(part for tag in schema.get("tags", ()) for part in _section(tag, schema["paths"])),
            "</body></html>",
        )
    )


def _section(tag: Mapping[str, Any], paths: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        _row(method, path, operation)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if tag["name"] in operation.get("tags", ())
    ]
    if rows:
        yield f"<h2>{escape(tag['name'])}</h2><p>{escape(tag.get('description', ''))}</p><table>"
        yield from rows
        yield "</table>"


def _row(method: str, path: str, operation: Mapping[str, Any]) -> str:
    words = f"<code>{method.upper()} {escape(path)}</code>"
    if method == "get" and "{" not in path:
        words = f'<a href="{escape(path)}">{words}</a>'
    return f"<tr><td>{words}{_takes(operation)}</td><td>{escape(operation.get('summary', ''))}</td></tr>"


def _takes(operation: Mapping[str, Any]) -> str:
    """Return what an operation takes, below its path; empty if it takes nothing."""
    names = [parameter["name"] for parameter in operation.get("parameters", ())]
    names += operation.get("requestBody", {}).get("content", ())
    return f"<br>takes {escape(', '.join(names))}" if names else ""
