"""The browser of the tests, and what they ask a page: which texts there are, and whether they stand out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It looks for nothing on a network by itself."""

TEXTS = """() => [...document.querySelectorAll("body *")]
  .filter((e) => !e.closest("svg, script, style, select, [hidden]") && e.checkVisibility())
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
  .map((e) => {
    const style = getComputedStyle(e);
    let ground = e;
    while (ground && getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
    return {
      text: e.textContent.trim().slice(0, 60),
      ink: style.color,
      ground: ground ? getComputedStyle(ground).backgroundColor : "rgb(255, 255, 255)",
      size: parseFloat(style.fontSize),
      weight: Number(style.fontWeight),
    };
  })"""
"""Every text that can be seen, with its colours and its size, for Page.evaluate."""


def need_chromium() -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")


def luminance(colour: str) -> float:
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(ink: str, ground: str) -> float:
    darker, lighter = sorted((luminance(ink), luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)


def too_faint(text: dict[str, Any]) -> bool:
    is_large = text["size"] >= 24 or (text["size"] >= 18.66 and text["weight"] >= 700)
    return contrast(text["ink"], text["ground"]) < (3.0 if is_large else 4.5)
