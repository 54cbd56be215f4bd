"""NotifyEvent: what changed in the device model by itself (faults of EVSEs), reported once each (N07, G05)."""

from ampacity.ocpp.device_model.addressing import component_of, variable_of

if False:  # for the type checker
    from ampacity.ocpp.device_model.model import Row
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Reply

WAITING_MAX = 16


class DeviceEvents:
    """Events wait while the station is offline; beyond WAITING_MAX the oldest goes, counted."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        self._waiting: "list[tuple[int, int, str, str, str, int]]" = []
        self._count = 0

    def add(self, scope: int, component: str, variable: str, text: str, now_ms: int) -> None:
        """Keep one change for NotifyEvent (N07). scope: as in model.py; text: the new value."""
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.pop(0)
            self._station.log.counter("ocpp_device_events_dropped")
        self._count += 1
        self._waiting.append((self._count, scope, component, variable, text, now_ms))

    def pull(self, now_ms: int) -> "Call | None":
        """The next NotifyEvent, or None."""
        if not self._waiting:
            return None
        item = self._waiting[0]
        number, scope, component, variable, text, happened_ms = item
        row: "Row" = self._station.model.find(scope, component, variable)  # type: ignore[assignment]  # its fact was reported
        data = {
            "eventId": number,
            "timestamp": self._station.iso(happened_ms),
            "trigger": "Delta",
            "actualValue": text,
            "component": component_of(scope, row),
            "variable": variable_of(row),
            "eventNotificationType": "HardWiredNotification",
        }

        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            if kind != "lost" and item in self._waiting:
                self._waiting.remove(item)

        return ("NotifyEvent", {"generatedAt": self._station.iso(now_ms), "seqNo": 0, "tbc": False, "eventData": [data]}, done)
