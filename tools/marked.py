"""Tables and lists of documents between two comment marks: parsed and written, row by row."""

Rows = dict[str, list[str]]


def between(text: str, begin: str, end: str) -> str:
    """The text between two marks. Raises ValueError if one is missing."""
    _, found, rest = text.partition(begin)
    inner, closed, _ = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no mark for {(begin if not found else end).strip()}")
    return inner


def put(text: str, begin: str, end: str, lines: list[str]) -> str:
    """The document with these lines between its two marks."""
    between(text, begin, end)
    head, _, rest = text.partition(begin)
    return head + begin + "\n".join(lines) + "\n" + end + rest.partition(end)[2]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(inner: str, width: int) -> Rows:
    """The rows of a table by their first cell without its backticks; missing cells are `-`."""
    found = {}
    for line in inner.strip().splitlines()[2:]:
        if line.startswith("|"):
            row = cells(line)
            found[row[0].strip("`")] = (row + ["-"] * width)[:width]
    return found


def row(values: list[str]) -> str:
    return "| " + " | ".join(values) + " |"
