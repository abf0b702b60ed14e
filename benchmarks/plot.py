"""A plot of costs as an SVG that is readable in the light and in the dark: panels side by side, one scale for all."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

WIDTH, HEIGHT = 380, 270  # of a panel, in pixels
LEFT, TOP, RIGHT, BOTTOM = 56, 64, 16, 48
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } .grid { stroke: #d1d9e0 }
.line { fill: none; stroke-width: 2 } .line0 { stroke: #0969da } .line1 { stroke: #bc4c00 }
.mark0 { fill: #0969da } .mark1 { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .grid { stroke: #3d444d } .line0 { stroke: #4493f8 } .line1 { stroke: #f0883e }
  .mark0 { fill: #4493f8 } .mark1 { fill: #f0883e }
}
"""


class Panel(msgspec.Struct, frozen=True):
    """Lines over the same places of a logarithmic axis; `lines` are values by name."""

    title: str
    axis: str
    places: Sequence[float]
    lines: dict[str, Sequence[float]]


def draw(path: Path, value: str, panels: Sequence[Panel]) -> None:
    """Write the plot; `value` names what all lines show."""
    top = _round_up(max(max(line) for panel in panels for line in panel.lines.values()))
    body = "\n".join(_panel(panel, WIDTH * number, value, top) for number, panel in enumerate(panels))
    size = f'width="{WIDTH * len(panels)}" height="{HEIGHT}" viewBox="0 0 {WIDTH * len(panels)} {HEIGHT}"'
    title = escape("; ".join(panel.title for panel in panels))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{title}</title><style>{STYLE}</style>'
    path.write_text(f"{head}\n{body}\n</svg>\n", encoding="utf-8")


def _round_up(value: float) -> float:
    """To the next 1, 2 or 5 of some power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if value <= step * power)


def _panel(panel: Panel, x: int, value: str, top: float) -> str:
    return "\n".join(
        [
            f'<g transform="translate({x} 0)">',
            _text(LEFT, 16, panel.title, "title"),
            _text(LEFT, 32, value),
            *_legend(panel),
            *_grid(top),
            *_axis(panel),
            *(part for number, line in enumerate(panel.lines.values()) for part in _line(panel, number, line, top)),
            "</g>",
        ]
    )


def _legend(panel: Panel) -> Iterator[str]:
    for number, name in enumerate(panel.lines):
        x = LEFT + 170 * number
        yield f'<circle class="mark{number}" cx="{x + 4}" cy="45" r="3.5"/>'
        yield _text(x + 13, 49, name)


def _grid(top: float) -> Iterator[str]:
    for step in range(5):
        y = _y(top * step / 4, top)
        yield f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
        yield _text(LEFT - 8, y + 4, f"{top * step / 4:g}", anchor="end")


def _axis(panel: Panel) -> Iterator[str]:
    for place in panel.places:
        yield _text(_x(place, panel), HEIGHT - BOTTOM + 18, f"{place:,g}", anchor="middle")
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, panel.axis, anchor="middle")


def _line(panel: Panel, number: int, values: Sequence[float], top: float) -> Iterator[str]:
    points = [(_x(place, panel), _y(value, top)) for place, value in zip(panel.places, values, strict=True)]
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline class="line line{number}" points="{way}"/>'
    yield from (f'<circle class="mark{number}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in points)


def _x(place: float, panel: Panel) -> float:
    first, last = math.log(panel.places[0]), math.log(panel.places[-1])
    return LEFT + 20 + (math.log(place) - first) / (last - first) * (WIDTH - LEFT - RIGHT - 40)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
