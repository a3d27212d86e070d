"""`make docs`: README, docs and the pages they link to as a site in build/docs, made and checked without a network.

The pages are copied to a folder first, each where it lies in the repository, so that their links are those of GitHub.
docs/index.md is the menu. A link, an anchor or a picture that leads nowhere is an error, and so is whatever the built
pages would load from somewhere else.
"""

import json
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from experiment.errors import EnvironmentUnfitError, Exit, UsageError
from harness.system.places import CHECKOUT, short

INDEX, SETTINGS, THEME = "docs/index.md", "docs/site/mkdocs.yml", "docs/site/theme"
ALWAYS = (INDEX, "docs/site/extra.css")
BUILD, PAGES, SITE = "build", "docs-pages", "docs"
TIMEOUT_S = 120.0
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`|^    .*?$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_ITEM = re.compile(r"^- \[([^\]]+)\]\(([^)]+)\)", re.MULTILINE)
_LOADING = {"src", "srcset", "poster", "data"}
_FOREIGN = re.compile(r"(?:https?:)?//\w")
_FOREIGN_CSS = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")\s]+)")


def links(page: str, text: str) -> Iterator[str]:
    """Yield the paths in the repository that a page links to; none of what stands in code or on other hosts."""
    for _, _, target in _LINK.findall(_CODE.sub("", text)):
        parts = urlsplit(target)
        if parts.path and not parts.scheme:
            yield posixpath.normpath(posixpath.join(posixpath.dirname(page), parts.path))


def pages(root: Path) -> dict[str, str]:
    """Return the text of every page and the files they link to, by path; a file that is no page has an empty text.

    Raises UsageError for a link to what is no file.
    """
    found: dict[str, str] = {}
    open_ones = list(ALWAYS)
    while open_ones:
        path = open_ones.pop()
        if path in found:
            continue
        text = (root / path).read_text(encoding="utf-8") if path.endswith(".md") else ""
        found[path] = drawn_later(root, path, text)
        open_ones += [_existing(root, path, link) for link in links(path, found[path])]
    return found


def _existing(root: Path, page: str, path: str) -> str:
    if not (root / path).is_file():
        raise UsageError(f"{page} links to {path}, which is no file of this repository.")
    return path


def drawn_later(root: Path, page: str, text: str) -> str:
    """Return a campaign's report.md without links to the charts that the repository leaves out; their titles stay."""
    folder = posixpath.dirname(page)
    if not folder.startswith("results/"):
        return text

    def link_or_title(found: re.Match[str]) -> str:
        is_left_out = found[3].startswith("charts/") and not (root / folder / found[3]).is_file()
        return found[2] if is_left_out else found[0]

    return _LINK.sub(link_or_title, text)


def menu(index: str) -> list[dict[str, list[dict[str, str]]]]:
    """Return the site's menu from docs/index.md: a heading for each group, the items of its list below it."""
    groups = re.split(r"^## ", index, flags=re.MULTILINE)[1:]
    made = []
    for group in groups:
        heading, _, items = group.partition("\n")
        made.append({heading.strip(): [{title: _from_root(path)} for title, path in _ITEM.findall(items)]})
    return made


def _from_root(path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(INDEX), path))


def slug(heading: str, separator: str) -> str:
    """Return a heading's anchor as GitHub makes it, with a `_` before a digit, which no selector begins with."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", separator)
    return f"_{words}" if words[:1].isdigit() else words


class _Assets(HTMLParser):
    """Collects what a page loads by itself from another host; a link to click is none of it."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        loading = _LOADING | ({"href"} if tag in {"link", "image", "use"} else set())
        self.foreign += [value for name, value in attrs if name in loading and value and _FOREIGN.match(value)]


def foreign_assets(site: Path) -> list[str]:
    """Return what the built pages and style sheets would load from another host, each with its file."""
    found = []
    for path in sorted(site.rglob("*.html")):
        parser = _Assets()
        parser.feed(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(site)} loads {address}" for address in parser.foreign]
    for path in sorted(site.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(site)} loads {address}" for address in _FOREIGN_CSS.findall(text)]
    return found


def stage(root: Path, build: Path) -> Path:
    """Copy the pages and what they link to, write the settings beside them; return the settings' path."""
    place = build / PAGES
    shutil.rmtree(place, ignore_errors=True)
    for path, text in pages(root).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        if text:
            (place / path).write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(root / path, place / path)
    asked = {
        "INHERIT": str(root / SETTINGS),
        "docs_dir": str(place),
        "site_dir": str(build / SITE),
        "theme": {"custom_dir": str(root / THEME)},
        "nav": menu((root / INDEX).read_text(encoding="utf-8")),
    }
    settings = build / "mkdocs.yml"
    settings.write_text("\n".join(f"{key}: {json.dumps(value)}" for key, value in asked.items()), encoding="utf-8")
    return settings


def build_site(root: Path, build: Path) -> Path:
    """Make the site and return its folder; raises UsageError for what leads nowhere or would be loaded from afar."""
    settings = stage(root, build)
    site = build / SITE
    command = [sys.executable, "-P", "-m", "mkdocs", "build", "--strict", "--config-file", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if "No module named mkdocs" in done.stderr:
        raise EnvironmentUnfitError("mkdocs is not installed: `make docs` installs it from requirements-docs.lock.")
    if done.returncode:
        raise UsageError(f"The site was not made.\n{(done.stdout + done.stderr).strip()}")
    (site / "404.html").unlink(missing_ok=True)  # works only at the root of a server
    if foreign := foreign_assets(site):
        raise UsageError("The site would load something from another host:\n" + "\n".join(foreign))
    return site


def main() -> int:
    """Build the site of this checkout, and say where it is; return the exit code."""
    if CHECKOUT is None:
        raise UsageError("this bench was installed from a wheel, which has no docs: build them in a checkout.")
    try:
        site = build_site(CHECKOUT, CHECKOUT / BUILD)
    except (UsageError, EnvironmentUnfitError) as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{short(site / 'index.html')}: {sum(1 for _ in site.rglob('*.html'))} pages; open it, no server is needed")
    return Exit.OK


if __name__ == "__main__":
    sys.exit(main())
