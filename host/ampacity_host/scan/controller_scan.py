"""A scan that the controller itself does: started, watched and ended over its console."""

import asyncio
import getpass
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ampacity.base.errors import Rejected
from ampacity_host.console.command import REFUSED, address
from ampacity_host.console.controller_option import SerialConsole, parse_controller
from ampacity_host.rig.process.console_client import ConsoleLink
from ampacity_host.scan.progress import Progress

LOOK_S = 0.5


class Refused(Exception):
    """The controller said no, in its own words."""


def link_to(console: str) -> "ConsoleLink | SerialConsole":
    """A link to HOST:PORT, to the controller of a data folder, or to one on a serial device. Raises Rejected."""
    folder = Path(console)
    try:
        if tty := parse_controller(console).tty:
            return SerialConsole(tty)
        return ConsoleLink(*(address(folder, None) if folder.is_dir() else address(None, console)))
    except ValueError as problem:
        raise Rejected("console", console, f"data folder of a controller or HOST:PORT ({problem})") from problem


async def ask(link: "ConsoleLink | SerialConsole", line: str) -> str:
    """The answer; where the console wants the installer's password, it is asked for."""
    answer = await link.ask(line)
    if "login as installer" in answer and sys.stdin.isatty():
        told = await link.ask("login " + getpass.getpass("installer's password: "))
        answer = told if told.startswith(REFUSED) else await link.ask(line)
    if answer.startswith(REFUSED):
        raise Refused(answer[len(REFUSED) :])
    return answer


async def remote_scan(options: SimpleNamespace, progress: Progress) -> dict[str, Any]:
    """The controller's document at its end. Ctrl-C, or a lost connection, gives the bus back."""
    if not options.bus:
        raise Rejected("bus", options.bus, "--bus NAME: the bus of the controller to scan")
    link = link_to(options.console)
    try:
        document = await _scanned(link, options.bus, options, progress)
        for name in list(document.get("beside", ())):  # the other hosts of a bus over TCP
            if document["verdict"]:
                break
            add(document, name, await _scanned(link, name, options, progress))
    finally:
        link.close()
    return document


def add(document: dict[str, Any], name: str, more: dict[str, Any]) -> None:
    """What another host of the same bus has shown; each unit that it has says where."""
    document["found"] += [row | {"note": f"{name}{': ' if row['note'] else ''}{row['note']}"} for row in more["found"]]
    document["skipped"] += more["skipped"]
    document["verdict"] = document["verdict"] or more["verdict"]
    document["beside"] = [each for each in document["beside"] if each != name]


async def _scanned(link: ConsoleLink, bus: str, options: SimpleNamespace, progress: Progress) -> dict[str, Any]:
    """One line of the controller, to its end."""
    line = f"scan {bus}"
    chosen = {"units": options.units, "baud": options.baud, "full": "yes" if options.full else "", "standing": "yes" if options.standing else ""}
    line += "".join(f" {key}={value}" for key, value in chosen.items() if value)
    await ask(link, line)
    try:
        while (document := json.loads(await ask(link, "scan status --json")))["stage"] != "over":
            progress.show(document["progress"])
            await asyncio.sleep(LOOK_S)
    except asyncio.CancelledError:
        await link.ask("scan stop")
        document = json.loads(await ask(link, "scan status --json"))
    finally:
        progress.end()
    return dict(document)
