"""How long other processes kept one of ours from its core."""


def kept_waiting(runqueue_share: float | None, foreign_cores: float | None) -> float | None:
    """Return at most which share of a window others kept a thread waiting for its core; None where that is unknown.

    `runqueue_share` is how long the thread could run and had no core. Others can cause that only while they run on its
    core (`foreign_cores`). The rest is our own doing: the SUT's threads take turns, the driver shares its core with the
    services.
    """
    return None if runqueue_share is None or foreign_cores is None else min(runqueue_share, foreign_cores)
