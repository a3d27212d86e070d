"""Finds the app: module:attribute, with dots in the attribute, called if it is a factory."""

from importlib import import_module
from operator import attrgetter
from typing import Any

from handlerbench_guest.settings import Settings


class TargetError(Exception):
    """The target names nothing that can be served."""


def load_target(settings: Settings) -> Any:
    """Import the app and return it; what its module raises is passed on as it is.

    Raises TargetError when the target has no such attribute, or what it names cannot be called.
    """
    module_name, _, attribute = settings.target.partition(":")
    if not module_name or not attribute:
        raise TargetError(f"{settings.target!r} names no app: it has to be module:attribute, such as shop.main:app")
    module = import_module(module_name)
    try:
        found = attrgetter(attribute)(module)
    except AttributeError:
        raise TargetError(f"module {module_name} has no {attribute}") from None
    app = found() if settings.is_factory else found
    if not callable(app):
        raise TargetError(f"{settings.target} is a {type(app).__name__} and no app")
    return app
