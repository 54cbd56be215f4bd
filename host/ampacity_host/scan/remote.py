"""A scan that the controller itself does: started, watched and ended over its console."""

import asyncio
import getpass
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ampacity.base.errors import Rejected
from ampacity_host.console import REFUSED, address
from ampacity_host.controller import SerialConsole, named
from ampacity_host.rig.process.console import ConsoleLink
from ampacity_host.scan.progress import Progress

LOOK_S = 0.5


class Refused(Exception):
    """The controller said no, in its own words."""


def link_to(console: str) -> "ConsoleLink | SerialConsole":
    """A link to HOST:PORT, to the controller of a data folder, or to one on a serial device. Raises Rejected."""
    folder = Path(console)
    try:
        if tty := named(console).tty:
            return SerialConsole(tty)
        return ConsoleLink(*(address(folder, None) if folder.is_dir() else address(None, console)))
    except ValueError as problem:
        raise Rejected("console", console, f"a controller's data folder or HOST:PORT ({problem})") from problem


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
        raise Rejected("bus", options.bus, "--bus NAME: the bus of the controller that is to stand")
    link = link_to(options.console)
    line = f"scan {options.bus}"
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
    link.close()
    return dict(document)
