"""What the maps of the code name: files, folders, functions and classes in backticks, and the files and calls of the sequences.

A path may be written short: from any folder on. In a cell of a table, a name that follows a file is defined in one of the cell's files.
"""

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from house import FIRMWARE, ROOT, files, text_of, tree_of

QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|csv|json|toml|txt))")
WRITTEN = {"site.json", "tests/roles/test_x.py"}  # the compiler's output; the reader's own file
ENDINGS = {"_da", "_ms"}
DEFINITION = re.compile(r"^\s*(?:async )?(?:def|class) (\w+)|^\s*(?:self\.)?(\w+)(?:: [^=\n]+)? = ", re.M)
WORD = re.compile(r"[\"']([a-z]+)[\"']")
SEQUENCE = re.compile(r"```mermaid\n(.*?)```", re.S)
PARTICIPANT = re.compile(r"participant (\w+) as (\S+)")
NAME_OF_FILE = re.compile(r"`(\w+)`\s+(?:in|of)\s+`([\w/.-]+\.py)`")
CALL = re.compile(r"\w+->>(\w+): (?:\w+\.)*(\w+)\(")


@cache
def paths() -> "set[str]":
    """Every way to write a file or folder (with "/" at its end) of the repository: from any of its folders on."""
    found = set()
    for path in files():
        parts = path.relative_to(ROOT).parts
        for end in range(1, len(parts) + 1):
            mark = "" if end == len(parts) else "/"
            found.update("/".join(parts[start:end]) + mark for start in range(end))
    return found


def sources(name: str) -> "list[Path]":
    """The Python files that a path in a document means."""
    return [path for path in files(".py") if f"/{path.relative_to(ROOT).as_posix()}".endswith("/" + name)]


def names_in(tree: ast.Module) -> "set[str]":
    """What a module defines: functions, classes, parameters, variables and attributes; methods with their class, too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        if isinstance(node, ast.ClassDef):
            found.update(f"{node.name}.{method.name}" for method in node.body if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return found


@cache
def defined(path: Path) -> "set[str]":
    return names_in(tree_of(path))


@cache
def defined_outside(path: Path) -> "set[str]":
    """Functions, classes, variables and attributes of a file that is not firmware; from its lines, which is much faster."""
    return {name for match in DEFINITION.finditer(text_of(path)) for name in match.groups() if name}


@cache
def everywhere() -> "tuple[set[str], set[str]]":
    """(names that some source defines, single words that some source has as a string: commands, keys, sources of limits)."""
    names, words = set(dir(builtins)), set()
    for path in files(".py"):
        names |= {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
        names |= defined(path) if FIRMWARE in path.parents else defined_outside(path)
        words |= set(WORD.findall(text_of(path)))
    return names, words


def identifiers(text: str) -> "list[str]":
    """The names in a piece of code, a method with the class before it; [] for what is no expression."""
    try:
        tree = ast.parse(text.replace("…", "..."), mode="eval")
    except SyntaxError:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.append(node.id)
        elif isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            found.append(f"{owner}.{node.attr}" if owner[:1].isupper() else node.attr)
    return found


def is_there(name: str) -> bool:
    names, words = everywhere()
    return name in names or name in ENDINGS or (name.isalpha() and name.islower() and name in words)


def gone_in_code(text: str) -> "Iterator[str]":
    """Findings in the pieces of code of one text."""
    for quoted in QUOTED.findall(text):
        if PATH.fullmatch(quoted):
            if quoted not in paths() | WRITTEN:
                yield f"no file or folder {quoted}"
        else:
            yield from (f"no source defines {name}" for name in identifiers(quoted) if not is_there(name))


def gone_in_cell(cell: str) -> "Iterator[str]":
    """Findings in a cell that begins with a file: a single name behind it is defined in a file of this cell."""
    quoted = QUOTED.findall(cell)
    if not quoted or not cell.strip().startswith("`") or not quoted[0].endswith(".py"):
        return
    there = {name for each in quoted if each.endswith(".py") for path in sources(each) for name in defined(path)}
    for each in quoted:
        if not PATH.fullmatch(each) and each.replace(".", "").isidentifier() and each not in there:
            yield f"{quoted[0]} does not define {each}"


def gone_in_sequence(text: str) -> "Iterator[str]":
    """Findings in a sequence: each participant is a file, and what is called there is defined there."""
    participants = dict(PARTICIPANT.findall(text))
    yield from (f"no file {path}" for path in participants.values() if path not in paths())
    for participant, name in CALL.findall(text):
        path = participants[participant]
        if not any(name in defined(source) for source in sources(path)):
            yield f"{path} does not define {name}"


def gone(text: str) -> "list[tuple[int, str]]":
    """(line, finding) of what a document names and is not there."""
    found = []
    for sequence in SEQUENCE.finditer(text):
        found += [(text.count("\n", 0, sequence.start()) + 1, said) for said in gone_in_sequence(sequence[1])]
    for match in NAME_OF_FILE.finditer(text):
        name, path = match.groups()
        if not any(name in defined(source) for source in sources(path)):
            found.append((text.count("\n", 0, match.start()) + 1, f"{path} does not define {name}"))
    for number, line in enumerate(text.split("\n"), 1):
        found += [(number, said) for said in gone_in_code(line)]
        if line.startswith("|"):
            found += [(number, said) for cell in line.strip("|").split(" | ") for said in gone_in_cell(cell)]
    return found
