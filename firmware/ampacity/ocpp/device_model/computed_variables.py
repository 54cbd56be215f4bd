"""Values of variables that are worked out when asked: the `@` of the table."""

from ampacity.ocpp.device_model.device_events import HARDWIRED_ONLY, LEVEL_MAX
from ampacity.ocpp.smart_charging.profile import PERIODS_MAX, STACK_LEVEL_MAX

if False:  # for the type checker
    from ampacity.ocpp.device_model.model import Row
    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace

STATE_LENGTH_MAX = 1000
OF_SITE = ("EVSE.BoundCurrent", "EVSE.Circuit", "EVSE.OrderedCurrent", "EVSE.ReserveCurrent")

PLAIN = (
    # variable, key of the station's configuration, what it is without
    ("ChargingStation.Identity", "identity", ""),
    ("ChargingStation.Model", "model", "Ampacity"),
    ("ChargingStation.SerialNumber", "serial", ""),
    ("ChargingStation.VendorName", "vendor", "Ampacity"),
    ("Controller.FirmwareVersion", "firmware", ""),
    ("SecurityCtrlr.Identity", "identity", ""),
    ("SecurityCtrlr.SecurityProfile", "security_profile", 1),
)


class ComputedVariables:
    """`value(scope, row)` → text. Scope as in model.py."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station

    def value(self, scope: int, row: "Row") -> str:
        """The present value as text, at most 1,000 characters. KeyError: nothing is worked out under this name."""
        name = row.component + "." + row.variable
        if scope:
            return self._of_evse(name, self._station.evse(abs(scope)))  # type: ignore[arg-type]  # of model.py, so it is there
        for known, key, otherwise in PLAIN:
            if known == name:
                return str(self._station.config.get(key, otherwise))
        return str(self._of_station(name, self._station))

    def max_limit(self, scope: "int | str") -> int:
        """maxLimit that the table leaves open: the greatest power of the EVSE; of the station, how many charging profiles it keeps."""
        if isinstance(scope, str):
            return 0
        return self._watts(self._station.evse(abs(scope))) if scope else self._station.profiles.entries_max  # type: ignore[arg-type]

    def _of_station(self, name: str, station: "StationFace") -> "str | int":
        """KeyError: the table asks for what is not worked out here."""
        if name == "AmpacityCtrlr.Mode":
            return self._of_site(name, "")
        if name == "AuthCacheCtrlr.Storage":
            return station.cache.size_bytes()
        if name == "ChargingStation.AvailabilityState":
            return station.availability.station_status()
        if name == "ChargingStation.Problem":
            return "true" if station.problem or any(p.status == "Faulted" for p in station.evses) else "false"
        if name == "ChargingStation.SupplyPhases":
            return max([p.phases for p in station.evses])
        if name == "ClockCtrlr.DateTime":
            return station.iso(station.now_ms)
        if name == "DisplayMessageCtrlr.DisplayMessages":
            display = station.optional.find("display")
            return 0 if display is None else len(display.all)
        if name == "ISO15118Ctrlr.Available":
            return "true" if station.config.get("iso15118") else "false"
        if name == "LocalAuthListCtrlr.Entries":
            return len(station.local_list)
        if name.startswith("MonitoringCtrlr."):
            monitoring = station.optional.find("monitoring")
            if name == "MonitoringCtrlr.ActiveMonitoringBase":
                return HARDWIRED_ONLY if monitoring is None else monitoring.base
            return LEVEL_MAX if monitoring is None else monitoring.level
        if name == "OCPPCommCtrlr.ActiveNetworkProfile":
            return station.config.get("slot", 1)
        if name == "OCPPCommCtrlr.UnlockOnEVSideDisconnect":  # a socket lets its plug go; fixed cables have nothing to unlock
            return "false" if all([p.tethered for p in station.evses]) else "true"
        if name == "SecurityCtrlr.AdditionalRootCertificateCheck":
            return "true" if station.config.get("additional_root_check") else "false"
        if name == "SecurityCtrlr.CertificateEntries":
            return self._certificates(station)
        if name == "SmartChargingCtrlr.Entries":
            return len(station.profiles.all)
        if name == "SmartChargingCtrlr.Interval":
            return station.restart_hold_s
        if name == "SmartChargingCtrlr.PeriodsPerSchedule":
            return PERIODS_MAX
        if name == "SmartChargingCtrlr.ProfileStackLevel":
            return STACK_LEVEL_MAX
        raise KeyError(name)

    def _certificates(self, station: "StationFace") -> int:
        """How many are installed: while the block that knows them is not loaded, those of the site file."""
        block = station.optional.find("certificates")
        if block is None:
            return (station.config.get("root_pem") or "").count("-----BEGIN CERTIFICATE-----") + bool(station.config.get("certificate_pem"))
        count: int = block.store.count()
        return count

    def _of_evse(self, name: str, evse: "OcppEvse") -> str:
        if name.endswith(".AvailabilityState"):
            return self._station.availability.status(evse)
        if name.endswith(".SupplyPhases"):
            return str(evse.phases)
        if name == "EVSE.EvseId":
            return evse.name
        if name == "EVSE.State":
            return self._station.explain(evse.id)[:STATE_LENGTH_MAX]
        if name == "EVSE.Power":
            return str(evse.values.get("power_w") or 0)
        if name in OF_SITE:
            return self._of_site(name, evse.name)
        return evse.connector

    def _of_site(self, name: str, instance: str) -> str:
        """What only the owner of the station knows; empty text without it."""
        site = self._station.model.site
        component, variable = name.split(".")
        return (site.value(component, instance, variable, "") if site is not None else None) or ""

    def _watts(self, evse: "OcppEvse") -> int:
        return evse.max_da * self._station.config.get("voltage_v", 230) * evse.phases // 10
