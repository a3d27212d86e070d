"""A database session that a dependency opens, as tutorials and templates do it, and what was proposed to do instead.

A request begins with a session. Then a second dependency looks its user up, and the handler its row, with a wait of
settings.query_s on the server. Each of these runs in a thread of its own, and so does the validation of the answer. The
session keeps its connection from the first lookup to the end. So a request that holds a connection needs another
thread, and threads wait for a connection: with as many requests as there are threads and connections together, all wait
for each other (experiment/theory/deadlock.py).
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from fastapi import Depends, Request

from bench_app.db_sessions import MOST_SESSIONS, SESSIONS
from bench_app.items import EXPECTED, KEY, LOOKUP, WAITING_LOOKUP, Answer, as_answer
from bench_app.registry import Resource, variant
from bench_app.resources import bench
from bench_app.styles import DEF
from bench_app.works import SESSION

USER = 1  # the row that stands for the user who asks


@cache
def _text(sql: str) -> Any:
    from sqlalchemy import text

    return text(sql.format(key=":key", wait_s=":wait_s"))


def _find_user(session: Any) -> str:
    """Return the name of the user who asks: a lookup that does not wait."""
    return str(session.execute(_text(LOOKUP), {"key": USER}).one().name)


def _look_up(session: Any, request: Request) -> Answer:
    parameters = {"key": KEY, "wait_s": bench(request).settings.query_s}
    return as_answer(session.execute(_text(WAITING_LOOKUP), parameters).one())


def get_session(request: Request) -> Iterator[Any]:
    """Open a session for a request, and close it when the answer is sent."""
    with bench(request).shared[SESSIONS.name]() as session:
        yield session


def _through(opened: Any) -> Callable[..., Answer]:
    """Return the handler whose session, and its user's, come from the dependency `opened`."""

    def get_user(session: Any = opened) -> str:
        return _find_user(session)

    found = Depends(get_user)

    def plain_def(request: Request, session: Any = opened, _user: str = found) -> Answer:
        return _look_up(session, request)

    return plain_def


def own_session(request: Request) -> Answer:
    """Open the session in the handler itself, and close it there: one thread has it from beginning to end."""
    with bench(request).shared[SESSIONS.name]() as session:
        _find_user(session)
        return _look_up(session, request)


_variant = partial(
    variant, work=SESSION, style=DEF, expected=EXPECTED, needs=(Resource.DATABASE,), uses=SESSIONS, validates=True
)

_variant(summary="A session of a dependency, used by another one and by the handler; the answer is validated.")(
    _through(Depends(get_session))
)
_variant(tool="no-model", validates=False, summary="The same, but the answer is not validated: one thread less.")(
    _through(Depends(get_session))
)
_variant(tool="function-scope", summary="The same, but the session ends before the answer is sent.")(
    _through(Depends(get_session, scope="function"))
)
_variant(tool="limited", summary=f"The same, but at most {MOST_SESSIONS} requests have a session at once.")(
    _through(Depends(get_session, max_concurrency=MOST_SESSIONS))
)
_variant(tool="own-session")(own_session)
