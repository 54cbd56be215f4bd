"""SetVariableMonitoring, ClearVariableMonitoring, SetMonitoringBase and SetMonitoringLevel (N03 to N06)."""

from ampacity.ocpp.device_model.addressing import resolve
from ampacity.ocpp.device_model.device_events import CUSTOM, HARDWIRED, LEVEL_MAX
from ampacity.ocpp.errors import refusal
from ampacity.ocpp.monitoring.monitor import ALIGNED, DELTA, LOWER, NUMERIC, PERIODIC, UPPER, Monitor
from ampacity.ocpp.monitoring.monitors import CUSTOM_MAX

if False:  # for the type checker
    from collections.abc import Callable
    from typing import Any

    from ampacity.ocpp.device_model.model import Row, Scope
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message
    from ampacity.ocpp.monitoring.monitors import Block

INTERVAL_S_MAX = 86400
VALUE_MAX = 1000000000
OUT_OF_RANGE = "ValueOutOfRange"


class Refused(Exception):
    """reasonCode, what would be right, and a status other than "Rejected"."""


def set_variable_monitoring(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetVariableMonitoring (N04): each element for itself; all or none of those that are possible are kept."""
    items = request["setMonitoringData"]
    station.items_at_most(len(items), "SetVariableMonitoring", "MonitoringCtrlr")
    block: "Block" = station.optional.get("monitoring", now_ms)
    before, results = block.state(), []
    for item in items:
        result = {name: item[name] for name in ("type", "severity", "component", "variable")}
        try:
            result["id"], result["status"] = _set_one(station, block, item, now_ms), "Accepted"
        except Refused as refused:
            result.update(refusal(*refused.args))
        results.append(result)
    _keep(block, before, results, "id")
    return {"setMonitoringResult": results}


def _keep(block: "Block", before: "Any", results: "list[Message]", unless: str = "") -> None:
    """All or none: where the changes cannot be kept, each element that was accepted is rejected, and has no field of the name `unless`."""
    try:
        if block.state() != before:
            block.keep(before)
    except OSError as error:
        for result in results:
            if result["status"] == "Accepted":
                result.pop(unless, None)
                result.update(refusal("OutOfStorage", str(error)))


def _set_one(station: "StationFace", block: "Block", item: "Message", now_ms: int) -> int:
    """The id of the new monitor. Raises Refused."""
    if not station.model.on("MonitoringCtrlr", "Enabled"):
        raise Refused("NotEnabled", "MonitoringCtrlr.Enabled is false")
    status, scope, row = resolve(station.model, item)
    replaced = _replaced(block, item, scope, row)
    if status is not None:
        raise Refused("NotFound", "", status)
    _check_value(row, item, station.max_limit(scope))
    for other in block.all():
        if other is not replaced and other.has_name_of(scope, row.component, row.variable, row.instance):
            if (other.kind, other.severity) == (item["type"], item["severity"]) and other.number != item.get("id"):  # N04.FR.10
                raise Refused("InvalidValue", "monitor %d has this type and severity" % other.number, "Duplicate")
    if replaced not in block.custom and len(block.custom) >= CUSTOM_MAX:
        raise Refused("TooManyElements", "at most %d monitors" % CUSTOM_MAX)
    name, number = (row.component, row.variable, row.instance), replaced.number if replaced is not None else 0
    shared = block.row(scope, *name)
    monitor = Monitor(number, scope, name, item["type"], item["value"], item["severity"], item.get("transaction", False), CUSTOM, shared)
    block.install(monitor, replaced, now_ms)
    return monitor.number


def _replaced(block: "Block", item: "Message", scope: "Scope", row: "Row | None") -> "Monitor | None":
    """The monitor that is to be replaced, None: a new one is wanted (N04.FR.12, N04.FR.13, N04.FR.16, N04.FR.18). row None: there is no such
    variable. Raises Refused."""
    if "id" not in item:
        return None
    found = block.find(item["id"])
    if found is None:
        raise Refused("NotFound", "no monitor has the id %d" % item["id"])
    if found.source == HARDWIRED:
        raise Refused("ReadOnly", "monitor %d is hardwired" % found.number)
    if row is None or not found.has_name_of(scope, row.component, row.variable, row.instance):
        raise Refused("InvalidValue", "monitor %d is that of another variable" % found.number)
    return found


def _check_value(row: "Row", item: "Message", most: int) -> None:
    """Type, value and severity (N04.FR.05, N04.FR.06, N04.FR.14). most: the largest value where the table leaves it to the EVSE. Raises Refused."""
    kind, value = item["type"], item["value"]
    numeric = row.kind in NUMERIC
    if kind in (UPPER, LOWER) and not numeric or kind == DELTA and row.kind == "dateTime":
        raise Refused("UnsupportedParam", "not for a variable of type " + row.kind, "UnsupportedMonitorType")
    if not 0 <= item["severity"] <= LEVEL_MAX:
        raise Refused(OUT_OF_RANGE, "severity: 0 to %d" % LEVEL_MAX)
    if kind in (UPPER, LOWER):
        least, limit = -VALUE_MAX, VALUE_MAX
        if ".." in row.limits:
            low, _, high = row.limits.partition("..")
            least, limit = int(low), most if high == "@" else int(high)
    elif kind == DELTA:
        least, limit = 0, VALUE_MAX
    else:
        least, limit = 1, INTERVAL_S_MAX
    unit = " whole seconds" if kind in (PERIODIC, ALIGNED) else ""
    if not least <= value <= limit or unit and value != int(value):
        raise Refused(OUT_OF_RANGE, "value of %s: %d to %d%s" % (kind, least, limit, unit))


def clear_variable_monitoring(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """ClearVariableMonitoring (N06)."""
    numbers = request["id"]
    station.items_at_most(len(numbers), "ClearVariableMonitoring", "MonitoringCtrlr")
    block: "Block" = station.optional.get("monitoring", now_ms)
    before, results = block.state(), []
    for number in numbers:
        monitor = block.find(number)
        status = "NotFound" if monitor is None else "Rejected" if monitor.source == HARDWIRED else "Accepted"
        if status == "Accepted":
            block.clear(monitor)  # type: ignore[arg-type]  # it was found
        results.append({"id": number, "status": status})
    _keep(block, before, results)
    return {"clearMonitoringResult": results}


def set_monitoring_base(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetMonitoringBase (N03)."""
    return _kept(station, now_ms, lambda block: block.set_base(request["monitoringBase"]))


def set_monitoring_level(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetMonitoringLevel (N05)."""
    if not 0 <= request["severity"] <= LEVEL_MAX:
        return refusal(OUT_OF_RANGE, "severity: 0 to %d" % LEVEL_MAX)
    return _kept(station, now_ms, lambda block: block.set_level(request["severity"]))


def _kept(station: "StationFace", now_ms: int, change: "Callable[[Block], None]") -> "Message":
    try:
        change(station.optional.get("monitoring", now_ms))
    except OSError as error:
        return refusal("OutOfStorage", str(error))
    return {"status": "Accepted"}
