"""What a variant is, and the one decorator that makes one: the words of the catalogue, without its contents.

The import order is works, styles <- registry <- handlers <- catalogue <- app. Who needs all variants imports
`bench_app.catalogue`, which imports the handlers.
"""

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from bench_app.styles import STYLES, Style
from bench_app.works import WORKS, Answer, Work

F = TypeVar("F", bound=Callable[..., Any])


class Resource(StrEnum):
    """What whoever starts the SUT must have started before the variant can answer."""

    UPSTREAM = "upstream"  # the HTTP stub at settings.upstream_url
    DATABASE = "database"  # PostgreSQL at settings.database_url


class Opened(Protocol):
    """What the lifespan opens once for all requests, if an enabled variant uses it: a client, a driver, a pool."""

    @property
    def name(self) -> str:
        """Under which name requests find it."""

    @property
    def open(self) -> Callable[[Any], AbstractAsyncContextManager[Any]]:
        """Return the context manager that loads its library, opens it, and closes it at shutdown."""


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
    `article`: path and code are as the article has them.
    `uses` and `imports` are for the lifespan: what to open, and which modules to load before the first request.
    `expected`: the right answer (JSON value or bytes, as the work says), or a function that knows one.
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
    uses: Opened | None
    imports: tuple[str, ...]

    def complaint(self, status: int, body: bytes) -> str | None:
        """Say what is wrong with an answer to `request`; None if it is right."""
        if status != 200:  # noqa: PLR2004 - the one status of a right answer
            return f"{self.id}: status {status} instead of 200: {body[:200]!r}"
        answer: Any = body
        if self.work.answer is Answer.JSON:
            try:
                answer = json.loads(body)
            except ValueError:
                return f"{self.id}: not JSON: {body[:200]!r}"
        right = self.expected(answer) if callable(self.expected) else answer == self.expected
        return None if right else f"{self.id}: wrong answer: {body[:200]!r}"


class Registry(Mapping[str, Variant]):
    """The variants by id: works and styles in the order of their tables, then as they were defined."""

    def __init__(self) -> None:
        """Start empty; the handler modules add to it as they are imported."""
        self._variants: dict[str, Variant] = {}

    def __getitem__(self, name: str) -> Variant:
        """Return a variant by its id; raises KeyError."""
        return self._variants[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the ids in order."""
        # sorted() is stable, which is what keeps the order of definition
        ordered = sorted(self._variants.values(), key=lambda v: (WORKS.place(v.work), STYLES.place(v.style)))
        return iter([v.id for v in ordered])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._variants)

    def variant(
        self,
        *,
        work: Work,
        style: Style,
        expected: Any,
        tool: str | None = None,
        family: str | None = None,
        summary: str | None = None,
        path: str | None = None,
        request_path: str | None = None,
        method: str = "GET",
        headers: tuple[tuple[str, str], ...] = (),
        sample: str | None = None,
        needs: Iterable[Resource] = (),
        article: bool = False,
        uses: Opened | None = None,
        imports: tuple[str, ...] = (),
    ) -> Callable[[F], F]:
        """Register the decorated endpoint as a variant, and leave it as it is.

        What is not given follows from the rest: the path from the id, the family from the work, the request's
        path from the path, the summary from the first line of the endpoint's docstring. Raises
        DuplicateVariantError if the id, or the method and path, are taken.
        """
        variant_id = ".".join(part for part in (work.name, style.name, tool) if part)
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
                    summary=summary or (inspect.getdoc(endpoint) or variant_id).splitlines()[0],
                    family=family or work.name,
                    needs=frozenset(needs),
                    article=article,
                    endpoint=endpoint,
                    request=RequestSpec(method=method, path=request_path or path, headers=headers, sample=sample),
                    expected=expected,
                    uses=uses,
                    imports=imports,
                )
            )
            return endpoint

        return register

    def remove(self, name: str) -> None:
        """Take a variant out again, for tests that add one."""
        del self._variants[name]

    def _add(self, new: Variant) -> None:
        for old in self._variants.values():
            if new.id == old.id or (new.method, new.path) == (old.method, old.path):
                raise DuplicateVariantError(f"{new.id} ({new.method} {new.path}): taken by {old.id} ({old.path})")
        self._variants[new.id] = new


REGISTRY = Registry()
variant = REGISTRY.variant
