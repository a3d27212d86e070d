"""Nothing to do: what a route costs by itself."""

from bench_app.registry import Style, Work, variant

OK = {"ok": True}


@variant(work=Work.NOOP, style=Style.ASYNC_NATIVE, expected=OK, base_s=0.0)
async def async_native() -> dict[str, bool]:
    """Answer at once, on the loop."""
    return {"ok": True}


@variant(work=Work.NOOP, style=Style.ASYNC_NATIVE, tool="copy", expected=OK, base_s=0.0)
async def async_native_copy() -> dict[str, bool]:
    """Answer at once, on the loop: the same again, so that what differs between the two is noise."""
    return {"ok": True}


@variant(work=Work.NOOP, style=Style.DEF, expected=OK, base_s=0.0)
def plain_def() -> dict[str, bool]:
    """Answer at once, but from a worker thread."""
    return {"ok": True}
