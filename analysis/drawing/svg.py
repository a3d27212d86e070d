"""SVG text made small: matplotlib's output without comments, unused names and indentation."""

import re

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_PROLOG = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>", re.DOTALL)
_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'href="#([^"]+)"|url\(#([^)]+)\)')
_SIZED = re.compile(
    r'<svg ([^>]*?)width="[^"]*"([^>]*?)height="[^"]*"|<svg ([^>]*?)height="[^"]*"([^>]*?)width="[^"]*"'
)
_LONG_NUMBER = re.compile(r"(?<=[^\d.])[1-9]\d*\.\d{3,}")


def small(svg: str) -> str:
    """Return the same drawing in about half the bytes; names that nothing refers to are dropped."""
    for junk in (_COMMENT, _METADATA):
        svg = junk.sub("", svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    used = {a or b for a, b in _REFERENCE.findall(svg)}
    short = {name: f"g{number}" for number, name in enumerate(sorted(used))}
    svg = _ID.sub(lambda m: f' id="{short[m[1]]}"' if m[1] in short else "", svg)
    svg = _REFERENCE.sub(lambda m: m[0].replace(m[1] or m[2], short[m[1] or m[2]]), svg)
    # a hundredth of a pixel is plenty; numbers below one are scales and stay as they are
    svg = _LONG_NUMBER.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), svg)
    svg = svg.replace("<g>\n</g>\n", "")
    return re.sub(r"\n+", "\n", svg)


def inline(svg: str, *, prefix: str, label: str) -> str:
    """Return an SVG to stand in an HTML page: names made unique by `prefix`, and read out as one image.

    `label` must be escaped for an attribute already.
    """
    body = _PROLOG.sub("", svg).strip()
    body = re.sub(r' id="|href="#|url\(#', lambda found: f"{found[0]}{prefix}-", body)
    # functions, not templates: a backslash in a label means nothing
    return _SIZED.sub(
        lambda m: f'<svg {"".join(filter(None, m.groups()))}role="img" aria-label="{label}" ', body, count=1
    )
