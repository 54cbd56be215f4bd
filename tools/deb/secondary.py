"""A secondary of this project for the trials of the package: an own serial line, a plant behind its pins, and what it does without its primary."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ampacity_host.configure.command import accepted, free_address
from tests.host.ports.point_plant import Plant
from tests.host.ports.pty_pair import Pair
from tools.micropython.debian import Failed

NAME, DEVICE, DEVICE_OF_PRIMARY = "point", "ttyUSB2", "ttyUSB1"  # its own end of the line, and that of the primary
SITE = f"""[[bus]]
name = "own"
kind = "rtu"
port = "/dev/{DEVICE_OF_PRIMARY}"
parity = "N"
[[evse]]
name = "{NAME}"
kind = "ampacity"
bus = "own"
unit = 2
circuit = "main"
max_a = 16.0
"""
FOLDER = "var/lib/ampacity-point"
RUNTIMES = {
    "cpython": "env PYTHONPATH=/usr/lib/ampacity /usr/bin/python3",
    "micropython": "env MICROPYPATH=/usr/lib/ampacity:.frozen {micropython} -X heapsize=16M",
}
SLACK_S = 5


class Secondary:
    """A context. `plant`: its car and its pins; the two ends of the line are ptys of this machine."""

    def __init__(self, work: Path) -> None:
        folder = work / NAME
        folder.mkdir()
        self.plant, self._pair = Plant(NAME), Pair(folder)
        self.end_of_primary, self.own_end = (os.path.realpath(path) for path in (self._pair.ours, self._pair.theirs))
        self.lease_s, self.fallback_da = 0.0, 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Secondary":
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)
        self.plant.shutdown()
        self.plant.server_close()
        self._pair.close()

    @property
    def amps_da(self) -> int:
        """What its car draws per phase."""
        return int(self.plant.amps_da())

    def write(self, root: Path, site: str) -> None:
        """The files of its data folder, as the commands of this checkout compile them from the site file."""
        (root / FOLDER).mkdir()
        path = root / FOLDER / "site.toml"
        path.write_text(site)
        config = accepted(path, NAME, f"/dev/{DEVICE}")
        if config is None:
            raise Failed("the site of the secondary is refused")
        self.lease_s, self.fallback_da = config["lease_max_ms"] / 1000, config["fallback_da"]
        boot = {"role": "secondary", "name": NAME, "sim": f"127.0.0.1:{self.plant.server_address[1]}", "console": free_address("127.0.0.1:0")}
        for name, value in (("site.json", config), ("boot.json", boot)):
            (root / FOLDER / name).write_text(json.dumps(value))

    def start(self, started: "Callable[[str], subprocess.Popen[bytes]]", runtime: str, micropython: str) -> None:
        """Runs it; started: starts a command as the user of the service, with its end of the line."""
        self.plant.hello, self.plant.fed, self.plant.car = None, 0, "C"
        program = RUNTIMES[runtime].format(micropython=micropython)
        self._process = started(f"{program} -m ampacity /{FOLDER}")

    def up(self) -> bool:
        """It has its pins, and feeds its watchdog. Raises Failed if it has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise Failed(f"the secondary ended: {self._said()}")
        return self.plant.hello == NAME and self.plant.fed > 2

    def left_alone(self) -> float:
        """The seconds until its car draws no more than the fallback, after its primary has ended. Raises Failed."""
        began_s = time.monotonic()
        if not self.plant.until(lambda: self.amps_da <= self.fallback_da, self.lease_s + SLACK_S):
            raise Failed(f"{self.amps_da / 10} A without a primary, {self.fallback_da / 10} A is the fallback")
        return time.monotonic() - began_s

    def stop(self) -> int:
        """Its pins go away: it ends by itself; its status."""
        assert self._process is not None
        with contextlib.suppress(OSError):
            self.plant.connection.shutdown(socket.SHUT_RDWR)
        status = self._process.wait(60)
        if status:
            raise Failed(f"status {status} of the secondary: {self._said()}")
        return status

    def _said(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        return self._process.stdout.read().decode(errors="replace")[-1500:]
