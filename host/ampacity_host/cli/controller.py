"""The option --controller, and how a command ends early: for all commands that talk to a running controller."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ampacity_host.console.controller_option import ControllerRef

USAGE, NO_CONNECTION = 2, 3
ControllerOption = Annotated[
    str | None, typer.Option("--controller", metavar="DIR|HOST:PORT|TTY", help="its data folder, console address or serial console")
]


def fail(text: str, status: int) -> "typer.Exit":
    """The exception that ends a command with one line on standard error."""
    typer.echo(f"ampacity: {text}", err=True)
    return typer.Exit(status)


def reached(controller: str | None) -> "ControllerRef":
    """The controller that --controller names. Ends with 2 for an invalid value, with 3 if the folder or its controller is missing."""
    from ampacity_host.console.controller_option import WAYS, kept_address, parse_controller

    if controller is None:
        raise fail(f"name the controller: --controller {WAYS}", USAGE)
    try:
        found = parse_controller(controller)
    except PermissionError:
        raise fail(f"--controller: no read access to the folder of {controller}", NO_CONNECTION) from None
    except ValueError as problem:
        if "/" in controller and not Path(controller).exists():
            raise fail(f"no data folder {controller}", NO_CONNECTION) from None
        raise fail(f"--controller: {problem}", USAGE) from None
    if found.folder is not None:
        try:
            kept_address(found.folder)
        except ValueError as problem:
            raise fail(str(problem), NO_CONNECTION) from None
    return found
