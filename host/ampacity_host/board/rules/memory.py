"""Memory: the flash map fits the flash, and the heap fits the site. Also the interpreter, the watchdog and the updates."""

from math import ceil
from typing import Any

from ampacity_host.board.rules.functions import MICROCONTROLLERS
from ampacity_host.board.rules.place import Found, Place

# EVSEs → heap of a primary with OCPP and a TLS session: docs/benchmarks.md, heap-site/…/least, and 24 KiB or more, with which an hour lasted
HEAP_KIB = {4: 240, 8: 256, 16: 304, 32: 400}
HEAP_WORDS = ", ".join(f"{kib} KiB up to {evses} EVSEs" for evses, kib in HEAP_KIB.items())
HEAP_STEP_KIB = 8  # in which it was measured
TLS_HOLDS_KIB = 25  # heap/data-tls
PSRAM_WORDS = "use 1 to 65536 with psram = \"quad\" or \"octal\", and 0 with \"none\""
WATCHDOGS = {"machine": MICROCONTROLLERS, "device": ("linux",), "systemd": ("linux",), "none": ("unix",)}
UPDATES = {"esp32-ota": ("esp32",), "romfs": MICROCONTROLLERS, "rauc": ("linux",)}
APPLICATION_KIB = 684  # budget of the compiled application (tools/size.py), once for each slot
FILE_BLOCKS_MIN = 16
LEAST_VERSION = (("MicroPython", "1.25"), ("CPython", "3.11"))  # README; the second on Linux


def flash_map(place: Place) -> Found:
    """Regions are inside their flash, apart, on boundaries of erase units, and there is one for the interpreter and one for files."""
    board = place.board
    if board["port"] in MICROCONTROLLERS and "flash" not in board:
        yield "flash-map", "flash", "is missing; write a table with kib, erase_kib, region"
        return
    most = place.chip.facts["flash_kib"]
    if most and "flash" in board and board["flash"]["kib"] > most:
        yield "flash-map", "flash.kib", f"{board['flash']['kib']} KiB is beyond the chip; use at most {most} KiB"
    for name, table in flashes(place):
        yield from _regions(name, table)
    kinds = [row["kind"] for _, table in flashes(place) for row in table["region"]]
    for kind, holds in (("interpreter", "the interpreter"), ("files", "settings and journal")):
        if "flash" in board and kind not in kinds:
            yield "flash-map", "flash.region", f'there is none of kind "{kind}"; write one for {holds}'


def flashes(place: Place) -> list[tuple[str, dict[str, Any]]]:
    """(name of its table, table) of each flash."""
    return [(name, place.board[name]) for name in ("flash", "spi_flash") if name in place.board]


def _regions(name: str, table: dict[str, Any]) -> Found:
    end, before = 0, ""
    for index, row in sorted(enumerate(table["region"]), key=lambda pair: pair[1]["start_kib"]):
        field, last = f"{name}.region.{index}", row["start_kib"] + row["size_kib"]
        if row["start_kib"] < end:
            yield "flash-map", f"{field}.start_kib", f"{row['name']} begins at {row['start_kib']} KiB, inside {before}; use {end} KiB or more"
        if last > table["kib"]:
            yield "flash-map", f"{field}.size_kib", f"{row['name']} ends at {last} KiB; use an end of {table['kib']} KiB or less"
        if row["start_kib"] % table["erase_kib"] or row["size_kib"] % table["erase_kib"]:
            yield "flash-map", field, f"{row['name']} is not on erase units; use multiples of {table['erase_kib']} KiB"
        if last > end:
            end, before = last, row["name"]


def file_system(place: Place) -> Found:
    """A file system needs erase units enough, and two slots of the application need room."""
    for name, table in flashes(place):
        for index, row in enumerate(table["region"]):
            field, blocks = f"{name}.region.{index}.size_kib", row["size_kib"] // table["erase_kib"]
            if row["kind"] == "files" and blocks < FILE_BLOCKS_MIN:
                yield ("flash-files", field, f"{blocks} erase units are no file system; use {FILE_BLOCKS_MIN} or more, "
                       "or an [spi_flash] with small ones")  # fmt: skip
            elif row["kind"] == "files" and place.board["update"]["kind"] == "files-ab" and row["size_kib"] < 2 * APPLICATION_KIB:
                yield "flash-files", field, f"{row['size_kib']} KiB hold no two slots; use {2 * APPLICATION_KIB} KiB or more"


def most_evses() -> int:
    """The largest site for which the heap was measured."""
    return max(HEAP_KIB)


def least_heap_kib(evses: int, tls: bool) -> int:
    """Heap in KiB of a primary whose code is frozen. A size that was not measured counts as the next larger one that was.

    Beyond the largest, each EVSE adds what it adds between the two largest, rounded up to the step.
    """
    size = min((each for each in HEAP_KIB if each >= evses), default=0)
    if not size:
        below, size = sorted(HEAP_KIB)[-2:]
        more_kib = (evses - size) * (HEAP_KIB[size] - HEAP_KIB[below]) / (size - below)
        return HEAP_KIB[size] + ceil(more_kib / HEAP_STEP_KIB) * HEAP_STEP_KIB - (0 if tls else TLS_HOLDS_KIB)
    return HEAP_KIB[size] - (0 if tls else TLS_HOLDS_KIB)


def heap(place: Place) -> Found:
    """A primary of so many EVSEs runs in this heap."""
    site, memory = place.board["site"], place.board["memory"]
    wanted = site["evses_max"]
    most = place.chip.facts["ram_kib"] + memory["psram_kib"]
    if place.chip.facts["ram_kib"] and memory["heap_kib"] >= most:
        there = f"{place.chip.facts['ram_kib']} KiB of RAM" + (f" and {memory['psram_kib']} KiB of PSRAM" if memory["psram_kib"] else "")
        yield "ram", "memory.heap_kib", f"{memory['heap_kib']} KiB do not fit {there}; use less than {most} KiB: the stack is there, too"
    if (memory["psram"] == "none") != (memory["psram_kib"] == 0):
        yield "ram", "memory.psram_kib", f'{memory["psram_kib"]} does not fit psram = "{memory["psram"]}"; {PSRAM_WORDS}'
    if wanted:
        least = least_heap_kib(wanted, site["tls"])
        if memory["heap_kib"] < least:
            yield ("ram", "memory.heap_kib", f"{memory['heap_kib']} KiB is too small for a primary of {wanted} EVSEs; "
                   f"use {least} KiB or more, or site.evses_max = 0 (a secondary)")  # fmt: skip


def watchdog(place: Place) -> Found:
    """The hardware watchdog exists on this port and can wait that long."""
    table = place.board["watchdog"]
    port, most = place.board["port"], place.chip.facts["watchdog_max_ms"]
    if port not in WATCHDOGS[table["kind"]]:
        allowed = ", ".join(f'"{kind}"' for kind, ports in WATCHDOGS.items() if port in ports)
        yield "watchdog", "watchdog.kind", f'"{table["kind"]}" does not exist on port {port}; use {allowed}'
    elif table["kind"] != "none" and table["timeout_ms"] > most:
        yield "watchdog", "watchdog.timeout_ms", f"{table['timeout_ms']} ms is longer than the chip can wait; use 500 to {most} ms"
    if table["kind"] == "device" and "device" not in table:
        yield "watchdog", "watchdog.device", 'is missing; write a text such as "/dev/watchdog"'


def update(place: Place) -> Found:
    """The kind of update exists on this port, and its slots are in the flash map."""
    kind, port = place.board["update"]["kind"], place.board["port"]
    if kind in UPDATES and port not in UPDATES[kind]:
        allowed = ", ".join(f'"{each}"' for each in (*UPDATES, "files-ab", "none") if port in UPDATES.get(each, (port,)))
        yield "update", "update.kind", f'"{kind}" does not exist on port {port}; use {allowed}'
    slots = {"esp32-ota": ("interpreter", 2), "romfs": ("romfs", 1)}.get(kind)
    held = [row["kind"] for _, table in flashes(place) for row in table["region"]]
    if slots and held.count(slots[0]) < slots[1]:
        yield "update", "flash.region", f'update.kind = "{kind}" has {held.count(slots[0])} region of kind "{slots[0]}"; write {slots[1]}'


def port_of_chip(place: Place) -> Found:
    """The port runs on the chip."""
    ports = place.chip.facts["ports"]
    if place.board["port"] not in ports:
        yield "port", "port", f'"{place.board["port"]}" does not run on {place.chip.facts["title"]}; use {", ".join(ports)}'


def interpreter(place: Place) -> Found:
    """The first version that the board accepts runs the firmware."""
    name, least = LEAST_VERSION[place.board["port"] == "linux"]
    written = place.board["interpreter"]["least"]
    if tuple(int(part) for part in written.split(".")) < tuple(int(part) for part in least.split(".")):
        yield "interpreter", "interpreter.least", f'"{written}" is too old for the firmware; use "{least}" ({name}) or newer'


RULES = (port_of_chip, interpreter, flash_map, file_system, heap, watchdog, update)
