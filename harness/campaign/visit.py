"""One connection's work for a campaign on another machine: say what to measure, drive it, bring it here."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired

from analysis.wording.printable import printable
from experiment.errors import BenchError, EnvironmentUnfitError, Exit
from experiment.records.errand import AppSide, Errand, read_line
from experiment.records.manifest import LOOPBACK
from experiment.records.store import CampaignFolder
from harness.campaign.bringing import bring, is_there
from harness.campaign.events import Listener
from harness.system import interruption
from harness.system.channel import Channel
from harness.system.pinning import plan_cores, usable_cores
from harness.system.process import child, free_port, tail
from harness.system.ssh import Ssh
from harness.trial.driver import COME_LIMIT_S
from harness.trial.joining import Joining, greets, joined

_ANSWER_LIMIT_S = 60.0
_END_LIMIT_S = 30.0
_HERE_EVERY_S = 5.0
_LOOK_AGAIN_S = 0.5
_GONE_LIMIT_S = 15.0
_SHELL = 'cd "$1" || exit 7; PATH="$PWD/.venv/bin:$PATH" exec bench sut'
_NO_FOLDER, _NO_PROGRAM, _LOST = 7, 127, 255
"""Exit codes: of the shell's words above, of a shell that finds no such program, of ssh itself."""

_OF_WHOLE_ONES = {Exit.OK, Exit.INVALID}
_GOING_ON_THERE = re.compile(r"bench (app )?run --resume \S+?(?=[`'\s]|$)")
_KEPT_THERE = " What was measured is kept"
_NOT_FOR_HERE = ("waiting at most ", "measured; stopped because")
"""What is said there of workers and of the end is done and said here."""


@dataclass(slots=True, kw_only=True)
class Visit:
    """What is measured there by an errand, driven by so many workers, to be brought from `parent` there to `out`.

    `sut_host` is the address of the app that the user named, if any; `going_on` is the command that goes on with the
    campaign when it breaks off.
    """

    ssh: Ssh
    errand: Errand
    workers: int
    sut_host: str | None
    parent: str
    out: Path
    going_on: str
    logs: Path
    listener: Listener
    _has_begun: bool = False
    _is_lost: bool = False
    _is_here: bool = False
    _said_t: float = 0.0

    def campaign(self) -> CampaignFolder:
        """Have it measured, bring it here and return it. Raises what ended it there if it is not whole."""
        code = self._measured()
        if _is_of_ssh(code):
            raise self._failure(code)
        try:
            self._bring()
        except EnvironmentUnfitError:
            if code != Exit.OK:
                raise self._failure(code) from None
            raise
        folder = CampaignFolder.open(self.out)
        if code not in _OF_WHOLE_ONES or folder.manifest().stopped_because is None:
            raise self._failure(code)
        return folder

    def keep(self, error: BaseException) -> None:
        """Bring what there is, and have an error that ends the campaign say where that is and how to go on."""
        if not self._has_begun:
            return
        failed = ""
        try:
            if not self._is_lost and not is_there(self.ssh, self.parent, self.out.name, self.logs / "looked"):
                return
            if not self._is_lost and not self._is_here:
                self._bring()
        except (BenchError, OSError) as reason:
            failed = f" It could not be brought here: {reason} (--resume takes any folder named {self.out.name}.)"
        here = f" and in {self.out}" if self.out.exists() else ""
        place = f"{self.parent}/{self.out.name} on {self.ssh.place.host}"
        said = f"What was measured is kept in {place}{here}; go on with `{self.going_on}`.{failed}"
        if isinstance(error, BenchError):
            error.args = (f"{error} {said}",)
        else:
            error.add_note(said)

    def _bring(self) -> None:
        bring(self.ssh, self.parent, self.out, self.logs / "brought.tar")
        self._is_here = True

    def _measured(self) -> int:
        """Have it measured there, driven from here, and return the exit code."""
        with self._app_side() as (channel, side):
            self._has_begun, port = True, free_port()
            self.ssh.forward(port, side.master_port)
            self._await_master(channel, port)
            with self._joined(channel, port, side) as workers:
                try:
                    self._pass_on(channel, workers)
                finally:  # before the workers go: their going would count as a trial that failed
                    with interruption.deferred():
                        _leave(channel)
        code = channel.process.returncode
        return _LOST if code is None else code

    @contextmanager
    def _app_side(self) -> Iterator[tuple[Channel, AppSide]]:
        """Run the app's side until the block ends; then nobody is there, and it has time to end what it measures."""
        words = self.ssh.command(["sh", "-c", _SHELL, "sh", self.ssh.place.path])
        with child(words, log=self._log, piped=True) as process:
            channel = Channel(process)
            side = self._answer(channel)
            try:
                yield channel, side
            finally:
                with interruption.deferred():
                    _leave(channel)

    def _answer(self, channel: Channel) -> AppSide:
        try:
            channel.send(self.errand.model_dump_json().encode(), _ANSWER_LIMIT_S)
            said = channel.receive(_ANSWER_LIMIT_S)
        except OSError:  # TimeoutError is one
            said = None
        if said is None:
            with suppress(TimeoutExpired):
                channel.process.wait(_END_LIMIT_S)
                raise self._failure(channel.process.returncode)
            raise EnvironmentUnfitError(f"{self.ssh.place.host} does not answer within {_ANSWER_LIMIT_S:g} s.")
        return self._checked(read_line(AppSide, said, self.ssh.place.host))

    def _checked(self, side: AppSide) -> AppSide:
        """Refuse to load another address than the one that was meant: the other side does not decide that alone."""
        host, named = self.ssh.place.host, self.sut_host
        if named is not None and side.sut_host != named:
            raise EnvironmentUnfitError(f"{host} would have {side.sut_host} loaded instead of {named}.")
        if named is None and side.sut_host not in self.ssh.addresses():
            raise EnvironmentUnfitError(
                f"the app would be at {side.sut_host}, which is no address of {host} as it is known here. If this "
                "machine reaches the app there all the same, and nobody else has that address, say so: "
                f"--sut-host {side.sut_host}"
            )
        return side

    def _await_master(self, channel: Channel, port: int) -> None:
        deadline = time.monotonic() + COME_LIMIT_S
        while not greets(port):
            interruption.check()
            self._say_here(channel)
            if channel.process.poll() is not None:
                raise self._failure(channel.process.returncode)
            if time.monotonic() > deadline:
                host, why = self.ssh.place.host, tail(self.logs / "ssh.log")
                raise EnvironmentUnfitError(f"the master on {host} is not reached within {COME_LIMIT_S:g} s.{why}")
            time.sleep(_LOOK_AGAIN_S)

    @contextmanager
    def _joined(self, channel: Channel, port: int, side: AppSide) -> Iterator[list[Channel]]:
        with ExitStack() as stack:
            workers = []
            for number, core in enumerate(_cores(self.workers)):
                self._say_here(channel)
                asked = Joining(host=LOOPBACK, port=port, wait_s=COME_LIMIT_S, sut_host=side.sut_host, core=core)
                workers.append(stack.enter_context(joined(asked, self._worker_log(number))))
            yield workers

    def _pass_on(self, channel: Channel, workers: Sequence[Channel]) -> None:
        """Show the lines of the other side until it ends, and show it that we are here."""
        has_ended, all_here_t = False, time.monotonic()
        while not has_ended:
            interruption.check()
            has_ended = channel.process.poll() is not None
            self._show(channel.waiting(0 if has_ended else _LOOK_AGAIN_S))
            self._say_here(channel)
            gone = [number for number, worker in enumerate(workers) if worker.process.poll() is not None]
            if not gone:
                all_here_t = time.monotonic()
            elif time.monotonic() - all_here_t > _GONE_LIMIT_S:  # they end with their master, just before it does
                raise EnvironmentUnfitError(f"a worker here has ended.{tail(self._worker_log(gone[0]))}")

    def _show(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            text = line.decode("utf-8", "replace")
            if not text.startswith(_NOT_FOR_HERE):
                self.listener.note(text)

    def _say_here(self, channel: Channel) -> None:
        """Send a line now and then: without any the other side takes the connection for lost."""
        if time.monotonic() - self._said_t > _HERE_EVERY_S:
            self._said_t = time.monotonic()
            with suppress(OSError):  # it has ended, or the connection is about to
                channel.send(b"", _HERE_EVERY_S)

    def _failure(self, code: int | None) -> BenchError:
        """Return the error for people of a command that ended there, with its own words and exit code."""
        place, said = self.ssh.place, _said(self._log)
        said = _GOING_ON_THERE.sub(lambda _: self.going_on, said)
        if _is_of_ssh(code):
            self._is_lost = True
            why = _said(self.logs / "ssh.log", said)
            return EnvironmentUnfitError(f"the connection to {place.host} is lost: {why.rstrip('.')}.")
        if code == Exit.USAGE:
            self._has_begun = False  # a folder that is there is not of this campaign
        if code == _NO_FOLDER:
            return EnvironmentUnfitError(f"there is no folder {place.path} on {place.host}.")
        if code == _NO_PROGRAM:
            return EnvironmentUnfitError(
                f"{place.host} has no `bench`: install this version of handlerbench there, in {place.path}/.venv or "
                "where ssh finds programs."
            )
        error = BenchError(f"{place.host}: {said}")
        error.exit_code = Exit(code) if code in set(Exit) - {Exit.OK} else Exit.ENVIRONMENT
        return error

    @property
    def _log(self) -> Path:
        return self.logs / "there.log"

    def _worker_log(self, number: int) -> Path:
        return self.logs / f"worker-{number}.log"


def _leave(channel: Channel) -> None:
    """Say that nobody is here any more, and wait until the other side has ended; again, it does nothing."""
    assert channel.process.stdin is not None  # noqa: S101 - for the type checker: started with pipes
    channel.process.stdin.close()
    deadline = time.monotonic() + _END_LIMIT_S
    while channel.process.poll() is None and time.monotonic() < deadline:
        channel.waiting(_LOOK_AGAIN_S)


def _cores(workers: int) -> Sequence[int | None]:
    """Return a core for each worker where there are as many; else none has one of its own."""
    cores = usable_cores() if plan_cores().enforced else ()
    return cores[:workers] if workers <= len(cores) else [None] * workers


def _is_of_ssh(code: int | None) -> bool:
    """Return whether it is ssh here that ended, and not the command there: by a signal, or with a code of its own."""
    return code is None or code < 0 or code == _LOST


def _said(log: Path, otherwise: str = "it said nothing") -> str:
    """Return the last message in a log: from its last "bench: " on, or its last lines."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    _, found, message = text.rpartition("bench: ")
    message = message.partition(_KEPT_THERE)[0] if found else "\n".join(text.splitlines()[-3:])
    return printable(message).strip() or otherwise
