"""Security events (A04). SecurityEventNotification: kept in the journal until the CSMS has it. The security log: the last events, over
restarts, also after the CSMS has them; GetLog uploads it."""

from ampacity.base.printable import printable

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace

DOC = "ocpp_security"
EVENTS_MAX = 40
INFO_CHARS = 120

# those that a CSMS must get (appendix 1 of part 2); others give room to transactions when the queue fills
CRITICAL = (
    "FirmwareUpdated", "InvalidChargingStationCertificate", "InvalidCsmsCertificate", "InvalidFirmwareSignature",
    "InvalidFirmwareSigningCertificate", "InvalidTLSCipherSuite", "InvalidTLSVersion", "MaintenanceLoginAccepted", "MaintenanceLoginFailed",
    "MemoryExhaustion", "ResetOrReboot", "SecurityLogWasCleared", "SettingSystemTime", "StartupOfTheDevice", "TamperDetectionActivated",
)  # fmt: skip
RESETS = ("ApplicationReset", "FirmwareUpdate", "LocalReset", "RemoteReset", "ScheduledReset", "Watchdog")


def started(station: "StationFace", reason: str, now_ms: int) -> None:
    """The station has started; reason: BootReason. Starts that no CSMS fetches leave the rest of the queue to transactions."""
    kind = "ResetOrReboot" if reason in RESETS else "StartupOfTheDevice"
    notify(station, kind, "reason %s, firmware %s" % (reason, station.config.get("firmware", "unknown")), now_ms, True)


def notify(station: "StationFace", kind: str, info: "str | None", now_ms: int, may_drop: bool = False) -> None:
    """kind: a security event's name (at most 50 characters); info: text without secrets, or None. may_drop: also one that is critical."""
    payload = {"type": kind[:50]}
    if info:
        payload["techInfo"] = info[:255]
    remember(station, kind, info or "", now_ms)
    station.queue.append("SecurityEventNotification", payload, None, now_ms, may_drop or kind not in CRITICAL)


def note(station: "StationFace", kind: str, info: str, now_ms: int) -> None:
    """An event that a peer may cause as often as it likes, and that no CSMS must get: only in the log. The next one of this kind is there
    after a connection that opened a day later or more."""
    if kind not in station.noted:
        station.noted[kind] = now_ms
        remember(station, kind, info, now_ms)


def remember(station: "StationFace", kind: str, info: str, now_ms: int) -> None:
    """Keep one event; the oldest goes when there are too many. What cannot be kept is counted."""
    station.log.add("warning", "security: %s %s" % (kind, info), now_ms)
    kept = security_rows(station)[1 - EVENTS_MAX :]
    station.documents.try_put(DOC, kept + [[max(0, station.stamp(now_ms)), kind[:50], printable(info[:INFO_CHARS])]])


def security_rows(station: "StationFace") -> "list[Any]":
    """Each [time in ms since 1970, 0 where it was not known, kind, info], the oldest first."""
    rows: "list[Any]" = station.documents.get(DOC) or []
    return rows
