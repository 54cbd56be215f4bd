"""The password that the CSMS sets (A01): kept with the upstream of the site file for which it was set."""

from ampacity.base.url import same_peer
from ampacity.ocpp.security.security_events import remember

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace

DOC = "ocpp_secret"


def kept_password(station: "StationFace") -> "str | None":
    """The password that the CSMS set, or None: then the configured one holds. It is for the upstream of the site file of then."""
    kept = station.documents.get(DOC) or {}
    if "password" in kept and "url" not in kept and "site" in station.config:  # written before addresses were kept: for the upstream of this start
        kept = dict(station.config["site"], password=kept["password"])
        station.documents.try_put(DOC, kept)
    return kept.get("password") if same_peer(station.config.get("site", {}), kept) else None


def keep_password(station: "StationFace", text: str, now_ms: int) -> None:
    """Keep BasicAuthPassword (16 to 40 characters, A01). OSError: the old one holds."""
    station.documents.put(DOC, dict(station.config.get("site", {}), password=text))
    remember(station, "ReconfigurationOfSecurityParameters", "BasicAuthPassword changed", now_ms)  # A01.FR.11
