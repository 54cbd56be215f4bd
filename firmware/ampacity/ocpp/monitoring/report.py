"""GetMonitoringReport, and the NotifyMonitoringReport requests that answer it, made one after the other while they are sent (N02)."""

from ampacity.ocpp.device_model.addressing import component_of, variable_of
from ampacity.ocpp.device_model.handlers import matches
from ampacity.ocpp.monitoring.monitor import ALIGNED, DELTA, LOWER, PERIODIC, UPPER

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message
    from ampacity.ocpp.monitoring.monitor import Monitor

MONITORS_PER_MESSAGE = 8
CRITERIA = {"ThresholdMonitoring": (UPPER, LOWER), "DeltaMonitoring": (DELTA,), "PeriodicMonitoring": (PERIODIC, ALIGNED)}


def get_monitoring_report(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetMonitoringReport: monitors of one of the criteria and of one of the component-variables."""
    pairs = request.get("componentVariable")
    station.items_at_most(len(pairs or ()), "GetReport")  # N02.FR.07
    kinds = [kind for word in request.get("monitoringCriteria", sorted(CRITERIA)) for kind in CRITERIA[word]]
    wanted = [
        each for each in station.optional.get("monitoring", now_ms).all()
        if each.kind in kinds and (pairs is None or any([matches(pair, each.scope, each) for pair in pairs]))
    ]  # fmt: skip
    if not wanted:  # N02.FR.10
        return {"status": "EmptyResultSet"}
    wanted.sort(key=lambda each: (isinstance(each.scope, str), each.scope, each.component, each.variable, each.instance, each.number))
    station.exchange.post(_part, (request["requestId"], 0, wanted))
    return {"status": "Accepted"}


def _part(station: "StationFace", rest: "tuple[int, int, list[Monitor]]", now_ms: int) -> "tuple[str, Message]":
    """The next NotifyMonitoringReport; the one after it is queued."""
    request_id, number, monitors = rest
    later = monitors[MONITORS_PER_MESSAGE:]
    if later:
        station.exchange.post(_part, (request_id, number + 1, later))
    groups: "list[Message]" = []
    before = None
    for each in monitors[:MONITORS_PER_MESSAGE]:
        if before is None or not before.has_name_of(each.scope, each.component, each.variable, each.instance):
            groups.append({"component": component_of(each.scope, each), "variable": variable_of(each), "variableMonitoring": []})
        groups[-1]["variableMonitoring"].append(_setting(each))
        before = each
    payload = {"requestId": request_id, "seqNo": number, "generatedAt": station.iso(now_ms), "tbc": bool(later), "monitor": groups}
    return "NotifyMonitoringReport", payload


def _setting(monitor: "Monitor") -> "Message":
    return {
        "id": monitor.number, "transaction": monitor.in_transaction, "value": monitor.value, "type": monitor.kind, "severity": monitor.severity,
    }  # fmt: skip
