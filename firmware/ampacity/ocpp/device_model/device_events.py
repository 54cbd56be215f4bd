"""NotifyEvent: what changed in the device model by itself, and what monitors found; reported once each (N07, G05).

Two things are hardwired. A boolean fact of an EVSE (Problem) is a HardWiredNotification. The Problem of the station is the one hardwired monitor:
it works without the block of the other monitors (monitoring/monitors.py).
"""

from ampacity.ocpp.device_model.addressing import component_of, variable_of

if False:  # for the type checker
    from ampacity.ocpp.device_model.model import Scope
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Message, Named, Reply

    # number, when it happened, scope, name of the variable, value, trigger, source, monitor, cleared, transaction
    Event = tuple[int, int, Scope, Named, str, str, str, "int | None", "bool | None", "str | None"]

WAITING_MAX = 32
EVENTS_PER_MESSAGE = 4
TRIGGER = 5
LEVEL_MAX = 9  # of severities: 0 is the highest
HARDWIRED_ONLY = "HardWiredOnly"
NOTIFICATION, HARDWIRED, PRECONFIGURED, CUSTOM = "HardWiredNotification", "HardWiredMonitor", "PreconfiguredMonitor", "CustomMonitor"
PROBLEM_ID, PROBLEM_SEVERITY = 1, 4  # the hardwired monitor


class Problem:
    """The name of the variable that the hardwired monitor looks at."""

    component = "ChargingStation"
    variable = "Problem"
    instance = ""


class DeviceEvents:
    """Events wait while the station is offline; beyond WAITING_MAX the oldest goes, that of a periodic monitor first, counted."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._waiting: "list[Event]" = []
        self._count = 0

    def add(
        self, scope: "Scope", name: "Named", text: str, now_ms: int, trigger: str, source: str, monitor: "int | None" = None,
        cleared: "bool | None" = None, transaction: "str | None" = None,
    ) -> None:
        """Keep one event for NotifyEvent (N07). scope: as in model.py; text: the value; trigger, source: EventTriggerEnumType and
        EventNotificationEnumType; monitor: its id; transaction: an id; None: the eventData has no such field."""
        if len(self._waiting) >= WAITING_MAX:
            periodic = [event for event in self._waiting if event[TRIGGER] == "Periodic"]
            self._waiting.remove((periodic or self._waiting)[0])
            self._station.log.counter("ocpp_device_events_dropped")
        self._count += 1
        self._waiting.append((self._count, now_ms, scope, name, text, trigger, source, monitor, cleared, transaction))

    def fact(self, scope: "Scope", name: "Named", on: bool, now_ms: int) -> None:
        """A boolean fact of an EVSE (scope: its id) or of its connector has changed."""
        self.add(scope, name, "true" if on else "false", now_ms, "Delta", NOTIFICATION)

    def problem(self, on: bool, now_ms: int) -> None:
        """The Problem of the station has changed. The level and MonitoringCtrlr.Enabled count as for any monitor (N05.FR.03)."""
        monitoring = self._station.optional.find("monitoring")
        if monitoring is None or monitoring.reports(PROBLEM_SEVERITY):
            self.add(0, Problem, "true" if on else "false", now_ms, "Delta", HARDWIRED, PROBLEM_ID)

    def pull(self, now_ms: int) -> "Call | None":
        """The next NotifyEvent, with up to EVENTS_PER_MESSAGE events, or None."""
        if not self._waiting:
            return None
        sent = self._waiting[:EVENTS_PER_MESSAGE]

        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if kind != "lost":
                self._waiting = [event for event in self._waiting if event not in sent]

        data = [self._data(event) for event in sent]
        return ("NotifyEvent", {"generatedAt": self._station.iso(now_ms), "seqNo": 0, "tbc": False, "eventData": data}, done)

    def _data(self, event: "Event") -> "Message":
        number, happened_ms, scope, name, text, trigger, source, monitor, cleared, transaction = event
        data: "Message" = {
            "eventId": number, "timestamp": self._station.iso(happened_ms), "trigger": trigger, "actualValue": text,
            "eventNotificationType": source, "component": component_of(scope, name), "variable": variable_of(name),
        }  # fmt: skip
        for field, value in (("variableMonitoringId", monitor), ("cleared", cleared), ("transactionId", transaction)):
            if value is not None:
                data[field] = value
        return data
