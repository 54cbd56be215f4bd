"""`ampacity scan`: what is on this line, and at which setting? The firmware's own scan, on a laptop or through a controller."""

import asyncio
import errno
import json
import os
import stat
import sys
import time
from types import SimpleNamespace
from typing import Any

import serial
from serial.tools import list_ports

from ampacity.base.errors import Rejected
from ampacity.base.within import within
from ampacity.bus.transport import run_rtu, run_tcp
from ampacity.commission import scan_text
from ampacity.commission.scan import Scan
from ampacity_host.configure.site_file.mistakes import SiteErrors
from ampacity_host.console.link import LinkLost, Refused
from ampacity_host.failure import failed
from ampacity_host.progress_line import ProgressLine
from ampacity_host.scan.controller_scan import add, remote_scan
from ampacity_host.scan.options import endpoint, scan_of
from ampacity_host.scan.serial_line import LaptopClock, SerialLine

DONE, REFUSED, USAGE, NO_CONNECTION = 0, 1, 2, 3


def scan_command(options: SimpleNamespace) -> int:
    """0: over, whatever was found; 1: refused or ended early; 2: wrong usage; 3: no such port, host or controller."""
    try:
        document = asyncio.run(_scanned(options))
    except SiteErrors as problem:
        return failed(problem, REFUSED)
    except Rejected as problem:
        return failed(problem, USAGE)
    except Refused as problem:
        return failed(f"the controller refuses: {problem}", REFUSED)
    except (FileNotFoundError, PermissionError) as problem:
        return failed(f"{problem.strerror}", NO_CONNECTION)
    except LinkLost as problem:
        return failed(problem, NO_CONNECTION)
    except OSError as problem:
        return failed(f"{options.port or options.tcp}: {problem.strerror or problem}", NO_CONNECTION)
    show(document, options.json)
    return REFUSED if document["verdict"] else DONE


def need_serial(path: str) -> None:
    """Raises where that cannot be a serial device, or is none of this user's, before anything is waited for."""
    try:
        serial_device = stat.S_ISCHR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        there = ", ".join(sorted(each.device for each in list_ports.comports())) or "none"
        raise FileNotFoundError(errno.ENOENT, f"--port: there is no serial device {path}; this computer has: {there}") from None
    if serial_device and not os.access(path, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, f"--port: no access to {path}; add the user to the group that owns it, often dialout")
    if serial_device:
        with open(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY), closefd=True) as opened:
            serial_device = opened.isatty()
    if not serial_device:
        raise Rejected("--port", path, "a serial device, such as /dev/ttyUSB0")


def show(document: dict[str, Any], as_json: bool) -> None:
    """The result on standard output."""
    unseen = [f"{each['host']} was not found: {each['why']}" for each in document.get("unseen", ())]
    print(json.dumps(document) if as_json else "\n".join([*scan_text.lines(document), *unseen]), flush=True)


async def _scanned(options: SimpleNamespace) -> dict[str, Any]:
    progress = ProgressLine(sys.stderr)
    if options.ref is not None:
        return await remote_scan(options, progress)
    clock = LaptopClock()
    started_s = time.monotonic()
    if options.tcp is not None:
        hosts = [(each.strip(), endpoint(each.strip())) for each in options.tcp.split(",")]
        return (await _on_hosts(options, hosts, clock, progress)) | {"seconds": round(time.monotonic() - started_s, 1)}
    document = await _one(options, None, clock, progress)
    return document | {"seconds": round(time.monotonic() - started_s, 1)}


async def _on_hosts(options: SimpleNamespace, hosts: list[tuple[str, tuple[str, int]]], clock: LaptopClock, progress: ProgressLine) -> dict[str, Any]:
    """One host after the other, and which of them did not answer at all. OSError when none did."""
    documents: dict[str, dict[str, Any]] = {}
    unseen: dict[str, str] = {}
    for name, where in hosts:
        try:
            documents[name] = await _one(options, where, clock, progress)
        except OSError as problem:
            if len(hosts) == 1:
                raise
            unseen[name] = (problem.strerror or str(problem) or "no answer").lower()
        if documents and list(documents.values())[-1]["verdict"]:
            break
    if not documents:
        raise OSError(111, "no host answers: " + ", ".join(f"{name} ({why})" for name, why in unseen.items()))
    unseen |= {name: "not scanned: the scan was stopped" for name, _ in hosts if name not in documents and name not in unseen}
    name, document = next(iter(documents.items()))
    document["beside"] = [other for other in documents if other != name]
    if len(hosts) > 1:
        first, document["found"] = {"found": document["found"], "skipped": [], "verdict": ""}, []
        add(document, name, first)
    for other, more in list(documents.items())[1:]:
        add(document, other, more)
    document["unseen"] = [{"host": each, "why": why} for each, why in unseen.items()]
    return document


async def _one(options: SimpleNamespace, where: "tuple[str, int] | None", clock: LaptopClock, progress: ProgressLine) -> dict[str, Any]:
    """A line, or one host."""
    scan = scan_of(options, clock.now_us())
    if where is None and "://" not in options.port:
        need_serial(options.port)
    telling = asyncio.create_task(_show_progress(scan, clock, progress))
    try:
        await (_on_line(scan, options.port, clock) if where is None else _on_tcp(scan, where, clock))
    except (KeyboardInterrupt, asyncio.CancelledError):
        scan.stop("stopped by the installer")
    finally:
        telling.cancel()
        progress.end()
    return dict(scan_text.report(scan, clock.now_us()))


async def _on_line(scan: Scan, path: str, clock: LaptopClock) -> None:
    """Reopens the device for each setting of the scan."""
    while not scan.over:
        facts = scan.facts
        try:
            line = SerialLine(path, facts)
            try:
                await run_rtu(scan, line, clock, lambda wanted=facts: not scan.over and scan.facts is wanted)
            finally:
                line.close()
        except (serial.SerialException, ValueError) as problem:
            raise OSError(getattr(problem, "errno", None) or 5, str(problem)) from problem


async def _on_tcp(scan: Scan, where: tuple[str, int], clock: LaptopClock) -> None:
    host, port = where
    _, writer = await within(asyncio.open_connection(host, port), 5)
    writer.close()
    await run_tcp(scan, asyncio.open_connection, host, port, clock, serving=lambda: not scan.over)


async def _show_progress(scan: Scan, clock: LaptopClock, progress: "ProgressLine") -> None:
    while True:
        progress.show(scan.progress(clock.now_us()))
        await asyncio.sleep(0.2)


