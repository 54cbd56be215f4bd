"""Facts of a session, and who acts on them. Station.session_event(id, kind, fields, now_ms) passes them on.

    kind          fields
    "plugged"     {}                  what the pilot shows; after a restart this or "unplugged" for each EVSE
    "unplugged"   {}
    "token"       {"token", "type"}   a card; id 0: a reader of the whole site
    "charging"    {"state"}           Charging, SuspendedEV, SuspendedEVSE, EVConnected, Idle
    "stop_local"  {"reason"?}         stop button; reason: Local (default), EmergencyStop, …
    "fault"       {"reason"?}         a fault that ends the session: GroundFault, OvercurrentFault, Other …
    "bay"         {"occupied"}        parking sensor
"""

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace


def session_event(station: "StationFace", evse_id: int, kind: str, fields: "dict[str, Any]", now_ms: int) -> None:
    """kind and fields: see the module's text. ValueError: no such kind."""
    if kind == "token":
        return station.authorizer.presented(evse_id, {"idToken": fields["token"], "type": fields["type"]}, now_ms)
    evse: OcppEvse = station.evse(evse_id)  # type: ignore[assignment]  # one of those given at the start
    flow = station.transactions
    if kind == "plugged":
        flow.plugged(evse, now_ms)
    elif kind == "unplugged":
        flow.unplugged(evse, now_ms)
        if station.ev_needs is not None:
            station.ev_needs.forget(evse_id)
    elif kind == "charging":
        flow.charging(evse, fields["state"], now_ms)
    elif kind == "stop_local":
        if evse.auth is not None:
            flow.deauthorize(evse, "StopAuthorized", fields.get("reason", "Local"), now_ms)
    elif kind == "fault":
        flow.fault(evse, fields.get("reason", "Other"), now_ms)
    elif kind == "bay":
        flow.bay(evse, fields["occupied"], now_ms)
    else:
        raise ValueError("session_event: %s" % kind)
    return None


def device_fact(station: "StationFace", evse_id: int, component: str, variable: str, value: object, now_ms: int, connector: bool) -> None:
    """A fact of the device becomes a read-only variable; a boolean that changes is reported by NotifyEvent (N07)."""
    evse_id = -evse_id if connector else evse_id
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    before = station.model.fact(evse_id, component, variable, text)
    if isinstance(value, bool) and (before or "false") != text:
        station.events.fact(evse_id, station.model.find(evse_id, component, variable), value, now_ms)  # type: ignore[arg-type]  # it is known now
