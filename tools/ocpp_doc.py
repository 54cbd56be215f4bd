"""Writes docs/interfaces/ocpp.md from the tables of the station: `python -m tools.ocpp_doc [--check]`."""

import sys
import textwrap
from pathlib import Path

from ampacity.base.json_parser import NUMBER_MAX
from ampacity.base.strict_json import DEPTH_MAX
from ampacity.net import http_file
from ampacity.net.websocket_frames import PASSED_MAX
from ampacity.ocpp.device_model import device_events, table
from ampacity.ocpp.device_model.model import MUTABILITY, Row, rows_of
from ampacity.ocpp.diagnostics import logs
from ampacity.ocpp.display.screen import CYCLE_MS
from ampacity.ocpp.iso15118 import block, certificate_status
from ampacity.ocpp.monitoring import monitors
from ampacity.ocpp.monitoring.handlers import INTERVAL_S_MAX
from ampacity.ocpp.publish import block as publish
from ampacity.ocpp.rpc import SIZE_MAX
from ampacity.ocpp.security.certificate_signing import RENEW_DAYS, TOLD_MS, WARN_DAYS
from ampacity.ocpp.security.certificate_store import ENTRIES_MAX
from ampacity.ocpp.security.security_events import EVENTS_MAX
from ampacity.ocpp.smart_charging import ev_schedule
from ampacity.ocpp.smart_charging.acceptance import OUTSIDE_IDS, SCHEDULES_MAX
from ampacity.ocpp.smart_charging.external_limits import NOTIFY_MS
from ampacity.ocpp.smart_charging.in_force import RATE_MS
from ampacity.ocpp.smart_charging.profile import LIMIT_MAX, PERIODS_MAX, STACK_LEVEL_MAX
from ampacity.ocpp.tariff.block import FINAL_MS
from ampacity.ocpp.v201.actions import HANDLERS
from ampacity.roles.charging import network_profiles as profiles
from ampacity.roles.charging.evses import OF_CAR_MAX
from ampacity.roles.publish import file_server, publisher
from ampacity.x509.certificate import CERTIFICATE_BYTES_MAX
from ampacity.x509.chain import CHAIN_MAX
from tools.generated import write
from tools.ocpp_page import HEAD
from tools.ocpp_tables import OUTGOING

PATH = Path(__file__).resolve().parents[1] / "docs" / "interfaces" / "ocpp.md"

REASONS = {
    "NotEnabled": "`SmartChargingCtrlr.Enabled` is false",
    "UnknownEvse": "there is no such EVSE",
    "MissingParam": "a `TxProfile` without `transactionId`, or for EVSE 0",
    "TxNotFound": "`transactionId` is not the transaction of this EVSE",
    "InvalidMessageSeq": "a `TxProfile` before the needs of the car were sent",
    "InvalidProfile": "`ChargingStationExternalConstraints`, or an `id` of such a profile; `ChargingStationMaxProfile` of an EVSE or of kind "
                      "`Relative`; `transactionId` in another profile than a `TxProfile`; `Recurring` without `recurrencyKind`; `validFrom` not "
                      "before `validTo`",
    "InvalidStackLevel": f"a stack level outside 0 to {STACK_LEVEL_MAX}",
    "InvalidSchedule": f"more than one schedule (of a `TxProfile` after the needs of the car: {SCHEDULES_MAX}), or two with one `id`; "
                       "`startSchedule` missing, or present in a `Relative` one; periods that do not begin at 0 or "
                       "do not rise; `duration` below 1; a limit out of range; `phaseToUse` without `numberPhases` 1",
    "TooManyElements": f"more than {PERIODS_MAX} periods or entries of a tariff, or more profiles than "
                       "`SmartChargingCtrlr.Entries[ChargingProfiles]`",
    "UnsupportedParam": "`phaseToUse` of another phase, or `numberPhases` below the phases of the EVSE",
    "UnsupportedRateUnit": "a unit that is not in `SmartChargingCtrlr.RateUnit`",
    "DuplicateProfile": "another profile with the same purpose, EVSE and stack level is valid at the same time; of a `TxProfile`, and between "
                        "a `TxDefaultProfile` of EVSE 0 and one of an EVSE, at any time",
}  # fmt: skip
REMARKS = {
    "CertificateSigned": "see [certificates](#certificates)",
    "ChangeAvailability": "after one that changes nothing the state of all connectors is sent again",
    "CustomerInformation": "see [customer information](#customer-information)",
    "DataTransfer": "answered with `UnknownVendorId`: there are no messages of a vendor",
    "GetChargingProfiles": "one ReportChargingProfiles for each profile of each source",
    "CostUpdated": "see [displays](#displays)",
    "DeleteCertificate": "not the certificate of the station, nor the last root of a connection over TLS: `Failed`",
    "GetCompositeSchedule": "`duration` of the answer is the covered time, which may be shorter than the requested one",
    "GetDisplayMessages": "one NotifyDisplayMessages for each message",
    "GetLocalListVersion": "0 also while the list is disabled",
    "GetLog": "see [logs](#logs)",
    "GetMonitoringReport": "up to 8 monitors in each NotifyMonitoringReport",
    "PublishFirmware": "see [firmware for other stations](#firmware-for-other-stations)",
    "Reset": "of the station or of one EVSE; `OnIdle` waits for transactions and, of the station, for a log that is being sent",
    "ReserveNow": "see [reservations](#reservations)",
    "SetDisplayMessage": "see [displays](#displays)",
    "SetNetworkProfile": "takes effect at the next start; see [network profiles](#network-profiles)",
    "InstallCertificate": "`CSMSRootCertificate` and `ManufacturerRootCertificate`; see [certificates](#certificates)",
    "SetVariableMonitoring": "see [monitoring](#monitoring)",
    "TriggerMessage": "BootNotification, Heartbeat, StatusNotification, MeterValues, TransactionEvent, "
                      "SignChargingStationCertificate; LogStatusNotification: `Uploading` or `Idle`; FirmwareStatusNotification: the last "
                      "status, `Idle` after `Installed`; PublishFirmwareStatusNotification: likewise, `Idle` after `Published`",
    "UnpublishFirmware": "see [firmware for other stations](#firmware-for-other-stations)",
    "UpdateFirmware": "of a controller with two slots: [updates](../updates.md#by-the-csms)",
    "UnlockConnector": "the result follows within 10 s; `UnlockFailed` for a fixed cable",
}


def words(text: str) -> str:
    """The allowed values of a variable as a reader expects them."""
    return text.replace("..", " to ").replace(",", ", ").replace("@", "maximum")


def row_text(row: Row) -> str:
    name = f"`{row.component}.{row.variable}" + (f"[{row.instance}]`" if row.instance else "`")
    allowed = words(row.limits)
    if row.kind == "string" and row.limits:
        allowed = (allowed if ".." in row.limits else "at most " + allowed) + " characters"
    default = "*computed*" if row.default == "@" else row.default.replace("%M", table.MEASURANDS).replace(",", ", ")
    mutability = MUTABILITY.get(row.mutability, "ReadOnly; ReadWrite with a meter that signs")
    return f"| {name} | {mutability} | {row.kind} | {row.unit} | {default} | {allowed} |"


def variables() -> str:
    """One table of every variable of the station, of an EVSE and of a connector."""
    lines = ["| variable | mutability | type | unit | default | allowed |", "| --- | --- | --- | --- | --- | --- |"]
    for scope in (table.STATION, table.EVSE, table.CONNECTOR):
        lines += [row_text(row) for row in rows_of(scope)]
    return "\n".join(lines)


def site_parts() -> str:
    """One table of the variables of the parts of the site."""
    lines = ["| variable | type | unit |", "| --- | --- | --- |"]
    for row in rows_of(table.SITE):
        name = f"`{row.component}.{row.variable}" + (f"[{row.instance}]`" if row.instance else "`")
        lines.append(f"| {name} | {row.kind} | {row.unit} |")
    return "\n".join(lines)


def render() -> str:
    """The text of the page."""
    incoming = ["| action | remark |", "| --- | --- |"] + [f"| {action} | {REMARKS.get(action, '')} |" for action, _ in HANDLERS]
    outgoing = textwrap.fill(", ".join(sorted(OUTGOING)) + ".", 130)
    reasons = ["| `reasonCode` of a refused profile | cause |", "| --- | --- |"] + [f"| `{code}` | {cause} |" for code, cause in REASONS.items()]
    parts = {"parts": site_parts(), "incoming": "\n".join(incoming), "outgoing": outgoing, "reasons": "\n".join(reasons), "variables": variables()}
    times = {
        "steady": profiles.STEADY_MS // 1000, "silent": profiles.SILENT_MS // 1000, "rejected": profiles.REJECTED_MS_MAX // 60000,
        "pending": profiles.PENDING_MS_MAX // 60000, "renew": RENEW_DAYS, "warn": WARN_DAYS,
        "message_kib": SIZE_MAX // 1024, "depth": DEPTH_MAX, "digits": NUMBER_MAX, "passed_mib": PASSED_MAX >> 20,
    }  # fmt: skip
    smart = {
        "periods": PERIODS_MAX, "level": STACK_LEVEL_MAX, "schedules": SCHEDULES_MAX, "rate": RATE_MS // 1000,
        "notify": NOTIFY_MS // 1000, "outside": OUTSIDE_IDS,
    }  # fmt: skip
    times |= {"start": ev_schedule.START_S_MAX, "tenths": 10 * LIMIT_MAX}
    times |= {"at_once": block.AT_ONCE, "each": block.EACH_MS // 1000, "passes": OF_CAR_MAX, "choice": ev_schedule.EACH_MS // 1000}
    times |= {"refresh": certificate_status.REFRESH_S // 86400, "ocsp_retry": certificate_status.RETRY_MS // 60000}
    times |= {"cycle": CYCLE_MS // 1000, "final": FINAL_MS // 1000}
    messages = next(row.limits for row in rows_of(table.STATION) if row.variable == "DisplayMessages").split("..")[1]
    bounds = {"entries": ENTRIES_MAX, "chain": CHAIN_MAX, "bytes": CERTIFICATE_BYTES_MAX, "messages": messages}
    times |= {"retry_s": logs.INTERVAL_S, "attempt": logs.ATTEMPT_MS_MAX // 60000, "interval": INTERVAL_S_MAX}
    numbers = {
        "custom": monitors.CUSTOM_MAX, "custom_id": monitors.CUSTOM_ID, "preconfigured": monitors.PRECONFIGURED_SEVERITY,
        "problem": device_events.PROBLEM_SEVERITY, "waiting": device_events.WAITING_MAX, "per_message": device_events.EVENTS_PER_MESSAGE,
        "per_second": monitors.MONITORS_PER_LOOK * 1000 // monitors.REST_MS, "security": EVENTS_MAX, "retries": logs.RETRIES,
        "told_s": TOLD_MS // 1000,
    }  # fmt: skip
    firmware = {
        "checksum": publish.CHECKSUM_LENGTH, "publish_retries": publish.RETRIES, "publish_s": publish.INTERVAL_S,
        "publish_unsent": publish.UNSENT_MAX, "publish_clients": file_server.CLIENTS_MAX, "publish_silent": file_server.SILENT_MS // 1000,
        "publish_rate": file_server.RATE_BYTES, "start_s": file_server.START_MS // 1000, "head_s": file_server.HEAD_MS // 1000,
        "head_bytes": http_file.HEAD_MAX, "listen_s": publisher.LISTEN_RETRY_MS * (publisher.LISTEN_TRIES - 1) // 1000,
    }  # fmt: skip
    return HEAD.format(**parts, **times, **smart, **bounds, **numbers, **firmware)


if __name__ == "__main__":
    sys.exit(write(PATH, render(), sys.argv[1:]))
