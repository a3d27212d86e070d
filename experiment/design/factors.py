"""The server factors: what can differ in how a SUT is started. To add one, add a row to `FACTORS`.

A row says how its values are written in a treatment's id and in words. It also says what a value changes: the server's
command line, the app's environment, the cores the SUT may use, the limits in theory. A test writes every row to a
manifest and reads it back. It also checks that each value changes the launch; otherwise the default would be measured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bench_app.table import Table

Value = str | int | None


class FactorError(ValueError):
    """A value that a factor cannot have, or that the chosen server has no option for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What decides a server's ceilings: the cores it may use, its processes, and the limiter tokens per process."""

    cores: int
    processes: int = 1
    tokens: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a SUT is started. `interpreter`: a version such as "3.13", or None for our own. `options`: for the server.

    `app` is the factory of the app, as the server's command line names it. `of_guests`: the values, by factor, of what
    only somebody else's app can have; harness/trial/launch.py refuses them for bench_app.
    """

    server: str = "uvicorn"
    app: str = "bench_app.app:create_app"
    interpreter: str | None = None
    all_cores: bool = False
    processes: int = 1
    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    of_guests: tuple[tuple[str, str], ...] = ()


def _as_it_is(limits: Limits, _value: Value) -> Limits:
    return limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One thing that can differ in how a SUT is started: a row of `FACTORS`.

    `values` are the allowed ones. If it is empty, any whole number from 1 (`is_count`) or any text is allowed. `suffix`
    and `words` write a value that is not the default; `{}` is replaced by it. `launch` and `limits` are functions that
    apply a value; `settings` returns the app's settings that it changes.
    """

    name: str
    default: Value
    suffix: str
    words: str
    launch: Callable[[Launch, Value], Launch]
    limits: Callable[[Limits, Value], Limits] = _as_it_is
    settings: Callable[[Value], Mapping[str, float]] = lambda _value: {}
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


def _told(**by_server: tuple[str, ...]) -> Callable[[Launch, Value], Launch]:
    """Return a function that adds options to a server's command line; `{}` is replaced by the value."""

    def launch(before: Launch, value: Value) -> Launch:
        if before.server not in by_server:
            raise FactorError(f"{before.server} has no option for {value}")
        words = (word.format(value) for word in by_server[before.server])
        return replace(before, options=(*before.options, *words))

    return launch


def _workers(before: Launch, value: Value) -> Launch:
    if value == 1:
        return before
    several = _told(uvicorn=("--workers", "{}"), granian=("--workers", "{}"))(before, value)
    variables = (*before.environment, ("BENCH_PROBE_PER_PROCESS", "1"))
    return replace(several, processes=int(value or 1), environment=variables)


def _thread_tokens(before: Launch, value: Value) -> Launch:
    if value is None:
        return before
    return replace(before, environment=(*before.environment, ("BENCH_THREAD_TOKENS", str(value))))


def _waits(value: Value) -> Mapping[str, float]:
    return {} if value is None else dict.fromkeys(("sleep_s", "query_s"), int(value) / 1000)


def _by_settings(settings: Callable[[Value], Mapping[str, float]]) -> Callable[[Launch, Value], Launch]:
    """Return a function that gives the app its changed settings as environment variables."""

    def launch(before: Launch, value: Value) -> Launch:
        told = ((f"BENCH_{name.upper()}", str(number)) for name, number in settings(value).items())
        return replace(before, environment=(*before.environment, *told))

    return launch


def _access_log(before: Launch, value: Value) -> Launch:
    no = "" if value == "on" else "no-"
    return replace(before, options=(*before.options, f"--{no}access-log"))


def _of_guests(name: str) -> Callable[[Launch, Value], Launch]:
    """Return a function that notes the value of a factor for the guest (harness/own_app/)."""

    def launch(before: Launch, value: Value) -> Launch:
        return before if value is None else replace(before, of_guests=(*before.of_guests, (name, str(value))))

    return launch


FACTORS: Table[Factor] = Table("server factor")
"""In the order of a treatment's id. The server comes first, because the options of the others depend on it."""

SERVER = FACTORS.add(
    Factor(
        name="server",
        default="uvicorn",
        values=("uvicorn", "granian"),
        suffix="{}",
        words="{}",
        launch=lambda launch, value: replace(launch, server=str(value)),
    )
)
CORES = FACTORS.add(
    Factor(
        name="cores",
        default="one",
        values=("one", "all"),
        suffix="{}-cores",
        words="{} cores",
        launch=lambda launch, value: replace(launch, all_cores=value == "all"),
        limits=lambda limits, value: limits if value == "all" else replace(limits, cores=1),
    )
)
THREAD_TOKENS = FACTORS.add(
    Factor(
        name="thread_tokens",
        default=None,
        is_count=True,
        suffix="tokens-{}",
        words="{} tokens",
        launch=_thread_tokens,
        limits=lambda limits, value: limits if value is None else replace(limits, tokens=int(value)),
    )
)
WAIT_MS = FACTORS.add(
    Factor(
        name="wait_ms",
        default=None,
        is_count=True,
        suffix="wait-{}ms",
        words="{} ms waits",
        launch=_by_settings(_waits),
        settings=_waits,
    )
)
"""How long the sleep and the waiting query take; None: as the campaign's settings say. An upstream has its own time."""
LOOP = FACTORS.add(
    Factor(
        name="loop",
        default="uvloop",
        values=("uvloop", "asyncio"),
        suffix="{}",
        words="{}",
        launch=_told(uvicorn=("--loop", "{}"), granian=("--loop", "{}")),
    )
)
HTTP_PARSER = FACTORS.add(
    Factor(
        name="http",
        default="httptools",
        values=("httptools", "h11"),
        suffix="{}",
        words="{}",
        launch=lambda launch, value: (
            launch  # granian parses HTTP itself
            if launch.server == "granian" and value == "httptools"
            else _told(uvicorn=("--http", "{}"))(launch, value)
        ),
    )
)
WORKERS = FACTORS.add(
    Factor(
        name="workers",
        default=1,
        values=(1, 2, 4),
        suffix="workers-{}",
        words="{} workers",
        launch=_workers,
        limits=lambda limits, value: replace(limits, processes=int(value or 1)),
    )
)
ACCESS_LOG = FACTORS.add(
    Factor(
        name="access_log",
        default="off",
        values=("off", "on"),
        suffix="access-log-{}",
        words="access log {}",
        launch=_access_log,
    )
)
INTERPRETER = FACTORS.add(
    Factor(
        name="interpreter",
        default=None,
        suffix="python-{}",
        words="Python {}",
        launch=lambda launch, value: replace(launch, interpreter=None if value is None else str(value)),
    )
)
STYLE = FACTORS.add(
    Factor(
        name="style",
        default=None,
        values=("def", "on-loop"),
        suffix="style-{}",
        words="handler as {}",
        launch=_of_guests("style"),
    )
)
"""How the requested route's handler is called: in a thread as def is, or on the loop. Of other people's apps only."""
WITHOUT_MIDDLEWARE = FACTORS.add(
    Factor(
        name="without_middleware",
        default=None,
        suffix="without-{}",
        words="without {}",
        launch=_of_guests("without_middleware"),
    )
)
"""Names of middleware classes that are left out, with commas between them. Of other people's apps only."""
VERSION = FACTORS.add(
    Factor(name="version", default=None, suffix="version-{}", words="version {}", launch=_of_guests("version"))
)
"""Which version of the app: a git reference or the name of a folder. Of other people's apps only."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """How the SUT is started: the factors without their default value, in the table's order. `server` makes one."""

    changed: tuple[tuple[str, Value], ...] = ()

    def __getitem__(self, factor: Factor) -> Value:
        return dict(self.changed).get(factor.name, factor.default)

    def values(self) -> dict[str, Value]:
        """Return every factor's value by name, as the manifest records them."""
        return {name: self[factor] for name, factor in FACTORS.items()}

    @property
    def suffix(self) -> str:
        """The part of a treatment's id that names this configuration; empty for the default."""
        return "".join("+" + FACTORS[name].suffix.format(value) for name, value in self.changed)

    @property
    def words(self) -> str:
        """How it differs from the default, e.g. `all cores, 100 tokens`; empty for the default."""
        return ", ".join(FACTORS[name].words.format(value) for name, value in self.changed)

    def launch(self) -> Launch:
        """Return how the SUT is started. Raises FactorError if the server has no option for a value."""
        launch = Launch()
        for factor in FACTORS.values():
            launch = factor.launch(launch, self[factor])
        return launch

    def changes_to(self, launch: Launch) -> Launch:
        """Return a launch with what is not the default; the rest stays as the server itself has it. Raises likewise."""
        for name, value in self.changed:
            launch = FACTORS[name].launch(launch, value)
        return launch

    def limits(self, limits: Limits) -> Limits:
        """Return the limits for theory; `limits` has the machine's cores and the app's own tokens."""
        for factor in FACTORS.values():
            limits = factor.limits(limits, self[factor])
        return limits

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the app's settings under this configuration; `given` are those of the campaign."""
        changed = dict(given)
        for factor in FACTORS.values():
            changed |= factor.settings(self[factor])
        return changed

    def without(self, *factors: Factor) -> "ServerConfig":
        """Return the configuration with these factors at their default."""
        names = {factor.name for factor in factors}
        return ServerConfig(tuple(changed for changed in self.changed if changed[0] not in names))


def server(values: Mapping[str, Value] | None = None, /, **named: Value) -> ServerConfig:
    """Return a configuration from factor values by name.

    Raises FactorError for a value that a factor cannot have, UnknownNameError for an unknown factor.
    """
    given = {**(values or {}), **named}
    checked = {name: FACTORS[name].check(value) for name, value in given.items()}
    changed = [(n, checked[n]) for n, factor in FACTORS.items() if n in checked and checked[n] != factor.default]
    return ServerConfig(tuple(changed))
