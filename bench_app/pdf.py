"""The CPU-bound work of the upload variants: the text of a PDF.

It is a separate module because the process pool's workers import it and should load nothing else: no FastAPI, no
handlers. The lifespan or the workers' start loads pypdf, and only where an upload variant is enabled.
"""

import io


class UnreadablePdfError(ValueError):
    """The bytes are not a PDF, or are a damaged one. The message says which error pypdf raised."""


def extract_text(data: bytes) -> str:
    """Return the text of all pages of the PDF in `data`, joined by newlines. Holds the GIL all the time.

    Raises UnreadablePdfError, and nothing else, for any fault of the file.
    """
    from pypdf import PdfReader

    try:
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    except Exception as e:  # noqa: BLE001 - from damaged files pypdf lets KeyError, TypeError, RecursionError escape
        raise UnreadablePdfError(f"not a readable PDF: {type(e).__name__}: {e}") from None
    if not pages:  # pypdf returns no pages for a file whose page tree is lost
        raise UnreadablePdfError("not a readable PDF: it has no pages")
    return "\n".join(pages)
