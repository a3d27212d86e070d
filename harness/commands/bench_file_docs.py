"""The page of docs about handlerbench.toml, made from the models that read it."""

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from experiment.design.app_sides import OWN_APP_FACTORS, app_metrics
from experiment.design.factor import Factor
from experiment.design.own_app import DEFAULT_LOADS, FILE_NAME
from experiment.records.bench_file_entries import AppEntry, ClaimEntry, ExpectEntry, LoadEntry, RequestEntry
from harness.own_app.toml_text import value_text

_LOADS = " and ".join(load.id for load in DEFAULT_LOADS)
SECTIONS: dict[str, tuple[type[BaseModel], str]] = {
    "[app]": (AppEntry, "The app, once. Paths are relative to the file; a `~` is the home folder."),
    "[[request]]": (RequestEntry, "A request that is measured. Each is sent twice before anything is measured."),
    "expect of a [[request]]": (ExpectEntry, "What the right answer is; a wrong one is a failure under load."),
    "[[load]]": (
        LoadEntry,
        f"A load that every request is measured under; without any {_LOADS}. `bench list` shows more for claims.",
    ),
    "[[claim]]": (ClaimEntry, "A claim of your own, registered before it is measured and judged as ours are."),
}
"""The tables of the file: the model of each, and what to know of it."""


def bench_file_page(command: str) -> str:
    """Return docs/handlerbench-toml.md; `command` writes it."""
    parts = [_head(command), *(_section(name) for name in SECTIONS), _sides(), _metrics()]
    return "\n\n".join(parts) + "\n"


def _head(command: str) -> str:
    return (
        f"# {FILE_NAME}\n\n"
        f"Made from `experiment/records/bench_file_entries.py` by `{command}`; do not edit it.\n\n"
        f"The file stands beside an app of yours and says what `bench app` measures of it. `bench app` with `init` "
        f"writes one to edit.\nAn unknown key is an error that names the nearest one. "
        "What ${NAME} stands for, and what the env_file holds, gets into no result and no message."
    )


def _section(name: str) -> str:
    model, about = SECTIONS[name]
    rows = [f"| `{key}` | {_default(field)} | {_cell(field.description or '')} |" for key, field in _fields(model)]
    return "\n".join([f"## {name}", "", about, "", "| key | without it | what it is |", "|---|---|---|", *rows])


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    yield from model.model_fields.items()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be there"
    value = field.default
    if value is None or isinstance(value, BaseModel) or value in ({}, []):
        return ""
    return f"`{value_text(value)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _sides() -> str:
    about = (
        "`search` is the request as the app is, `search+style-def` with one thing changed, "
        "`search+workers-2+tokens-100` with two, `search@main` at another version in git."
    )
    rows = [f"| {factor.name} | {_written(factor)} |" for factor in OWN_APP_FACTORS]
    head = ["## The sides of a claim", "", about, "", "| what is changed | how it is written |", "|---|---|"]
    return "\n".join([*head, *rows])


def _written(factor: Factor) -> str:
    if factor.values:
        return ", ".join(f"`+{factor.suffix.format(value)}`" for value in factor.values if value != factor.default)
    free = "100" if factor.is_count else "NAME"
    said = "any whole number from 1" if factor.is_count else "several names with commas between them"
    return f"`+{factor.suffix.format(free)}`; {said}"


def _metrics() -> str:
    rows = [f"| `{metric.name}` | {metric.label} | {metric.unit} |" for metric in app_metrics()]
    about = "With a baseline `expected` holds for the ratio of both sides, else for the value in the metric's unit."
    return "\n".join(
        ["## The metrics of a claim", "", about, "", "| name | what it is | unit |", "|---|---|---|", *rows]
    )
