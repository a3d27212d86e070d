"""What a trial counts of its bystander."""

from _recorder import Durations, Times, whole_us
from _tally import ArrivalTally

TENTHS = 10


class BystanderTally(ArrivalTally):
    """Arrivals whose response times are also kept by the tenth of the planned window in which they were due."""

    def __init__(self) -> None:
        super().__init__()
        self.tenths = tuple(Durations() for _ in range(TENTHS))
        self._tenth_s = 0.0

    def begin(self, *, open_t: float, window_s: float, drain_s: float = 0.0) -> None:
        super().begin(open_t=open_t, window_s=window_s, drain_s=drain_s)
        self._tenth_s = window_s / TENTHS

    def _inside(self, intended: Times, sent_t: Times, ended: Times) -> None:
        super()._inside(intended, sent_t, ended)
        for due_t, ended_t in zip(intended.tolist(), ended.tolist(), strict=True):
            self._tenth(due_t).counts.record(whole_us(ended_t - due_t))

    def _answered(self, intended: float, sent_t: float, ended: float) -> None:
        super()._answered(intended, sent_t, ended)
        self._tenth(intended).counts.record(whole_us(ended - intended))

    def _censor(self, intended: float, sent_t: float, at: float) -> None:
        super()._censor(intended, sent_t, at)
        self._tenth(intended).censored.record(whole_us(at - intended))

    def _tenth(self, intended: float) -> Durations:
        return self.tenths[min(int((intended - self.open_t) / self._tenth_s), TENTHS - 1)]
