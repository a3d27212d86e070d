"""What must not get into results: the values of the user's variables. What an app says may repeat them."""

from collections.abc import Iterable, Mapping

from experiment.design.own_app import AppTarget, BenchFile, variables
from harness.own_app.app_environment import env_file_values

HIDDEN = "(hidden)"
_SHORTEST = 6
"""A shorter value cannot be told from the words around it: hiding `1` or `dev` would make a log unreadable."""


def secrets_of(file: BenchFile, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values to hide, the longest first: of every ${NAME} that is asked for, and of the env_file.

    Raises UsageError for an env_file that cannot be read.
    """
    headers = [value for request in file.requests for _, value in request.headers]
    return _sorted([*_named(headers, environ), *secrets_of_app(file.app, environ)])


def secrets_of_app(app: AppTarget, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return those of them that the app is started with. Raises likewise."""
    asked = [value for _, value in app.environment]
    return _sorted([*_named(asked, environ), *env_file_values(app.env_file, environ).values()])


def _named(texts: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    return [environ[name] for text in texts for name in variables(text) if name in environ]


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if len(value) >= _SHORTEST}, key=len, reverse=True))


def redacted(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text
