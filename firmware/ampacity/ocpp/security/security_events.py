"""SecurityEventNotification (A04): kept in the journal until the CSMS has it."""

from ampacity.ocpp.security.security_log import remember

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace


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
    station.log.add("warning", "security: %s %s" % (kind, info or ""), now_ms)
    remember(station, kind, info or "", now_ms)
    station.queue.append("SecurityEventNotification", payload, None, now_ms, may_drop or kind not in CRITICAL)
