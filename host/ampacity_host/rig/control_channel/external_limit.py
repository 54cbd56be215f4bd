"""The operation `limit`: one external limit, converted for its real interface."""

import math

from ampacity_host.rig.control_channel.fields import FieldError

PROFILE_ID = 9_000
OPTIONS = ("source", "watts", "percent", "drm")  # fields next to target, amps and ttl_s


class ExternalLimit:
    """Fields of the request checked against the site: target, amps (one value for all phases: the least) or watts."""

    def __init__(self, fields, facts):
        self._facts = facts
        self.target = fields.text("target", "site")
        self.ttl_s = fields.integer("ttl_s", 0)
        self.evse = self._evse_number()
        self.amps = self._amps(fields.request.get("amps"))
        self.watts = fields.number("watts", 0) if fields.has("watts") else None
        if fields.has("percent"):
            self.amps = self._rating_a() * fields.number("percent", least=0, most=100) / 100
        self.withdrawn = self.amps is None and self.watts is None

    def _evse_number(self):
        """0 for the whole site, else the OCPP EVSE id; a circuit below the root has none."""
        names = [evse["name"] for evse in self._facts["evses"]]
        circuits = [circuit["name"] for circuit in self._facts["circuits"]]
        if self.target in names:
            return names.index(self.target) + 1
        if self.target == "site" or self.target in circuits:
            return 0
        raise FieldError("target", self.target, "site, " + ", ".join(circuits + names))

    def _amps(self, amps):
        if amps is None:
            return None
        values = amps if isinstance(amps, list) else [amps]
        if not values or any(isinstance(one, bool) or not isinstance(one, (int, float)) or one < 0 or not math.isfinite(one)
                             for one in values):
            raise FieldError("amps", amps, "a number of at least 0, or one for each phase")
        return min(values)

    def _rating_a(self):
        if self.evse:
            return self._facts["evses"][self.evse - 1]["max_da"] / 10
        for circuit in self._facts["circuits"]:
            if circuit["name"] == self.target or (self.target == "site" and circuit["parent"] < 0):
                return min(circuit["rating_da"]) / 10
        return 0.0

    def console_line(self):
        """The console line for it."""
        if self.withdrawn:
            return "limit %s off" % self.target
        value = "%.1f" % self.amps if self.amps is not None else "%dW" % self.watts
        return "limit %s %s%s" % (self.target, value, " %d" % self.ttl_s if self.ttl_s else "")

    def ocpp_call(self, now_iso):
        """(method, payload) for the station. now_iso: the CSMS's time, the start of an absolute schedule."""
        circuits = [one["name"] for one in self._facts["circuits"] if one["parent"] >= 0]
        if self.target in circuits:
            raise FieldError("target", self.target, "site or an EVSE: OCPP knows no circuits")
        if self.withdrawn:
            return self._withdrawal()
        schedule = self._schedule() if self.evse else dict(self._schedule(), startSchedule=now_iso)
        return self._profile(schedule)

    def _withdrawal(self):
        return "ClearChargingProfile", {"chargingProfileId": PROFILE_ID + self.evse}

    def _schedule(self):
        unit, value = ("A", self.amps) if self.amps is not None else ("W", self.watts)
        schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": round(value, 1)}]}
        if self.ttl_s:
            schedule["duration"] = self.ttl_s
        return schedule

    def _profile(self, schedule):
        purpose = "TxDefaultProfile" if self.evse else "ChargingStationMaxProfile"
        return "SetChargingProfile", {"evseId": self.evse, "chargingProfile": {
            "id": PROFILE_ID + self.evse, "stackLevel": 8, "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative" if self.evse else "Absolute", "chargingSchedule": [dict(schedule, id=1)]}}
