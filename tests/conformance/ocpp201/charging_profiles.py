"""What the cases of block K have in common: profiles as the cases describe them, and the requests about them."""

from ocpp.v201 import call

from ampacity.base.wallclock import format_iso

AMPS = {0: 6}
DEVIATION_S = 30  # <Configured max time deviation>
PHASES = 3


def profile(talk, id=1, purpose="TxDefaultProfile", stack=0, kind="Absolute", periods=None, duration=None, unit="A", start=0, **more):
    """start: of the schedule, seconds from now. Limits of `periods` are amperes; in watts they are 690 times as much (the limit multiplier)."""
    multiplier = 1 if unit == "A" else 230 * PHASES
    schedule = {
        "id": id, "charging_rate_unit": unit,
        "charging_schedule_period": [
            {"start_period": s, "limit": v * multiplier, "number_phases": PHASES} for s, v in sorted((periods or AMPS).items())
        ],
    }
    if kind != "Relative":
        schedule["start_schedule"] = at(talk, start)
    if duration:
        schedule["duration"] = duration
    result = {"id": id, "stack_level": stack, "charging_profile_purpose": purpose, "charging_profile_kind": kind}
    result["charging_schedule"] = [schedule]
    result.update(more)
    return result


def at(talk, seconds):
    return format_iso(talk.unix_ms + seconds * 1000)


async def put(talk, evse, document):
    return (await talk.call(call.SetChargingProfile(evse_id=evse, charging_profile=document))).status


async def reported(talk, criteria, evse=None, request_id=3):
    """The ReportChargingProfiles that answer: checked are the status, the request's id, and that only the last has tbc false."""
    talk.csms.heard.clear()
    response = await talk.call(call.GetChargingProfiles(request_id=request_id, charging_profile=criteria, evse_id=evse))
    reports = talk.heard("ReportChargingProfiles")
    assert response.status == ("Accepted" if reports else "NoProfiles")
    assert [p["request_id"] for p in reports] == [request_id] * len(reports)
    assert [p["tbc"] for p in reports] == [True] * (len(reports) - 1) + [False] * bool(reports)
    return reports


async def report(talk, criteria, evse=None):
    """Ids of the profiles that are reported."""
    return sorted(d["id"] for p in await reported(talk, criteria, evse) for d in p["charging_profile"])


async def composite(talk, evse, duration, unit="A"):
    """[(start, limit)]; limits in watts divided by the multiplier."""
    answer = await talk.call(call.GetCompositeSchedule(evse_id=evse, duration=duration, charging_rate_unit=unit))
    assert answer.status == "Accepted"
    schedule = answer.schedule
    assert schedule["duration"] == duration and schedule["evse_id"] == evse
    assert schedule["charging_rate_unit"] == unit and schedule["schedule_start"] == at(talk, 0)
    multiplier = 1 if unit == "A" else 230 * PHASES
    return [(p["start_period"], p["limit"] / multiplier) for p in schedule["charging_schedule_period"]]


async def clear(talk, **request):
    return (await talk.call(call.ClearChargingProfile(**request))).status
