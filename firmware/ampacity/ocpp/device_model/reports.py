"""GetBaseReport, GetReport and the NotifyReport requests that answer them (B07, B08).

A report is made while it is sent: a few variables a message, from a walk over the table that pauses in between.
One report at a time; the next one is Rejected until it is through.
"""

from ampacity.base.strict_json import Written, quote
from ampacity.ocpp.device_model.addressing import scope_of
from ampacity.ocpp.device_model.model import MUTABILITY, same_name

if False:  # for the type checker
    from collections.abc import Callable, Iterator

    from ampacity.ocpp.device_model.model import DeviceModel, Row, Scope
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Message, Named

ITEMS_PER_MESSAGE = 2  # a message of 0.6 KB needs 8 KiB of free heap, with 4 it is 1.2 KB and 16 KiB
SUMMARY = ("AvailabilityState", "Available", "Problem", "FirmwareVersion")
ITEM = (
    '{"component":{%s"name":%s},"variable":{%s"name":%s},"variableAttribute":[{"mutability":"%s","persistent":%s%s}],'
    '"variableCharacteristics":{"dataType":"%s"%s,"supportsMonitoring":true%s%s}}'
)
UNSET_COUNTS = ("Active", "Available", "Enabled")


class Reports:
    """The report under way, if any."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._walk: "Iterator[tuple[Scope, Row]] | None" = None
        self._next: "tuple[Scope, Row] | None" = None
        self._request_id = 0
        self._seq = 0

    def begin(self, request_id: int, wanted: "Callable[[Scope, Row], bool]") -> str:
        """Report every row that `wanted(scope, row)`. Returns "Accepted", "EmptyResultSet" or "Rejected"."""
        if self._walk is not None:
            return "Rejected"
        walk = ((scope, row) for scope, row in self._station.model.rows() if wanted(scope, row))
        first = next(walk, None)
        if first is None:
            return "EmptyResultSet"
        self._walk, self._next, self._request_id, self._seq = walk, first, request_id, 0
        return "Accepted"

    def forget(self) -> None:
        """The rest of the report under way is not sent."""
        self._walk = self._next = None

    def pull(self, now_ms: int) -> "Call | None":
        """The next NotifyReport, or None."""
        if self._walk is None:
            return None
        data: "list[Written]" = []
        while self._next is not None and len(data) < ITEMS_PER_MESSAGE:
            data.append(self._item(*self._next))
            self._next = next(self._walk, None)
        payload = {
            "requestId": self._request_id,
            "generatedAt": self._station.iso(now_ms),
            "seqNo": self._seq,
            "tbc": self._next is not None,
            "reportData": data,
        }
        self._seq += 1
        if self._next is None:
            self._walk = None
        return ("NotifyReport", payload, None)

    def _item(self, scope: "Scope", row: "Row") -> Written:
        """The variable as JSON text at once: as dicts, writing them took half of the time of a report."""
        value = ""
        if row.mutability != "WO":
            value = ',"value":' + quote(self._station.model.value(scope, row))
        return Written(
            ITEM
            % (
                _place(scope), quote(row.component),
                '"instance":%s,' % quote(row.instance) if row.instance else "", quote(row.variable),
                MUTABILITY[row.mutability], "false" if row.mutability == "RO" else "true", value,
                row.kind, self._limits(scope, row), ',"unit":"%s"' % row.unit if row.unit else "",
                ',"valuesList":"%s"' % row.limits if row.kind.endswith("List") else "",
            )
        )  # fmt: skip

    def _limits(self, scope: "Scope", row: "Row") -> str:
        if not row.limits or row.kind.endswith("List"):
            return ""
        if ".." not in row.limits:
            return ',"maxLimit":' + row.limits
        least, most = row.limits.split("..")
        return ',"maxLimit":%s,"minLimit":%s' % (self._station.max_limit(scope) if most == "@" else most, least)


def _place(scope: "Scope") -> str:
    """What a component has besides its name."""
    if isinstance(scope, str):
        return '"instance":%s,' % quote(scope)
    if scope < 0:
        return '"evse":{"connectorId":1,"id":%d},' % -scope
    return '"evse":{"id":%d},' % scope if scope else ""


def get_base_report(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetBaseReport."""
    base = request["reportBase"]

    def wanted(scope: "Scope", row: "Row") -> bool:
        if base == "FullInventory":
            return True
        if base == "ConfigurationInventory":
            return row.mutability != "RO"
        return row.variable in SUMMARY

    return {"status": station.reports.begin(request["requestId"], wanted)}


def get_report(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetReport: component criteria (any of them) and component-variables (any of them)."""
    pairs = request.get("componentVariable")
    criteria = request.get("componentCriteria")
    station.items_at_most(len(pairs or ()), "GetReport")

    def wanted(scope: "Scope", row: "Row") -> bool:
        if pairs is not None and not any(matches(pair, scope, row) for pair in pairs):
            return False
        return criteria is None or any(_meets(station.model, word, scope, row) for word in criteria)

    return {"status": station.reports.begin(request["requestId"], wanted)}


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
