"""Which module answers which request of OCPP 2.0.1. A module is imported when its first request comes."""

from ampacity.ocpp.errors import CallError
from ampacity.ocpp.schema import check
from ampacity.ocpp.v201 import tables

HANDLERS = (
    ("ChangeAvailability", "availability.change_availability", "handle"),
    ("ClearCache", "authorization.clear_cache", "handle"),
    ("ClearChargingProfile", "smart_charging.clear_profile", "handle"),
    ("DataTransfer", "remote.data_transfer", "handle"),
    ("GetBaseReport", "device_model.reports", "base_report"),
    ("GetChargingProfiles", "smart_charging.get_profiles", "handle"),
    ("GetCompositeSchedule", "smart_charging.get_composite", "handle"),
    ("GetLocalListVersion", "authorization.local_list", "get_version"),
    ("GetReport", "device_model.reports", "report"),
    ("GetTransactionStatus", "transactions.get_transaction_status", "handle"),
    ("GetVariables", "device_model.get_variables", "handle"),
    ("RequestStartTransaction", "remote.request_start", "handle"),
    ("RequestStopTransaction", "remote.request_stop", "handle"),
    ("Reset", "provisioning.reset", "handle"),
    ("SendLocalList", "authorization.local_list", "send"),
    ("SetChargingProfile", "smart_charging.set_profile", "handle"),
    ("SetNetworkProfile", "provisioning.set_network_profile", "handle"),
    ("SetVariables", "device_model.set_variables", "handle"),
    ("TriggerMessage", "remote.trigger_message", "handle"),
    ("UnlockConnector", "remote.unlock_connector", "handle"),
)


def handler(action):
    """The function (station, payload, message_id, now_ms) of an action. CallError NotSupported or NotImplemented."""
    for name, module, function in HANDLERS:
        if name == action:
            return getattr(__import__("ampacity.ocpp." + module, None, None, (function,)), function)
    if action in tables.KNOWN.split(" "):
        raise CallError("NotSupported", action[:60])
    raise CallError("NotImplemented", action[:60])


def check_request(action, payload):
    """CallError unless the payload is what the request must be."""
    _check(tables.REQUESTS, action, payload)


def check_response(action, payload):
    """CallError unless the payload is what the response to our request must be."""
    _check(tables.RESPONSES, action, payload)


def _check(rows, action, payload):
    for name, number in rows:
        if name == action:
            check(tables, number, payload)
