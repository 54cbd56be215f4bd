"""Which module answers which request of OCPP 2.0.1. A module is imported when its first request comes; its function has the name of
the action: `get_variables` for GetVariables."""

from ampacity.base.compat import forget
from ampacity.ocpp.errors import CallError
from ampacity.ocpp.schema import Check
from ampacity.ocpp.v201 import tables

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

HANDLERS = (
    ("CancelReservation", "reservation.handlers"),
    ("CertificateSigned", "security.handlers"),
    ("ChangeAvailability", "availability.handlers"),
    ("ClearCache", "authorization.handlers"),
    ("ClearChargingProfile", "smart_charging.handlers"),
    ("ClearDisplayMessage", "display.handlers"),
    ("ClearVariableMonitoring", "monitoring.handlers"),
    ("CostUpdated", "tariff.handlers"),
    ("CustomerInformation", "diagnostics.customer"),
    ("DataTransfer", "remote.handlers"),
    ("DeleteCertificate", "security.handlers"),
    ("GetBaseReport", "device_model.handlers"),
    ("GetChargingProfiles", "smart_charging.handlers"),
    ("GetCompositeSchedule", "smart_charging.handlers"),
    ("GetDisplayMessages", "display.handlers"),
    ("GetInstalledCertificateIds", "security.handlers"),
    ("GetLocalListVersion", "authorization.local_list"),
    ("GetLog", "diagnostics.logs"),
    ("GetMonitoringReport", "monitoring.report"),
    ("GetReport", "device_model.handlers"),
    ("GetTransactionStatus", "transactions.handlers"),
    ("GetVariables", "device_model.handlers"),
    ("InstallCertificate", "security.handlers"),
    ("PublishFirmware", "publish.handlers"),
    ("RequestStartTransaction", "remote.handlers"),
    ("RequestStopTransaction", "remote.handlers"),
    ("ReserveNow", "reservation.handlers"),
    ("Reset", "provisioning.reset"),
    ("SendLocalList", "authorization.local_list"),
    ("SetChargingProfile", "smart_charging.handlers"),
    ("SetDisplayMessage", "display.handlers"),
    ("SetMonitoringBase", "monitoring.handlers"),
    ("SetMonitoringLevel", "monitoring.handlers"),
    ("SetNetworkProfile", "provisioning.set_network_profile"),
    ("SetVariableMonitoring", "monitoring.handlers"),
    ("SetVariables", "device_model.handlers"),
    ("TriggerMessage", "remote.handlers"),
    ("UnlockConnector", "remote.handlers"),
    ("UnpublishFirmware", "publish.handlers"),
    ("UpdateFirmware", "firmware.handlers"),
)


def handler(action: str, used: "list[str] | None" = None) -> "Callable[[StationFace, Message, str, int], Message | None]":
    """The function (station, payload, message_id, now_ms) of an action. CallError NotSupported or NotImplemented.

    used: gets the name of a module that holds functions only; `release` lets it go again.
    """
    for name, module in HANDLERS:
        if name == action:
            if used is not None and module[-9:] == ".handlers" and module not in used:
                used.append(module)
            function = "".join(["_" + c.lower() if c.isupper() else c for c in name])[1:]
            try:
                return getattr(__import__("ampacity.ocpp." + module, None, None, (function,)), function)
            except ImportError:  # an image without this block
                raise CallError("NotSupported", action[:60])
    if action in tables.UNHANDLED.split(" "):
        raise CallError("NotSupported", action[:60])
    raise CallError("NotImplemented", action[:60])


def release(used: "list[str]") -> None:
    """Modules that answered requests go from the heap; the next request of theirs imports them again."""
    while used:
        forget("ampacity.ocpp." + used.pop())


def request_check(action: str, payload: "Message") -> "Check":
    """The check of a request's payload."""
    number = None
    for place, row in enumerate(HANDLERS):
        if row[0] == action:
            number = tables.REQUESTS[place]
    return Check(tables, number, payload)


def response_check(action: str, payload: "Message") -> "Check":
    """The check of the response to a request of ours."""
    return Check(tables, dict(tables.RESPONSES).get(action), payload, False)
