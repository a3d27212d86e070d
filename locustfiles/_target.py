"""What a load asks for, which answer is right, and the names of everything that can go wrong."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _answer import Answer

CONNECT_TIMEOUT_S = 5.0
_NO_MEMO = b"\0"  # equal to no answer, and begins with none


class FailureKind(StrEnum):
    """Every way in which a request can fail."""

    CONNECT_REFUSED = "connect-refused"  # no connection, for whatever reason but time
    CONNECT_TIMEOUT = "connect-timeout"
    TIMEOUT = "timeout"  # connected, not wholly answered in time
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
        """Return one line that says what happened."""
        return f"{self.kind.value}: {self.detail}"


class Target:
    """What is asked, of whom, and which answer is right: shared by all connections of one load.

    `connections_opened` counts over all of them. `memo` is the last right answer, byte for byte as it arrived: the same
    bytes read from the same state mean the same, so that an answer equal to it needs no parser.
    """

    __slots__ = (
        "address", "connect_timeout_s", "connections_opened", "expected_body", "expected_status", "family",
        "head_only", "memo", "request", "timeout_s",
    )  # fmt: skip

    def __init__(
        self,
        *,
        host: str,
        port: int,
        request: bytes,
        expected_status: int = 200,
        expected_body: bytes | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        """Aim at an IP address; `expected_body` None accepts any body with the expected status."""
        self.address = (host, port)
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.request = request
        self.head_only = request.startswith(b"HEAD ")
        self.expected_status = expected_status
        self.expected_body = expected_body
        self.timeout_s = timeout_s
        self.connect_timeout_s = min(CONNECT_TIMEOUT_S, timeout_s)
        self.connections_opened = 0
        self.memo = _NO_MEMO

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
