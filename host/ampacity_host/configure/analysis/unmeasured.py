"""What nothing measures, of EVSEs and of phases with an unbalance limit: a warning that says what the controller then assumes."""

import json
from pathlib import Path
from typing import Any

from ampacity_host.configure.analysis.budgets import evses_below, loads
from ampacity_host.configure.analysis.line_timing import finding

CODE = "unmeasured"  # of an EVSE
UNCOUNTED = "uncounted"  # of a circuit: other load of a phase
UNMETERED = "none"  # as in firmware/ampacity/ports/board.py, which imports the pins of a board
ASSUMED = (
    "it counts with its order on every phase of its contactor; a car that draws less frees nothing, one that draws more is not seen, "
    "and OCPP shows no current and no energy of it"
)
UNBALANCE = {"max_unbalance_da": "max_unbalance_a", "max_neutral_da": "max_neutral_a"}  # a fact of a circuit: its field
BOOT = ("boot.json", "primary/boot.json")  # of a controller, and of a bench


def measures(evse: dict[str, Any], facts: dict[str, Any]) -> bool:
    """Does the device show the current of each of its terminals?"""
    if evse["kind"] != "profile":
        return True
    fields = {row[0] for row in facts["profiles"][evse["profile"]]["fields"]}
    return all(f"current_l{n + 1}" in fields for n in range(len(evse["terminals"])))


def unmeasured_devices(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """A warning for each EVSE whose profile has no current of all its phases."""
    silent = [evse for evse in facts["evses"] if not measures(evse, facts)]
    return [_warning(evse["name"], "its device shows no current per phase", "a device that measures its current") for evse in silent]


def unmeasured_phases(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """A warning for each circuit whose meter does not measure all its phases, where a limit or an EVSE depends on one of these."""
    found = []
    for index, circuit in enumerate(facts["circuits"]):
        limits = [(circuit[key], name) for key, name in UNBALANCE.items() if circuit.get(key) is not None]
        measured = facts["meters"][circuit["meter"]]["phases"] if circuit["meter"] >= 0 else range(facts["phases"])
        unseen = [phase for phase in range(facts["phases"]) if phase not in measured]
        if not unseen:
            continue
        if not limits:
            found += uncounted(facts, index, unseen)
            continue
        most_da, name = min(limits)
        lines = ", ".join(f"L{phase + 1} {circuit['assumed_other_da'][phase] / 10:.1f} A" for phase in unseen)
        why = f"{name}: its meter does not measure all phases; the limit of {most_da / 10:.1f} A counts what is declared: {lines}"
        what = "; an EVSE on these alone may never charge, and an unbalance of other load there is not seen"
        found.append(finding("unbalance", circuit["name"], why + what, f"a meter of all phases, or no {name}") | {"level": "warning"})
    return found


def uncounted(facts: dict[str, Any], index: int, unseen: list[int]) -> list[dict[str, Any]]:
    """A warning where other load of a phase is neither measured nor declared, and an EVSE loads this phase."""
    circuit, evses = facts["circuits"][index], evses_below(facts, index)
    bare = [phase for phase in unseen if not circuit["assumed_other_da"][phase] and any(loads(evse, phase) for evse in evses)]
    if not bare:
        return []
    lines = ", ".join(f"L{phase + 1}" for phase in bare)
    text = f"its meter does not measure {lines}, and assumed_other_a is 0 there: other load on {lines} does not count"
    return [finding(UNCOUNTED, circuit["name"], text, "a meter of all its lines, or the worst case in assumed_other_a") | {"level": "warning"}]


def unmeasured_outlets(facts: dict[str, Any], data: Path) -> list[dict[str, Any]]:
    """A warning for each local EVSE of a controller whose `boot.json`, in this data folder, declares that nothing measures its outlet."""
    if _meter(data) != UNMETERED:
        return []
    outlets = [evse["name"] for evse in facts["evses"] if evse["kind"] == "local"]
    return [_warning(name, 'boot.json has "meter": "none": nothing measures its outlet', "a meter module, named in boot.json") for name in outlets]


def _warning(name: str, why: str, fix: str) -> dict[str, Any]:
    return finding(CODE, name, f"{why}: {ASSUMED}", f"{fix}, or accept this") | {"level": "warning"}


def _meter(data: Path) -> object:
    for name in BOOT:
        try:
            found = json.loads((data / name).read_bytes())
        except (OSError, ValueError):
            continue
        return found.get("meter") if isinstance(found, dict) else None
    return None
