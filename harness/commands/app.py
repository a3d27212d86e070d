"""`bench app`: an app of your own, measured in its own folder and environment. A group: each command is a module."""

from harness.commands.table import Command

COMMANDS = {
    "init": Command("app_init", "read the app and write a commented handlerbench.toml to edit"),
    "inspect": Command("app_inspect", "without load: every route's style, thread hops and traps"),
    "run": Command("app_run", "load every request of the file, judge, rank, report"),
    "try": Command("app_try", "measure one change against the app as it is, without editing it"),
}

DESCRIPTION = """\
Which routes of an app of yours hold up the event loop, at which lines, and
what a change would bring. The app stays as it is: it runs in its own folder,
under its own Python. Begin with init; docs/handlerbench-toml.md has the keys."""
