"""What a load asks for, which answer is right, and the names of everything that can go wrong."""

import socket
from dataclasses import dataclass, field
from enum import StrEnum

from _answer import Answer

CONNECT_TIMEOUT_S = 5.0
_LONG_BYTES, _SHORT_BYTES = 65536, 2048
"""What is read at once: making room for the former costs a short answer more than the rest of its reading."""

_NO_MEMO = b"\0"  # equal to no answer, and begins with none


class FailureKind(StrEnum):
    """Every way in which a request can fail."""

    CONNECT_REFUSED = "connect-refused"  # no connection, for whatever reason but time
    CONNECT_TIMEOUT = "connect-timeout"
    TIMEOUT = "timeout"  # connected, but not answered completely in time
    RESET = "reset"
    CLOSED_EARLY = "closed-early"  # closed before the answer, or before its end
    BAD_HTTP = "bad-http"
    WRONG_STATUS = "wrong-status"
    WRONG_BODY = "wrong-body"


WRONG_KINDS = frozenset({FailureKind.WRONG_STATUS, FailureKind.WRONG_BODY})
CONNECT_KINDS = frozenset({FailureKind.CONNECT_REFUSED, FailureKind.CONNECT_TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a request got no right answer. `status` where one came; `detail` is for people."""

    kind: FailureKind
    detail: str = ""
    status: int | None = None

    @property
    def label(self) -> str:
        """The kind and status only: one of few, so that statistics keyed by it stay small."""
        return self.kind.value if self.status is None else f"{self.kind.value} {self.status}"

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.detail}"


@dataclass(slots=True, kw_only=True, eq=False)
class Target:
    """What is asked, of an IP address, and which answer is right: shared by all connections of one load.

    `expected_body` None accepts any body with the expected status. `opened_t` says when each connection was opened
    (perf_counter seconds).
    `memo` is the last right answer, byte for byte as it arrived: the same bytes read from the same state mean the same,
    so that an answer equal to it needs no parser.
    """

    host: str
    port: int
    request: bytes
    expected_status: int = 200
    expected_body: bytes | None = None
    timeout_s: float = 30.0
    address: tuple[str, int] = field(init=False)
    family: socket.AddressFamily = field(init=False)
    head_only: bool = field(init=False)
    connect_timeout_s: float = field(init=False)
    opened_t: list[float] = field(init=False, default_factory=list)
    memo: bytes = field(init=False, default=_NO_MEMO)
    recv_bytes: int = field(init=False, default=_LONG_BYTES)

    def __post_init__(self) -> None:
        """Work out what connections need, once for all of them."""
        self.address = (self.host, self.port)
        self.family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.head_only = self.request.startswith(b"HEAD ")
        self.connect_timeout_s = min(CONNECT_TIMEOUT_S, self.timeout_s)

    @property
    def connections_opened(self) -> int:
        return len(self.opened_t)

    def make_room(self, received: int) -> None:
        """Read as much of the next answer at once as fits one with so many bytes."""
        self.recv_bytes = _SHORT_BYTES if received < _SHORT_BYTES else _LONG_BYTES

    def judge(self, answer: Answer) -> Failure | None:
        """Return why a complete answer is not the right one, or None if it is."""
        body = answer.body
        if answer.status != self.expected_status:
            kind = FailureKind.WRONG_STATUS
        elif self.expected_body is not None and body != self.expected_body:
            kind = FailureKind.WRONG_BODY
        else:
            return None
        return Failure(kind=kind, detail=f"{answer.status}, body starts {body[:80]!r}", status=answer.status)
