"""Read one HTTP/1.1 answer, however it is framed and cut into segments. Pure: bytes in, an answer out.

llhttp (through httptools) does the reading; what it leaves to its caller is done here: interim 1xx answers are
passed over, an answer to HEAD ends with its head, and an answer without a length ends with its connection.
"""

from collections.abc import Sequence

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

__all__ = ["Answer", "HttpParserError", "build_request"]

_FIRST_FINAL_STATUS = 200
_METHODS_WITH_A_BODY = frozenset({"POST", "PUT", "PATCH"})


def build_request(
    *, method: str, path: str, authority: str, headers: Sequence[tuple[str, str]] = (), body: bytes | None = None
) -> bytes:
    """Return the bytes of a request; `host` and `content-length` are added where the headers lack them.

    Raises ValueError when the method, the path or a header would break the request apart.
    """
    lines = [f"{method} {path} HTTP/1.1"]
    given = {name.lower() for name, _ in headers}
    if "host" not in given:
        lines.append(f"host: {authority}")
    lines += [f"{name}: {value}" for name, value in headers]
    if "content-length" not in given and (body is not None or method in _METHODS_WITH_A_BODY):
        lines.append(f"content-length: {len(body or b'')}")
    if not method.isalpha() or not path.startswith("/") or " " in path or not "".join(lines).isprintable():
        raise ValueError(f"not a request that can be sent: {lines!r}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


class Answer:
    """One answer in the making: `feed` it what arrives until it is `complete`.

    `surplus` says that more bytes came than belong to the answer, `keep_alive` that the connection may be used again;
    both, `status` and `body` mean something only once the answer is complete.
    """

    __slots__ = (
        "_body_parts", "_has_length", "_head_done", "_head_only", "_parser", "complete", "keep_alive", "status",
        "surplus",
    )  # fmt: skip

    def __init__(self, *, head_only: bool = False) -> None:
        """Expect one answer; `head_only` for an answer to HEAD, which has a length but no body."""
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._head_only = head_only
        self._head_done = False
        self._has_length = False
        self._body_parts: list[bytes] = []
        self.status = 0
        self.complete = False
        self.keep_alive = False
        self.surplus = False

    @property
    def body(self) -> bytes:
        """The whole body so far, its chunked framing removed."""
        return b"".join(self._body_parts)

    def feed(self, data: bytes) -> None:
        """Read what arrived. Raises HttpParserError when it is no HTTP."""
        assert self._parser is not None, "fed after release()"  # noqa: S101 - a programming error, not an input
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:  # a 101: what follows is another protocol
            self.complete, self.keep_alive = True, False
        except HttpParserError:
            # llhttp refuses bytes after the last answer of a connection, which do not unmake the answer
            if not self.complete:
                raise
            self.surplus = True

    def end_of_stream(self) -> None:
        """Take note that the server closed the connection: this completes an answer that has no length."""
        if self._head_done and not self._has_length:
            self.complete, self.keep_alive = True, False

    def release(self) -> None:
        """Let go of the parser: it refers back to this object, and the driver runs with its cycle collector off."""
        self._parser = None

    # what llhttp calls while `feed` runs

    def on_message_begin(self) -> None:
        """Another message begins; after a complete one that is more than was asked for."""
        self.surplus = self.surplus or self.complete

    def on_header(self, name: bytes, value: bytes) -> None:
        lowered = name.lower()
        if lowered == b"content-length" or (lowered == b"transfer-encoding" and b"chunked" in value.lower()):
            self._has_length = True

    def on_headers_complete(self) -> None:
        """Learn the status, which is all there is for HEAD."""
        if self.complete or self._parser is None:
            return
        self.status = self._parser.get_status_code()
        self._head_done = self.status >= _FIRST_FINAL_STATUS
        if self._head_only and self._head_done:
            self.complete, self.keep_alive = True, self._parser.should_keep_alive()

    def on_body(self, part: bytes) -> None:
        if self.complete:
            self.surplus = True
        else:
            self._body_parts.append(part)

    def on_message_complete(self) -> None:
        """Finish the answer, unless it was only an interim one: the real one follows."""
        if self.status < _FIRST_FINAL_STATUS:
            self._has_length = False
        elif not self.complete and self._parser is not None:
            self.complete, self.keep_alive = True, self._parser.should_keep_alive()
