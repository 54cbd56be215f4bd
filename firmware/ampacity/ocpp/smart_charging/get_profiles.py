"""GetChargingProfiles and the ReportChargingProfiles that answer it, one EVSE and one profile a message (K09)."""

from ampacity.ocpp.smart_charging.clear_profile import matches


def handle(station, request, message_id, now_ms):
    found = [p for p in station.profiles.all if _wanted(p, request)]
    for i, profile in enumerate(found):
        station.exchange.post(_report, (request["requestId"], profile, i + 1 < len(found)))
    return {"status": "Accepted" if found else "NoProfiles"}


def _report(station, parameters, now_ms):
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


def _wanted(profile, request):
    criteria = request["chargingProfile"]
    if request.get("evseId", profile.evse_id) != profile.evse_id:
        return False
    if "chargingProfileId" in criteria:
        return profile.id in criteria["chargingProfileId"]
    return "CSO" in criteria.get("chargingLimitSource", ("CSO",)) and matches(profile, criteria)
