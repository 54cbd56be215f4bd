"""Private words left in texts for people: `python -m tools.private_words` lists them with file, line and replacement.

Read are string literals with a space in the rooms that print for people, without docstrings, and the documents. Only words
without a legitimate use in such texts are listed, so each hit is a fault; tests/host/house/test_private_words.py expects none.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORDS = {
    r"\b(?:is|are|was|were|be|been) told\b(?! apart)": "receives, reports",
    r"\b(?:stands?|stood) at\b": "is set to",
    r"\b(?:stands|stood)\b": "is, remains, stops",
    r"\bcomes of\b": "results from",
    r"\bgoes out\b": "is sent",
    r"\ball the same\b": "still",
    r"\bbeside\b": "next to, with, and",
    r"\b(?:nobody|somebody|anybody|whoever)\b": "name the device or the person, or use the passive",
    r"\bcharge points?\b": "EVSE",
    r"\bgo(?:es|ing)? on\b": "continues",
    r"\bmaker\b": "manufacturer",
    r"\bin vain\b": "without effect",
    r"\bfor ever\b": "permanently",
    r"\bon paper\b": "in the report",
    r"\b(?:the|a|our) house\b": "other load",
}
EXPRESSION = re.compile("|".join(f"(?P<w{number}>{word})" for number, word in enumerate(WORDS)), re.IGNORECASE)
ROOMS = (
    "firmware/ampacity/commission", "firmware/ampacity/console", "firmware/ampacity/net", "firmware/ampacity/store",
    "host/ampacity_host/board", "host/ampacity_host/cli", "host/ampacity_host/commission", "host/ampacity_host/configure",
    "host/ampacity_host/console", "host/ampacity_host/demo", "host/ampacity_host/report", "host/ampacity_host/scan",
)  # fmt: skip
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/index.md", "docs/install.md", "docs/commission.md", "docs/operate.md",
             "docs/demo.md", "docs/adding-a-charger.md", "docs/porting.md", "docs/safety.md", "docs/glossary.md", "docs/interfaces/rig.md",
             "docs/interfaces/site-json.md", *sorted(f"docs/decisions/{path.name}" for path in (ROOT / "docs/decisions").glob("*.md")))  # fmt: skip
CODE = re.compile(r"`[^`]*`|\]\([^)]*\)")  # commands, names and targets of links are not prose


def texts(path: Path) -> list[tuple[int, str]]:
    """(line, text) of what a person reads in a file."""
    if path.suffix == ".md":
        return [(number, CODE.sub("", line)) for number, line in enumerate(path.read_text().splitlines(), 1)]
    tree = ast.parse(path.read_text())
    quoted: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node) is not None:
            quoted.add(id(node.body[0].value))  # type: ignore[attr-defined]
    found = [(node.lineno, node.value) for node in ast.walk(tree)
             if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quoted and " " in node.value.strip()]
    return sorted(found)


def hits(path: Path) -> list[tuple[int, str, str]]:
    """(line, word, replacement) of each private word in a file."""
    found = []
    for line, text in texts(path):
        for match in EXPRESSION.finditer(text):
            number = int(str(match.lastgroup)[1:])
            found.append((line, match.group(), list(WORDS.values())[number]))
    return found


def files(root: Path = ROOT) -> list[Path]:
    """The files that are read."""
    return [root / name for name in DOCUMENTS] + [path for room in ROOMS for path in sorted((root / room).rglob("*.py"))]


def main() -> int:
    """1 if there is a private word, 0 otherwise."""
    status = 0
    for path in files():
        for line, word, better in hits(path):
            print(f"{path.relative_to(ROOT)}:{line}: {word!r}; better: {better}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
