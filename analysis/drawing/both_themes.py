"""A figure drawn once into the pixels of both themes: each stroke goes to two images, to the dark one in its colours.

Text is most of the work of drawing: it is laid out, and its glyphs are rendered, once for both.
"""

from functools import cache
from typing import Any

from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgb

from analysis.drawing.style import DARK, DPI, HEIGHT, LIGHT, WIDTH

_DARK = {to_rgb(light): to_rgb(DARK.tokens()[token]) for token, light in LIGHT.tokens().items()}


class BothThemes(RendererAgg):
    """matplotlib's renderer of pixels over two images; colours that are no theme's are the same in both."""

    def __init__(self) -> None:
        one: Any = RendererAgg  # it has no annotations
        one.__init__(self, WIDTH, HEIGHT, DPI)
        dark = one(WIDTH, HEIGHT, DPI)._renderer  # noqa: SLF001 - this is where strokes end, and glyphs once rendered
        self._renderer: Any = _Images(self._renderer, dark)
        vars(self)["draw_markers"] = self._renderer.draw_markers

    def clear(self) -> None:
        self._renderer.clear()

    @property
    def images(self) -> tuple[memoryview, memoryview]:
        """The light and the dark picture: height x width x RGBA, as bytes."""
        return memoryview(self._renderer.light), memoryview(self._renderer.dark)


@cache
def both_themes() -> BothThemes:
    """Return the one renderer of this process: it keeps the sizes of texts from picture to picture."""
    return BothThemes()


class _Images:
    """Two of matplotlib's images as one: what charts need of them; anything else is an AttributeError."""

    def __init__(self, light: Any, dark: Any) -> None:
        self.light, self.dark = light, dark
        self._text = self._dark_text = None

    def clear(self) -> None:
        self.light.clear()
        self.dark.clear()

    def draw_path(self, context: Any, path: Any, transform: Any, face: Any) -> None:
        self.light.draw_path(context, path, transform, face)
        self.dark.draw_path(_dark_context(context), path, transform, _dark(face))

    def draw_markers(self, context: Any, *marker_and_path: Any) -> None:
        *geometry, face = marker_and_path
        self.light.draw_markers(context, *geometry, face)
        self.dark.draw_markers(_dark_context(context), *geometry, _dark(face))

    def draw_text_image(self, glyph: Any, x: float, y: float, angle: float, context: Any) -> None:
        if context is not self._text:  # the glyphs of a text come one by one
            self._text, self._dark_text = context, _dark_context(context)
        self.light.draw_text_image(glyph, x, y, angle, context)
        self.dark.draw_text_image(glyph, x, y, angle, self._dark_text)


def _dark_context(context: Any) -> Any:
    dark: Any = GraphicsContextBase()
    dark.copy_properties(context)
    dark.set_foreground(_dark(context.get_rgb()), isRGBA=True)
    if context.get_hatch() is not None:
        dark.set_hatch_color(_dark(context.get_hatch_color()))
    return dark


def _dark(colour: Any) -> Any:
    """Return an RGB or RGBA colour of the light theme as the dark one has it; None, for no colour, stays."""
    if colour is None:
        return None
    rgb = tuple(colour[:3])
    return (*_DARK.get(rgb, rgb), *colour[3:])
