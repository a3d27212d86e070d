"""The words of a call, as values: names with the nearest match, durations, rates, counts."""

import argparse
import ipaddress
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from bench_app.spelling import near
from experiment.errors import UsageError

_HIGHEST_RATE_RPS = 10_000.0
_LONGEST_S = 3_600_000.0
_HIGHEST_PORT = 65535
_MOST_USERS = 1000
_LONGEST_WAIT_MS = 5000
_MOST_CPU_US = 100_000
_SHORT_UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
MASTER_PORT = 5557
"""Locust's own."""

_LONGEST_SHOWN = 60
_UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def nearest(
    name: str,
    known: Iterable[str],
    what: str,
    *,
    listed_by: str = "bench list",
    close: Callable[[str, Iterable[str]], tuple[str, ...]] = near,
) -> str:
    """Return `name` if it is known, whatever its case; raises UsageError naming the nearest ones otherwise."""
    folded = {option.lower(): option for option in known}
    if name.strip().lower() in folded:
        return folded[name.strip().lower()]
    hint = did_you_mean(close(name, folded.values()))
    raise UsageError(f"there is no {what} {name[:_LONGEST_SHOWN]!r}.{hint} `{listed_by}` shows them all.")


def did_you_mean(names: Iterable[str]) -> str:
    """Return the question with its leading space; empty where there is no name to suggest."""
    *before, last = names or ("",)
    return f" Did you mean {', '.join(before)}{' or ' if before else ''}{last}?" if last else ""


def claim_id(name: str) -> str:
    """Return a claim's id from its id or its slug; raises UsageError naming the nearest ones otherwise."""
    from experiment.design.claims import CLAIMS

    by_slug = {c.slug: c.id for c in CLAIMS.values()}
    found = nearest(name, [*CLAIMS, *by_slug], "claim", listed_by="bench list claims", close=_near_claims)
    return by_slug.get(found, found)


def _near_claims(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the nearest claims. Of what looks like an id the number counts, and then the letter: A24 is no A2."""
    number = _number_of(name)
    if number is None:
        return near(name, [each for each in known if _number_of(each) is None])
    numbered = tuple(each for each in known if _number_of(each) == number)
    lettered = tuple(each for each in numbered if each[:1].lower() == name.strip()[:1].lower())
    return lettered or numbered


def _number_of(name: str) -> int | None:
    match = re.fullmatch(r"[a-z]?[\W_]*(\d{1,9})[\W_]*[a-z]?", name.strip().lower(), re.ASCII)
    return int(match[1]) if match else None


def claim_ids(names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of claims named by id or slug, each once; raises UsageError for one that there is not."""
    return tuple(dict.fromkeys(map(claim_id, names)))


def named_claims(text: str) -> tuple[str, ...]:
    """Read names parted by commas: at least one."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError(f"{text!r} names no claim; write A1,A8, or leave it out for the profile's own")
    return names


def seconds(text: str) -> float:
    """Read a duration: 90, 90s, 5m, 1h."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smh]?)", text.strip(), re.ASCII)
    found = float(match[1]) * _UNITS_S[match[2]] if match else 0.0
    if not 0 < found <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no duration up to 1000 hours; write 90s, 5m or 1h")
    return found


def new_folder(text: str) -> Path:
    """Read where a new folder goes; its name becomes that of a campaign. Raises OSError where there can be none."""
    path = Path(text if Path(text).name else os.path.abspath(text))  # noqa: PTH100 - "." and ".." have no name
    if not text or not path.name or not str(path).isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is no name for a folder: it has none, or holds what is no text")
    with suppress(FileNotFoundError):
        path.stat()
    return path


def rates(text: str) -> tuple[float, ...]:
    """Read offered rates, in requests a second."""
    try:
        found = tuple(sorted({float(part) for part in text.split(",")}))
    except ValueError:
        found = ()
    if not found or not all(0 < rate <= _HIGHEST_RATE_RPS for rate in found):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of rates from above 0 to 10000, such as 100,200,400")
    return found


def user_counts(text: str) -> tuple[int, ...]:
    """Read numbers of users, each from 1 to 1000."""
    return _counts(text, "numbers of users", "1,20,80", most=_MOST_USERS)


def token_counts(text: str) -> tuple[int, ...]:
    """Read sizes of the thread pool, each from 1 to 1000."""
    return _counts(text, "sizes of the thread pool", "10,40,100", most=_MOST_USERS)


def _counts(text: str, what: str, such_as: str, *, most: int) -> tuple[int, ...]:
    is_list = re.fullmatch(r" *\d{1,6} *(, *\d{1,6} *)*", text, re.ASCII)
    found = sorted({int(part) for part in text.split(",")}) if is_list else []
    if not found or not all(1 <= count <= most for count in found):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no list of {what} from 1 to {most}, such as {such_as}")
    return tuple(found)


def waits_ms(text: str) -> tuple[int, ...]:
    """Read waits, in whole milliseconds: 5ms, 50ms, 0.5s."""
    said = "waits of whole milliseconds from 1ms to 5s, such as 5ms,50ms,500ms"
    return _whole(text, said, per_s=1_000, most=_LONGEST_WAIT_MS)


def cpus_us(text: str) -> tuple[int, ...]:
    """Read CPU times a request, in whole microseconds: 100us, 1ms."""
    said = "CPU times of whole microseconds from 1us to 100ms, such as 100us,1ms,10ms"
    return _whole(text, said, per_s=1_000_000, most=_MOST_CPU_US)


def _whole(text: str, said: str, *, per_s: int, most: int) -> tuple[int, ...]:
    """Read durations as whole numbers of a unit of which a second has `per_s`; `said` is what they should have been."""
    found = [_in_units(part.strip(), per_s) for part in text.split(",")]
    known = sorted({int(each) for each in found if each is not None and each == int(each)})
    if None in found or len(known) != len(set(found)) or not all(1 <= each <= most for each in known):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no list of {said}")
    return tuple(known)


def _in_units(text: str, per_s: int) -> float | None:
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)(us|ms|s)", text, re.ASCII)
    return None if match is None else round(float(match[1]) * per_s * _SHORT_UNITS_S[match[2]], 3)


def positive(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from 1 to 999999")
    return int(text)


def workers(text: str) -> int:
    from experiment.records.manifest import MOST_WORKERS

    if not re.fullmatch(r"\d{1,3}", text, re.ASCII) or int(text) > MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from 0 to {MOST_WORKERS}")
    return int(text)


def spoken(duration_s: float) -> str:
    """Return a duration in minutes and seconds: 1 min, 6 min 40 s, 45 s."""
    minutes, rest = divmod(round(duration_s), 60)
    parts = [f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest or not minutes)
    return " ".join(parts)


def seed(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number of at most 18 digits")
    return int(text)


def port(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 1 <= int(text) <= _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no port; ports go from 1 to {_HIGHEST_PORT}")
    return int(text)


def core(text: str) -> int:
    from harness.system.pinning import usable_cores

    here = usable_cores()
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or int(text) not in here:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no core of this machine: {', '.join(map(str, here))}")
    return int(text)


def endpoint(text: str) -> tuple[str, int]:
    """Read HOST or HOST:PORT, an IPv6 address with a port in brackets; the port is Locust's where none is given."""
    with suppress(ValueError):
        return str(ipaddress.IPv6Address(text)), MASTER_PORT
    match = re.fullmatch(r"(?:\[([^\[\]\s]+)\]|([^\[\]:\s]+))(?::(\d+))?", text, re.ASCII)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text[:_LONGEST_SHOWN]!r} is no HOST or HOST:PORT, such as 10.0.0.5:5557")
    return match[1] or match[2], MASTER_PORT if match[3] is None else port(match[3])


def one_of(what: str, values: Iterable[str], *, listed_by: str) -> Callable[[str], str]:
    """Return what reads one of these names, whatever its case; it raises UsageError naming the nearest otherwise."""
    known = tuple(values)

    def read(text: str) -> str:
        return nearest(text, known, what, listed_by=listed_by)

    return read
