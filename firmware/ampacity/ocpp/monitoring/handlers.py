"""SetVariableMonitoring, ClearVariableMonitoring, SetMonitoringBase and SetMonitoringLevel (N03 to N06)."""

from ampacity.ocpp.device_model.addressing import resolve
from ampacity.ocpp.device_model.device_events import CUSTOM, HARDWIRED, LEVEL_MAX
from ampacity.ocpp.errors import CallError, refusal
from ampacity.ocpp.monitoring.monitor import ALIGNED, DELTA, LOWER, NUMERIC, PERIODIC, UPPER, Monitor
from ampacity.ocpp.monitoring.monitors import CUSTOM_MAX

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.ocpp.device_model.model import Row, Scope
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message
    from ampacity.ocpp.monitoring.monitors import Block

INTERVAL_S_MAX = 86400
VALUE_MAX = 1000000000
OUT_OF_RANGE = "ValueOutOfRange"


class Refused(Exception):
    """status, reasonCode, what would be right."""


def set_variable_monitoring(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetVariableMonitoring (N04): each element for itself; all or none of those that are possible are kept."""
    items = request["setMonitoringData"]
    _items_at_most(station, len(items), "SetVariableMonitoring")
    block: "Block" = station.optional.get("monitoring", now_ms)
    before, results = block.state(), []
    for item in items:
        result = {name: item[name] for name in ("type", "severity", "component", "variable")}
        try:
            result["id"], result["status"] = _set_one(station, block, item, now_ms), "Accepted"
        except Refused as refused:
            result["status"], reason, text = refused.args
            result["statusInfo"] = {"reasonCode": reason, "additionalInfo": text[:512]}
        results.append(result)
    try:
        if block.state() != before:
            block.keep(before)
    except OSError as error:
        for result in results:
            if result.pop("id", None) is not None:
                result["status"], result["statusInfo"] = "Rejected", {"reasonCode": "OutOfStorage", "additionalInfo": str(error)[:512]}
    return {"setMonitoringResult": results}


def _set_one(station: "StationFace", block: "Block", item: "Message", now_ms: int) -> int:
    """The id of the new monitor. Raises Refused."""
    if not station.model.on("MonitoringCtrlr", "Enabled"):
        raise Refused("Rejected", "NotEnabled", "MonitoringCtrlr.Enabled is false")
    status, scope, row = resolve(station.model, item)
    replaced = _replaced(block, item, scope, row)
    if status is not None:
        raise Refused(status, "NotFound", "")
    _check_value(row, item, station.max_limit(scope))
    for other in block.all():
        if other is not replaced and other.has_name_of(scope, row.component, row.variable, row.instance):
            if (other.kind, other.severity) == (item["type"], item["severity"]) and other.number != item.get("id"):  # N04.FR.10
                raise Refused("Duplicate", "InvalidValue", "monitor %d has this type and severity" % other.number)
    if replaced not in block.custom and len(block.custom) >= CUSTOM_MAX:
        raise Refused("Rejected", "TooManyElements", "at most %d monitors" % CUSTOM_MAX)
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
        raise Refused("Rejected", "NotFound", "no monitor has the id %d" % item["id"])
    if found.source == HARDWIRED:
        raise Refused("Rejected", "ReadOnly", "monitor %d is hardwired" % found.number)
    if row is None or not found.has_name_of(scope, row.component, row.variable, row.instance):
        raise Refused("Rejected", "InvalidValue", "monitor %d is that of another variable" % found.number)
    return found


def _check_value(row: "Row", item: "Message", most: int) -> None:
    """Type, value and severity (N04.FR.05, N04.FR.06, N04.FR.14). most: the largest value where the table leaves it to the EVSE. Raises Refused."""
    kind, value = item["type"], item["value"]
    numeric = row.kind in NUMERIC
    if kind in (UPPER, LOWER) and not numeric or kind == DELTA and row.kind == "dateTime":
        raise Refused("UnsupportedMonitorType", "UnsupportedParam", "not for a variable of type " + row.kind)
    if not 0 <= item["severity"] <= LEVEL_MAX:
        raise Refused("Rejected", OUT_OF_RANGE, "severity: 0 to %d" % LEVEL_MAX)
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
        raise Refused("Rejected", OUT_OF_RANGE, "value of %s: %d to %d%s" % (kind, least, limit, unit))


def clear_variable_monitoring(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """ClearVariableMonitoring (N06)."""
    numbers = request["id"]
    _items_at_most(station, len(numbers), "ClearVariableMonitoring")
    block: "Block" = station.optional.get("monitoring", now_ms)
    before, results = block.state(), []
    for number in numbers:
        monitor = block.find(number)
        status = "NotFound" if monitor is None else "Rejected" if monitor.source == HARDWIRED else "Accepted"
        if status == "Accepted":
            block.clear(monitor)  # type: ignore[arg-type]  # it was found
        results.append({"id": number, "status": status})
    try:
        if block.state() != before:
            block.keep(before)
    except OSError as error:
        for result in results:
            if result["status"] == "Accepted":
                result["status"], result["statusInfo"] = "Rejected", {"reasonCode": "OutOfStorage", "additionalInfo": str(error)[:512]}
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


def _items_at_most(station: "StationFace", count: int, message: str) -> None:
    if count > station.model.number("MonitoringCtrlr", "ItemsPerMessage", message):
        raise CallError("OccurrenceConstraintViolation", "more than ItemsPerMessage%s" % message)
