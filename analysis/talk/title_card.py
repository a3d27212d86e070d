"""The card that opens a deck: the tally of the campaign, and where its numbers come from."""

from collections import Counter

from matplotlib.figure import Figure

from analysis.drawing.canvas import Canvas, blank
from analysis.drawing.interval import verdict_ink
from analysis.drawing.style import Theme, text_width
from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.stats.results import Verdict
from analysis.talk.cards import title_lines
from analysis.talk.stage import HEADING_HEIGHT, LEADING, LEAST, footer, heading, paragraph

_NUMBER, _WORD = 84.0, 32.0


def draw_title(campaign: Campaign, theme: Theme) -> Figure:
    canvas = blank(theme)
    heading(canvas, "FastAPI handler styles under load", is_smoke=campaign.is_smoke)
    y = paragraph(canvas, sentences.tally(campaign), HEADING_HEIGHT + 16, size=64, lines=3, weight="bold")
    y = _counts(canvas, campaign, y + 60) + 70
    for line in title_lines(campaign):
        y = paragraph(canvas, line, y, size=LEAST + 4, lines=3, colour=theme.muted) + 20
    footer(canvas, campaign, f"Run it:  {campaign.manifest.command or campaign.redraw_command}")
    return canvas.figure


def _counts(canvas: Canvas, campaign: Campaign, y: float) -> float:
    """Write how many claims came out how, side by side; return the pixel below."""
    x, counts = canvas.left, Counter(result.verdict for result in campaign.results)
    for verdict in (verdict for verdict in Verdict if counts[verdict]):
        ink, word = verdict_ink(canvas.theme, verdict), sentences.VERDICT_WORDS[verdict].lower()
        number = f"{sentences.VERDICT_SIGNS[verdict]} {counts[verdict]}"
        canvas.text(x, y, number, size=_NUMBER, weight="bold", colour=ink, va="top")
        canvas.text(x, y + _NUMBER * LEADING, word, size=_WORD, colour=ink, va="top")
        x += max(text_width(number, _NUMBER, "bold"), text_width(word, _WORD)) + 70
    return y + _NUMBER * LEADING + _WORD * LEADING
