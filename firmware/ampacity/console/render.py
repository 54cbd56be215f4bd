"""Facts as lines for people. The machine's form of the same facts is JSON."""

from ampacity.base.printable import printable

if False:  # for the type checker
    from typing import Any


def render(value: "dict[str, Any]", indent: int = 0) -> str:
    """Nested dicts and lists as indented "name: value" lines; keys sorted. indent: blanks before each line."""
    lines = []
    for key in sorted(value):
        item = value[key]
        pad = " " * indent
        if isinstance(item, dict) and item:
            lines.append("%s%s:" % (pad, key))
            lines.append(render(item, indent + 2))
        else:
            lines.append("%s%s: %s" % (pad, key, plain(item)))
    return "\n".join(lines)


def plain(item: "Any") -> str:
    """One value: lists with blanks between, None as a dash."""
    if item is None or item == {} or item == []:
        return "-"
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, (list, tuple)):
        return "  ".join([plain(part) for part in item])
    if isinstance(item, float):  # MicroPython writes 79.9 as 79.90000000000001
        return "%.1f" % item
    return printable(str(item))


def render_meter(name: str, meter: "dict[str, Any]") -> str:
    """The line of a meter: currents and power, additional values, and its fault."""
    state = "online" if meter.get("online") else "offline"
    line = "meter %s  %s  %s A  %s W" % (name, state, plain(meter.get("amps_a")), plain(meter.get("power_w")))
    if meter.get("power_age_s") is not None:
        line += " (%d s ago)" % meter["power_age_s"]
    beside = meter.get("beside") or {}
    for key in sorted(beside):
        line += "  %s %s" % (key, plain(beside[key]))
    return line + ("  fault: " + meter["fault"] if meter.get("fault") else "")


def render_site(view: "dict[str, Any]") -> str:
    """The site on one screen: a line for each circuit and each EVSE."""
    lines = ["mode %s" % view.get("mode", "-")]
    trouble = (view.get("ocpp") or {}).get("trouble")
    if trouble:
        lines.append("upstream: " + trouble)
    lines += (view.get("storage") or []) + (view.get("waiting") or [])
    circuits, evses = view.get("circuits") or {}, view.get("evses") or {}
    for name in sorted(circuits):
        circuit = circuits[name]
        lines.append(
            "circuit %s  margin %s A  other %s A  meter %s"
            % (name, plain(circuit.get("margin_a")), plain(circuit.get("other_a")), plain(circuit.get("meter")))
        )
        if circuit.get("meter_reason"):
            lines.append("  meter: " + circuit["meter_reason"])
    for name in sorted(view.get("left") or {}):
        lines.append(view["left"][name]["text"])
    for name in sorted(view.get("meters") or {}):
        lines.append(render_meter(name, view["meters"][name]))
    for name in sorted(evses):
        evse = evses[name]
        lines.append(
            "evse %s  %s  %s  order %s A  measured %s A"
            % (
                name,
                evse.get("status", "-"),
                "online" if evse.get("online") else "offline",
                plain(evse.get("order_a")),
                plain(evse.get("measured_a")),
            )
        )
    return "\n".join(lines)
