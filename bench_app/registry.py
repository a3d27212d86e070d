"""What a variant is, and the decorator that registers one. The variants themselves are in the handler modules.

The import order is works, styles <- registry <- handlers <- catalogue <- app. To have all variants, import
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
    """A service that must run before a variant can answer."""

    UPSTREAM = "upstream"  # the HTTP stub at settings.upstream_url
    DATABASE = "database"  # PostgreSQL at settings.database_url


class SharedResource(Protocol):
    """A client, driver or pool that the lifespan opens once for all requests, if an enabled variant uses it."""

    @property
    def name(self) -> str:
        """The name by which requests find it."""

    @property
    def open(self) -> Callable[[Any], AbstractAsyncContextManager[Any]]:
        """Return the context manager that loads its library, opens it, and closes it at shutdown."""


class DuplicateVariantError(ValueError):
    """Two variants claim the same id, or the same method and path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """The one request with which a variant is measured: everything a driver needs to send it.

    `path` is the target in the request line, including the query. `sample` names a body in `samples.SAMPLES`; None
    means no body.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    sample: str | None = None

    def read_body(self) -> bytes:
        """Return the body's bytes. Makes the sample and loads fpdf2, so call it in the driver and never in the SUT."""
        if self.sample is None:
            return b""
        from bench_app.samples import SAMPLES

        return SAMPLES[self.sample]().body


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Work x style, one route: its endpoint, its request, and its right answer.

    `id` is `work.style` or `work.style.tool`. The answers of one `family` must be equal, byte for byte.
    `article`: path and code are those of the article.
    `uses` and `imports` are for the lifespan: what to open, and which modules to load before the first request.
    `expected`: the right answer (JSON value or bytes, as the work says), or a function that checks an answer.
    `validates`: FastAPI validates answers by the endpoint's annotation; in no other variant it does.
    `response_class`: what FastAPI puts the answer in; None for its own JSONResponse.
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
    uses: SharedResource | None
    imports: tuple[str, ...]
    validates: bool = False
    response_class: type[Any] | None = None

    def complaint(self, status: int, body: bytes) -> str | None:
        """Return what is wrong with an answer to `request`, or None if it is right."""
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
    """The variants by id, in the order of the tables of works and styles, then in the order of definition."""

    def __init__(self) -> None:
        self._variants: dict[str, Variant] = {}

    def __getitem__(self, name: str) -> Variant:
        return self._variants[name]

    def __iter__(self) -> Iterator[str]:
        # sorted() is stable, so the order of definition stays
        ordered = sorted(self._variants.values(), key=lambda v: (WORKS.place(v.work), STYLES.place(v.style)))
        return iter([v.id for v in ordered])

    def __len__(self) -> int:
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
        uses: SharedResource | None = None,
        imports: tuple[str, ...] = (),
        validates: bool = False,
        response_class: type[Any] | None = None,
    ) -> Callable[[F], F]:
        """Register the decorated endpoint as a variant and return it unchanged.

        Defaults: the path comes from the id, the family from the work, the request's path from the path, the summary
        from the first line of the endpoint's docstring. Raises DuplicateVariantError if the id, or the method and
        path, are taken.
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
                    validates=validates,
                    response_class=response_class,
                )
            )
            return endpoint

        return register

    def remove(self, name: str) -> None:
        """Remove a variant, for tests that add one."""
        del self._variants[name]

    def _add(self, new: Variant) -> None:
        for old in self._variants.values():
            if new.id == old.id or (new.method, new.path) == (old.method, old.path):
                raise DuplicateVariantError(f"{new.id} ({new.method} {new.path}): taken by {old.id} ({old.path})")
        self._variants[new.id] = new


REGISTRY = Registry()
variant = REGISTRY.variant
