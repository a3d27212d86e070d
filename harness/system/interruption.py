"""That the user, or the system, wants us to end: remembered, because an exception alone can get lost.

A signal's handler runs between any two steps of Python, those in callbacks from C included. An exception that it raises
in such a callback may be printed as ignored and dropped (seen inside pydantic's serializer). So the wish is noted as
well, and loops that wait or begin something ask for it.
"""

_noted = False


def note() -> None:
    """Remember that an end was asked for."""
    global _noted  # noqa: PLW0603 - there is one process, and one wish
    _noted = True


def forget() -> None:
    """Begin anew, as each command does."""
    global _noted  # noqa: PLW0603 - as above
    _noted = False


def check() -> None:
    """Raise KeyboardInterrupt if an end was asked for."""
    if _noted:
        raise KeyboardInterrupt
