"""A board as an SVG: the controller in the middle, its parts left and right, one line for each pin."""

from html import escape

from ampacity_host.board.findings import Board
from ampacity_host.board.uses import ADC, IN, PWM, Use, uses

WIDTH, ROW, GAP, TOP = 900, 22, 18, 56
PART_WIDTH, CHIP_LEFT, CHIP_RIGHT = 190, 350, 550
COLOURS = {ADC: "#7a3e9d", PWM: "#b45309", IN: "#1d6fa5"}
OUTPUT = "#15803d"


def drawing(board: Board, mark: str) -> str:
    """The whole picture. mark: a comment in its first line."""
    left, right = sides(parts(board))
    heights = [sum(height(part) + GAP for part in side) for side in (left, right)]
    chip_bottom = TOP + max([*heights, 3 * ROW]) - GAP
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{chip_bottom + 34}" font-family="sans-serif" font-size="12">'
        f"<!-- {mark} -->",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        text(WIDTH // 2, 24, f"{board['name']}: {board['title']}", "middle", "#111111", 16),
        text(WIDTH // 2, 42, f"variant {board['variant']}, status {board['status']}", "middle", "#555555"),
        box(CHIP_LEFT, TOP, CHIP_RIGHT - CHIP_LEFT, chip_bottom - TOP, "#f1f5f9"),
        text((CHIP_LEFT + CHIP_RIGHT) // 2, TOP + 15, board["chip"], "middle", "#111111", 13),
    ]
    for side, on_left in ((left, True), (right, False)):
        y = TOP
        for name, pins in side:
            out += part_lines(name, pins, y, on_left)
            y += height((name, pins)) + GAP
    out.append(text(10, chip_bottom + 22, "violet: analog   blue: input   green: output   orange: PWM   overline: active low", "start", "#555555"))
    return "\n".join([*out, "</svg>"]) + "\n"


def parts(board: Board) -> list[tuple[str, list[Use]]]:
    """(name, pins) of each part, in the order of the file."""
    found: dict[str, list[Use]] = {}
    for use in uses(board):
        found.setdefault(part_of(board, use), []).append(use)
    return list(found.items())


def part_of(board: Board, use: Use) -> str:
    """The part that a pin belongs to: its table, with its number or name."""
    head, *rest = use.field.split(".")
    if rest and rest[0].isdigit():
        entry = board[head][int(rest[0])]
        return f"{head} {entry.get('name') or entry.get('use') or entry.get('kind') or int(rest[0]) + 1}"
    return head.replace("_", " ")


def sides(found: list[tuple[str, list[Use]]]) -> tuple[list[tuple[str, list[Use]]], list[tuple[str, list[Use]]]]:
    """Left and right, about equally high."""
    left: list[tuple[str, list[Use]]] = []
    right: list[tuple[str, list[Use]]] = []
    for part in found:
        (left if sum(map(height, left)) <= sum(map(height, right)) else right).append(part)
    return left, right


def height(part: tuple[str, list[Use]]) -> int:
    return ROW * (len(part[1]) + 1)


def part_lines(name: str, pins: list[Use], y: int, on_left: bool) -> list[str]:
    """One part with the lines of its pins."""
    x = 20 if on_left else WIDTH - 20 - PART_WIDTH
    out = [box(x, y, PART_WIDTH, height((name, pins)), "#fffbeb"), text(x + PART_WIDTH // 2, y + 15, name, "middle", "#111111", 13)]
    for row, use in enumerate(pins, 1):
        at = y + ROW * row + 10
        colour = COLOURS.get(use.kind, OUTPUT)
        near, far = (x + PART_WIDTH, CHIP_LEFT) if on_left else (x, CHIP_RIGHT)
        out.append(f'<line x1="{near}" y1="{at}" x2="{far}" y2="{at}" stroke="{colour}" stroke-width="1.5"/>')
        inside = use.kind in (ADC, IN)
        tip, back = (far, near) if inside else (near, far)
        step = 7 if tip > back else -7
        out.append(f'<path d="M{tip} {at} l{-step} -4 v8 z" fill="{colour}"/>')
        label = " ".join(part for part in use.field.split(".")[1:] if not part.isdigit()).replace("_", " ")
        low = ' text-decoration="overline"' if use.level == 0 else ""
        out.append(text(near - 6 if on_left else near + 6, at + 4, label, "end" if on_left else "start", "#111111", 12, low))
        out.append(text(far + 6 if on_left else far - 6, at + 4, use.pin, "start" if on_left else "end", colour, 12))
    return out


def box(x: int, y: int, width: int, tall: int, fill: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{tall}" rx="6" fill="{fill}" stroke="#64748b"/>'


def text(x: int, y: int, words: str, anchor: str, colour: str, size: int = 12, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}" font-size="{size}"{more}>{escape(words)}</text>'
