"""GetCompositeSchedule (K08). `duration` of the answer is what is covered: less than asked for when the periods run out."""

from ampacity.ocpp.transactions.meter import tenths


def handle(station, request, message_id, now_ms):
    evse_id, duration_s = request["evseId"], request["duration"]
    if evse_id and station.point(evse_id) is None:
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
