"""The server factors: what can differ in how a SUT is started. To add one, add a row to `FACTORS`.

A row says how its values are written in a treatment's id and in words. It also says what a value changes: the server's
command line, the app's environment, the cores the SUT may use, the limits in theory. A test writes every row to a
manifest and reads it back. It also checks that each value changes the launch; otherwise the default would be measured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bench_app.table import Table
from experiment.design.factor import Factor, FactorError, Launch, Limits, Value


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


def _setting(*names: str, divided_by: int = 1) -> Callable[[Value], Mapping[str, Any]]:
    """Return a function that gives the app's settings of these names a value; None leaves them as they are."""

    def settings(value: Value) -> Mapping[str, Any]:
        found = int(value or 0) / divided_by if divided_by > 1 else value
        return {} if value is None else dict.fromkeys(names, found)

    return settings


def _access_log(before: Launch, value: Value) -> Launch:
    if value == "on":
        return replace(before, options=(*before.options, "--access-log"), log_level="info")
    return replace(before, options=(*before.options, "--no-access-log"))


def _interpreter(before: Launch, value: Value) -> Launch:
    """Name the interpreter. A free-threaded one would take its GIL back where an extension module asks for it."""
    if value is None:
        return before
    variables = (("PYTHON_GIL", "0"),) if str(value).endswith("t") else ()
    return replace(before, interpreter=str(value), environment=(*before.environment, *variables))


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
        settings=_setting("thread_tokens"),
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
        settings=_setting("sleep_s", "query_s", divided_by=1000),
    )
)
"""How long the sleep and the waiting query take; None: as the campaign's settings say. An upstream has its own time."""
CPU_US = FACTORS.add(
    Factor(
        name="cpu_us",
        default=None,
        is_count=True,
        suffix="cpu-{}us",
        words="{} µs of CPU",
        settings=_setting("sleep_cpu_s", divided_by=1_000_000),
        limits=lambda limits, value: replace(limits, handler_cpu_s=int(value or 0) / 1e6),
    )
)
"""How much CPU time a handler of the work sleep uses before it waits; None: none."""
DB_POOL = FACTORS.add(
    Factor(
        name="db_pool",
        default=None,
        is_count=True,
        suffix="pool-{}",
        words="{} connections",
        settings=_setting("db_pool_size"),
        limits=lambda limits, value: limits if value is None else replace(limits, db_pool=int(value)),
    )
)
MIDDLEWARE = FACTORS.add(
    Factor(
        name="middleware",
        default=None,
        values=tuple(f"{kind}-{n}" for kind in ("asgi", "base") for n in (1, 2, 3)),
        suffix="{}",
        words="middleware {}",
        settings=_setting("middleware"),
    )
)
"""How many middlewares the app has, and of which kind (bench_app/middleware.py)."""
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
    Factor(name="interpreter", default=None, suffix="python-{}", words="Python {}", launch=_interpreter)
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
            launch = factor.launched(launch, self[factor])
        return launch

    def changes_to(self, launch: Launch) -> Launch:
        """Return a launch with what is not the default; the rest stays as the server itself has it. Raises likewise."""
        for name, value in self.changed:
            launch = FACTORS[name].launched(launch, value)
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
