"""What the harness asks of the guest: HANDLERBENCH_* variables, read once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX = "HANDLERBENCH_"
STYLES = ("def", "on-loop")


class SettingsError(Exception):
    """A variable that cannot be used, with its name."""


@dataclass(frozen=True)
class Settings:
    """The variables, parsed. An endpoint is "module:qualname"."""

    target: str
    is_factory: bool
    source: Path  # the folder of the app's own code
    probe_path: Path | None  # None: no probe
    probe_per_process: bool
    thread_tokens: int | None  # None: as anyio has it
    cures: Mapping[str, str]  # by endpoint, one of STYLES
    refusals: Path | None
    without_middleware: tuple[str, ...]


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of an environment, the process's own by default.

    Raises SettingsError.
    """
    named = os.environ if environment is None else environment
    values = {name[len(PREFIX) :]: value for name, value in named.items() if name.startswith(PREFIX) and value}
    if "TARGET" not in values:
        raise SettingsError(f"{PREFIX}TARGET is not set: which app is it? For example shop.main:app")
    return Settings(
        target=values["TARGET"],
        is_factory=values.get("FACTORY") == "1",
        source=Path(values.get("SOURCE", ".")).resolve(),
        probe_path=_path(values.get("PROBE_PATH")),
        probe_per_process=values.get("PROBE_PER_PROCESS") == "1",
        thread_tokens=_tokens(values.get("THREAD_TOKENS")),
        cures=_cures(values.get("CURES", "{}")),
        refusals=_path(values.get("REFUSALS")),
        without_middleware=_names(values.get("WITHOUT_MIDDLEWARE", "[]")),
    )


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _tokens(value: str | None) -> int | None:
    if value is None:
        return None
    if not value.isdigit() or int(value) < 1:
        raise SettingsError(f"{PREFIX}THREAD_TOKENS is {value!r}, and has to be a number above 0")
    return int(value)


def _cures(value: str) -> dict[str, str]:
    parsed = _json("CURES", value)
    if not isinstance(parsed, dict) or not all(style in STYLES for style in parsed.values()):
        raise SettingsError(f"{PREFIX}CURES has to be a JSON object of endpoint: {' or '.join(STYLES)}")
    return parsed


def _names(value: str) -> tuple[str, ...]:
    parsed = _json("WITHOUT_MIDDLEWARE", value)
    if not isinstance(parsed, list) or not all(isinstance(name, str) for name in parsed):
        raise SettingsError(f"{PREFIX}WITHOUT_MIDDLEWARE has to be a JSON list of names")
    return tuple(parsed)


def _json(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{name} is no JSON: {error}") from None
