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

HANDLERS = (  # and the module in ampacity/ocpp; its `handlers` where only a folder is named
    ("CancelReservation", "reservation"),
    ("CertificateSigned", "security"),
    ("ChangeAvailability", "availability"),
    ("ClearCache", "authorization"),
    ("ClearChargingProfile", "smart_charging"),
    ("ClearDisplayMessage", "display"),
    ("ClearVariableMonitoring", "monitoring"),
    ("CostUpdated", "tariff"),
    ("CustomerInformation", "diagnostics.customer"),
    ("DataTransfer", "remote"),
    ("DeleteCertificate", "security"),
    ("GetBaseReport", "device_model"),
    ("GetChargingProfiles", "smart_charging"),
    ("GetCompositeSchedule", "smart_charging"),
    ("GetDisplayMessages", "display"),
    ("GetInstalledCertificateIds", "security"),
    ("GetLocalListVersion", "authorization.local_list"),
    ("GetLog", "diagnostics.logs"),
    ("GetMonitoringReport", "monitoring.report"),
    ("GetReport", "device_model"),
    ("GetTransactionStatus", "transactions"),
    ("GetVariables", "device_model"),
    ("InstallCertificate", "security"),
    ("PublishFirmware", "publish"),
    ("RequestStartTransaction", "remote"),
    ("RequestStopTransaction", "remote"),
    ("ReserveNow", "reservation"),
    ("Reset", "provisioning.reset"),
    ("SendLocalList", "authorization.local_list"),
    ("SetChargingProfile", "smart_charging"),
    ("SetDisplayMessage", "display"),
    ("SetMonitoringBase", "monitoring"),
    ("SetMonitoringLevel", "monitoring"),
    ("SetNetworkProfile", "provisioning.set_network_profile"),
    ("SetVariableMonitoring", "monitoring"),
    ("SetVariables", "device_model"),
    ("TriggerMessage", "remote"),
    ("UnlockConnector", "remote"),
    ("UnpublishFirmware", "publish"),
    ("UpdateFirmware", "firmware"),
)


def handler(action: str, used: "list[str] | None" = None) -> "Callable[[StationFace, Message, str, int], Message | None]":
    """The function (station, payload, message_id, now_ms) of an action. CallError NotSupported or NotImplemented.

    used: gets the name of a module that holds functions only; `release` lets it go again.
    """
    for name, module in HANDLERS:
        if name == action:
            if "." not in module:
                module += ".handlers"
                if used is not None and module not in used:
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
    names = tables.UNHANDLED.split(" ")
    number = tables.RESPONSES[names.index(action)] if action in names else 0
    return Check(tables, number or None, payload, False)
