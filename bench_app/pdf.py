"""The CPU-bound work of the upload variants: the text of a PDF.

It is a separate module because the process pool's workers import it and should load nothing else: no FastAPI, no
handlers. The lifespan or the workers' start loads pypdf, and only where an upload variant is enabled.

A file decides what its reading costs: a page tree may name one page a million times, and a stream of a few bytes may
unpack to gigabytes. So there are limits, of pypdf's and of time. The sample of the measurements comes to no more than a
hundredth of any, and is read exactly as without them.
"""

import io
import logging
from contextvars import Context
from functools import cache
from time import thread_time
from typing import Any

MOST_PAGES = 1_000
MOST_CPU_S = 1.0
"""CPU seconds of the reading thread, looked at after each page: threads that wait for each other do not use it up."""

_MOST_BYTES = 8_000_000  # of a stream, unpacked
_LIMITS: dict[str, Any] = {
    "page_tree_maximum_entries": MOST_PAGES,
    "page_tree_maximum_page_entries": 100 * MOST_PAGES,
    "maximum_declared_stream_length": _MOST_BYTES,
    "array_based_stream_maximum_output_length": _MOST_BYTES,
    "zlib_maximum_output_length": _MOST_BYTES,
    "zlib_maximum_recovery_input_length": 100_000,
    "lzw_maximum_output_length": _MOST_BYTES,
    "run_length_maximum_output_length": _MOST_BYTES,
    "brotli_maximum_output_length": _MOST_BYTES,
    "stream_decoding_work_maximum_length": 2 * _MOST_BYTES,
    "stream_parsing_work_maximum_count": 200_000,
    "xform_maximum_invocations_per_extraction": 20,
}


class UnreadablePdfError(ValueError):
    """The bytes are not a PDF, a damaged one, or one that costs too much. The message says which."""


def extract_text(data: bytes) -> str:
    """Return the text of all pages of the PDF in `data`, joined by newlines. Holds the GIL all the time.

    Raises UnreadablePdfError, and nothing else, for any fault of the file, and for one beyond the limits.
    """
    try:
        pages = _limits().copy().run(_texts, data)
    except UnreadablePdfError:
        raise
    except Exception as e:  # noqa: BLE001 - from damaged files pypdf lets KeyError, TypeError, RecursionError escape
        raise UnreadablePdfError(f"not a readable PDF: {type(e).__name__}: {e}") from None
    if not pages:  # pypdf returns no pages for a file whose page tree is lost
        raise UnreadablePdfError("not a readable PDF: it has no pages")
    return "\n".join(pages)


def _texts(data: bytes) -> list[str]:
    from pypdf import PdfReader

    end_s, texts = thread_time() + MOST_CPU_S, []
    for page in PdfReader(io.BytesIO(data)).pages:
        texts.append(page.extract_text())
        if thread_time() > end_s:
            raise UnreadablePdfError(f"not read to its end: {len(texts)} pages took {MOST_CPU_S:g} s of CPU")
    return texts


@cache
def _limits() -> Context:
    """Return the context that has pypdf's limits: made once, since it would cost a three-hundredth of a parse."""
    from pypdf import overwrite_configuration

    # it writes a line for each fault of a file, and a file may have a million
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    context = Context()
    context.run(overwrite_configuration, **_LIMITS)
    return context
