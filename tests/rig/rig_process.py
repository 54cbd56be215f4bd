"""Starts `ampacity rig` as a person would, and stops it."""

import contextlib
import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from ampacity_host.rig.control_channel.client import RigClient

SITE = """
[site]
name = "yard"

[[circuit]]
name = "main"
rating_a = 63.0
breaker = "C63"
assumed_other_a = 30.0
meter = "grid"

[[circuit]]
name = "row"
parent = "main"
rating_a = 40.0

[[bus]]
name = "rs485-1"
kind = "rtu"
port = "virtual"
baud = 19200

[[meter]]
name = "grid"
profile = "eastron-sdm630"
bus = "rs485-1"
unit = 100

[[evse]]
name = "evse-1"
kind = "local"
circuit = "row"
max_a = 32.0

[[evse]]
name = "evse-2"
kind = "ampacity"
bus = "rs485-1"
unit = 2
circuit = "row"
max_a = 32.0
phases = ["L2", "L3", "L1"]

[[evse]]
name = "evse-3"
kind = "heidelberg-energy-control"
bus = "rs485-1"
unit = 3
circuit = "row"
max_a = 16.0
"""
OCPP = """
[ocpp]
version = "2.0.1"
identity = "AMP-0001"
url = "ws://127.0.0.1:9000"
security_profile = 1
password = "0123456789abcdef"
"""
QUARANTINE_MS = 16_000


class Rig(RigClient):
    """A client with the ready line (`ready`) and the process (`process`) of its rig.

    virtual: nothing moves there between two operations, so the state that was told is the state until one that may change it.
    """

    def __init__(self, process, ready, virtual):
        super().__init__(ready["control"])
        self.process, self.ready, self._virtual = process, ready, virtual
        self._told = None

    def answer(self, op, **fields):
        if op == "state" and not fields and self._virtual:
            self._told = self._told or super().answer(op)
            return copy.deepcopy(self._told)
        if op not in ("worst", "csms_log"):
            self._told = None
        return super().answer(op, **fields)

    def amps(self):
        """EVSE name -> the current on its first supply phase that carries any."""
        return {name: max(evse["amps"]) for name, evse in self.state()["truth"]["evses"].items()}


@contextlib.contextmanager
def running(site=SITE, *options, beside=()):
    """A rig of that site file's text; options of the command line. beside: (name, text) of the files that it names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(site)
        for name, text in beside:
            (Path(folder) / name).write_text(text)
        command = [sys.executable, "-m", "ampacity_host", "rig", "--site", str(path), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            rig = Rig(process, json.loads(process.stdout.readline()), "virtual" in options)
            yield rig
            rig.close()
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()
