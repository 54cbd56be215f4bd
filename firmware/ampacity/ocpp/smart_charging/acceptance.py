"""Is a charging profile of the CSMS allowed? Loaded with the first profile (K01)."""

from ampacity.ocpp.smart_charging.profile import LIMIT_MAX, NEVER, PERIODS_MAX, STACK_LEVEL_MAX, seconds

if False:  # for the type checker
    from collections.abc import Sequence

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Message
    from ampacity.ocpp.smart_charging.profile import Profile

OUTSIDE_IDS = -2147483648  # from here to OUTSIDE_IDS_END: profiles that report limits from outside (external_limits.py)
OUTSIDE_IDS_END = OUTSIDE_IDS + 100000
SCHEDULES_MAX = 3


def placed(station: "StationFace", evse_id: int, document: "Message") -> "str | None":
    """Reason code why this profile has no place here, or None: EVSE, transaction, purpose."""
    evse = station.evse(evse_id) if evse_id else None
    purpose = document["chargingProfilePurpose"]
    if evse_id and evse is None:
        return "UnknownEvse"
    if purpose == "TxProfile":
        return _of_transaction(station, evse, document)
    if "transactionId" in document or purpose == "ChargingStationMaxProfile" and evse_id:
        return "InvalidProfile"
    return None


def _of_transaction(station: "StationFace", evse: "OcppEvse | None", document: "Message") -> "str | None":
    """K01.FR.09, K01.FR.16, K01.FR.33; K15.FR.17: what the car needs was not sent yet."""
    if evse is None or "transactionId" not in document:
        return "MissingParam"
    if evse.tx is None or evse.tx.id != document["transactionId"]:
        return "TxNotFound"
    if station.ev_needs is not None and station.ev_needs.unsent(evse.id):
        return "InvalidMessageSeq"
    return None


def refusal(document: "Message", evses: "Sequence[OcppEvse]", schedules_max: int = 1, units: "Sequence[str]" = ("A", "W")) -> "str | None":
    """Reason code of a profile that is wrong in itself, or None. evses: those that it limits; () when it was kept and is only read again.

    schedules_max: 3 for the transaction of a car that told its needs, else 1 (K01.FR.34, K15.FR.07). units: of RateUnit (K01.FR.26).
    """
    purpose, kind, schedules = document["chargingProfilePurpose"], document["chargingProfileKind"], document["chargingSchedule"]
    if purpose == "ChargingStationExternalConstraints" or OUTSIDE_IDS <= document["id"] < OUTSIDE_IDS_END:
        return "InvalidProfile"
    if not 0 <= document["stackLevel"] <= STACK_LEVEL_MAX:
        return "InvalidStackLevel"
    if not 1 <= len(schedules) <= schedules_max:
        return "InvalidSchedule"
    for schedule in schedules:
        if (kind == "Relative") != ("startSchedule" not in schedule):
            return "InvalidSchedule"
    if kind == "Recurring" and "recurrencyKind" not in document or kind == "Relative" and purpose == "ChargingStationMaxProfile":
        return "InvalidProfile"
    if seconds(document.get("validFrom"), 0) >= seconds(document.get("validTo"), NEVER):
        return "InvalidProfile"
    return _schedules_refusal(schedules, evses, units)


def _schedules_refusal(schedules: "list[Message]", evses: "Sequence[OcppEvse]", units: "Sequence[str]") -> "str | None":
    ids = []
    for schedule in schedules:
        if schedule.get("id") in ids:
            return "InvalidSchedule"
        ids.append(schedule.get("id"))
        seconds(schedule.get("startSchedule"), 0)
        reason = _schedule_refusal(schedule, evses, units)
        if reason:
            return reason
    return None


def _schedule_refusal(schedule: "Message", evses: "Sequence[OcppEvse]", units: "Sequence[str]") -> "str | None":
    if schedule["chargingRateUnit"] not in units:
        return "UnsupportedRateUnit"
    tariff = schedule.get("salesTariff") or {"salesTariffEntry": ()}
    if len(schedule["chargingSchedulePeriod"]) > PERIODS_MAX or len(tariff["salesTariffEntry"]) > PERIODS_MAX:  # K15.FR.07
        return "TooManyElements"
    if schedule.get("duration", 1) <= 0 or not 0 <= schedule.get("minChargingRate", 0) <= LIMIT_MAX:
        return "InvalidSchedule"
    before = -1
    for period in schedule["chargingSchedulePeriod"]:
        start = period["startPeriod"]
        if start <= before or before < 0 and start != 0:  # K01.FR.31, K01.FR.35
            return "InvalidSchedule"
        before = start
        if not 0 <= period["limit"] <= LIMIT_MAX:
            return "InvalidSchedule"
        reason = _phases_refusal(period, evses)
        if reason:
            return reason
    return None


def _phases_refusal(period: "Message", evses: "Sequence[OcppEvse]") -> "str | None":
    """K01.FR.43, .45: fewer phases than the EVSE closes cannot be promised, unless there is no current anyway. K01.FR.19, .46, .48: of
    phaseToUse only the one phase that the EVSE has."""
    number, phase = period.get("numberPhases"), period.get("phaseToUse")
    if phase is not None and number != 1:
        return "InvalidSchedule"
    if number is not None and not 1 <= number <= 3:
        return "UnsupportedParam"
    for evse in evses:
        if phase is not None and (evse.phases != 1 or evse.phase_names[0] != "L%d" % phase):
            return "UnsupportedParam"
        if number is not None and number < evse.phases and period["limit"] != 0:
            return "UnsupportedParam"
    return None


def clash(new: "Profile", others: "Sequence[Profile]", entries_max: int) -> "str | None":
    """K01.FR.06, .39, .52, .53: another id, the same place in the stack."""
    count = 1
    for other in others:
        if other.id == new.id:
            continue
        count += 1
        if other.purpose == new.purpose and other.stack_level == new.stack_level and _same_place(new, other):
            return "DuplicateProfile"
    return "TooManyElements" if count > entries_max else None


def _same_place(new: "Profile", other: "Profile") -> bool:
    if new.purpose == "TxProfile":
        return new.transaction_id == other.transaction_id
    if new.evse_id != other.evse_id:
        return new.purpose == "TxDefaultProfile" and 0 in (new.evse_id, other.evse_id)
    return new.overlaps(other)
