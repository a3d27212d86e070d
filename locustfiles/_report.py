"""Tell Locust of each request, so that its statistics, web page and CSV files work as with its own clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from _target import Failure

if TYPE_CHECKING:
    from locust.env import Environment


class Report:
    """Fires Locust's request event for one kind of request."""

    __slots__ = ("_context", "_fire", "_method", "_name")

    def __init__(self, environment: Environment, *, method: str, name: str) -> None:
        """Report under Locust's columns Type (`method`) and Name (`name`)."""
        self._fire: Any = environment.events.request.fire
        self._method = method
        self._name = name
        self._context: dict[str, object] = {}

    def __call__(self, started: float, ended: float, received_bytes: int, failure: Failure | None) -> None:
        """Report one request; `started` and `ended` are perf_counter seconds, Locust is told milliseconds.

        The failure goes by its label: Locust keeps an entry for each different text.
        """
        self._fire(
            request_type=self._method,
            name=self._name,
            response_time=(ended - started) * 1e3,
            response_length=received_bytes,
            context=self._context,
            exception=None if failure is None else failure.label,
        )
