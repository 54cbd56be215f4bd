"""The network profiles in their slots, the order in which the station uses them (B09, B10), and the password that the CSMS sets (A01)."""

from ampacity.base.url import same_peer
from ampacity.ocpp.provisioning.set_network_profile import DOC, suits
from ampacity.ocpp.security.security_events import remember

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.device_model.model import Row
    from ampacity.ocpp.interfaces import StationFace

SECRET_DOC = "ocpp_secret"


class NetworkSlots:
    """Slot 1 is what the station was configured with, until the CSMS puts another there. They hold from a restart on."""

    def __init__(self, station: "StationFace") -> None:
        self._station = station
        config = station.config
        self._own: "dict[str, Any]" = {"url": config.get("url"), "security_profile": config.get("security_profile", 1)}

    def ordered(self) -> "list[dict[str, Any]]":
        """Profiles in the order of NetworkConfigurationPriority (B10): [{"slot", "url", "security_profile"}]."""
        station = self._station
        kept = station.documents.get(DOC) or {}
        result = []
        for slot in sorted(kept):
            if not suits(kept[slot]["url"], kept[slot]["security_profile"]):
                station.documents.distrust(DOC, slot + ".url does not suit its security_profile")
                kept = {}
                break
        for slot in station.model.words("OCPPCommCtrlr", "NetworkConfigurationPriority"):
            profile = kept.get(slot) or self._own
            result.append({"slot": int(slot), "url": profile["url"], "security_profile": profile["security_profile"]})
        return result

    def forget_below(self, security_profile: int) -> None:
        """A connection with this security profile works: network profiles with a lower one are removed (A05.FR.06)."""
        station = self._station
        kept = station.documents.get(DOC) or {}
        if not kept:
            return
        for slot in list(kept):
            if kept[slot]["security_profile"] < security_profile:
                del kept[slot]
        station.documents.try_put(DOC, kept)
        slots = self.usable()
        row: Row = station.model.find(0, "OCPPCommCtrlr", "NetworkConfigurationPriority")  # type: ignore[assignment]  # it is in the table
        words = [slot for slot in station.model.value(0, row).split(",") if slot in slots]
        if words:
            try:
                station.model.set(row, ",".join(words))
            except OSError:
                station.log.counter("ocpp_not_kept")

    def missing(self, slots: "list[str]", now_ms: int) -> "str | None":
        """What a higher security profile in one of these slots lacks (A05.FR.02, A05.FR.03), or None."""
        station = self._station
        kept = station.documents.get(DOC) or {}
        most = max([(kept.get(slot) or self._own)["security_profile"] for slot in slots])
        if most < 2 or most <= station.config.get("security_profile", 1):
            return None
        certificates = station.optional.get("certificates", now_ms)
        if not certificates.has_root(now_ms):
            return "no valid CSMSRootCertificate is installed for security profile %d" % most
        if most > 2 and not certificates.has_own(now_ms):
            return "no valid ChargingStationCertificate is installed for security profile %d" % most
        return None

    def usable(self) -> "list[str]":
        """Slots whose profile may be used; the first always holds one: what the station was configured with. None with a lower
        security profile than the one in use (A05.FR.10)."""
        kept = self._station.documents.get(DOC) or {}
        least = self._station.config.get("security_profile", 1)
        slots = sorted(set(["1"] + list(kept)))
        return [slot for slot in slots if (kept.get(slot) or self._own)["security_profile"] >= least]

    def password(self) -> "str | None":
        """The password that the CSMS set, or None: then the configured one holds. It is for the upstream of the site file of then."""
        station = self._station
        kept = station.documents.get(SECRET_DOC) or {}
        if "password" in kept and "url" not in kept and "site" in station.config:  # written before addresses were kept: for that of this start
            kept = dict(station.config["site"], password=kept["password"])
            station.documents.try_put(SECRET_DOC, kept)
        return kept.get("password") if same_peer(station.config.get("site", {}), kept) else None

    def keep_password(self, text: str, now_ms: int) -> None:
        """Keep BasicAuthPassword (16 to 40 characters, A01). OSError: the old one holds."""
        station = self._station
        station.documents.put(SECRET_DOC, dict(station.config.get("site", {}), password=text))
        remember(station, "ReconfigurationOfSecurityParameters", "BasicAuthPassword changed", now_ms)  # A01.FR.11
