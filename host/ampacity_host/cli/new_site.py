"""The command `ampacity new` with its options."""

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import typer

from ampacity_host.cli import completion

EPILOG = "Exit codes: 0 written, 1 refused by the check or the file exists, 2 wrong usage, 130 Ctrl-C. Only 0, or your consent, writes a file."


def option(name: str, metavar: str, text: str) -> object:
    return typer.Option(name, metavar=metavar, help=text)


def new(
    site: Annotated[Path, typer.Argument(metavar="SITE.toml", help="the site file to write", autocompletion=completion.site_files)],
    mains: Annotated[str | None, option("--mains", "A", "rating of the grid connection per line; 63/63/50: each line")] = None,
    other: Annotated[str | None, option("--other", "A", "worst case of all load that is not an EVSE, per line")] = None,
    phases: Annotated[str | None, option("--phases", "1-3", "lines of the supply; default 3")] = None,
    system: Annotated[str | None, option("--system", "NAME", "wye, split (North America) or delta-it; default wye")] = None,
    voltage: Annotated[str | None, option("--voltage", "V", "line to neutral; default 230, split 120")] = None,
    breaker: Annotated[str | None, option("--breaker", "C63", "curve and rated current of the breaker of the grid connection")] = None,
    continuous: Annotated[str | None, option("--continuous", "PART", "part of the rating that may flow for hours; default 1, split 0.8")] = None,
    feeder: Annotated[str | None, option("--feeder", "A", "rating of a separate feeder of all EVSEs")] = None,
    bus: Annotated[list[str] | None, option("--bus", "[NAME=]KIND:PLACE", "rtu:/dev/ttyUSB0, meters=rtu:/dev/ttyUSB1,9600N1, lan=tcp")] = None,
    evse: Annotated[list[str] | None, typer.Option(
        metavar="KIND,KEY=VALUE,…", help="keba-p30,count=4,max=16,host=192.168.1.40; keys: count and fields of [[evse]]",
        autocompletion=completion.kinds)] = None,
    meter: Annotated[list[str] | None, typer.Option(
        metavar="PROFILE,KEY=VALUE,…", help="eastron-sdm630,unit=1,bus=meters,circuit=main", autocompletion=completion.profiles)] = None,
    ocpp: Annotated[str | None, option("--ocpp", "URL", "the CSMS, ws:// or wss://")] = None,
    identity: Annotated[str | None, option("--identity", "NAME", "identity at the CSMS; default: the name of the site")] = None,
    password_file: Annotated[Path | None, option("--password-file", "FILE", "password at the CSMS: its first line; default: a random one")] = None,
    root_pem: Annotated[str | None, option("--root-pem", "FILE", "root certificate of the CSMS, for wss://")] = None,
    tz: Annotated[str | None, option("--tz", "ZONE", "POSIX zone; default: that of this machine")] = None,
    ntp: Annotated[str | None, option("--ntp", "HOST", "time server")] = None,
    name: Annotated[str | None, option("--name", "NAME", "name of the site; default: that of the file")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing, and apply the fixes of the check (no other ratings or breakers)")] = False,
    force: Annotated[bool, typer.Option("--force", help="replace an existing file")] = False,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:  # fmt: skip
    """Write a new SITE.toml: asks on a terminal, or takes everything from options; the check reports mistakes and proposes fixes."""
    options = SimpleNamespace(**locals())
    from ampacity_host.configure.new.command import new_command

    raise typer.Exit(new_command(options))
