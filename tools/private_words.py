"""Private words in texts for people: `python -m tools.private_words` lists them with file, line and replacement.

It reads string literals with a space in the rooms that print for people, docstrings and comments of CODE_ROOMS, the documents,
and the names of tests. Only words without a legitimate use in such texts are listed, so each hit is a fault;
tests/host/house/test_private_words.py expects none.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable
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
    r"\bbelieve[ds]?\b": "trusted, assumed",
    r"\bfor good\b": "permanently",
    r"\bfalls? silent\b": "stops answering, is lost",
    r"\bheld against\b": "compared with, counts against",
    r"\bby turns\b": "alternately, intermittently",
    r"\bwall box(?:es)?\b": "wallbox",
    r"(?<!-)\banew\b": "again",
    r"\bput right\b": "corrected",
    r"\bspeaks? of\b": "concerns, uses",
    r"\btaken away\b": "removed",
    r"\bmend(?:s|ed|ing)?\b": "fix, repair",
    r"\b(?:one|ones|those|anyone) who\b": "name the device or the person",
}
EXPRESSION = re.compile("|".join(f"(?P<w{number}>{word})" for number, word in enumerate(WORDS)), re.IGNORECASE)
ROOMS = (
    "firmware/ampacity/commission", "firmware/ampacity/console", "firmware/ampacity/net", "firmware/ampacity/store",
    "host/ampacity_host/board", "host/ampacity_host/build", "host/ampacity_host/cli", "host/ampacity_host/commission",
    "host/ampacity_host/configure", "host/ampacity_host/console", "host/ampacity_host/csms", "host/ampacity_host/demo",
    "host/ampacity_host/factory", "host/ampacity_host/flash", "host/ampacity_host/profiles", "host/ampacity_host/replay",
    "host/ampacity_host/report", "host/ampacity_host/scan", "host/ampacity_host/update",
)  # fmt: skip
DOCUMENTS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/index.md", "docs/install.md", "docs/commission.md",
             "docs/operate.md", "docs/demo.md", "docs/manufacturing.md", "docs/adding-a-charger.md", "docs/porting.md", "docs/safety.md",
             "docs/glossary.md", "docs/interfaces/rig.md",
             "docs/interfaces/site-json.md", "docs/architecture.md", "docs/reading-the-code.md", "docs/safety-case.md", "docs/benchmarks.md",
             "docs/devices.md", "docs/linux.md", "docs/troubleshooting.md", "docs/updates.md", "docs/interfaces/board-toml.md",
             "docs/interfaces/ocpp.md",
             *sorted(f"docs/decisions/{path.name}" for path in (ROOT / "docs/decisions").glob("*.md")))  # fmt: skip
WRITTEN_BY_RUNS = ("safety-case.md", "benchmarks.md", "devices.md")  # their tables are output of runs and profiles
CODE_ROOMS = ("tools", "host/ampacity_host/rig", *(f"host/ampacity_host/{room}" for room in (
    "board", "build", "cli", "commission", "configure", "console", "csms", "demo", "factory", "flash", "profiles", "replay", "report", "scan",
    "update")), "firmware/ampacity")  # fmt: skip
OTHER_TESTS = ("tests/proof", "tests/drawn", "tests/fuzz", "tests/host/stateful")  # the figures of the safety case depend on these names
CODE = re.compile(r"`[^`]*`|\]\([^)]*\)|<!--.*?-->")  # commands, names, targets of links and marks are not prose


def texts(path: Path) -> list[tuple[int, str]]:
    """(line, text) of what a person reads in a file."""
    if path.suffix == ".md":
        skipped = "|" if path.name in WRITTEN_BY_RUNS else "\0"
        lines = enumerate(path.read_text().splitlines(), 1)
        return [(number, CODE.sub("", line)) for number, line in lines if not line.startswith(skipped)]
    tree = ast.parse(path.read_text())
    quoted: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node) is not None:
            quoted.add(id(node.body[0].value))  # type: ignore[attr-defined]
    found = [(node.lineno, node.value) for node in ast.walk(tree)
             if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quoted and " " in node.value.strip()]
    return sorted(found)


def notes(path: Path) -> list[tuple[int, str]]:
    """(line, text) of the docstrings and comments of a module."""
    source, found = path.read_text(), []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.append((getattr(node, "lineno", 1), CODE.sub("", ast.get_docstring(node) or "")))
    found += [(token.start[0], CODE.sub("", token.string)) for token in tokenize.generate_tokens(io.StringIO(source).readline)
              if token.type == tokenize.COMMENT]  # fmt: skip
    return sorted(found)


def names(path: Path) -> list[tuple[int, str]]:
    """(line, words) of the names of the tests of a module."""
    lines = enumerate(path.read_text().splitlines(), 1)
    return [(number, match[1].replace("_", " ")) for number, line in lines if (match := re.match(r"(?:async )?def test_(\w+)", line))]


def hits(path: Path, read: Callable[[Path], list[tuple[int, str]]] = texts) -> list[tuple[int, str, str]]:
    """(line, word, replacement) of each private word in a file. read: texts, notes or names."""
    found = []
    for line, text in read(path):
        for match in EXPRESSION.finditer(text):
            number = int(str(match.lastgroup)[1:])
            found.append((line, match.group(), list(WORDS.values())[number]))
    return found


def files(root: Path = ROOT) -> list[Path]:
    """The files whose texts for people are read."""
    return [root / name for name in DOCUMENTS] + [path for room in ROOMS for path in sorted((root / room).rglob("*.py"))]


def modules(root: Path = ROOT) -> list[Path]:
    """The modules whose docstrings and comments are read, without this list of words."""
    return [path for room in CODE_ROOMS for path in sorted((root / room).rglob("*.py")) if path.name != Path(__file__).name]


def modules_of_tests(root: Path = ROOT) -> list[Path]:
    """The modules whose names of tests are read."""
    others = tuple(root / name for name in OTHER_TESTS)
    return [path for path in sorted((root / "tests").rglob("test_*.py")) if not any(path.is_relative_to(other) for other in others)]


def main() -> int:
    """1 if there is a private word, 0 otherwise."""
    status = 0
    for paths, read in ((files(), texts), (modules(), notes), (modules_of_tests(), names)):
        for path in paths:
            for line, word, better in hits(path, read):
                print(f"{path.relative_to(ROOT)}:{line}: {word!r}; better: {better}")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
