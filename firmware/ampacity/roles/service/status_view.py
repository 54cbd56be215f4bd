"""The primary's own view of the site as one document: what the console shows and the bench's `state` carries.

Amperes with one decimal, one entry for each supply phase.
"""

from ampacity.base.compat import mem_free
from ampacity.base.quantities import amps
from ampacity.evse.session import CHARGING
from ampacity.roles.configuration.site_rows import spread

SHOWN_PHASES = {"idle": "Available", "authorised": "Authorized", "plugged": "Plugged", "ended": "Ended"}

if False:  # for the type checker
    from typing import Any

    from ampacity.circuit.guard import Guard
    from ampacity.evse.session import Session
    from ampacity.roles.interfaces import View
    from ampacity.roles.primary_face import PrimaryFace


def in_amperes(values_da: "list[int]") -> "list[float]":
    """Deci-amperes as amperes with one decimal."""
    return [value / 10 for value in values_da]


def circuit_view(guard: "Guard", index: int) -> "View":
    """One circuit: margin and other load in A per phase, and whether its meter is trusted."""
    view = {
        "margin_a": in_amperes(guard.margin_da(index)),
        "other_a": in_amperes(guard.other_da(index)),
        "meter": guard.meter_state(index),
    }
    if guard.meter_reason(index):
        view["meter_reason"] = guard.meter_reason(index)
    return view


def left_view(guard: "Guard") -> "View":
    """What is no longer in the site file, and still counts: by name, in amperes for each of its phases."""
    rows = {}
    for row in guard.removed_evses():
        rows[row["name"]] = {"at": row["at"], "most_a": row["most_da"] / 10, "circuits": row["circuits"], "text": left_text(row)}
    return rows


def left_text(row: "dict[str, Any]") -> str:
    """One of guard.removed_evses() as a line for people."""
    name, falls_ms = row["name"], row["falls_ms"]
    until = "until `gone %s`" % name
    if falls_ms is not None:
        until = "for %d s, then its reserve %s" % (falls_ms // 1000, amps(row["reserve_da"]))
    count = "%s count at %s" % (amps(row["most_da"]), ", ".join(row["circuits"]))
    return "%s (%s) left the site file: %s %s" % (name, row["at"] or "address unknown", count, until)


def shown_status(session: "Session") -> str:
    """The status of an EVSE for people and the bench: a phase of its session (Authorized, Plugged, Charging or Suspended, Ended), Available
    without one, Unavailable, Faulted."""
    phase = session.phase
    if session.fault:
        return "Faulted"
    if session.lost or not session.operative:
        return "Unavailable"
    if phase == "active":
        return "Charging" if session.charging_state == CHARGING else "Suspended"
    return SHOWN_PHASES[phase]


def evse_view(primary: "PrimaryFace", index: int) -> "View":
    """One EVSE: what was ordered, what it may be drawing at most, what it says, and why."""
    guard, facts = primary.guard, primary.site["evses"][index]
    measured_da = primary.evses.amps_da(index) or []
    order_da = guard.last_order_da(index)
    return {
        "online": guard.online(index),
        "order_a": None if order_da is None else order_da / 10,
        "bound_a": in_amperes(guard.bound_da(index)),
        "reserve_a": guard.reserve_da(index) / 10,
        "measured_a": in_amperes(spread(facts["terminals"], measured_da, primary.site["phases"])),
        "status": shown_status(primary.evses.session(index)),
        "why": primary.why(index),
        "transaction": primary.evses.transaction(index),
    }


def meter_view(primary: "PrimaryFace", index: int, now_ms: int) -> "View":
    """One meter: its currents, export negative, and what other models of the device show (the charge of a battery)."""
    facts, reading = primary.buses.meters[index].facts, primary.readings[index] or {}
    view: "View" = {
        "online": facts.online,
        "amps_a": None if facts.amps_da is None else in_amperes(facts.amps_da),
        "power_w": facts.power_w,
        "energy_wh": facts.energy_wh,
        "fault": facts.fault,
    }
    asked_ms = getattr(facts, "power_asked_ms", None)
    if asked_ms is not None and facts.power_w is not None:
        view["power_age_s"] = max(0, now_ms - asked_ms) // 1000
    if reading.get("beside"):
        view["beside"] = dict(reading["beside"])
    return view


def counters(engine: "Any") -> "View":
    """A wire's counters as they stand: frames, errors by kind, the last poll cycle; `trouble` of its addresses, if any."""
    shown = dict(engine.counters)
    duplicate_addresses = getattr(engine, "duplicate_addresses", None)
    if duplicate_addresses is not None and duplicate_addresses.texts():
        shown["trouble"] = duplicate_addresses.texts()
    return shown


def primary_view(primary: "PrimaryFace", now_ms: int) -> "View":
    """The `primary` part of the bench's state, section "Control channel" of the bench's interface."""
    site, guard = primary.site, primary.guard
    circuits, evses = {}, {}
    for i, circuit in enumerate(site["circuits"]):
        circuits[circuit["name"]] = circuit_view(guard, i)
    for i, evse in enumerate(site["evses"]):
        evses[evse["name"]] = evse_view(primary, i)
    meters = {}
    for i, meter in enumerate(site["meters"]):
        meters[meter["name"]] = meter_view(primary, i, now_ms)
    view = {
        "mode": guard.mode,
        "circuits": circuits,
        "evses": evses,
        "meters": meters,
        "buses": {wire.name: counters(wire.engine) for wire in primary.buses.wires},
        "stall_ms": primary.safety.stall_ms,
        "ocpp": primary.upstream.view() if primary.upstream else {"connected": False, "queue": 0},
        "heap_free": mem_free(),
        "uptime_ms": now_ms - primary.started_ms,
    }
    messages = primary.upstream.shown(now_ms) if primary.upstream else {}
    if messages:
        view["messages"] = messages
    if primary.persistence.troubles():
        view["storage"] = primary.persistence.troubles()
    if guard.removed_evses():
        view["left"] = left_view(guard)
    if primary.parent_link is not None:
        view["parent"] = primary.parent_link.view(now_ms)
    for part in primary.parts:
        if hasattr(part, "view"):
            view["update"] = part.view(now_ms)
        if hasattr(part, "waiting") and part.waiting():
            view["waiting"] = part.waiting()
    return view
