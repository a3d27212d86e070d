"""The driver's HTTP parser believes nothing: any bytes, in any segments, are an answer or bad HTTP."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import misbehaving_servers  # noqa: F401 - makes locustfiles importable
from _answer import Answer, HttpParserError

FOUND = Path(__file__).resolve().parents[1] / "data" / "found" / "http"
HEADS = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n\0\1\2",
    b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\nhello",
    b"HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n",
)
_PIECES = st.one_of(
    st.sampled_from(HEADS),
    st.binary(max_size=40),
    st.sampled_from([b"\r\n", b"\n", b"\0", b"HTTP/1.1 ", b"content-length: ", b"5\r\n", b"0\r\n\r\n", b"\xff" * 9]),
)
STREAMS = st.lists(_PIECES, max_size=6).map(b"".join)


@st.composite
def _changed(draw: st.DrawFn) -> bytes:
    """Return a real answer of which a few bytes were exchanged, left out or doubled."""
    data = bytearray(draw(st.sampled_from(HEADS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data)


def read(data: bytes, cuts: list[int], *, head_only: bool) -> tuple[object, ...]:
    """Return what an answer was read as; the segments end at `cuts`."""
    answer = Answer(head_only=head_only)
    edges = [0, *sorted({c for c in cuts if 0 < c < len(data)}), len(data)]
    try:
        for start, end in itertools.pairwise(edges):
            if not answer.complete:
                answer.feed(data[start:end])
        if not answer.complete:
            answer.end_of_stream()
    except HttpParserError:
        return ("bad",)
    finally:
        answer.release()
    return (answer.complete, answer.status, answer.body) if answer.complete else ("unfinished",)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(data=st.one_of(STREAMS, _changed()), cuts=st.lists(st.integers(0, 300), max_size=8), head_only=st.booleans())
@example(data=b"", cuts=[], head_only=False)
def test_any_bytes_are_an_answer_or_bad_http(data: bytes, cuts: list[int], *, head_only: bool) -> None:
    found = read(data, cuts, head_only=head_only)
    assert found[0] in {True, "bad", "unfinished"}
    if found[0] is True:
        assert found[1] >= 101  # type: ignore[operator]
        assert len(found[2]) <= len(data)  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(head=st.sampled_from(HEADS), cuts=st.lists(st.integers(0, 120), max_size=12))
def test_how_an_answer_is_cut_into_segments_does_not_matter(head: bytes, cuts: list[int]) -> None:
    assert read(head, cuts, head_only=False) == read(head, [], head_only=False)


@pytest.mark.parametrize("found", sorted(FOUND.iterdir()), ids=lambda p: p.name)
def test_what_was_found_once_is_tried_again(found: Path) -> None:
    data = found.read_bytes()
    for cuts in ([], list(range(len(data)))):
        assert read(data, cuts, head_only=False)[0] in {True, "bad", "unfinished"}
