"""Descriptions of devices as data: the address of a value, its encoding, and its effect in the device.

A description (described/NAME.toml) holds the collected facts of a device and takes nothing from its profile: `[registers]`
lists the registers, the other tables the behaviour. Unlisted registers do not exist and are refused. An error in the facts
themselves is also an error here: only the device can reveal it.
"""

import struct
import tomllib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "described"
SPACES = {"holding": "h", "input": "i", "coil": "c", "discrete": "d"}
FORMATS = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "f32": ">f", "u64": ">Q", "i64": ">q", "f64": ">d", "bool": ">H"}
SIZES = {kind: struct.calcsize(code) // 2 for kind, code in FORMATS.items()}


class Register:
    """One value: its address, its encoding, and the unit of one count."""

    def __init__(self, name: str, row: dict, low_first: bool) -> None:
        self.name = name
        self.space = SPACES[row["in"]]
        self.at: int = row["at"]
        self.kind: str = row["type"]
        self.scale = _number(row.get("scale", 1))
        self.unit: str = row.get("unit", "")
        self.writable = "w" in row.get("access", "r")
        self.low_first = row.get("words", "low" if low_first else "high") == "low"
        self.size: int = row.get("count") or SIZES[self.kind]
        self._last: tuple[float | str | None, list[int]] = (None, [])  # most values are unchanged at the next request

    def words(self, raw: "float | str") -> list[int]:
        """A raw value, or a text, as registers."""
        if raw != self._last[0]:
            self._last = (raw, self._words(raw))
        return self._last[1]

    def _words(self, raw: "float | str") -> list[int]:
        if isinstance(raw, str):
            data = raw.encode()[: self.size * 2].ljust(self.size * 2, b"\0")
        else:
            data = self._packed(raw)
        words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
        return words[::-1] if self.low_first and self.kind != "text" else words

    def _packed(self, raw: float) -> bytes:
        raw = float(raw)
        if self.kind == "text":
            return str(int(raw)).encode()[: self.size * 2].ljust(self.size * 2, b"\0")
        if self.kind in ("f32", "f64"):
            return struct.pack(FORMATS[self.kind], raw)
        bits = self.size * 16
        return (round(raw) % (1 << bits)).to_bytes(self.size * 2, "big")

    def raw(self, words: list[int]) -> float:
        """Registers as a raw value."""
        data = b"".join(word.to_bytes(2, "big") for word in (words[::-1] if self.low_first else words))
        return float(struct.unpack(FORMATS[self.kind], data)[0])


class Description:
    """One device: its registers by name, and its tables."""

    def __init__(self, table: dict) -> None:
        self.table = table
        low_first = table.get("words") == "low-first"
        self.registers = {name: Register(name, row, low_first) for name, row in table["registers"].items()}

    def addresses(self, space: str) -> list[int]:
        """All addresses of a space that exist."""
        return [at for r in self.registers.values() if r.space == space for at in range(r.at, r.at + r.size)]

    def phases(self, quantity: str) -> list[Register]:
        """The registers of a quantity of each phase, as far as they exist."""
        return [self.registers[f"{quantity}_l{n}"] for n in (1, 2, 3) if f"{quantity}_l{n}" in self.registers]


def names(kind: str) -> list[str]:
    """All described devices of a kind, "evse" or "meter"."""
    return sorted(path.stem[len(kind) + 1 :] for path in FOLDER.glob(f"{kind}-*.toml"))


@cache
def load(kind: str, name: str) -> Description:
    """The description of a device."""
    return Description(tomllib.loads((FOLDER / f"{kind}-{name}.toml").read_text()))


def _number(scale: "float | str") -> float:
    if isinstance(scale, str):
        above, _, below = scale.partition("/")
        return float(above) / float(below or 1)
    return float(scale)
