"""One EVSE's run as inline SVG: what was ordered, what it drew, what the lines of the nearest meter showed."""

from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 860, 230, 44, 84, 26, 10
LINE_COLOURS = ("#8a5a44", "#4a4a4a", "#8f8f8f")
GAP_MS = 4500
ORDER, DRAWN = "#1f2a44", "#1f77b4"


class Scale:
    """Data to pixels."""

    def __init__(self, first_ms: int, last_ms: int, least_a: float, most_a: float) -> None:
        self.first_ms, self.last_ms = first_ms, max(last_ms, first_ms + 1000)
        self.least_a, self.most_a = least_a, most_a

    def x(self, ms: float) -> float:
        return LEFT + (ms - self.first_ms) * (WIDTH - LEFT - RIGHT) / (self.last_ms - self.first_ms)

    def y(self, amps: float) -> float:
        return TOP + (self.most_a - amps) * (HEIGHT - TOP - BOTTOM) / (self.most_a - self.least_a)


def plot(sheet: dict[str, Any]) -> str:
    """SVG text, names in it escaped; "" when nothing was recorded."""
    rows = sheet.get("samples") or []
    if len(rows) < 2:
        return ""
    series = series_of(rows)
    values = [value for _, _, points, _ in series for _, value in points]
    scale = Scale(rows[0][0], rows[-1][0], min(0.0, *values), max(6.0, *values) * 1.05)
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="ordered and measured current of {escape(sheet["name"])}">']
    parts += step_bands(sheet, scale) + axes(scale)
    for name, colour, points, step in series:
        parts.append(f'<path d="{path(points, scale, step)}" fill="none" stroke="{colour}" stroke-width="1.4"><title>{name}</title></path>')
    parts += legend(series)
    return "".join([*parts, "</svg>"])


def series_of(rows: list[Any]) -> list[tuple[str, str, list[tuple[int, float]], bool]]:
    """(name, colour, [(ms, A)], is it a staircase?)."""
    found = []
    lines = max([len(row[4][0]) for row in rows if row[4] and row[4][0]] or [0])
    for line in range(lines):
        points = [(row[0], row[4][0][line] / 10) for row in rows if row[4] and row[4][0]]
        found.append((f"meter L{line + 1}", LINE_COLOURS[line % 3], points, False))
    found.append(("drawn", DRAWN, [(row[0], max(row[3]) / 10) for row in rows if row[3]], False))
    found.append(("ordered", ORDER, [(row[0], row[1] / 10) for row in rows if row[1] is not None], True))
    return [row for row in found if row[2]]


def path(points: list[tuple[int, float]], scale: Scale, step: bool) -> str:
    """Straight lines, or with `step` a staircase; where nothing was read for a while there is a gap."""
    text, last_ms = "", None
    for ms, amps in points:
        gap = last_ms is None or (ms - last_ms > GAP_MS and not step)
        if step and not gap:
            text += f"H{scale.x(ms):.1f}"
        text += f"{'M' if gap else 'L'}{scale.x(ms):.1f} {scale.y(amps):.1f}"
        last_ms = ms
    return text


def step_bands(sheet: dict[str, Any], scale: Scale) -> list[str]:
    """Each step as a band with its name."""
    parts = []
    for number, row in enumerate(step for step in sheet["steps"] if step["ended_ms"] > step["began_ms"]):
        left, right = scale.x(max(row["began_ms"], scale.first_ms)), scale.x(min(row["ended_ms"], scale.last_ms))
        fill = "#f3f5fa" if number % 2 else "#fafbfd"
        parts.append(f'<rect x="{left:.1f}" y="{TOP}" width="{max(0.0, right - left):.1f}" height="{HEIGHT - TOP - BOTTOM}" fill="{fill}"/>')
        if right - left > 50:
            parts.append(f'<text x="{left + 3:.1f}" y="{TOP + 11}" class="small">{escape(row["step"])}</text>')
    return parts


def axes(scale: Scale) -> list[str]:
    parts = []
    step = next(one for one in (2, 5, 10, 20, 50, 100, 1000) if (scale.most_a - scale.least_a) / one <= 8)
    value = -(int(-scale.least_a) // step) * step
    while value <= scale.most_a:
        y = scale.y(value)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d9dde6" stroke-width="0.7"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{y + 3:.1f}" class="small" text-anchor="end">{value} A</text>')
        value += step
    seconds = (scale.last_ms - scale.first_ms) / 1000
    every = next(one for one in (5, 10, 20, 30, 60, 120, 300, 600, 3600) if seconds / one <= 12)
    for number in range(int(seconds // every) + 1):
        at = scale.first_ms + number * every * 1000
        parts.append(f'<text x="{scale.x(at):.1f}" y="{HEIGHT - 8}" class="small" text-anchor="middle">{number * every} s</text>')
    return parts


def legend(series: list[tuple[str, str, list[tuple[int, float]], bool]]) -> list[str]:
    parts = []
    for number, (name, colour, _, _) in enumerate(reversed(series)):
        x = WIDTH - RIGHT + 8
        y = TOP + 12 + 13 * number
        parts.append(f'<line x1="{x}" x2="{x + 16}" y1="{y - 3}" y2="{y - 3}" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{x + 21}" y="{y}" class="small">{name}</text>')
    return parts
