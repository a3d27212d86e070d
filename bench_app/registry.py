"""What a variant is, and the one decorator that makes one: the words of the catalogue, without its contents.

The import order is registry <- handlers <- catalogue <- app, so a handler module may use everything here. Others
import these names from `bench_app.catalogue`, which knows all variants.
"""

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Work(StrEnum):
    """What a handler must get done. The order of the members is the order of the catalogue."""

    NOOP = "noop"
    SLEEP = "sleep"
    HTTP = "http"
    DB = "db"
    UPLOAD = "upload"
    ARTICLE = "article"
    STALL = "stall"


class Style(StrEnum):
    """How a handler gets it done. The order of the members is the order of the catalogue and of charts."""

    ASYNC_NATIVE = "async-native"  # async def, awaits
    ASYNC_BLOCKING = "async-blocking"  # async def, blocks the loop
    DEF = "def"  # plain def, FastAPI runs it in a thread
    ASYNC_OFFLOAD = "async-offload"  # async def, run_in_threadpool: the same threads as def
    ASYNC_TO_THREAD = "async-to-thread"  # async def, asyncio.to_thread: threads of its own
    ASYNC_PROCESS = "async-process"  # async def, process pool


class Resource(StrEnum):
    """What must be there before the variant can answer: the first two are started by whoever starts the SUT."""

    UPSTREAM = "upstream"  # the HTTP stub at settings.upstream_url
    DATABASE = "database"  # PostgreSQL at settings.database_url
    PROCESS_POOL = "process-pool"  # started by the SUT itself; wants more than one core to show anything


class Shared(StrEnum):
    """What the lifespan opens once for all requests, if an enabled variant uses it (see resources.py)."""

    HTTPX = "httpx"
    HTTPX2 = "httpx2"
    AIOHTTP = "aiohttp"
    SESSION = "session"
    PSYCOPG2 = "psycopg2"
    PSYCOPG = "psycopg"
    PSYCOPG_ASYNC = "psycopg-async"
    ASYNCPG = "asyncpg"
    SQLALCHEMY = "sqlalchemy"
    SQLALCHEMY_ASYNC = "sqlalchemy-async"
    PARSERS = "parsers"


class DuplicateVariantError(ValueError):
    """Two variants claim the same id, or the same method and path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """The one request by which a variant is measured: everything a driver needs to send it.

    `path` is what stands in the request line, query included. `sample` names a body in `samples.SAMPLES`; None
    is no body.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    sample: str | None = None

    def read_body(self) -> bytes:
        """Return the body's bytes. Makes the sample (loads fpdf2): call it in the driver, never in the SUT."""
        if self.sample is None:
            return b""
        from bench_app.samples import SAMPLES

        return SAMPLES[self.sample]().body


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Work x style, one route: how it is served, how it is asked, and what a right answer is.

    `id` is `work.style` or `work.style.tool`. Variants of one `family` must answer byte for byte the same.
    `article`: path and code are as the article has them. `base_s`: how long one answer takes with nobody else
    around and default settings, for choosing timeouts; None where it depends on the machine alone.
    `uses` and `imports` are for the lifespan: what to open, and which modules to load before the first request.
    `expected`: the JSON value of a right answer, or a function that tells a right one from a wrong one.
    """

    id: str
    work: Work
    style: Style
    tool: str | None
    path: str
    method: str
    summary: str
    family: str
    needs: frozenset[Resource]
    article: bool
    endpoint: Callable[..., Any]
    request: RequestSpec
    expected: Any
    base_s: float | None
    uses: Shared | None
    imports: tuple[str, ...]

    def complaint(self, status: int, body: bytes) -> str | None:
        """Say what is wrong with an answer to `request`; None if it is right."""
        if status != 200:  # noqa: PLR2004 - the one status of a right answer
            return f"{self.id}: status {status} instead of 200: {body[:200]!r}"
        try:
            answer = json.loads(body)
        except ValueError:
            return f"{self.id}: not JSON: {body[:200]!r}"
        right = self.expected(answer) if callable(self.expected) else answer == self.expected
        return None if right else f"{self.id}: wrong answer: {body[:200]!r}"


class Registry:
    """Collects variants as the handler modules are imported."""

    def __init__(self) -> None:
        """Start empty."""
        self._variants: list[Variant] = []

    def variant(
        self,
        *,
        work: Work,
        style: Style,
        expected: Any,
        tool: str | None = None,
        family: str | None = None,
        path: str | None = None,
        request_path: str | None = None,
        method: str = "GET",
        headers: tuple[tuple[str, str], ...] = (),
        sample: str | None = None,
        needs: Iterable[Resource] = (),
        article: bool = False,
        base_s: float | None = None,
        uses: Shared | None = None,
        imports: tuple[str, ...] = (),
    ) -> Callable[[F], F]:
        """Register the decorated endpoint as a variant, and leave it as it is.

        What is not given follows from the rest: the path from the id, the family from the work, the request's
        path from the path. The summary is the first line of the endpoint's docstring. Raises
        DuplicateVariantError if the id, or the method and path, are taken.
        """
        variant_id = ".".join(part for part in (work, style, tool) if part)
        path = path or "/" + variant_id.replace(".", "/")

        def register(endpoint: F) -> F:
            self._add(
                Variant(
                    id=variant_id,
                    work=work,
                    style=style,
                    tool=tool,
                    path=path,
                    method=method,
                    summary=(inspect.getdoc(endpoint) or variant_id).splitlines()[0],
                    family=family or work,
                    needs=frozenset(needs),
                    article=article,
                    endpoint=endpoint,
                    request=RequestSpec(method=method, path=request_path or path, headers=headers, sample=sample),
                    expected=expected,
                    base_s=base_s,
                    uses=uses,
                    imports=imports,
                )
            )
            return endpoint

        return register

    def _add(self, new: Variant) -> None:
        for old in self._variants:
            if new.id == old.id or (new.method, new.path) == (old.method, old.path):
                raise DuplicateVariantError(f"{new.id} ({new.method} {new.path}): taken by {old.id} ({old.path})")
        self._variants.append(new)

    def catalogue(self) -> Mapping[str, Variant]:
        """Return the variants by id: works and styles in the order of their enums, then as they were defined."""
        works, styles = list(Work), list(Style)
        # sorted() is stable, which is what keeps the order of definition
        in_order = sorted(self._variants, key=lambda v: (works.index(v.work), styles.index(v.style)))
        return MappingProxyType({v.id: v for v in in_order})


REGISTRY = Registry()
variant = REGISTRY.variant
