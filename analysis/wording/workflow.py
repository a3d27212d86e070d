"""GitHub's workflow commands: lines of output that become annotations of a pull request."""


def command(kind: str, message: str, *, title: str, file: str | None = None, line: int | None = None) -> str:
    """Return one workflow command, escaped as GitHub reads it; `kind` is error, warning or notice."""
    properties = {"file": file, "line": None if line is None else str(line), "title": title}
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{kind} {said}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
