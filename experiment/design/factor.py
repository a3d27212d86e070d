"""What a server factor is, and what it changes: how the SUT is started, and which limits theory has for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Value = str | int | None


class FactorError(ValueError):
    """A value that a factor cannot have, or that the chosen server has no option for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What decides a server's ceilings: the cores it may use, its processes, and what each of these has.

    Each has limiter tokens, and connections to the database (`db_pool`; 0: not known). `handler_cpu_s` is CPU time that
    the handler uses a request beside its work.
    """

    cores: int
    processes: int = 1
    tokens: int = 40
    db_pool: int = 0
    handler_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a SUT is started. `interpreter`: a version such as "3.13", or None for our own. `options`: for the server.

    `log_level` is the server's own; at `warning` a server writes no access log, whatever else it is told.
    `app` is the factory of the app, as the server's command line names it. `of_guests`: the values, by factor, of what
    only somebody else's app can have; harness/trial/launch.py refuses them for bench_app.
    """

    server: str = "uvicorn"
    app: str = "bench_app.app:create_app"
    interpreter: str | None = None
    all_cores: bool = False
    processes: int = 1
    options: tuple[str, ...] = ()
    log_level: str = "warning"
    environment: tuple[tuple[str, str], ...] = ()
    of_guests: tuple[tuple[str, str], ...] = ()


def _as_it_is(limits: Limits, _value: Value) -> Limits:
    return limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One thing that can differ in how a SUT is started: a row of `FACTORS`.

    `values` are the allowed ones. If it is empty, any whole number from 1 (`is_count`) or any text is allowed. `suffix`
    and `words` write a value that is not the default; `{}` is replaced by it. `launch` and `limits` are functions that
    apply a value; `settings` returns the app's settings that it changes, which the app gets as BENCH_<NAME>.
    """

    name: str
    default: Value
    suffix: str
    words: str
    launch: Callable[[Launch, Value], Launch] = lambda launch, _value: launch
    limits: Callable[[Limits, Value], Limits] = _as_it_is
    settings: Callable[[Value], Mapping[str, Any]] = lambda _value: {}
    values: tuple[Value, ...] = ()
    is_count: bool = False

    def check(self, value: Value) -> Value:
        """Return the value. Raises FactorError, which names the factor, if the value is not allowed."""
        if self.values:
            fits = any(value == v and type(value) is type(v) for v in self.values)
        else:
            fits = type(value) is int and value >= 1 if self.is_count else type(value) is str and value != ""
        if fits or value is self.default:
            return value
        options = ", ".join(map(str, self.values)) or ("a whole number from 1" if self.is_count else "a text")
        raise FactorError(f"the server factor {self.name} cannot be {value!r}; it can be {options}")

    def launched(self, before: Launch, value: Value) -> Launch:
        """Return a launch with this value. Raises FactorError if the server has no option for it."""
        launch = self.launch(before, value)
        told = ((f"BENCH_{name.upper()}", str(setting)) for name, setting in self.settings(value).items())
        return replace(launch, environment=(*launch.environment, *told))
