"""Amperes against a rating, as a bar of characters that is readable without colour."""

from rich.text import Text

OTHER, OURS, FREE, OVER = "▒", "█", "·", "!"


def cells(amps, other, rating, width):
    """(cells of other load, cells of EVSEs, free cells); the rating is the whole width."""
    scale = width / rating if rating > 0 else 0
    full = min(width, round(amps * scale))
    if amps > 0 and full == 0:
        full = 1
    others = min(full, round(min(other, amps) * scale))
    return others, full - others, width - full


def colour(amps, rating):
    """Colour of a bar: red above the rating, yellow from 90 percent."""
    if amps > rating:
        return "bold red"
    return "yellow" if amps > 0.9 * rating else "green"


def bar(amps, other, rating, width):
    """A Text of `width` cells: other load, EVSEs, free current; ends in `!` above the rating."""
    others, ours, free = cells(amps, other, rating, width)
    text = Text(no_wrap=True)
    text.append(OTHER * others, "bright_blue")
    text.append(OURS * ours, colour(amps, rating))
    text.append(FREE * free, "bright_black")
    if amps > rating:
        text = text[: width - 1] + Text(OVER, "bold red reverse")
    return text
