"""Preflight: each request is sent twice to a fresh app before anything is loaded; what is wrong is one clear sentence.

Two answers that differ (ids, times) make any body right, unless the file says otherwise. A request whose answer is
wrong is not measured.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import httpx

from experiment.design.own_app import AppRequest
from harness.own_app.claims import shown
from harness.system import interruption
from harness.system.services import Service

ANSWER_LIMIT_S = 20.0
"""A route that takes longer with one user cannot be measured in minutes."""

_LOGIN = ("login", "log-in", "signin", "sign-in", "auth", "sso", "oauth")
_MOST_QUOTED = 120
_ADVICE = {
    401: "it wants a signed-in user: give its header in [[request]], with ${NAME} for a secret",
    403: "it is forbidden: give a header of a user who may, in [[request]]",
    404: "there is no such route or thing: look at the path in [[request]]",
    405: "the route has no such method: look at method in [[request]]",
    422: "FastAPI refuses its parameters: look at path and body in [[request]]",
    429: "the app limits how many requests one client sends: switch that off for the measurement, in [app.environment]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one request got: an answer, or the reason why there is none."""

    status: int | None = None
    body: bytes = b""
    content_type: str | None = None
    location: str | None = None
    seconds: float = 0.0
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What preflight found of one request: its right answer, or why it is not measured."""

    request: AppRequest
    complaint: str | None = None
    answer: Answer = Answer()
    is_varying: bool = False

    @property
    def expected_body(self) -> bytes | None:
        """The body that every answer must have; None where any is right."""
        return None if self.is_varying or self.request.expect_body == "any" else self.answer.body


def preflight(
    service: Service, requests: Iterable[AppRequest], headers: Mapping[str, tuple[tuple[str, str], ...]]
) -> Iterator[Found]:
    """Send each request twice, one after the other. `headers` are those to send, by the request's id.

    After a request without an answer it ends: the app may be gone, or its loop held up for ever, by that request.
    """
    with httpx.Client(base_url=service.url, timeout=ANSWER_LIMIT_S, trust_env=False) as client:
        for request in requests:
            found = _ask_twice(client, service, request, headers[request.id])
            yield found
            if found.answer.failure is not None:
                return


def _ask_twice(
    client: httpx.Client, service: Service, request: AppRequest, headers: tuple[tuple[str, str], ...]
) -> Found:
    interruption.check()
    first = ask(client, service, request, headers)
    wrong = complaint(request, first)
    if wrong is not None:
        return Found(request=request, complaint=wrong, answer=first)
    return judged(request, first, ask(client, service, request, headers))


def ask(client: httpx.Client, service: Service, request: AppRequest, headers: tuple[tuple[str, str], ...]) -> Answer:
    """Send a request once, without following redirects."""
    start = time.monotonic()
    try:
        got = client.request(request.method, request.path, headers=list(headers), content=request.body)
    except httpx.HTTPError as error:
        return Answer(failure=_no_answer(error, service), seconds=time.monotonic() - start)
    return Answer(
        status=got.status_code,
        body=got.content,
        content_type=got.headers.get("content-type"),
        location=got.headers.get("location"),
        seconds=time.monotonic() - start,
    )


def _no_answer(error: httpx.HTTPError, service: Service) -> str:
    if not service.is_alive:
        return f"the app ended (code {service.process.returncode}) while it was asked"
    if isinstance(error, httpx.TimeoutException):
        return f"there was no answer within {ANSWER_LIMIT_S:g} s"
    return f"the connection broke off ({type(error).__name__})"


def judged(request: AppRequest, first: Answer, second: Answer) -> Found:
    """Return what two answers say (pure)."""
    wrong = complaint(request, first) or complaint(request, second)
    differ = first.body != second.body
    if wrong is None and differ and request.expect_body == "same":
        wrong = f'{shown(request)} answers differently each time, and its expect.body is "same"; write "any"'
    return Found(request=request, complaint=wrong, answer=second, is_varying=differ)


def complaint(request: AppRequest, got: Answer) -> str | None:
    """Return what is wrong with an answer in a sentence that says what to do, or None (pure)."""
    name = f"{shown(request)} (request {request.id})"
    if got.failure is not None:
        return f"{name}: {got.failure}"
    if got.status != request.expect_status:
        return f"{name} {_wrong_status(got, request.expect_status)}"
    if request.expect_contains is not None and request.expect_contains.encode() not in got.body:
        return f"{name} answers without {request.expect_contains!r}: {_quoted(got.body)}"
    return None


def _wrong_status(got: Answer, expected: int) -> str:
    status = got.status or 0
    if got.location is not None and 300 <= status < 400:  # noqa: PLR2004 - redirects
        if any(word in got.location.lower() for word in _LOGIN):
            return f"redirects to {_short(got.location)}: {_ADVICE[401]}"
        return f"redirects to {_short(got.location)}: write that path in [[request]], or expect.status = {status}"
    if status >= 500:  # noqa: PLR2004 - the server's own errors
        return f"answers {status}, an error of the app: {_quoted(got.body)}"
    advice = _ADVICE.get(status, "if that is right, write expect.status in [[request]]")
    return f"answers {status} where {expected} is expected; {advice}: {_quoted(got.body)}"


def _short(text: str) -> str:
    return text.partition("?")[0][:_MOST_QUOTED]  # what follows may hold a token


def _quoted(body: bytes) -> str:
    text = " ".join(body[: 4 * _MOST_QUOTED].decode("utf-8", "replace").split())
    return repr(text[: _MOST_QUOTED - 1] + "…" if len(text) > _MOST_QUOTED else text) if text else "an empty body"
