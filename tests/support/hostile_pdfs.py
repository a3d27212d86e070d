"""PDFs that are small to send and would be endless to read: one for each way that a file can ask for too much."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TEXT = b"BT /F1 9 Tf 10 700 Td (loop thread token worker) Tj ET\n"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf(objects: Sequence[bytes], root: int = 1) -> bytes:
    """Return a file of these objects, numbered from 1."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, root, start))


def stream(data: bytes, words: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), words, data)


def of_pages(kids: bytes, count: int, *more: bytes) -> bytes:
    """Return a file whose page tree is `kids`; object 3 is the font, the rest follows from 4 on."""
    tree = b"<< /Type /Pages /Kids [%s] /Count %d /Resources << /Font << /F1 3 0 R >> >> >>" % (kids, count)
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", tree, FONT, *more])


def page(contents: bytes = b"5 0 R", resources: bytes = b"") -> bytes:
    return b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %s %s >>" % (contents, resources)


def one_page(content: bytes, *more: bytes, resources: bytes = b"") -> bytes:
    """Return a file of one page, object 4; its content is object 5."""
    return of_pages(b"4 0 R", 1, page(resources=resources), content, *more)


def many_pages_of_one_stream() -> bytes:
    kids = b" ".join(b"%d 0 R" % (number + 5) for number in range(20_000))
    return of_pages(kids, 20_000, FONT, stream(TEXT * 28), *[page()] * 20_000)


def one_page_many_times() -> bytes:
    return of_pages(b"4 0 R " * 100_000, 100_000, page(), stream(TEXT))


def a_tree_that_doubles() -> bytes:
    """Forty levels, each of which names the next one twice."""
    levels = [b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (n, n) for n in range(7, 46)]
    return of_pages(b"6 0 R", 1, FONT, stream(TEXT), *levels, page())


def slow_pages() -> bytes:
    """As many pages as are allowed, each with a long text: within every limit but that of time."""
    return of_pages(b"4 0 R " * 900, 900, page(), stream(TEXT * 2_000))


def a_bomb(*filters: bytes) -> bytes:
    data = TEXT * 400_000
    for _ in filters:
        data = zlib.compress(data, 9)
    return one_page(stream(data, b"/Filter [%s]" % b" ".join(filters)))


def one_stream_many_times() -> bytes:
    contents = b"[" + b"5 0 R " * 90_000 + b"]"
    return of_pages(b"4 0 R", 1, page(contents), stream(TEXT * 1_000))


def forms_within_forms() -> bytes:
    """Twenty levels of forms, each of which draws the next one ten times."""
    call = b"/X Do " * 10 + TEXT * 500
    head = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> /Font << /F1 3 0 R >> >>"
    )
    forms = [stream(call, head % (number + 1)) for number in range(6, 26)]
    return one_page(stream(call), *forms, resources=b"/Resources << /XObject << /X 6 0 R >> >>")


def a_tower_of_arrays() -> bytes:
    return one_page(stream(b"BT " + b"[" * 1_000_000))


def a_string_that_never_ends() -> bytes:
    return one_page(stream(b"BT (" + b"(" * 1_000_000))


def an_endless_font_table() -> bytes:
    ranges = b"begincmap 1 beginbfrange <0000> <ffffffff> <0000> endbfrange endcmap"
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 7 0 R >>"
    content = stream(b"BT /F2 9 Tf (loop) Tj ET")
    return one_page(content, font, stream(ranges), resources=b"/Resources << /Font << /F2 6 0 R >> >>")


def a_table_before_itself() -> bytes:
    """Its cross-reference table names itself as the one before it, and holds nothing."""
    head = b"%PDF-1.7\n"
    return head + b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 /Prev 9 >>\nstartxref\n9\n%%EOF"


HOSTILE: dict[str, Callable[[], bytes]] = {
    "20,000 pages of one stream": many_pages_of_one_stream,
    "one page 100,000 times": one_page_many_times,
    "a page tree that doubles": a_tree_that_doubles,
    "pages that take too long": slow_pages,
    "a bomb": lambda: a_bomb(b"/FlateDecode"),
    "a bomb in a bomb": lambda: a_bomb(b"/FlateDecode", b"/FlateDecode"),
    "one stream 90,000 times": one_stream_many_times,
    "a table before itself": a_table_before_itself,
    "an endless font table": an_endless_font_table,
}
"""What is refused, with 422."""

BOUNDED: dict[str, Callable[[], bytes]] = {
    "forms within forms": forms_within_forms,
    "a tower of arrays": a_tower_of_arrays,
    "a string that never ends": a_string_that_never_ends,
}
"""What pypdf reads as far as its limits go: an answer with less text, in bounded time."""
