"""`ampacity board …`. Each command imports its room only when it is called."""

from pathlib import Path
from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]
boards = typer.Typer(no_args_is_help=True, help="Controller boards: TOML files with the pins and parts of a board.")
HeapForOption = Annotated[Path | None, typer.Option("--heap-for", metavar="SITE.toml", help="warn where the heap is too small for this site")]
BoardArgument = Annotated[str, typer.Argument(metavar="NAME|PATH", help="a board of `ampacity board list`, or a board.toml or its folder")]


@boards.callback()
def board() -> None:
    """Controller boards: TOML files with the pins and parts of a board."""


@boards.command("list", epilog="Exit code: 0.")
def board_list(json: JsonOption = False) -> None:
    """List the boards with their variants."""
    from ampacity_host.board.command import list_command

    raise typer.Exit(list_command(json))


@boards.command("show", epilog="Exit codes: 0 shown, 1 the file is not valid, 2 wrong usage or no such board.")
def board_show(
    name: Annotated[str, typer.Argument(metavar="NAME|PATH[:VARIANT]", help="a board; without a variant its first")], json: JsonOption = False
) -> None:
    """Show a board and its pins; with --json the document that a controller reads."""
    from ampacity_host.board.command import show_command

    raise typer.Exit(show_command(name, json))


@boards.command("check", epilog="Exit codes: 0 no finding, 1 a finding or a refused site file, 2 wrong usage or no such board.")
def board_check(name: BoardArgument, heap_for: HeapForOption = None, json: JsonOption = False) -> None:
    """Check a board in all its variants: pins, functions, ratings, memory, serial ports."""
    from ampacity_host.board.command import check_command

    raise typer.Exit(check_command(name, heap_for, json))


@boards.command("wiring", epilog="Exit codes: 0 written, 1 the file is not valid or DIR cannot be written, 2 wrong usage or no such board.")
def board_wiring(
    name: BoardArgument,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="folder for the page and its drawings")],
    json: JsonOption = False,
) -> None:
    """Write the wiring page of a board, with a drawing."""
    from ampacity_host.board.command import wiring_command

    raise typer.Exit(wiring_command(name, out, json))


def selftest(
    name: Annotated[str | None, typer.Argument(metavar="[NAME[:VARIANT]]", help="the board that this computer is, such as linux-arm")] = None,
    controller: Annotated[
        str | None, typer.Option("--controller", metavar="TTY", help="serial device with the MicroPython prompt of the controller")
    ] = None,
    folder: Annotated[
        str | None, typer.Option("--folder", metavar="FOLDER", help="data folder there, with board.json; default: that of the boot stage, else /")
    ] = None,
    moving: Annotated[bool, typer.Option("--moving", help="also switch contactors, test current, lock and outputs: no car, no load")] = False,
    json: JsonOption = False,
) -> None:
    """Test each function of a board: result, unit and range. Stops the controller, and restarts it afterwards."""
    from ampacity_host.board.selftest import selftest_command

    raise typer.Exit(selftest_command(name, controller, folder, moving, json))
