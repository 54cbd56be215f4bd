"""Every row that a whole run of the bench puts on the page: `python -m tools.figures` names those that are not there.

The names stand here and not in the modules that measure: a change of this list leaves their digests as they are.
"""

from tools.bench import allocate, bus, energy, heap, heap_site, mounted, ocpp_blocks, unused
from tools.size import rooms

BAUDS = (9600, 19200, 115200)
DAYS = [first.date().isoformat() for first in energy.FIRST_DAYS]
REAL = f"{bus.REAL_UNITS}x{bus.REAL_BAUD}"
NAMES: dict[str, list[str]] = {
    "allocate": [*[str(count) for count in allocate.COUNTS], "64-at-once", *[f"cortex-m3/{count}" for count in (8, 16, 64)]],
    "bus-cycle": [*[f"{count}x{baud}/virtual" for count in (1, 4, 16, 32) for baud in BAUDS], f"{REAL}/real"],
    "bus-pymodbus": ["acknowledged", "broadcast"],
    "crypto": ["slice", "verify"],
    "energy": [
        *DAYS, f"{DAYS[0]}/untold", f"{DAYS[0]}/untold-equal-shares", "mixed-cars",
        *[f"{kind}{form}" for kind in unused.KINDS for form in ("", "/bytes")], "unmeasured/known", "unmeasured/bytes/known",
    ],
    "heap": [
        "live", "least", "ocpp", *[board for board, _ in heap.BOARDS_KIB],
        *[f"code-{room}" for room in heap.ROOMS], *[f"data-{part}" for part in (*heap.DATA, "running")],
    ],
    "heap-site": [f"{units}/{name}" for units in heap_site.SIZES for name in ("least", "live")],
    "image": ["primary", "packed", "boot", *rooms()],
    "journal": [""],
    "mounted": [
        f"{role}/{place}-{name}" for role in ("primary", "secondary") for place in mounted.PLACES if place != "frozen"
        for name in ("heap", "image", "least", "start") if (place, name) != ("romfs", "least")
    ],
    "ocpp-block": [f"{block}/{name}" for block, _ in ocpp_blocks.BLOCKS for name in ("heap-start", "heap-use", "image")],
    "ocpp-calls": ["with-schemas", "without-schemas"],
    "ocpp-report": ["heap", "time"],
    "ocpp-to-bus": [""],
    "safe": [""],
    "shed": [*[f"{baud}/virtual" for baud in BAUDS], f"{bus.REAL_BAUD}/real"],
    "simulate": ["bytes", "no-bytes", "same"],
    "stall": ["64-kib-message", "busy", "csms-flood", "dead-name-server", "firmware-download", "log-upload", "tls-connect"],
    "start": ["cpython", "micropython"],
}  # fmt: skip
CASES = [f"{family}/{name}".rstrip("/") for family, names in NAMES.items() for name in names]
