"""From the last values of an EVSE to sampled values, as the measurands variables ask (J01, J02).

EVSE 0 is the site's main meter (J01.FR.03): at the inlet, and current flows both ways there. What the site feeds in is negative in its
readings, and positive in the measurands of export.
"""

if False:  # for the type checker
    from collections.abc import Sequence

    from ampacity.ocpp.messages import Message, Metered


def tenths(value: int) -> "int | float":
    """Tenths of a unit as a JSON number: 160 → 16, 161 → 16.1."""
    return value // 10 if value % 10 == 0 else value / 10


def _per_phase(evse: "Metered", values: "Sequence[int | None] | None", suffix: str) -> "list[tuple[int | None, str]]":
    return [(value, evse.phase_names[i] + suffix) for i, value in enumerate(values or ()) if i < len(evse.phase_names)]


def _one_way(evse: "Metered", pairs: "Sequence[tuple[int | None, str | None]]", measurand: str) -> "list[tuple[int, str | None]]":
    """The pairs that are known, in the direction of the measurand; an EVSE has only import."""
    known = [(value, phase) for value, phase in pairs if value is not None]
    exports = measurand.endswith("Export")
    if evse.id:
        return [] if exports else known
    return [(max(0, -value if exports else value), phase) for value, phase in known]


def _readings(evse: "Metered", measurand: str, context: str) -> "tuple[list[tuple[int | float, str | None]], str]":
    """[(number, phase or None)] and the unit of one measurand; [] if the EVSE does not measure it."""
    values = evse.values
    if measurand in ("Current.Import", "Current.Export"):
        pairs = _per_phase(evse, values.get("amps_da"), "")
        return [(tenths(v), phase) for v, phase in _one_way(evse, pairs, measurand)], "A"
    if measurand in ("Power.Active.Import", "Power.Active.Export"):
        powers: "list[tuple[int | None, str | None]]" = list(_per_phase(evse, values.get("powers_w"), ""))
        power_w = values.get("power_w")
        if power_w is None and powers:
            known = [v for v, _ in powers if v is not None]
            power_w = sum(known) if len(known) == len(powers) else None
        return list(_one_way(evse, [(power_w, None)] + powers, measurand)), "W"
    if measurand == "Voltage":
        pairs = [(v, p if "-" in p else p + "-N") for v, p in _per_phase(evse, values.get("volts_dv"), "")]
        return [(tenths(v), phase) for v, phase in pairs if v is not None], "V"
    key, unit = {
        "Energy.Active.Import.Register": ("energy_wh", "Wh"),
        "Energy.Active.Export.Register": ("export_wh", "Wh"),
        "Current.Offered": ("offered_da", "A"),
        "Power.Offered": ("offered_w", "W"),
    }.get(measurand, ("", ""))
    value: "int | None" = values.get(key)  # type: ignore[assignment]
    if value is None and key == "energy_wh" and context == "Transaction.End":
        value = values.get("last_wh")  # of an EVSE that is not heard: at least so much
    if value is None:
        return [], unit
    return [(tenths(value) if key == "offered_da" else value, None)], unit


def sampled(evse: "Metered", measurands: "list[str]", context: str) -> "list[Message]":
    """The sampledValue list; empty when nothing of it is known."""
    result = []
    for measurand in measurands:
        readings, unit = _readings(evse, measurand, context)
        for value, phase in readings:
            item = {"value": value, "context": context, "measurand": measurand, "unitOfMeasure": {"unit": unit}}
            if phase is not None:
                item["phase"] = phase
            if not evse.id:
                item["location"] = "Inlet"
            result.append(item)
    return result


def meter_value(evse: "Metered", measurands: "list[str]", context: str, stamp: "int | str") -> "list[Message]":
    """[one MeterValue] with `stamp` as its time, or []."""
    values = sampled(evse, measurands, context)
    return [{"timestamp": stamp, "sampledValue": values}] if values else []


def phases_used(evse: "Metered") -> int:
    """On how many phases the car draws 1 A or more; 0 if that is not known."""
    return sum(1 for v in evse.values.get("amps_da") or () if v is not None and v >= 10)
