"""Every pin that a board uses: found by walking its tables, with the function of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ampacity_host.board.findings import Board

ADC, PWM, OUT, IN, BOTH = "ADC", "PWM", "out", "in", "in/out"
DIRECTIONS = {
    "pwm": PWM, "disconnect": OUT, "drive": OUT, "test": OUT, "a": OUT, "b": OUT, "tx": OUT, "de": OUT, "sck": OUT, "mosi": OUT, "cs": OUT,
    "out": OUT, "sda": BOTH, "scl": BOTH, "data": BOTH, "adc": ADC, "rail_plus": ADC, "rail_minus": ADC,
}  # fmt: skip
DRIVEN = (PWM, OUT, BOTH)


@dataclass(frozen=True)
class Use:
    """One pin with its function. field: dotted; entry: its table; level: the active one, None of an analog pin."""

    field: str
    pin: str
    kind: str
    level: int | None
    pull: str
    source: str
    entry: dict[str, Any]

    @property
    def label(self) -> str:
        """The function for a reader: `contactor 1 drive`."""
        return " ".join(str(int(part) + 1) if part.isdigit() else part.replace("_", " ") for part in self.field.split("."))


def uses(board: Board) -> list[Use]:
    """All pins of a board, in the order of its tables."""
    return list(_walk(board, (), board["source"], board))


def _walk(value: Any, place: tuple[str, ...], source: str, above: dict[str, Any]) -> Iterator[Use]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, (*place, str(index)), source, above)
    elif isinstance(value, dict) and "pin" in value:
        kind = DIRECTIONS.get(place[-1], IN)
        held = place[-1] == "drive" and above.get("hold_permille", 1000) < 1000
        kind = PWM if held else kind
        yield Use(".".join(place), str(value["pin"]), kind, value.get("level"), value.get("pull", "none"), value.get("source", source), value)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("taken", "waive"):
                yield from _walk(item, (*place, key), source, value)
