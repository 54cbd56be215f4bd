"""What a friendly CSMS answers to each call of a station. One table a version of OCPP; another version is another table.

An entry is a function (csms, station, payload) → payload of the answer.
"""

from datetime import UTC, datetime


class CsmsError(Exception):
    """A hook raises it: the station gets a CALLERROR with this code and description."""

    def __init__(self, code, description=""):
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


def iso(unix_ms):
    """Unix milliseconds → RFC 3339 with milliseconds, UTC."""
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{unix_ms % 1000:03d}Z"


def fixed(payload):
    """The same answer each time."""
    return lambda csms, station, request: dict(payload)


def boot(csms, station, request):
    return {"currentTime": iso(csms.unix_ms()), "interval": csms.heartbeat_s, "status": csms.boot_status}


def heartbeat(csms, station, request):
    return {"currentTime": iso(csms.unix_ms())}


def authorize(csms, station, request):
    return {"idTokenInfo": {"status": csms.token_status(request["idToken"].get("idToken", ""))}}


def transaction_event(csms, station, request):
    if "idToken" not in request:
        return {}
    return {"idTokenInfo": {"status": csms.token_status(request["idToken"].get("idToken", ""))}}


EMPTY = (
    "ClearedChargingLimit FirmwareStatusNotification LogStatusNotification MeterValues NotifyChargingLimit "
    "NotifyCustomerInformation NotifyDisplayMessages NotifyEvent NotifyMonitoringReport NotifyReport "
    "PublishFirmwareStatusNotification ReportChargingProfiles ReservationStatusUpdate SecurityEventNotification "
    "StatusNotification"
).split()

V201 = {action: fixed({}) for action in EMPTY}
V201.update(
    BootNotification=boot,
    Heartbeat=heartbeat,
    Authorize=authorize,
    TransactionEvent=transaction_event,
    DataTransfer=fixed({"status": "UnknownVendorId"}),
    SignCertificate=fixed({"status": "Accepted"}),
    NotifyEVChargingNeeds=fixed({"status": "Accepted"}),
    NotifyEVChargingSchedule=fixed({"status": "Accepted"}),
    GetCertificateStatus=fixed({"status": "Failed"}),
    Get15118EVCertificate=fixed({"status": "Failed", "exiResponse": ""}),
)

ANSWERS = {"2.0.1": V201}
