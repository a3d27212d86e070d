"""Nothing to do: what a route costs by itself."""

from bench_app.registry import variant
from bench_app.styles import ASYNC_NATIVE, DEF
from bench_app.works import NOOP

OK = {"ok": True}


@variant(work=NOOP, style=ASYNC_NATIVE, expected=OK)
async def async_native() -> dict[str, bool]:
    """Answer at once, on the loop."""
    return {"ok": True}


@variant(work=NOOP, style=ASYNC_NATIVE, tool="copy", expected=OK)
async def async_native_copy() -> dict[str, bool]:
    """Answer at once, on the loop: identical to the route above, so any difference between the two is noise."""
    return {"ok": True}


@variant(work=NOOP, style=DEF, expected=OK)
def plain_def() -> dict[str, bool]:
    """Answer at once, but from a worker thread."""
    return {"ok": True}


@variant(work=NOOP, style=DEF, tool="annotated", expected=OK, validates=True)
def plain_def_annotated() -> dict[str, bool]:
    """Answer at once from a worker thread, and let FastAPI validate the answer by its annotation: a second hop."""
    return {"ok": True}
