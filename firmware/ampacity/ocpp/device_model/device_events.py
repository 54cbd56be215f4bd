"""NotifyEvent: what changed in the device model by itself (faults of EVSEs), told once each (N07, G05)."""

from ampacity.ocpp.device_model.addressing import component_of, variable_of

WAITING_MAX = 16


class DeviceEvents:
    """Events wait while the station is offline; beyond WAITING_MAX the oldest goes, counted."""

    def __init__(self, station):
        self._station = station
        self._waiting = []
        self._count = 0

    def add(self, scope, component, variable, text, now_ms):
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.pop(0)
            self._station.log.counter("ocpp_device_events_dropped")
        self._count += 1
        self._waiting.append((self._count, scope, component, variable, text, now_ms))

    def pull(self, now_ms):
        """The next NotifyEvent, or None."""
        if not self._waiting:
            return None
        item = self._waiting[0]
        number, scope, component, variable, text, happened_ms = item
        row = self._station.model.find(scope, component, variable)
        data = {
            "eventId": number,
            "timestamp": self._station.iso(happened_ms),
            "trigger": "Delta",
            "actualValue": text,
            "component": component_of(scope, row),
            "variable": variable_of(row),
            "eventNotificationType": "HardWiredNotification",
        }

        def done(kind, payload, now_ms):
            if kind != "lost" and item in self._waiting:
                self._waiting.remove(item)

        return ("NotifyEvent", {"generatedAt": self._station.iso(now_ms), "seqNo": 0, "tbc": False, "eventData": [data]}, done)
