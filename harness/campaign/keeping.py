"""What was measured is kept: a trial that the disk refuses is tried again, and a campaign can be gone on with."""

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from experiment.errors import BenchError
from experiment.records.store import CampaignFolder
from experiment.records.trial import Measurement, TrialRecord
from harness.system import interruption
from harness.system.faults import unexpected
from harness.system.places import short
from harness.system.refusals import explain, refusal_in

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""How long to wait before each further try: somebody may free some space within a minute."""


def keep(
    folder: CampaignFolder,
    record: TrialRecord,
    measured: Measurement,
    *,
    note: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Add a trial to the folder; where the disk refuses, take back the part it took and try again.

    A signal waits until the trial is kept. Raises OSError when the last try has failed as well.
    """
    sizes = folder.sizes()
    for pause_s in (*PAUSES_S, None):
        try:
            with interruption.deferred():
                folder.cut_to(sizes)
                folder.append(record, measured.histograms, measured.seconds)
        except OSError as error:
            if pause_s is None:
                _take_back(folder, sizes)
                raise
            note(f"{record.trial_id} is not on disk yet: {explain(error)} Trying again in {pause_s:g} s.")
            pause(pause_s)
        else:
            return


def _take_back(folder: CampaignFolder, sizes: dict[str, int]) -> None:
    """Take back a part of a trial; what cannot be taken back has no row in trials.csv, and is not read."""
    try:
        folder.cut_to(sizes)
    except OSError:
        return


@contextmanager
def resumable(path: Path, command: str = "bench run") -> Iterator[None]:
    """Have an error that ends a campaign say how to go on; the traceback of one of our own goes to its logs/.

    `command` is what measured it, and goes on with it.

    Raises BenchError for an exception that nobody expected.
    """
    try:
        yield
    except BenchError:
        raise
    except KeyboardInterrupt as error:
        error.add_note(_go_on(path, command))
        raise
    except Exception as error:
        if refusal_in(error) is not None:
            error.add_note(_go_on(path, command))
            raise
        raise BenchError(f"{unexpected(error, path / 'logs')} {_go_on(path, command)}") from error


def _go_on(path: Path, command: str) -> str:
    return f"What was measured is kept; go on with `{command} --resume {shlex.quote(short(path))}`."
