"""EVSEs for which reserves and other load leave less than their minimum: nothing is overloaded, but they never get an order."""

from typing import Any

from ampacity_host.configure.analysis.budgets import evses_below, loads
from ampacity_host.configure.analysis.line_timing import finding

CODE = "no_order"
FIX = "reduce reserves (`fallback_a`, `power_on_a`), declare no more other load or generation than there is, or use another circuit"


def never_charging(facts: dict[str, Any], reserves_da: list[int]) -> list[dict[str, Any]]:
    """A warning for each circuit that leaves less than the minimum of an EVSE, on its worst phase."""
    found = []
    reserved = {evse["name"]: da for evse, da in zip(facts["evses"], reserves_da, strict=True)}
    for index, circuit in enumerate(facts["circuits"]):
        rows = [row for phase in range(facts["phases"]) if (row := _short(facts, reserved, index, phase))[1]]
        if rows:
            free_da, names, phase = min(rows)
            other = certain_other_da(facts, index, phase) / 10
            text = (f"phase L{phase + 1} ({circuit['rating_da'][phase] / 10:.1f} A) less reserves and {other:.1f} A of other load leaves "
                    f"{free_da / 10:.1f} A, which is no order for {', '.join(names)}")  # fmt: skip
            found.append(finding(CODE, circuit["name"], text, FIX) | {"level": "warning"})
    return found


def certain_other_da(facts: dict[str, Any], index: int, phase: int) -> int:
    """Other load that counts even if there is none (section 3), in da: what is declared; at a meter only generation, which may hide as much."""
    if facts["circuits"][index]["meter"] >= 0:
        return _generation_da(facts, index, phase)
    return max(_assumed_da(facts, index, phase), sum(certain_other_da(facts, child, phase) for child in _children(facts, index)))


def _assumed_da(facts: dict[str, Any], index: int, phase: int) -> int:
    """Of a circuit, or of all below it together where that is more."""
    own = int(facts["circuits"][index]["assumed_other_da"][phase])
    return max(own, sum(_assumed_da(facts, child, phase) for child in _children(facts, index)))


def _generation_da(facts: dict[str, Any], index: int, phase: int) -> int:
    """Of a circuit and all below it together."""
    own = int(facts["circuits"][index]["generation_da"][phase])
    return own + sum(_generation_da(facts, child, phase) for child in _children(facts, index))


def _children(facts: dict[str, Any], index: int) -> list[int]:
    return [child for child, entry in enumerate(facts["circuits"]) if entry["parent"] == index]


def _short(facts: dict[str, Any], reserved: dict[str, int], index: int, phase: int) -> tuple[int, list[str], int]:
    """What is left for orders on this circuit and phase, in da; the EVSEs for whose minimum it does not suffice; the phase."""
    evses = [evse for evse in evses_below(facts, index) if loads(evse, phase)]
    total = sum(reserved[evse["name"]] for evse in evses)
    free_da = facts["circuits"][index]["rating_da"][phase] - total - certain_other_da(facts, index, phase)
    needs = [evse["name"] for evse in evses if free_da < max(0, evse["min_da"] - reserved[evse["name"]])]
    return free_da, needs, phase
