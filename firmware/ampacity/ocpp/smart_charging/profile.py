"""A charging profile as the CSMS writes it: is it allowed, and what are its numbers."""

from ampacity.base.strict_json import floor_da
from ampacity.base.wallclock import parse_iso
from ampacity.ocpp.smart_charging.composite import NEVER

if False:  # for the type checker
    from ampacity.ocpp.messages import Message

RECURRENCE_S = {"Daily": 86400, "Weekly": 604800}
STACK_LEVEL_MAX = 9
PERIODS_MAX = 48
LIMIT_MAX = 1000000


class Profile:
    """Numbers of a profile that `refusal` let pass. The document itself lies in the store."""

    def __init__(self, document: "Message", evse_id: int) -> None:
        schedule = document["chargingSchedule"][0]
        self.id: int = document["id"]
        self.evse_id = evse_id
        self.stack_level: int = document["stackLevel"]
        self.purpose: str = document["chargingProfilePurpose"]
        self.kind: str = document["chargingProfileKind"]
        self.recurrence_s = RECURRENCE_S[document["recurrencyKind"]] if self.kind == "Recurring" else 0
        self.valid_from_s = _seconds(document.get("validFrom"), 0)
        self.valid_to_s = _seconds(document.get("validTo"), NEVER)
        self.start_s = _seconds(schedule.get("startSchedule"), 0)
        self.duration_s: "int | None" = schedule.get("duration")
        self.unit: str = schedule["chargingRateUnit"]
        self.transaction_id: "str | None" = document.get("transactionId")
        flat = []
        for period in schedule["chargingSchedulePeriod"]:
            flat += [period["startPeriod"], floor_da(period["limit"]), period.get("numberPhases", 0)]
        self.periods: "tuple[int, ...]" = tuple(flat)

    def lowest(self) -> int:
        """The lowest limit of all periods."""
        return min(self.periods[i] for i in range(1, len(self.periods), 3))

    def overlaps(self, other: "Profile") -> bool:
        """Could both be valid at one moment?"""
        return self.valid_from_s < other.valid_to_s and other.valid_from_s < self.valid_to_s


def _seconds(text: "str | None", otherwise: int) -> int:
    return otherwise if text is None else parse_iso(text) // 1000


def refusal(document: "Message", phases: int) -> "str | None":
    """Reason code of a profile that is wrong in itself, or None. phases: of the EVSE, or of the station."""
    if document["chargingProfilePurpose"] == "ChargingStationExternalConstraints":
        return "InvalidProfile"
    if not 0 <= document["stackLevel"] <= STACK_LEVEL_MAX:
        return "InvalidStackLevel"
    if len(document["chargingSchedule"]) != 1:
        return "InvalidSchedule"
    kind, schedule = document["chargingProfileKind"], document["chargingSchedule"][0]
    if (kind == "Relative") != ("startSchedule" not in schedule):
        return "InvalidSchedule"
    if kind == "Recurring" and "recurrencyKind" not in document:
        return "InvalidProfile"
    if kind == "Relative" and document["chargingProfilePurpose"] == "ChargingStationMaxProfile":
        return "InvalidProfile"
    if _seconds(document.get("validFrom"), 0) >= _seconds(document.get("validTo"), NEVER):
        return "InvalidProfile"
    return _schedule_refusal(schedule, phases)


def _schedule_refusal(schedule: "Message", phases: int) -> "str | None":
    if len(schedule["chargingSchedulePeriod"]) > PERIODS_MAX:
        return "TooManyElements"
    if schedule.get("duration", 1) <= 0:
        return "InvalidSchedule"
    before = -1
    for period in schedule["chargingSchedulePeriod"]:
        start = period["startPeriod"]
        if start <= before or before < 0 and start != 0:
            return "InvalidSchedule"
        before = start
        if not 0 <= period["limit"] <= LIMIT_MAX:
            return "InvalidSchedule"
        if "phaseToUse" in period:
            return "UnsupportedParam"
        if not _phases_ok(period, phases):
            return "UnsupportedParam"
    return None


def _phases_ok(period: "Message", phases: int) -> bool:
    """K01.FR.43, .45: fewer phases than the EVSE closes cannot be promised, unless there is no current anyway."""
    number = period.get("numberPhases")
    if number is None:
        return True
    return 1 <= number <= 3 and (number >= phases or period["limit"] == 0)
