"""The size table: bytes of each room, and each sum with what the board has for it."""

from dataclasses import dataclass

from ampacity_host.board.rules.memory import least_heap_kib
from ampacity_host.build.image import Image
from ampacity_host.build.target import KIB, Target

LATER = ("commission", "profiles")  # rooms that are loaded only while they are used: tests, and the devices that a scan knows
APART = (*LATER, "update", "point", "secondary")  # not in the budget of a primary, as in tools/size.py
HEAP_ROW = "heap with the code in it"
OF_SECONDARY = 8, 5  # heap in use with a console session, to compiled bytes: functions, names and objects come on top (docs/ports.md)


@dataclass(frozen=True)
class Row:
    """One size. budget: None where there is no budget of its own; must: does the image have to fit?"""

    what: str
    size: int
    budget: int | None = None
    must: bool = True

    @property
    def fits(self) -> bool:
        return self.budget is None or self.size <= self.budget

    def as_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return {"what": self.what, "bytes": self.size, "budget_bytes": self.budget, "fits": self.fits}


def table(target: Target, image: Image) -> list[Row]:
    """Rooms first, then the sums."""
    rooms: dict[str, int] = {}
    for module in image.modules:
        rooms[module.room] = rooms.get(module.room, 0) + len(module.data)
    loaded = sum(size for room, size in rooms.items() if room not in LATER)
    budgeted = sum(size for room, size in rooms.items() if room not in APART)
    rows = [Row(f"room {room}", size) for room, size in sorted(rooms.items())]
    rows.append(Row("application of a primary without commissioning, updates and pilot", budgeted, target.application_bytes))
    rows.append(Row("image, one slot", len(image.data), target.slot_bytes))
    site = target.board["site"]
    if target.role == "secondary":  # it loads nearly all that it has; a primary leaves blocks of OCPP out, which outweighs the objects of the code
        heap = loaded * OF_SECONDARY[0] // OF_SECONDARY[1]
    else:
        heap = loaded + least_heap_kib(site["evses_max"], site["tls"]) * KIB
    return [*rows, Row(HEAP_ROW, heap, target.heap_bytes, must=False)]


def shown(rows: list[Row]) -> list[str]:
    """Lines for people."""
    wide = max(len(row.what) for row in rows)
    lines = []
    for row in rows:
        budget = f"  of {row.budget / KIB:8.1f} KiB  {'fits' if row.fits else 'DOES NOT FIT'}" if row.budget is not None else ""
        lines.append(f"{row.what:{wide}}  {row.size / KIB:8.1f} KiB{budget}")
    return lines
