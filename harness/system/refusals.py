"""What the system refuses (a full disk, no permission, too many open files), as one sentence that says what to do."""

import errno
import os

from experiment.errors import Exit

EXIT = Exit.ENVIRONMENT

_LONGEST = 200
_OUT = "name another place, e.g. with --out"
_WHAT_TO_DO = {
    errno.ENOSPC: ("the disk is full", "free some space there"),
    errno.EDQUOT: ("your quota of the disk is used up", "free some space there"),
    errno.EROFS: ("the file system is read-only", "name a place that can be written to"),
    errno.EACCES: ("permission denied", "change its owner or its permissions, or name another place"),
    errno.EPERM: ("permission denied", "change its owner or its permissions, or name another place"),
    errno.EFBIG: ("the file gets larger than is allowed", "raise the limit with `ulimit -f unlimited`"),
    errno.EMFILE: ("this process may open no more files", "raise the limit with `ulimit -n 4096`"),
    errno.ENFILE: ("the system has no more files to open", "end what holds so many open"),
    errno.ENOMEM: ("no memory is left", "end other programs, or use a machine with more"),
    errno.EAGAIN: ("the system starts no more processes or threads", "end some, or raise the limit with `ulimit -u`"),
    errno.EIO: ("the device does not read or write", "look at its health, or name another place"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
    errno.ELOOP: ("symbolic links lead round in a circle", "remove them, or name another place"),
    errno.ENOTDIR: ("what should be a folder is none", _OUT),
    errno.EISDIR: ("what should be a file is a folder", "name a file"),
    errno.EEXIST: ("something else is there already", _OUT),
    errno.ENOENT: ("there is no such file or folder", "look whether the path is right"),
    errno.ENXIO: ("nobody reads from there", "name a file"),
    errno.ENODEV: ("a device is no place for that", "name a file"),
    errno.ENOLCK: ("the file system knows no locks", "keep campaigns on a local disk"),
    errno.EADDRINUSE: ("the address is in use", "end what uses it"),
}


def refusal_in(error: Exception) -> OSError | MemoryError | None:
    """Return what the system refused, if that is what an exception says; None for any other."""
    if isinstance(error, (OSError, MemoryError)):
        return error
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return None


def explain(error: OSError | MemoryError) -> str:
    """Return what happened, where, and what to do, in one sentence."""
    if isinstance(error, MemoryError):
        what, cure = _WHAT_TO_DO[errno.ENOMEM]
        return f"{what}: {cure}."
    what, cure = _WHAT_TO_DO.get(error.errno or 0, (error.strerror or str(error), "that is all the system says"))
    where = where_of(error)
    return f"{where}: {what}; {cure}." if where else f"{what}; {cure}."


def where_of(error: OSError) -> str:
    """Return the paths that the system named, in one line; empty when it named none."""
    named = [name for name in (error.filename, error.filename2) if isinstance(name, (str, bytes, os.PathLike))]
    return " and ".join(_one_line(os.fsdecode(name)) for name in named)


def _one_line(name: str) -> str:
    """Return a path as it can be shown: names may hold anything but a slash and a NUL."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in name)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
