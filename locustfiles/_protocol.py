"""The words exchanged with the harness: JSON lines, one command or event each.

Commands are checked here, wholly and before anything starts: a trial with a misspelt key must not run as another trial.
Every problem is a CommandError, which names the key.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import math
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from _answer import build_request
from _target import Target

Json = dict[str, Any]
_MISSING = object()


class CommandError(ValueError):
    """A command that cannot be carried out as written. `trial_id` is set where the command said it."""

    trial_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent and what the right answer is; `expected_body` None accepts any body."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    expected_status: int
    expected_body: bytes | None

    def target(self, *, host: str, port: int, timeout_s: float) -> Target:
        """Aim this request at a server. Raises CommandError when it cannot be written as HTTP."""
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            raw = build_request(
                method=self.method, path=self.path, authority=authority, headers=self.headers, body=self.body
            )
        except ValueError as reason:
            raise CommandError(str(reason)) from reason
        return Target(
            host=host,
            port=port,
            request=raw,
            expected_status=self.expected_status,
            expected_body=self.expected_body,
            timeout_s=timeout_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """So many users, each of whom sends again when answered; their first requests are spread over `stagger_s`."""

    users: int
    stagger_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """So many requests at once."""

    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Arrivals on a schedule that does not wait."""

    rate_rps: float
    arrivals: Literal["constant", "poisson"]
    seed: int
    max_in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Arrivals at given times, in seconds from the start of the load, in order; they do not wait either."""

    offsets_s: tuple[float, ...]
    max_in_flight: int


Load = Closed | Burst | Open | Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class BystanderOrder:
    """An innocent request, sent every `interval_s` beside the load."""

    request: Request
    interval_s: float
    max_in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOrder:
    """One trial as commanded; times in seconds."""

    trial_id: str
    host: str
    port: int
    request: Request
    load: Load
    warmup_s: float
    window_s: float
    drain_s: float
    request_timeout_s: float
    bystander: BystanderOrder | None


def parse_line(line: str) -> TrialOrder | None:
    """Return the trial that a line commands, or None for "quit". Raises CommandError for anything else."""
    try:
        command = json.loads(line)
    except ValueError as reason:
        raise CommandError(f"not JSON: {reason}") from reason
    if not isinstance(command, dict):
        raise CommandError("a command is a JSON object")
    do = command.pop("do", None)
    if do == "quit":
        return None
    if do != "trial":
        raise CommandError(f"unknown command {do!r}: 'trial' or 'quit' is meant")
    try:
        return _trial(_Fields(command, "trial"))
    except CommandError as reason:
        trial_id = command.get("trial_id")
        reason.trial_id = trial_id if isinstance(trial_id, str) else None
        raise


def emit(event: str, **fields: Any) -> None:
    """Write one event to stdout, at once."""
    sys.stdout.write(json.dumps({"event": event, **fields}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


class _Fields:
    """Takes a JSON object apart key by key; what is left over at the end was not understood."""

    def __init__(self, raw: Any, where: str) -> None:
        if not isinstance(raw, dict):
            raise CommandError(f"{where} must be an object, not {raw!r}")
        self._raw = dict(raw)
        self._where = where

    def take(self, key: str, default: Any = _MISSING) -> Any:
        value = self._raw.pop(key, default)
        if value is _MISSING:
            raise CommandError(f"{self._where} lacks {key!r}")
        return value

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str) or not value:
            raise CommandError(f"{self._where}.{key} must be a text, not {value!r}")
        return value

    def whole(self, key: str, low: int, high: int) -> int:
        value = self.take(key)
        if type(value) is not int or not low <= value <= high:
            raise CommandError(f"{self._where}.{key} must be a whole number in {low}..{high}, not {value!r}")
        return value

    def number(self, key: str, *, positive: bool, default: Any = _MISSING) -> float:
        value = self.take(key, default)
        good = type(value) in (int, float) and math.isfinite(value) and value >= 0 and (value > 0 or not positive)
        if not good:
            raise CommandError(
                f"{self._where}.{key} must be a number {'above' if positive else 'from'} 0, not {value!r}"
            )
        return float(value)

    def base64(self, key: str, default: Any = _MISSING) -> bytes | None:
        value = self.take(key, default)
        if value is None:
            return None
        try:
            return base64.b64decode(value, validate=True)
        except (TypeError, ValueError, binascii.Error) as reason:
            raise CommandError(f"{self._where}.{key} must be base64 or null: {reason}") from reason

    def finish(self) -> None:
        if self._raw:
            raise CommandError(f"{self._where} has unknown keys: {', '.join(sorted(self._raw))}")


def _trial(fields: _Fields) -> TrialOrder:
    host = _loopback(fields.text("host"))
    load = _load(_Fields(fields.take("load"), "load"))
    bystander = fields.take("bystander", None)
    order = TrialOrder(
        trial_id=fields.text("trial_id"),
        host=host,
        port=fields.whole("port", 1, 65535),
        request=_request(_Fields(fields.take("request"), "request")),
        load=load,
        warmup_s=fields.number("warmup_s", positive=False, default=0.0 if isinstance(load, Burst) else _MISSING),
        window_s=fields.number("window_s", positive=True),
        drain_s=fields.number("drain_s", positive=False, default=0.0),
        request_timeout_s=fields.number("request_timeout_s", positive=True),
        bystander=None if bystander is None else _bystander(_Fields(bystander, "bystander")),
    )
    fields.finish()
    return order


def _loopback(host: str) -> str:
    """Refuse to load any machine but this one: a slip in a command must not become an attack."""
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise CommandError(f"host must be a loopback address such as 127.0.0.1 or ::1, not {host!r}")


def _request(fields: _Fields) -> Request:
    request = _request_part(fields)
    fields.finish()
    return request


def _request_part(fields: _Fields) -> Request:
    return Request(
        method=fields.text("method"),
        path=fields.text("path"),
        headers=_headers(fields.take("headers", [])),
        body=fields.base64("body_base64", None),
        expected_status=fields.whole("expected_status", 200, 599),
        expected_body=fields.base64("expected_body_base64", None),
    )


def _headers(raw: Any) -> tuple[tuple[str, str], ...]:
    try:
        pairs = tuple((name, value) for name, value in raw)
    except (TypeError, ValueError):
        raise CommandError(f"headers must be a list of [name, value], not {raw!r}") from None
    if not all(isinstance(part, str) for pair in pairs for part in pair):
        raise CommandError(f"headers must be texts, not {raw!r}")
    return pairs


def _load(fields: _Fields) -> Load:
    load: Load
    match fields.take("kind"):
        case "closed":
            load = Closed(
                users=fields.whole("users", 1, 10_000),
                stagger_s=fields.number("stagger_s", positive=False, default=0.0),
            )
        case "burst":
            load = Burst(requests=fields.whole("requests", 1, 10_000))
        case "open":
            load = Open(
                rate_rps=fields.number("rate_rps", positive=True),
                arrivals=_arrivals(fields.take("arrivals")),
                seed=fields.whole("seed", 0, 2**63),
                max_in_flight=fields.whole("max_in_flight", 1, 10_000),
            )
        case "replay":
            load = Replay(
                offsets_s=_offsets(fields.take("offsets_s")), max_in_flight=fields.whole("max_in_flight", 1, 10_000)
            )
        case kind:
            raise CommandError(f"load.kind must be 'closed', 'burst', 'open' or 'replay', not {kind!r}")
    fields.finish()
    return load


def _arrivals(name: Any) -> Literal["constant", "poisson"]:
    if name == "constant":
        return "constant"
    if name == "poisson":
        return "poisson"
    raise CommandError(f"load.arrivals must be 'constant' or 'poisson', not {name!r}")


def _offsets(raw: Any) -> tuple[float, ...]:
    good = isinstance(raw, list) and raw and all(type(x) in (int, float) and math.isfinite(x) for x in raw)
    if not good or raw[0] < 0 or any(later < earlier for earlier, later in pairwise(raw)):
        raise CommandError("load.offsets_s must be a list of seconds from 0, none earlier than the one before it")
    return tuple(map(float, raw))


def _bystander(fields: _Fields) -> BystanderOrder:
    order = BystanderOrder(
        request=_request_part(fields),
        interval_s=fields.number("interval_s", positive=True),
        max_in_flight=fields.whole("max_in_flight", 1, 10_000),
    )
    fields.finish()
    return order
