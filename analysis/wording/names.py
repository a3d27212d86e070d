"""Variant ids taken apart, and how styles and works are named to readers.

Ids are parsed rather than looked up in the catalogue: a report must be able to draw a campaign whose variants were
renamed or removed since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.wording import words
from bench_app.catalogue import Style, Work
from experiment.design.model import Cores
from experiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from experiment.design.model import ServerConfig, Treatment

COPY_TOOL = "copy"
"""The byte-identical second route of the A/A pair: a measurement of noise, not a way to write a handler."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantName:
    """What a variant's id says: work, style, and the tool where a style has several."""

    work: Work
    style: Style
    tool: str | None

    @property
    def is_copy(self) -> bool:
        """Whether it is the second route of the A/A pair."""
        return self.tool == COPY_TOOL

    @property
    def label(self) -> str:
        """The style and its tool, e.g. `async-native · httpx`; routes of the article by their path."""
        if self.work is Work.ARTICLE and self.tool:
            return f"/{self.tool}"
        return f"{self.style.value} · {self.tool}" if self.tool else self.style.value

    @property
    def phrase(self) -> str:
        """The variant in the middle of a sentence, e.g. `plain def (session)`."""
        plain = _NOTHING_TO_AWAIT if (self.work, self.style) == (Work.NOOP, Style.ASYNC_NATIVE) else PHRASES[self.style]
        return f"{plain} ({self.tool})" if self.tool else plain


_NOTHING_TO_AWAIT = "async def"
PHRASES: Mapping[Style, str] = {
    Style.ASYNC_NATIVE: "async def that awaits",
    Style.ASYNC_BLOCKING: "async def that blocks",
    Style.DEF: "plain def",
    Style.ASYNC_OFFLOAD: "async def via run_in_threadpool",
    Style.ASYNC_TO_THREAD: "async def via asyncio.to_thread",
    Style.ASYNC_PROCESS: "async def via a process pool",
}


def parse_variant(variant: str) -> VariantName:
    """Take `work.style` or `work.style.tool` apart.

    Raises StoreError when the work or the style is none of this version's.
    """
    work, style, *tool = variant.split(".", 2)
    try:
        return VariantName(work=Work(work), style=Style(style), tool=tool[0] if tool else None)
    except ValueError as error:
        raise StoreError(
            f"the campaign names the variant {variant!r}, which this version cannot place: {error}"
        ) from None


def server_words(server: ServerConfig) -> str:
    """Return how a server differs from the default one, e.g. `all cores`; empty for the default."""
    parts = ["all cores"] if server.cores is Cores.ALL else []
    if server.thread_tokens is not None:
        parts.append(f"{server.thread_tokens} tokens")
    return ", ".join(parts)


def treatment_label(treatment: Treatment) -> str:
    """Return a chart's row label: style, tool, and the server where it is not the default one."""
    server = server_words(treatment.server)
    return parse_variant(treatment.variant).label + (f" · {server}" if server else "")


def treatment_phrase(treatment: Treatment) -> str:
    """Return a treatment in the middle of a sentence, its load left out."""
    server = server_words(treatment.server)
    return parse_variant(treatment.variant).phrase + (f" on {server}" if server else "")


def work_heading(work: Work) -> str:
    """Return a work as a heading of the report."""
    return _HEADINGS[work]


_HEADINGS: Mapping[Work, str] = {
    Work.NOOP: "noop: nothing to do",
    Work.SLEEP: "sleep: a plain wait",
    Work.HTTP: "http: a call to another service",
    Work.DB: "db: a database query",
    Work.UPLOAD: "upload: CPU work on a PDF",
    Work.ARTICLE: "article: the two-second demo",
    Work.STALL: "stall: a loop that stands still now and then",
}


def work_task(work: Work, settings: Mapping[str, Any]) -> str:
    """Return what a handler has to get done, with this campaign's own times, e.g. `a 100 ms sleep`."""
    noun, key = _TASKS[work]
    seconds = settings.get(key) if key else None
    return f"a {words.setting_duration(float(seconds))} {noun}" if seconds else noun if not key else f"a {noun}"


_TASKS: Mapping[Work, tuple[str, str | None]] = {
    Work.NOOP: ("nothing to do", None),
    Work.SLEEP: ("sleep", "sleep_s"),
    Work.HTTP: ("upstream call", "upstream_delay_s"),
    Work.DB: ("database query", "query_s"),
    Work.UPLOAD: ("a PDF to parse", None),
    Work.ARTICLE: ("sleep", "article_sleep_s"),
    Work.STALL: ("stall now and then", "stall_s"),
}
