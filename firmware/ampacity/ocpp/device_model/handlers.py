"""GetVariables, SetVariables, GetBaseReport and GetReport: the CSMS reads and writes the device model."""

from ampacity.base.strict_json import Written, quote
from ampacity.ocpp.device_model.addressing import resolve, scope_of
from ampacity.ocpp.device_model.model import MUTABILITY, same_name

if False:  # for the type checker
    from ampacity.ocpp.device_model.model import DeviceModel, Row, Scope
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message, Named

SUMMARY = ("AvailabilityState", "Available", "Problem", "FirmwareVersion")
ITEM = (
    '{"component":{%s"name":%s},"variable":{%s"name":%s},"variableAttribute":[{"mutability":"%s","persistent":%s%s}],'
    '"variableCharacteristics":{"dataType":"%s"%s,"supportsMonitoring":true%s%s}}'
)
UNSET_COUNTS = ("Active", "Available", "Enabled")


def get_variables(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetVariables (B06)."""
    station.items_at_most(len(request["getVariableData"]), "GetVariables")
    return {"getVariableResult": [_get_variables_one(station.model, item) for item in request["getVariableData"]]}


def _get_variables_one(model: "DeviceModel", item: "Message") -> "Message":
    result = {"component": item["component"], "variable": item["variable"], "attributeType": item.get("attributeType", "Actual")}
    status, scope, row = resolve(model, item)
    if status is None and row.mutability == "WO":
        status = "Rejected"
        result["attributeStatusInfo"] = {"reasonCode": "WriteOnly"}
    if status is None:
        result["attributeValue"] = model.value(scope, row)
    result["attributeStatus"] = status or "Accepted"
    return result


def set_variables(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetVariables (B05, A01)."""
    station.items_at_most(len(request["setVariableData"]), "SetVariables")
    changes = Changes(station)
    try:
        results = [_set_variables_one(station, changes, item, now_ms) for item in request["setVariableData"]]
    except Exception:
        changes.undo()
        raise
    changes.keep(now_ms)
    return {"setVariableResult": results}


class Changes:
    """Values that one request sets: all or none of those that are possible are kept, by one write."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._before: "tuple[dict[str, str], dict[str, str]] | None" = None
        self._made: "list[tuple[Row, Message]]" = []

    def add(self, row: "Row", text: str, result: "Message") -> None:
        """One that is possible; result: of its element."""
        before = self._station.model.change(row, text)
        self._before = self._before or before
        self._made.append((row, result))

    def undo(self) -> None:
        """The former values hold again."""
        if self._before is not None:
            self._station.model.undo(self._before)

    def keep(self, now_ms: int) -> None:
        """Write them; where that is refused, each element that was accepted is rejected."""
        if self._before is None:
            return
        try:
            self._station.model.keep(self._before)
        except OSError as e:
            for _, result in self._made:
                _refuse(result, ("OutOfStorage", str(e)))
            return
        for row, _ in self._made:
            self._station.variable_changed(row, now_ms)


def _set_variables_one(station: "StationFace", changes: "Changes", item: "Message", now_ms: int) -> "Message":
    result = {"component": item["component"], "variable": item["variable"], "attributeType": item.get("attributeType", "Actual")}
    status, scope, row = resolve(station.model, item)
    result["attributeStatus"] = status or "Accepted"
    if status is None:
        refusal = _apply(station, changes, row, item["attributeValue"], result, now_ms)
        if refusal:
            _refuse(result, refusal)
    return result


def _refuse(result: "Message", refusal: "tuple[str, str]") -> None:
    result["attributeStatusInfo"] = {"reasonCode": refusal[0], "additionalInfo": refusal[1][:512]}
    result["attributeStatus"] = "Rejected"


def _apply(station: "StationFace", changes: "Changes", row: "Row", text: str, result: "Message", now_ms: int) -> "tuple[str, str] | None":
    refusal = station.model.refusal(row, text) or _clash(station, row, text)
    if refusal is not None:
        return refusal
    if row.mutability != "WO":
        changes.add(row, text, result)
        return None
    try:
        station.new_password(text, now_ms)
    except OSError as e:
        return ("OutOfStorage", str(e))
    return None


def _clash(station: "StationFace", row: "Row", text: str) -> "tuple[str, str] | None":
    """What only the state of the station forbids."""
    if row.variable == "BasicAuthPassword" and not all(33 <= ord(c) <= 126 for c in text):
        return ("InvalidValue", "printable characters without blanks")
    if row.variable in ("TxStartPoint", "TxStopPoint") and not text:
        return ("InvalidValue", "at least one point")
    if row.variable == "NetworkConfigurationPriority":
        slots = station.network_slots.usable()
        if not text or any(slot not in slots for slot in text.split(",")):
            return ("InvalidValue", "slots that hold a network profile: " + ",".join(slots))
        missing = station.network_slots.missing(text.split(","), station.now_ms)
        if missing:
            return ("InvalidValue", missing)
    return None


def get_base_report(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetBaseReport."""
    base = request["reportBase"]

    def wanted(scope: "Scope", row: "Row") -> bool:
        if base == "FullInventory":
            return True
        if base == "ConfigurationInventory":
            return row.mutability != "RO"
        return row.variable in SUMMARY

    return {"status": station.reports.begin(request["requestId"], wanted, report_item)}


def get_report(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetReport: component criteria (any of them) and component-variables (any of them)."""
    pairs = request.get("componentVariable")
    criteria = request.get("componentCriteria")
    station.items_at_most(len(pairs or ()), "GetReport")

    def wanted(scope: "Scope", row: "Row") -> bool:
        if pairs is not None and not any(matches(pair, scope, row) for pair in pairs):
            return False
        return criteria is None or any(_meets(station.model, word, scope, row) for word in criteria)

    return {"status": station.reports.begin(request["requestId"], wanted, report_item)}


def matches(pair: "Message", scope: "Scope", row: "Named") -> bool:
    """Is a variable of this scope meant by a componentVariable? What it leaves out matches all."""
    component, variable = pair["component"], pair.get("variable")
    if not same_name(component["name"], row.component):
        return False
    if "instance" in component and (not isinstance(scope, str) or not same_name(component["instance"], scope)):
        return False
    if "evse" in component and (isinstance(scope, str) or abs(scope) != component["evse"]["id"]):
        return False
    if "connectorId" in component.get("evse", ()) and scope != scope_of(component):
        return False
    if variable is None:
        return True
    return same_name(variable["name"], row.variable) and same_name(variable.get("instance", row.instance), row.instance)


def _meets(model: "DeviceModel", word: str, scope: "Scope", row: "Row") -> bool:
    """Has the row's component the variable `word` at true (or, but for Problem, no such variable)?"""
    found = model.find(scope, row.component, word)
    if found is None:
        return word in UNSET_COUNTS
    return model.value(scope, found) == "true"


def report_item(station: "StationFace", scope: "Scope", row: "Row") -> Written:
    """The variable as JSON text at once: as dicts, writing them took half of the time of a report."""
    value = ""
    if row.mutability != "WO":
        value = ',"value":' + quote(station.model.value(scope, row))
    return Written(
        ITEM
        % (
            _place(scope), quote(row.component),
            '"instance":%s,' % quote(row.instance) if row.instance else "", quote(row.variable),
            MUTABILITY[row.mutability], "false" if row.mutability == "RO" else "true", value,
            row.kind, _limits(station, scope, row), ',"unit":"%s"' % row.unit if row.unit else "",
            ',"valuesList":"%s"' % row.limits if row.kind.endswith("List") else "",
        )
    )  # fmt: skip


def _limits(station: "StationFace", scope: "Scope", row: "Row") -> str:
    if not row.limits or row.kind == "OptionList":
        return ""
    if row.kind.endswith("List"):
        return ',"maxLimit":%d' % len(row.limits)
    if ".." not in row.limits:
        return ',"maxLimit":' + row.limits
    least, most = row.limits.split("..")
    return ',"maxLimit":%s,"minLimit":%s' % (station.max_limit(scope) if most == "@" else most, least)


def _place(scope: "Scope") -> str:
    """What a component has besides its name."""
    if isinstance(scope, str):
        return '"instance":%s,' % quote(scope)
    if scope < 0:
        return '"evse":{"connectorId":1,"id":%d},' % -scope
    return '"evse":{"id":%d},' % scope if scope else ""
