"""A scan that the controller itself does: started, watched and ended over its console."""

import asyncio
import contextlib
import getpass
import json
import sys
from types import SimpleNamespace
from typing import Any

from ampacity.base.errors import Rejected
from ampacity_host.console.controller_option import door_of
from ampacity_host.console.link import ConsoleLink, Refused, accepted, needs_login, password_of_environment
from ampacity_host.progress_line import ProgressLine

LOOK_S = 0.5


async def ask(link: ConsoleLink, line: str) -> str:
    """The answer; where the console wants the installer's password, it is asked for."""
    answer = await link.ask(line)
    if needs_login(answer) and sys.stdin.isatty():
        answer = await link.ask_after_login(line, getpass.getpass("installer's password: "))
    return accepted(answer)


async def remote_scan(options: SimpleNamespace, progress: ProgressLine) -> dict[str, Any]:
    """The controller's document at its end. Ctrl-C, or a lost connection, gives the bus back."""
    if not options.bus:
        raise Rejected("bus", options.bus, "--bus NAME: the bus of the controller to scan")
    try:
        link = ConsoleLink(door_of(options.ref), password=password_of_environment)
    except ValueError as problem:
        raise Rejected("controller", options.controller, f"its data folder, HOST:PORT or TTY ({problem})") from problem
    try:
        document = await _scanned(link, options.bus, options, progress)
        for name in list(document.get("beside", ())):  # the other hosts of a bus over TCP
            if document["verdict"]:
                break
            add(document, name, await _scanned(link, name, options, progress))
    finally:
        await link.end()
    return document


def add(document: dict[str, Any], name: str, more: dict[str, Any]) -> None:
    """What another host of the same bus has shown; each unit that it has says where."""
    document["found"] += [row | {"note": f"{name}{': ' if row['note'] else ''}{row['note']}"} for row in more["found"]]
    document["skipped"] += more["skipped"]
    document["verdict"] = document["verdict"] or more["verdict"]
    document["beside"] = [each for each in document["beside"] if each != name]


async def _scanned(link: ConsoleLink, bus: str, options: SimpleNamespace, progress: ProgressLine) -> dict[str, Any]:
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
        with contextlib.suppress(Refused):  # it was over
            await ask(link, "scan stop")
        document = json.loads(await ask(link, "scan status --json"))
    finally:
        progress.end()
    return dict(document)
