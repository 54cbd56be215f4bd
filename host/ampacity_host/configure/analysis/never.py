"""Limits on sums that leave an EVSE less than its minimum, or that limit nothing: warnings, because the site is safe with them."""

from typing import Any

from ampacity.circuit.trusted.amperes import amps
from ampacity_host.configure.analysis.budgets import evses_below, in_subtree
from ampacity_host.configure.analysis.line_timing import finding
from ampacity_host.configure.analysis.unmeasured import UNBALANCE

HIGHEST_PERCENT = 110  # of the nominal voltage (EN 50160)


def check_limits(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """A warning for each limit of a circuit, and for the surplus, that no EVSE or not every one can charge with."""
    found = []
    for index, circuit in enumerate(facts["circuits"]):
        evses = evses_below(facts, index)
        if circuit.get("contract_w") and evses:
            found += contract(circuit, evses, facts)
        found += unbalance(circuit, evses, facts["phases"])
    return found + surplus(facts)


def least_w(evse: dict[str, Any], facts: dict[str, Any]) -> int:
    """Power of its minimum on all phases that can close; on one where it switches them."""
    pair_percent = 200 if facts["system"] == "split" else 173
    percent = 100 if evse.get("phase_switch") else sum(pair_percent if len(lines) == 2 else 100 for lines in evse["terminals"])
    return int(evse["min_da"] * facts["voltage_v"] * percent // 1000)


def kilowatts(watts: int) -> str:
    return f"{watts / 1000:.1f} kW"


def contract(circuit: dict[str, Any], evses: list[dict[str, Any]], facts: dict[str, Any]) -> list[dict[str, Any]]:
    """A contracted power below the minimum of an EVSE, or above what the rating carries."""
    watts, name = circuit["contract_w"], circuit["name"]
    rating_w = sum(circuit["rating_da"]) * facts["voltage_v"] // 10
    short = [evse for evse in evses if least_w(evse, facts) > watts]
    if short:
        most = max(least_w(evse, facts) for evse in short)
        text = f"contract_kw: {kilowatts(watts)} is less than the minimum of {listed(short)}, {kilowatts(most)}: may never charge"
        return [warning("contract", name, text, f"contract_kw of at least {-(-most // 100) / 10:g}")]
    if watts * 100 > rating_w * HIGHEST_PERCENT:
        text = f"contract_kw: {kilowatts(watts)} never limits: its rating carries {kilowatts(rating_w)}"
        return [warning("contract", name, text, "the contracted power in kW, or leave it out")]
    return []


def unbalance(circuit: dict[str, Any], evses: list[dict[str, Any]], phases: int) -> list[dict[str, Any]]:
    """A permitted difference between two phases below the minimum of an EVSE that is not on all of them."""
    limits = [(circuit[key], name) for key, name in UNBALANCE.items() if circuit.get(key) is not None]
    if not limits:
        return []
    most_da, name = min(limits)
    short = [evse for evse in evses if len({line for ends in evse["terminals"] for line in ends}) < phases and evse["min_da"] > most_da]
    if not short:
        return []
    least_da = max(evse["min_da"] for evse in short)
    text = f"{name}: {amps(most_da)} is less than the minimum of {listed(short)}, {amps(least_da)}: may never charge"
    return [warning("unbalance", circuit["name"], text, f"{name} of at least {least_da / 10:g}")]


def surplus(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Declared generation that, less the margin, is below the minimum of each EVSE that waits for it."""
    solar = facts.get("solar")
    if solar is None or not solar["evses"]:
        return []
    inside = in_subtree(facts, solar["circuit"])
    made_w = sum(sum(facts["circuits"][index]["generation_da"]) for index in inside) * facts["voltage_v"] // 10
    least = min(least_w(facts["evses"][index], facts) for index in solar["evses"])
    if made_w <= solar["margin_w"]:
        text = f"margin_w: {kilowatts(solar['margin_w'])} is no less than all generation, {kilowatts(made_w)}: no EVSE charges from it"
        return [warning("surplus", "solar", text, "a smaller margin_w")]
    if made_w - solar["margin_w"] < least:
        left = kilowatts(made_w - solar["margin_w"])
        text = f"generation_a: less margin_w it is {left} at most, and an EVSE of solar needs {kilowatts(least)}: none charges from it"
        return [warning("surplus", "solar", text, "generation_a of each line as its inverter feeds in, or phase_switch = true at an EVSE")]
    return []


def listed(evses: list[dict[str, Any]]) -> str:
    """Names, of many the first three."""
    names = [str(evse["name"]) for evse in evses]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def warning(code: str, where: str, text: str, fix: str) -> dict[str, Any]:
    return finding(code, where, text, fix) | {"level": "warning"}
