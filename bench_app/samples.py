"""Request bodies that have to be made, and what a right answer to them says.

Only those that send requests (harness, tests) import this, never the SUT's process: it loads fpdf2, which would be
measured there. `RequestSpec.read_body` imports it on demand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType

from bench_app.forms import ABOVE_BYTES, BELOW_BYTES, form

# PAGES x LINES x WORDS_A_LINE sets what a parse costs: with pypdf 7.1 on the busy 2-core machine that it was tuned on,
# 15 ms at its fastest and 16-21 ms in the median of 50. That is long enough for the thread switch interval of 5 ms to
# matter, and short enough for hundreds of answers in a trial.
PAGES = 5
LINES = 28
WORDS_A_LINE = 14

_WORDS = (
    *("loop", "thread", "token", "worker", "socket", "handler", "request", "answer", "queue", "pool"),
    *("core", "clock", "tick", "lag", "burst", "ceiling", "verdict", "trial", "round", "campaign"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A request body: its bytes and what a right answer finds in it: a PDF's text, or the size of a form's file."""

    body: bytes
    text: str


def pdf_lines() -> list[list[str]]:
    """Return the sample's text: one list of lines for each page."""

    def line(number: int) -> str:
        words = (_WORDS[(number * 7 + k * (k + 3)) % len(_WORDS)] for k in range(WORDS_A_LINE))
        return f"{number:03d} " + " ".join(words)

    return [[line(page * LINES + n) for n in range(LINES)] for page in range(PAGES)]


@cache
def sample_pdf() -> Sample:
    """Make the PDF that the upload variants parse: the same bytes on every call and every day."""
    from fpdf import FPDF

    document = FPDF()
    # The creation date goes into the file and into its ID: pinned, or no two files would be equal.
    document.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    document.set_compression(False)  # text as plain operators: 4 kB a page
    document.set_font("Helvetica", size=9)
    pages = pdf_lines()
    for lines in pages:
        document.add_page()
        for text in lines:
            document.cell(text=text, new_x="LMARGIN", new_y="NEXT", h=9)
    text = "\n".join("\n".join(lines) for lines in pages)
    return Sample(body=bytes(document.output()), text=text)


@cache
def sample_form(size: int) -> Sample:
    """Make a form whose file has so many bytes."""
    return Sample(body=form(size), text=str(size))


SAMPLES: Mapping[str, Callable[[], Sample]] = MappingProxyType(
    {
        "pdf": sample_pdf,
        "form-below-spool": lambda: sample_form(BELOW_BYTES),
        "form-above-spool": lambda: sample_form(ABOVE_BYTES),
    }
)
