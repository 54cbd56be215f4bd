"""OCPP frames in a few words, for people. Works for every version: unknown messages are shown by name."""

import json

CALL, RESULT, ERROR = 2, 3, 4
QUIET = ("Heartbeat",)


class FrameReader:
    """Assigns each answer to its call. `text(frame)`: a line, or None if the frame shows nothing new."""

    def __init__(self):
        self._calls = {}

    def text(self, frame):
        try:
            message = json.loads(frame)
            kind, number = message[0], message[1]
            if kind == CALL:
                return self._call(number, message[2], message[3])
            if kind == RESULT:
                return self._result(number, message[2])
            return "%s: error %s" % (self._calls.pop(number, "?"), message[2])
        except (ValueError, LookupError, TypeError, AttributeError):
            return "not OCPP: %s" % frame[:40]

    def _call(self, number, action, payload):
        self._calls[number] = action
        if action in QUIET:
            return None
        words = WORDS.get(action, lambda payload: "")(payload)
        return "%s %s" % (action, words) if words else action

    def _result(self, number, payload):
        action = self._calls.pop(number, "?")
        status = payload.get("status") or payload.get("idTokenInfo", payload.get("idTagInfo", {})).get("status")
        return "%s: %s" % (action, status) if status and action not in ("TransactionEvent",) else None


def transaction(payload):
    evse = payload.get("evse", {}).get("id")
    trigger = payload.get("triggerReason", "")
    energy = _energy(payload.get("meterValue", ()))
    return " ".join(part for part in ("evse %s" % evse if evse else "", payload.get("eventType", ""), trigger, energy) if part)


def _energy(meter_values):
    for value in meter_values:
        for sample in value.get("sampledValue", ()):
            if sample.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register" and "phase" not in sample:
                return "%d Wh" % float(sample["value"])
    return ""


def status(payload):
    evse = payload.get("evseId", payload.get("connectorId"))
    return "evse %s %s" % (evse, payload.get("connectorStatus", payload.get("status", "")))


def profile(payload):
    one = payload.get("chargingProfile") or payload.get("csChargingProfiles") or {}
    schedule = one.get("chargingSchedule") or {}
    schedule = schedule[0] if isinstance(schedule, list) else schedule
    period = (schedule.get("chargingSchedulePeriod") or [{}])[0]
    where = payload.get("evseId", payload.get("connectorId"))
    return "%s %s %s" % ("station" if not where else "evse %s" % where, period.get("limit", "?"), schedule.get("chargingRateUnit", ""))


WORDS = {
    "TransactionEvent": transaction,
    "StatusNotification": status,
    "SetChargingProfile": profile,
    "BootNotification": lambda payload: payload.get("reason", ""),
    "Authorize": lambda payload: payload.get("idToken", {}).get("idToken", "") if isinstance(payload.get("idToken"), dict)
    else payload.get("idTag", ""),
    "SecurityEventNotification": lambda payload: payload.get("type", ""),
}
