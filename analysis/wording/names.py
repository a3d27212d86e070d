"""Variant ids taken apart, and how treatments and works are named to readers.

Ids are parsed rather than looked up in the catalogue: a report must be able to draw a campaign whose variants were
renamed or removed since.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.wording import words
from bench_app.styles import STYLES, Style
from bench_app.table import UnknownNameError
from bench_app.works import WORKS, Bound, Work
from experiment.design.model import Treatment
from experiment.errors import StoreError

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
        """The style and its tool, e.g. `async-native · httpx`, or whatever the work calls its variants by."""
        return self.work.label.format(style=self.style.name, tool=self.tool) if self.tool else self.style.name

    @property
    def phrase(self) -> str:
        """The variant in the middle of a sentence, e.g. `plain def (session)`."""
        is_idle = self.work.bound is Bound.LOOP and self.style.words_idle
        words_of_style = self.style.words_idle if is_idle else self.style.words
        return f"{words_of_style} ({self.tool})" if self.tool else words_of_style


def parse_variant(variant: str) -> VariantName:
    """Take `work.style` or `work.style.tool` apart.

    Raises StoreError when the work or the style is none of this version's.
    """
    work, style, *tool = [*variant.split(".", 2), ""][:3]
    try:
        return VariantName(work=WORKS[work], style=STYLES[style], tool=tool[0] or None)
    except UnknownNameError as error:
        raise StoreError(
            f"the campaign names the variant {variant!r}, which this version cannot place: {error}"
        ) from None


def treatment_label(treatment: Treatment) -> str:
    """Return a chart's row label: style, tool, and the server where it is not the default one."""
    server = treatment.server.words
    return parse_variant(treatment.variant).label + (f" · {server}" if server else "")


def treatment_phrase(treatment: Treatment) -> str:
    """Return a treatment in the middle of a sentence, its load left out."""
    server = treatment.server.words
    return parse_variant(treatment.variant).phrase + (f" on {server}" if server else "")


def work_task(work: Work, settings: Mapping[str, float | None]) -> str:
    """Return what a handler has to get done, with this campaign's own times, e.g. `a 100 ms sleep`."""
    if work.setting is None:
        return work.task
    seconds = settings.get(work.setting)
    return f"a {words.setting_duration(seconds)} {work.task}" if seconds else f"a {work.task}"
