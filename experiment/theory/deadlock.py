"""When requests wait for each other for ever: each holds a connection or a thread, and needs the other one as well.

A request that holds a connection of P needs another token of the T; one that holds a token waits for a connection. With

    N >= T + P

requests in flight, P of them can hold the connections and wait for a token while T others hold the tokens and wait for
a connection. Then nothing moves until the pool's timeout. With one request less, a token or a connection is free: its
holder goes on, ends, and gives back what the next one needs. All four conditions of Coffman, Elphick and Shoshani,
Computing Surveys 3, 1971, hold from N = T + P on. Whether it comes to that depends on the order of arrival; it does at
once where requests come together.

Short of it nothing stops, but fewer threads work: of N > P requests that all want a connection, N - P can each keep a
token while they wait for one.

Who takes only one of the two at a time, or is let in only if there is a connection, cannot be part of it.
"""

from bench_app.works import SESSION
from experiment.design.factor import Limits
from experiment.theory.ceilings import HasStyle

CURED = frozenset({"own-session", "limited"})
"""Tools of the session routes that do not wait for a token while they hold a connection, or are limited to P."""


def fewest_users(limits: Limits) -> int:
    """Return the number of requests in flight from which on they can wait for each other: T + P."""
    return limits.tokens + limits.db_pool


def is_stuck(variant: HasStyle, users: int, limits: Limits) -> bool:
    """Return whether theory says that so many users of a variant stop."""
    return variant.work is SESSION and variant.tool not in CURED and users >= fewest_users(limits)
