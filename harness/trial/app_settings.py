"""The settings of a campaign: today's, or those of another campaign's manifest, and how the app gets them.

The app gets what the manifest records, as BENCH_* variables, and ceilings are computed from the same values. So this
version can repeat a campaign with other waits and pools than today's.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from pydantic import ValidationError

from bench_app.settings import PREFIX, Settings
from experiment.errors import UsageError
from harness.postgres.keeper import SETTINGS as POSTGRES

UPSTREAM_DELAY_S = 0.1
THREAD_TOKENS = 40  # anyio's default, recorded as a number because the ceilings need one
_UPSTREAM = "upstream_delay_s"  # the upstream stub's; every other setting is the app's own
_LONGEST_DELAY_S = 60.0  # the same limit as for the app's own waits
_OTHER_CONNECTIONS = 10  # connections that PostgreSQL reserves for its superuser, and those of our own looks at it


def todays() -> dict[str, float | None]:
    """Return the settings of a new campaign, as its manifest records them. Times are in seconds."""
    settings = Settings.model_construct()
    return {
        "sleep_s": settings.sleep_s,
        "article_sleep_s": settings.article_sleep_s,
        _UPSTREAM: UPSTREAM_DELAY_S,
        "query_s": settings.query_s,
        "stall_s": settings.stall_s,
        "stall_every_s": settings.stall_every_s,
        "db_pool_size": settings.db_pool_size,
        "thread_tokens": THREAD_TOKENS,
    }


def environment(settings: Mapping[str, float | None]) -> dict[str, str]:
    """Return a manifest's settings as environment variables for the app."""
    return {
        f"{PREFIX}{name.upper()}": str(settings[name])
        for name in todays()
        if name != _UPSTREAM and settings.get(name) is not None
    }


def taken(
    campaign: str, theirs: Mapping[str, float | None], *, commit: str | None, own_database: bool
) -> dict[str, float | None]:
    """Return the settings to repeat a campaign with: its own, and today's where it recorded none.

    `own_database`: whether the database will be ours, whose connections are limited. Raises UsageError, which names
    every setting that the app or the upstream stub cannot take.
    """
    recorded = {name: value for name, value in theirs.items() if value is not None}
    unfit = [f"{name} = {value!r} ({why})" for name, value in recorded.items() if (why := _why_unfit(name, value))]
    if own_database and not unfit and recorded.get("db_pool_size", 0) > most_connections():
        cure = "name a server that has more with BENCH_DATABASE_URL"
        unfit = [
            f"db_pool_size = {recorded['db_pool_size']} (our PostgreSQL has room for {most_connections()}; {cure})"
        ]
    if unfit:
        raise UsageError(
            f"{campaign} was measured with settings that this version cannot give the app: {'; '.join(unfit)}. "
            f"Check out the version that measured it (commit {commit or 'unknown'}) and run `bench reproduce` there."
        )
    return todays() | recorded


def most_connections() -> int:
    """Return the largest size of the app's pool on our own PostgreSQL."""
    return int(POSTGRES["max_connections"]) - _OTHER_CONNECTIONS


def _why_unfit(name: str, value: Any) -> str:
    """Return why a setting cannot be used; empty if it can."""
    if name not in todays():
        return "there is no such setting here"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "not a number"
    if name == _UPSTREAM:
        fits = isfinite(value) and 0 <= value <= _LONGEST_DELAY_S
        return "" if fits else f"must be from 0 to {_LONGEST_DELAY_S:g}"
    try:
        Settings.model_validate({name: value})
    except ValidationError as error:
        # pydantic checks the caller's own variables too; their errors do not matter here
        return "; ".join(str(e["msg"]).lower() for e in error.errors() if e["loc"][0] == name)
    return ""
