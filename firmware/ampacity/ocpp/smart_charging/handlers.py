"""Requests of the CSMS about charging profiles: set, get, clear, and the composite schedule."""

from ampacity.ocpp.errors import refusal
from ampacity.ocpp.smart_charging.profile import Profile

if False:  # for the type checker
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message


def set_charging_profile(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """SetChargingProfile (K01)."""
    document, evse_id = request["chargingProfile"], request["evseId"]
    if not station.model.on("SmartChargingCtrlr", "Enabled"):
        return refusal("NotEnabled")
    if "transactionId" in document:
        document["transactionId"] = document["transactionId"].lower()
    reason = station.profiles.refusal(evse_id, document, now_ms)
    if reason:
        return refusal(reason)
    station.profiles.install(evse_id, document)
    return {"status": "Accepted"}


def get_charging_profiles(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """GetChargingProfiles and the ReportChargingProfiles that answer it, one EVSE, source and profile a message (K09)."""
    found: "list[tuple[str, int, Message | Profile]]" = [("CSO", p.evse_id, p) for p in station.profiles.all if _wanted("CSO", p, request)]
    outside = station.optional.find("external_limits")
    for source, evse_id, document in outside.documents(now_ms) if outside is not None else ():
        if _wanted(source, Profile(document, evse_id), request):
            found.append((source, evse_id, document))
    if found and isinstance(found[-1][2], Profile):
        found[-1][2].awaited = True  # a report has an end, whatever is cleared meanwhile (K09.FR.02)
    for i in range(len(found)):
        station.exchange.post(_report, (request["requestId"], found, i))
    return {"status": "Accepted" if found else "NoProfiles"}


def _report(station: "StationFace", parameters: "tuple[int, list[tuple[str, int, Any]], int]", now_ms: int) -> "tuple[str, Message] | None":
    """The message, made when it leaves; None if the profile is gone."""
    request_id, found, i = parameters
    source, evse_id, document = found[i]
    if isinstance(document, Profile):
        document = station.profiles.document(document)
    if document is None:
        return None
    more = i + 1 < len(found)
    payload = {"requestId": request_id, "chargingLimitSource": source, "evseId": evse_id, "chargingProfile": [document], "tbc": more}
    return ("ReportChargingProfiles", payload)


def _wanted(source: str, profile: "Profile", request: "Message") -> bool:
    criteria = request["chargingProfile"]
    if request.get("evseId", profile.evse_id) != profile.evse_id:
        return False
    if "chargingProfileId" in criteria:
        return profile.id in criteria["chargingProfileId"]
    return source in criteria.get("chargingLimitSource", (source,)) and matches(profile, criteria)


def clear_charging_profile(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message":
    """ClearChargingProfile (K10)."""
    criteria = request.get("chargingProfileCriteria") or {}
    if "chargingProfileId" in request:
        found = [p for p in station.profiles.all if p.id == request["chargingProfileId"]]
    else:
        found = [p for p in station.profiles.all if matches(p, criteria)]
    some = "chargingProfilePurpose" in criteria or "stackLevel" in criteria
    is_cleared = station.profiles.clear(found, request.get("chargingProfileId"), criteria.get("evseId"), some)
    return {"status": "Accepted" if is_cleared else "Unknown"}


def matches(profile: "Profile", criteria: "Message") -> bool:
    """Each criterion that is given must hold."""
    if criteria.get("evseId", profile.evse_id) != profile.evse_id:
        return False
    if criteria.get("stackLevel", profile.stack_level) != profile.stack_level:
        return False
    return criteria.get("chargingProfilePurpose", profile.purpose) == profile.purpose


def get_composite_schedule(station: "StationFace", request: "Message", message_id: str, now_ms: int) -> "Message | None":
    """GetCompositeSchedule (K08); the answer comes when it is computed."""
    evse_id, unit = request["evseId"], request.get("chargingRateUnit", "A")
    reason = ""
    if evse_id and station.evse(evse_id) is None:
        reason = "UnknownEvse"
    elif request["duration"] <= 0:
        reason = "InvalidValue"
    elif unit not in station.model.words("SmartChargingCtrlr", "RateUnit"):  # K08.FR.07
        reason = "UnsupportedRateUnit"
    if reason:
        return refusal(reason)
    result: "Message | None" = station.optional.get("composites", now_ms).begin(request, unit, message_id, now_ms)
    return result
