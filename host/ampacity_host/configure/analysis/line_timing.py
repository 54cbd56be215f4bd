"""How long a line takes: one cycle over all its units with half of them silent, and one set of orders.

A serial bus is one line; of a TCP bus each host and port is one, for the controller has a connection to each, and what
several units share behind one address is asked one after another (`ampacity.roles.control.buses`).
Computed from characters on the wire, the devices' answer times and time-outs; the same facts that the controller gets.
The engine gives silent units at most half of a line's time, so they can double a cycle, not more.
"""

import itertools
from typing import Any

from ampacity.bus.profile.proof.liveness import HEARD_MS, too_slow
from ampacity.circuit.trusted.device.evse_state import FRESH_MS
from ampacity.roles.configuration.site_rows import endpoint

STATUS_CHARACTERS = (8, 61)  # request and answer of our own secondary's status block
OWN_LATENCY_MS = 5
OWN_TIMEOUT_MS = 200
GRANT_CHARACTERS = (23, 8)  # to one of our own alone, as on TCP: seven registers
BROADCAST_HEAD_CHARACTERS = 21  # address, function, range, count, then identity, sequence, lease, first, count; check
TCP_ROUND_TRIP_MS = 20
BEHIND_GATEWAY = {"kind": "rtu", "baud": 9600, "parity": "E", "stop": 1}  # an undescribed line
WAKE_MS = 120  # for a sleeping device, before each request
WRITE_CHARACTERS = 8
OLD_MS = FRESH_MS * 3 // 5  # a cycle; later a frame of a meter often finds no reading that is fresh


def character_us(bus: dict[str, Any]) -> int:
    """One character on the wire; 0 on TCP, where the round trip counts instead."""
    if bus["kind"] != "rtu":
        return 0
    bits = 1 + 8 + int(bus["parity"] != "N") + int(bus["stop"])
    spelled = 2 if bus.get("framing") == "ascii" else 1  # two characters a byte
    return -(-bits * spelled * 1000000 // int(bus["baud"]))


def silence_us(bus: dict[str, Any]) -> int:
    """The gap between frames: 3.5 characters, 1.75 ms above 19200 baud."""
    if bus["kind"] != "rtu":
        return 0
    return 1750 if bus["baud"] > 19200 else 7 * character_us(bus) // 2


def frame_ms(bus: dict[str, Any], characters: int) -> int:
    """One frame and the gap behind it, rounded up."""
    return -(-(characters * character_us(bus) + silence_us(bus)) // 1000)


def exchange_ms(bus: dict[str, Any], asked: int, answered: int, latency_ms: int) -> int:
    """A request of `asked` characters and its answer."""
    if bus["kind"] != "rtu":
        line = frame_ms(BEHIND_GATEWAY, asked) + frame_ms(BEHIND_GATEWAY, answered) if bus.get("gateway") else 0
        return line + max(TCP_ROUND_TRIP_MS, latency_ms)
    return frame_ms(bus, asked) + latency_ms + frame_ms(bus, answered)


class UnitTiming:
    """What one device costs its bus in a cycle, ms: `answering`, `silent`, `order`; and how long it alone takes, `own`."""

    def __init__(self, bus: dict[str, Any], profile: dict[str, Any] | None) -> None:
        if profile is None:
            self.answering = exchange_ms(bus, *STATUS_CHARACTERS, OWN_LATENCY_MS)
            self.silent = frame_ms(bus, STATUS_CHARACTERS[0]) + OWN_TIMEOUT_MS
            self.order = 0 if bus["kind"] == "rtu" else exchange_ms(bus, *GRANT_CHARACTERS, OWN_LATENCY_MS)  # there one frame is for all
            self.own = self.answering + self.order
            return
        latency = int(profile["latency_ms"])
        reads = [span for group in ("live", "proof") for span in profile["reads"].get(group, [])]
        writes = [w for w in (profile.get("order") or {}).get("charge", []) if w[3] != "wait"]
        lead = frame_ms(bus, 8) + WAKE_MS if profile.get("wake") else 0
        self.answering = sum(lead + exchange_ms(bus, 8, 5 + 2 * span[2], latency) for span in reads)
        self.silent = frame_ms(bus, 8) + int(profile["reply_ms"])
        self.order = len(writes) * (lead + exchange_ms(bus, 8 + 1, WRITE_CHARACTERS, latency))
        self.own = self.answering + self.order + int(profile["gap_ms"]) * (len(reads) + len(writes))


class BusTiming:
    """One line of the site facts. `well_ms`: all units read once; `cycle_ms`: with half of them silent
    and all orders; `evse_count`; `orders_ms`: an order to every EVSE; `busy_ms`: the longest that one unit keeps it from the rest."""

    def __init__(self, facts: dict[str, Any], bus_index: int, end: tuple[str, int] | None = None) -> None:
        """end: host and port of a TCP connection; None: all that is on the bus."""
        bus = facts["buses"][bus_index]
        self.name, self.bus, self.end = bus["name"], bus, end
        self.where = self.name if end is None else "%s %s:%d" % (self.name, *end)
        evses = [e for e in facts["evses"] if e["bus"] == bus_index and (end is None or endpoint(e, bus) == end)]
        meters = [m for m in facts["meters"] if m["bus"] == bus_index and (end is None or endpoint(m, bus) == end)]
        self.evse_count = len(evses)
        entries = evses + meters
        self.units = [UnitTiming(bus, facts["profiles"].get(entry["profile"]) if entry["profile"] else None) for entry in entries]
        self.own_secondaries = sum(1 for e in evses if e["kind"] == "ampacity") if bus["kind"] == "rtu" else 0
        self.broadcast_ms = frame_ms(bus, BROADCAST_HEAD_CHARACTERS + 2 * self.own_secondaries) if self.own_secondaries else 0
        self.orders_ms = 2 * self.broadcast_ms + sum(unit.order for unit in self.units)
        self.well_ms = sum(unit.answering for unit in self.units)
        self.busy_ms = max((unit.silent for unit in self.units), default=0)
        self.cycle_ms = self._cycle_ms()

    def _cycle_ms(self) -> int:
        """The slower half answers, the others cost their time-outs, at most as much again as the answering half."""
        ordered = sorted(self.units, key=lambda unit: unit.answering, reverse=True)
        half = (len(ordered) + 1) // 2
        answering = sum(unit.answering for unit in ordered[:half])
        silent = sum(unit.silent for unit in ordered[half:])
        longest = max((unit.silent for unit in ordered[half:]), default=0)
        alone = max((unit.own for unit in ordered), default=0)
        return max(alone, answering + min(silent, answering + longest) + self.orders_ms)


def lines_of(facts: dict[str, Any]) -> list[BusTiming]:
    """Every line of the site, in the order of its buses; of a TCP bus one for each host and port, in file order."""
    lines = []
    for index, bus in enumerate(facts["buses"]):
        ends: list[tuple[str, int] | None] = [None]
        if bus["kind"] != "rtu":
            users = [entry for entry in (*facts["evses"], *facts["meters"]) if entry["bus"] == index]
            ends = list(dict.fromkeys(endpoint(entry, bus) for entry in users))
        lines += [BusTiming(facts, index, end) for end in ends]
    return lines


def line_of(lines: list[BusTiming], facts: dict[str, Any], entry: dict[str, Any]) -> BusTiming:
    """The line by which an EVSE (none of kind local) or meter is reached."""
    bus = facts["buses"][entry["bus"]]
    end = None if bus["kind"] == "rtu" else endpoint(entry, bus)
    return next(line for line in lines if line.bus is bus and line.end == end)


def check_watchdogs(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Findings where a watchdog is not longer than three cycles of its line, or its refresh does not fit in a quarter."""
    found = []
    lines = lines_of(facts)
    for evse in facts["evses"]:
        if evse["bus"] < 0 or not evse["watchdog_ms"]:
            continue
        timing = line_of(lines, facts, evse)
        least = max(3 * timing.cycle_ms + 1, 4 * timing.orders_ms)
        if lease_ms(evse) < least:
            found.append(watchdog_finding(evse, timing, least))
    return found


def check_settings(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Warnings where a device's settings cannot be read in the time for which they hold (rule 8): it would never be raised."""
    found = []
    for evse in facts["evses"]:
        if evse["bus"] >= 0 and evse["profile"] and not evse["survives"]:
            profile = facts["profiles"][evse["profile"]]
            parts = settings_ms(facts["buses"][evse["bus"]], profile)
            if parts and not in_time(parts, int(profile["gap_ms"]), evse):
                found.append(slow_finding(evse, sum(parts) + int(profile["gap_ms"]) * (len(parts) - 1)))
    return found


def check_ages(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Warnings where the readings of EVSEs are too old to tell their current from other load (3.1): it counts twice, and cars get less."""
    found = []
    for timing in lines_of(facts) if facts["meters"] else ():
        taken_ms = timing.well_ms + timing.orders_ms
        if taken_ms > OLD_MS and timing.evse_count:
            text = (
                f"one cycle of its {len(timing.units)} units takes {taken_ms / 1000:.1f} s: readings are older than {FRESH_MS / 1000:g} s at times, "
                "and then the current of EVSEs also counts as other load next to a meter"
            )
            fix = f"a higher baud rate, or fewer units on {timing.where}" if timing.bus["kind"] == "rtu" else f"fewer units on {timing.where}"
            found.append(finding("slow-line", timing.where, text, fix) | {"level": "warning"})
    return found


def settings_ms(bus: dict[str, Any], profile: dict[str, Any]) -> list[int]:
    """How long each request for its settings takes."""
    return [exchange_ms(bus, 8, 5 + 2 * span[2], int(profile["latency_ms"])) for span in profile["reads"].get("settings", [])]


def in_time(parts: list[int], gap_ms: int, evse: dict[str, Any]) -> bool:
    """As the driver judges it: all of them lately, or an unbroken row of answers, each soon enough after the one before."""
    boot_ms = int(evse["boot_ms"])
    if sum(parts) + gap_ms * len(parts) <= boot_ms:
        return True
    if not evse.get("held"):
        return bool(gap_ms + HEARD_MS <= boot_ms)
    steps = [parts[-1], *(one + gap_ms + other for one, other in itertools.pairwise(parts))]
    return max(steps) <= boot_ms


def slow_finding(evse: dict[str, Any], taken_ms: int) -> dict[str, Any]:
    text = too_slow(taken_ms, evse["boot_ms"]).split("; ")[0] + ": no order above its reserve is sent"
    fix = "boot_s if its restart takes longer, a separate line without a gateway, or a test that its settings survive a restart"
    return finding("too-slow", evse["name"], text, fix) | {"level": "warning"}


def lease_ms(evse: dict[str, Any]) -> int:
    """What has to be refreshed in time: its watchdog; of a primary below the lease alone."""
    return int(evse.get("lease_ms") or evse["watchdog_ms"])


def watchdog_finding(evse: dict[str, Any], timing: BusTiming, least_ms: int) -> dict[str, Any]:
    least_s = -(-least_ms // 1000)
    silent = "its unit" if len(timing.units) == 1 else f"half of its {len(timing.units)} units"
    text = (
        f"the watchdog of {lease_ms(evse) / 1000:g} s is not longer than 3 cycles of {timing.where}: "
        f"{timing.cycle_ms / 1000:.1f} s each with {silent} silent, and 4 sets of orders of {timing.orders_ms / 1000:.1f} s"
    )
    fix = f"watchdog_s = {least_s} if the device supports it"
    if len(timing.units) > 1:
        fix += f", {'' if timing.bus['kind'] == 'rtu' else 'or '}fewer units on {timing.where}"
    if timing.bus["kind"] == "rtu":
        fix += ", or a higher baud rate"
    return finding("watchdog-cycle", evse["name"], text, fix)


def finding(code: str, where: str, text: str, fix: str, phase: int | None = None, missing_da: int = 0) -> dict[str, Any]:
    """A finding of the host, in the shape of those of `ampacity.circuit.trusted.site.check`."""
    return {"code": code, "where": where, "phase": phase, "missing_da": missing_da, "text": text, "fix": fix, "level": "error"}
