"""What a board's freeze manifest puts into an image: MicroPython's manifest language, as far as boards use it.

A manifest is a program in Python: run only those of boards that you trust. The interpreter's build runs the same files with its own tools.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OF_THE_PORT = "$("  # a manifest of the interpreter's own sources, which its build adds


class Options:
    """Options of one included manifest: its defaults, replaced by what `include` names. Unknown names raise AttributeError."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given

    def defaults(self, **values: Any) -> None:
        """Declares the options, each with its default. Raises ValueError for a given one that is not declared."""
        strange = sorted(set(self.given) - set(values))
        if strange:
            raise ValueError(f"option {strange[0]} is not known; use one of {', '.join(values)}")
        self.__dict__.update({**values, **self.given})


def frozen(path: Path, **given: Any) -> list[tuple[str, Path]]:
    """[(path in the image, source file)] of a manifest, sorted. given: options in place of those that the board's manifest names.

    Raises OSError for an absent manifest and ValueError for an option or a file that is not there.
    """
    found: dict[str, Path] = {}
    _run(path.resolve(), {}, given, found)
    return sorted(found.items())


def _run(path: Path, options: dict[str, Any], given: dict[str, Any], found: dict[str, Path]) -> None:
    def include(name: str, **more: Any) -> None:
        if not name.startswith(OF_THE_PORT):
            _run((path.parent / name).resolve(), {**more, **given}, given, found)

    def package(name: str, files: "tuple[str, ...] | None" = None, base_path: str = ".", opt: "int | None" = None) -> None:
        top = (path.parent / base_path).resolve()
        names = files if files is not None else [str(each.relative_to(top / name)) for each in sorted((top / name).rglob("*.py"))]
        for each in names:
            source = top / name / each
            if not source.is_file():
                raise ValueError(f"{path}: {source} is not there")
            found[f"{name}/{each}"] = source

    def module(name: str, base_path: str = ".", opt: "int | None" = None) -> None:
        """Of frozen interpreters alone: names that they keep in the flash."""

    with _inside(path.parent):
        code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
        exec(code, {"include": include, "package": package, "module": module, "options": Options(options), "__name__": "manifest"})


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """A manifest's own folder is the current one while it runs, as in the interpreter's build."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
