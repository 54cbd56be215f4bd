"""Values of variables that are worked out when asked: the `@` of the table."""

from ampacity.ocpp.smart_charging.profile import PERIODS_MAX, STACK_LEVEL_MAX


class Worth:
    """`value(scope, row)` → text. Scope as in model.py."""

    def __init__(self, station):
        self._station = station

    def value(self, scope, row):
        name = row.component + "." + row.variable
        if scope:
            return self._of_evse(name, self._station.point(abs(scope)))
        plain = PLAIN.get(name)
        if plain is not None:
            return str(self._station.config.get(plain[0], plain[1]))
        return str(STATION[name](self._station))

    def most(self, scope, row):
        """maxLimit that the table leaves open: the greatest power of the EVSE."""
        return self._watts(self._station.point(abs(scope))) if scope else 0

    def _of_evse(self, name, point):
        if name.endswith(".AvailabilityState"):
            return self._station.availability.status(point)
        if name.endswith(".SupplyPhases"):
            return str(point.phases)
        if name == "EVSE.EvseId":
            return point.name
        if name == "EVSE.Power":
            return str(point.values.get("power_w") or 0)
        return point.connector

    def _watts(self, point):
        return point.max_da * self._station.config.get("voltage_v", 230) * point.phases // 10


def _problem(station):
    return "true" if any(p.status == "Faulted" for p in station.points) else "false"


PLAIN = {
    "ChargingStation.Identity": ("identity", ""),
    "ChargingStation.Model": ("model", "Ampacity"),
    "ChargingStation.SerialNumber": ("serial", ""),
    "ChargingStation.VendorName": ("vendor", "Ampacity"),
    "Controller.FirmwareVersion": ("firmware", ""),
    "SecurityCtrlr.Identity": ("identity", ""),
    "SecurityCtrlr.SecurityProfile": ("security_profile", 1),
}
STATION = {
    "AuthCacheCtrlr.Storage": lambda station: station.cache.size_bytes(),
    "ChargingStation.AvailabilityState": lambda station: station.availability.station_status(),
    "ChargingStation.Problem": lambda station: _problem(station),
    "ChargingStation.SupplyPhases": lambda station: max([p.phases for p in station.points]),
    "ClockCtrlr.DateTime": lambda station: station.iso(station.now_ms),
    "LocalAuthListCtrlr.Entries": lambda station: len(station.local_list),
    "OCPPCommCtrlr.ActiveNetworkProfile": lambda station: str(station.config.get("slot", 1)),
    "SmartChargingCtrlr.Entries": lambda station: len(station.profiles.all),
    "SmartChargingCtrlr.PeriodsPerSchedule": lambda station: PERIODS_MAX,
    "SmartChargingCtrlr.ProfileStackLevel": lambda station: STACK_LEVEL_MAX,
}
