"""A chip: its pins and what they can do, from `boards/chips/<name>.toml` and from what the board around it uses."""

import re
from pathlib import Path
from typing import Any

from ampacity_host.board.findings import Board
from ampacity_host.board.loader import chip_facts

RANGE = re.compile(r"([A-Za-z_]*)([0-9]+)(?:-([0-9]+))?")
PILOT_HZ = 1000  # IEC 61851-1, Table A.2


def spread(ranges: list[str]) -> list[str]:
    """["26-28", "PA0-1"] → ["26", "27", "28", "PA0", "PA1"]; a range backwards is the same range."""
    out = []
    for text in ranges:
        found = RANGE.fullmatch(text)
        if found:
            prefix, (first, last) = found[1], sorted((int(found[2]), int(found[3] or found[2])))
            out += [f"{prefix}{number}" for number in range(first, min(last, first + 999) + 1)]
    return out


def conditions(board: Board) -> set[str]:
    """What is fitted and running, in the words of `when`."""
    kinds = {each["kind"] for each in board["network"]}
    return {"always", f"psram-{board['memory']['psram']}"} | kinds


class Chip:
    """Facts of the chip under one board. chips_folder: see chip_facts. Raises Rejected for an unknown chip."""

    def __init__(self, board: Board, chips_folder: Path | None = None) -> None:
        self.facts: dict[str, Any] = chip_facts(board["chip"], chips_folder)
        self.pins = spread(self.facts["pins"])
        self.any_line: bool = self.facts["any_line"]
        self.input_only = set(spread(self.facts["input_only"]))
        self.strapping = set(spread(self.facts["strapping"]))
        here = conditions(board)
        self.taken = {
            pin: row["by"] for row in self.facts["taken"] + board["taken"] if row["when"] in here for pin in spread(row["pins"])
        }  # fmt: skip
        self.wifi = "wifi" in here

    def adc(self, pin: str) -> dict[str, Any] | None:
        """The converter of a pin: the one that Wi-Fi leaves alone, if there are several."""
        rows = [row for row in self.facts["adc"] if pin in spread(row["pins"])]
        return min(rows, key=lambda row: "shared_with" in row) if rows else None

    def pwm(self, pin: str) -> dict[str, Any] | None:
        """The timer of a pin."""
        return next((row for row in self.facts["pwm"] if pin in spread(row["pins"])), None)

    def i2c(self, number: int) -> dict[str, Any] | None:
        """The I2C bus of that number."""
        return next((dict(row) for row in self.facts["i2c"] if row["id"] == number), None)

    def uart(self, serial: dict[str, Any]) -> dict[str, Any] | None:
        """The UART that an entry of the board names by number or device."""
        for row in self.facts["uart"]:
            if "uart" in serial and row["id"] == serial["uart"] or "device" in serial and row.get("device") == serial["device"]:
                return dict(row)
        return None


def pilot_steps(timer: dict[str, Any]) -> int:
    """Steps of duty in one period of the pilot."""
    return int(min(1 << timer["bits"], timer["clock_hz"] // PILOT_HZ))
