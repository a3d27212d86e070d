"""What `make bench-scale` found: the contents of docs/figures/scale.json, which docs/distributed.md computes from."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError

from experiment.errors import StoreError
from experiment.records.manifest import GitState, HostFacts
from experiment.records.registered import Entry, Text
from experiment.records.validation import complaint


class RatioFigure(Entry):
    """A ratio of two medians with its interval; None where there are too few rounds."""

    ratio: float | None
    low: float | None
    high: float | None
    rounds: NonNegativeInt


class CapacityFigures(Entry):
    """Answers a second of one process and of workers against a stub, by their names; `reason`: why two are not twice.

    `stub_share`: of its core, the most that the stub used beside each. The bytes are of one request and one answer.
    """

    window_s: PositiveFloat
    connections: PositiveInt
    rps: dict[Text, PositiveFloat]
    stub_share: dict[Text, NonNegativeFloat]
    ratios: dict[Text, RatioFigure]
    reason: Text | None
    request_bytes: PositiveInt
    answer_bytes: PositiveInt


class MasterFigures(Entry):
    """What a master costs with so many workers that only report; medians over its trials.

    `cpu_share`: cores that it keeps busy while a window is open. `start_s`: from the command to the load's beginning,
    clocks asked included. `report_ms`: from a window's end to the merged result. First and last are medians of the
    first and of the last third of trials. Bytes are of one worker: in a second of a window, and of its result.
    """

    workers: PositiveInt
    trials: PositiveInt
    window_s: PositiveFloat
    cpu_share: NonNegativeFloat
    start_s: NonNegativeFloat
    report_ms: NonNegativeFloat
    report_cpu_ms: NonNegativeFloat
    report_first_ms: NonNegativeFloat
    report_last_ms: NonNegativeFloat
    rss_first_mib: NonNegativeFloat
    rss_last_mib: NonNegativeFloat
    second_bytes: PositiveInt
    result_bytes: PositiveInt


class ScaleFigures(Entry):
    """The whole file; a part that was not measured is None or empty."""

    command: Text
    host: HostFacts
    packages: dict[Text, Text]
    git: GitState
    local_ports: Annotated[int, Field(ge=1, le=65_535)]
    descriptors: PositiveInt
    capacity: CapacityFigures | None = None
    master: tuple[MasterFigures, ...] = ()


def read_scale_figures(path: Path) -> ScaleFigures | None:
    """Return the figures, None where there is no such file yet. Raises StoreError for anything else."""
    try:
        return ScaleFigures.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise StoreError(f"{path.name}: {complaint(error)}.") from None
