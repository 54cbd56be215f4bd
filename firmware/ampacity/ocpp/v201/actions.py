"""Which module answers which request of OCPP 2.0.1. A module is imported when its first request comes."""

from ampacity.ocpp.errors import CallError
from ampacity.ocpp.schema import Check
from ampacity.ocpp.v201 import tables

if False:  # for the type checker
    from collections.abc import Callable

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message

HANDLERS = (
    ("ChangeAvailability", "availability.handlers", "change_availability"),
    ("ClearCache", "authorization.handlers", "clear_cache"),
    ("ClearChargingProfile", "smart_charging.handlers", "clear_charging_profile"),
    ("DataTransfer", "remote.handlers", "data_transfer"),
    ("GetBaseReport", "device_model.reports", "get_base_report"),
    ("GetChargingProfiles", "smart_charging.handlers", "get_charging_profiles"),
    ("GetCompositeSchedule", "smart_charging.handlers", "get_composite_schedule"),
    ("GetLocalListVersion", "authorization.local_list", "get_local_list_version"),
    ("GetReport", "device_model.reports", "get_report"),
    ("GetTransactionStatus", "transactions.handlers", "get_transaction_status"),
    ("GetVariables", "device_model.handlers", "get_variables"),
    ("RequestStartTransaction", "remote.handlers", "request_start_transaction"),
    ("RequestStopTransaction", "remote.handlers", "request_stop_transaction"),
    ("Reset", "provisioning.reset", "reset"),
    ("SendLocalList", "authorization.local_list", "send_local_list"),
    ("SetChargingProfile", "smart_charging.handlers", "set_charging_profile"),
    ("SetNetworkProfile", "provisioning.set_network_profile", "set_network_profile"),
    ("SetVariables", "device_model.handlers", "set_variables"),
    ("TriggerMessage", "remote.handlers", "trigger_message"),
    ("UnlockConnector", "remote.handlers", "unlock_connector"),
)


def handler(action: str) -> "Callable[[StationFace, Message, str, int], Message | None]":
    """The function (station, payload, message_id, now_ms) of an action. CallError NotSupported or NotImplemented."""
    for name, module, function in HANDLERS:
        if name == action:
            return getattr(__import__("ampacity.ocpp." + module, None, None, (function,)), function)
    if action in tables.KNOWN.split(" "):
        raise CallError("NotSupported", action[:60])
    raise CallError("NotImplemented", action[:60])


def request_check(action: str, payload: "Message") -> "Check":
    """The check of a request's payload."""
    return Check(tables, _number(tables.REQUESTS, action), payload)


def response_check(action: str, payload: "Message") -> "Check":
    """The check of the response to a request of ours."""
    return Check(tables, _number(tables.RESPONSES, action), payload)


def _number(rows: "tuple[tuple[str, int], ...]", action: str) -> "int | None":
    for name, number in rows:
        if name == action:
            return number
    return None
