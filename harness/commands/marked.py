"""Pages written by hand with blocks that are generated: each stands between two markers that name it."""

from experiment.errors import UsageError


def filled(page: str, name: str, block: str, *, where: str) -> str:
    """Return a page with a block between its markers `<!-- NAME:begin -->` and `<!-- NAME:end -->` (pure).

    `where` is the page's name for the UsageError that is raised when it lacks one of them.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = page.partition(begin)
    _, also, after = rest.partition(end)
    if not found or not also:
        raise UsageError(f"{where} lacks the markers {begin} and {end}, between which a block goes.")
    return f"{before}{begin}\n{block}\n{end}{after}"
