"""ClearChargingProfile (K10)."""


def handle(station, request, message_id, now_ms):
    criteria = request.get("chargingProfileCriteria") or {}
    if "chargingProfileId" in request:
        found = [p for p in station.profiles.all if p.id == request["chargingProfileId"]]
    else:
        found = [p for p in station.profiles.all if matches(p, criteria)]
    unread = station.profiles.forget_unread(request.get("chargingProfileId"), criteria.get("evseId"))
    station.profiles.remove(found)
    return {"status": "Accepted" if found or unread else "Unknown"}


def matches(profile, criteria):
    """Each criterion that is given must hold."""
    if criteria.get("evseId", profile.evse_id) != profile.evse_id:
        return False
    if criteria.get("stackLevel", profile.stack_level) != profile.stack_level:
        return False
    return criteria.get("chargingProfilePurpose", profile.purpose) == profile.purpose
