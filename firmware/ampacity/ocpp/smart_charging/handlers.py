"""Requests of the CSMS about charging profiles: set, get, clear, and the composite schedule."""

from ampacity.ocpp.transactions.meter_values import tenths

if False:  # for the type checker
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message
    from ampacity.ocpp.smart_charging.profile import Profile


def set_charging_profile(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetChargingProfile (K01)."""
    document, evse_id = request["chargingProfile"], request["evseId"]
    if not station.model.on("SmartChargingCtrlr", "Enabled"):
        return {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}
    reason = station.profiles.refusal(evse_id, document, now_ms)
    if reason:
        return {"status": "Rejected", "statusInfo": {"reasonCode": reason}}
    station.profiles.install(evse_id, document)
    return {"status": "Accepted"}


def get_charging_profiles(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetChargingProfiles and the ReportChargingProfiles that answer it, one EVSE and one profile a message (K09)."""
    found = [p for p in station.profiles.all if _wanted(p, request)]
    for i, profile in enumerate(found):
        station.exchange.post(_report, (request["requestId"], profile, i + 1 < len(found)))
    return {"status": "Accepted" if found else "NoProfiles"}


def _report(station: "StationFace", parameters: "tuple[int, Profile, bool]", now_ms: int) -> "tuple[str, Message] | None":
    """The message, made when it leaves; None if the profile is gone."""
    request_id, profile, more = parameters
    document = station.profiles.document(profile)
    if document is None:
        return None
    payload = {
        "requestId": request_id,
        "chargingLimitSource": "CSO",
        "evseId": profile.evse_id,
        "chargingProfile": [document],
        "tbc": more,
    }
    return ("ReportChargingProfiles", payload)


def _wanted(profile: "Profile", request: "Message") -> bool:
    criteria = request["chargingProfile"]
    if request.get("evseId", profile.evse_id) != profile.evse_id:
        return False
    if "chargingProfileId" in criteria:
        return profile.id in criteria["chargingProfileId"]
    return "CSO" in criteria.get("chargingLimitSource", ("CSO",)) and matches(profile, criteria)


def clear_charging_profile(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """ClearChargingProfile (K10)."""
    criteria = request.get("chargingProfileCriteria") or {}
    if "chargingProfileId" in request:
        found = [p for p in station.profiles.all if p.id == request["chargingProfileId"]]
    else:
        found = [p for p in station.profiles.all if matches(p, criteria)]
    unread = station.profiles.forget_unread(request.get("chargingProfileId"), criteria.get("evseId"))
    station.profiles.remove(found)
    return {"status": "Accepted" if found or unread else "Unknown"}


def matches(profile: "Profile", criteria: "Message") -> bool:
    """Each criterion that is given must hold."""
    if criteria.get("evseId", profile.evse_id) != profile.evse_id:
        return False
    if criteria.get("stackLevel", profile.stack_level) != profile.stack_level:
        return False
    return criteria.get("chargingProfilePurpose", profile.purpose) == profile.purpose


def get_composite_schedule(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetCompositeSchedule (K08). `duration` of the answer is what is covered: less than asked for when the periods run out."""
    evse_id, duration_s = request["evseId"], request["duration"]
    if evse_id and station.evse(evse_id) is None:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
    if duration_s <= 0:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidValue"}}
    unit = request.get("chargingRateUnit", "A")
    found, covered_s = station.profiles.schedule(evse_id, duration_s, unit, now_ms)
    periods = [{"startPeriod": start, "limit": tenths(limit), "numberPhases": phases} for start, limit, phases in found]
    schedule = {
        "evseId": evse_id,
        "duration": covered_s,
        "scheduleStart": station.iso(now_ms),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }
    return {"status": "Accepted", "schedule": schedule}
