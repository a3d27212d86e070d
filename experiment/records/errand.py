"""What the two sides of `--sut ssh://…` say to each other: one JSON text a line, each side one of them.

What follows is lines without a meaning from the side that drives, which show that it is there, and lines for people
from the app's side.
"""

import ipaddress
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from experiment.errors import EnvironmentUnfitError
from experiment.records.manifest import MOST_WORKERS
from experiment.records.validation import StrictModel, complaint

_LONGEST = 4096
_HIGHEST_PORT = 65535
_Text = Annotated[str, Field(max_length=_LONGEST)]
_Port = Annotated[int, Field(ge=1, le=_HIGHEST_PORT)]
Said = TypeVar("Said", bound=StrictModel)


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


class Errand(StrictModel):
    """What to measure on the app's machine: the words of a `bench` command.

    `workers` is how many drive a new campaign; None: the words go on with one, whose manifest says it. `sut_host` is
    where they reach the app; None: the address at which the connection came in. `master_port` is None for any.
    """

    version: _Text
    words: Annotated[tuple[_Text, ...], Field(max_length=1000)]
    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS)] | None = None
    sut_host: _Text | None = None
    master_port: _Port | None = None


class AppSide(StrictModel):
    """Where the app's side is: the app's address, and the port of its loopback at which the master listens."""

    sut_host: Annotated[str, AfterValidator(_address)]
    master_port: _Port


def read_line(model: type[Said], line: bytes, speaker: str) -> Said:
    """Return what was said. Raises EnvironmentUnfitError, naming the speaker, for anything else."""
    try:
        return model.model_validate_json(line)
    except ValidationError as error:
        raise EnvironmentUnfitError(f"{speaker} said what this version does not know: {complaint(error)}") from None
