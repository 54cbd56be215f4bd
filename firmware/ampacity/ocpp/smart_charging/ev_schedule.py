"""NotifyEVChargingSchedule (K15 to K17): which of the offered schedules a car follows, and how it means to.

choice: {"id": of the chargingSchedule that the car selected; missing: the first, "unit": "A" (without it, too) or "W", "periods": [(second from
now, tenths of the unit)], the first at 0}. A field that is wrong changes nothing.
Without periods the car only selected: reported is what the schedule leaves it (K15.FR.19). A plan that is not within the limits is
reported as it is, and logged. When the CSMS has accepted it, it counts in the composite schedule (K15.FR.14), and in nothing else: what
the car may draw remains what its limits say.
"""

from ampacity.ocpp.optional_blocks import OptionalBlock
from ampacity.ocpp.smart_charging.composite_requests import period
from ampacity.ocpp.smart_charging.offers import Offers
from ampacity.ocpp.smart_charging.profile import LIMIT_MAX, PERIODS_MAX, Profile
from ampacity.ocpp.transactions.meter_values import tenths

if False:  # for the type checker
    from collections.abc import Iterator
    from typing import Any

    from ampacity.ocpp.interfaces import StationFace
    from ampacity.ocpp.messages import Call, Done, Message, Reply

DURATION_S = 86400  # of what is reported for a car that only selected
EACH_MS = 5000  # a choice of one car is looked at; of what comes sooner the newest waits
ID_MAX = 2**31 - 1
START_S_MAX = 31536000  # of a period
UNITS = ("A", "W")


class Plan:
    """Of one car. schedule: ChargingScheduleType. sent: the CSMS was asked; accepted: it agreed."""

    def __init__(self, evse_id: int, schedule: "Message", at_ms: int) -> None:
        self.schedule = schedule
        self.at_ms = at_ms
        self.sent = self.accepted = False
        document: "Message" = {"id": 0, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative"}
        document["chargingSchedule"] = [schedule]
        self.profile = Profile(document, evse_id)


class Block(OptionalBlock):
    """The newest plan of the car at each EVSE, until its transaction ends. `offers`: what it was offered."""

    def __init__(self, station: "StationFace", now_ms: int) -> None:
        self._station = station
        self._plans: "dict[int, Plan]" = {}
        self._waiting: "dict[int, tuple[Message, int]]" = {}  # the newest choice of each car that was not looked at, and when it came
        self._due_ms: "dict[int, int]" = {}  # the next one of each is looked at no sooner
        self._job: "Iterator[None] | None" = None
        self.offers = Offers(station)

    def put(self, evse_id: int, choice: "Message", now_ms: int) -> None:
        """choice: see the module's text. Nothing happens without a transaction. ValueError names the field that is wrong, and its range."""
        check_choice(choice)
        station = self._station
        evse = station.evse(evse_id)
        if evse is None or evse.tx is None:
            return
        self._waiting[evse_id] = (choice, now_ms)

    def tick(self, now_ms: int) -> "int | None":
        """A slice of a choice, or of what is compared; when to come again, or None."""
        if self._job is None and self._waiting:
            due_ms, evse_id = min([(self._due_ms.get(each, 0), each) for each in self._waiting])
            if due_ms <= now_ms:
                self._due_ms[evse_id] = now_ms + EACH_MS
                self._job = self._follow(evse_id, *self._waiting.pop(evse_id))
        if self._job is not None:
            for _ in self._job:
                return now_ms
            self._job = None
            return now_ms
        wake_ms = self.offers.tick(now_ms)
        for each in self._waiting:
            wake_ms = self._due_ms[each] if wake_ms is None else min(wake_ms, self._due_ms[each])
        return wake_ms

    def _follow(self, evse_id: int, choice: "Message", now_ms: int) -> "Iterator[None]":
        """What the car of this EVSE follows since now_ms, a step at a time."""
        station, evse = self._station, self._station.evse(evse_id)
        tx = None if evse is None else evse.tx
        self._plans.pop(evse_id, None)
        wanted: "int | None" = choice.get("id")
        schedule_id = 0
        for profile in list(station.profiles.all):
            if tx is None or evse is None or evse.tx is not tx:
                return
            if profile.transaction_id != tx.id:
                continue
            ids = [schedule["id"] for schedule in (station.profiles.document(profile) or {"chargingSchedule": ()})["chargingSchedule"]]
            if wanted is not None and wanted in ids:
                station.profiles.select(evse_id, ids.index(wanted))
                schedule_id = wanted
                break
            schedule_id = schedule_id or (ids[0] if ids else 0)  # 0 where the CSMS gave none
            yield
        unit = choice.get("unit", "A")
        composite = station.in_force.composite(evse_id, DURATION_S, unit, now_ms)
        while not composite.done:
            composite.step()
            yield
        if evse is None or evse.tx is not tx:
            return
        offered, periods = composite.pieces, choice.get("periods")
        schedule: "Message" = {"id": schedule_id, "chargingRateUnit": unit, "chargingSchedulePeriod": [period(piece) for piece in offered]}
        if periods is None:
            schedule["duration"] = composite.covered_s()
        else:
            schedule["chargingSchedulePeriod"] = [{"startPeriod": start, "limit": tenths(limit)} for start, limit in periods]
            if not within(periods, offered):
                station.log.add("warning", "EVSE %d: the car's charging schedule is not within its limits" % evse_id, now_ms)
        self._plans[evse_id] = Plan(evse_id, schedule, now_ms)
        self.offers.watch(evse_id)

    def pull(self, now_ms: int) -> "Call | None":
        """The next NotifyEVChargingSchedule, or None."""
        station = self._station
        for evse_id in sorted(self._plans):
            plan = self._plans[evse_id]
            time_known = station.wallclock.unix_ms(now_ms) is not None
            if not plan.sent and time_known and station.model.on("SmartChargingCtrlr", "Enabled"):
                payload = {"timeBase": station.iso(plan.at_ms), "evseId": evse_id, "chargingSchedule": plan.schedule}
                plan.sent = True
                return ("NotifyEVChargingSchedule", payload, self._done(plan, evse_id))
        return None

    def _done(self, plan: "Plan", evse_id: int) -> "Done":
        def done(kind: str, payload: "Reply", now_ms: int) -> None:
            plan.sent = kind != "lost"
            if kind == "result":
                plan.accepted = payload["status"] == "Accepted"
                self._station.log.add("info", "charging schedule of EVSE %d: %s by the CSMS" % (evse_id, payload["status"]), now_ms)
                self._station.in_force.changed()

        return done

    def transaction_ended(self, evse_id: int) -> None:
        """The car's plan is over."""
        for kept in (self._plans, self._waiting, self._due_ms):
            kept.pop(evse_id, None)
        self.offers.forget(evse_id)

    def profiles(self) -> "list[tuple[int, Profile, int]]":
        """[(EVSE, profile, when it began in ms)] of accepted plans: for what they leave of a composite schedule (SC.04)."""
        plans = [(evse_id, self._plans[evse_id]) for evse_id in sorted(self._plans)]
        return [(evse_id, plan.profile, plan.at_ms) for evse_id, plan in plans if plan.accepted]


def check_choice(choice: "Any") -> None:
    """ValueError: the field that is wrong, and what it may be."""
    if not isinstance(choice, dict):
        raise ValueError("choice: a dict")
    if choice.get("id") is not None and not _is_within(choice["id"], ID_MAX):
        raise ValueError("id: a whole number of 0 to %d" % ID_MAX)
    if choice.get("unit", "A") not in UNITS:
        raise ValueError("unit: A or W")
    periods = choice.get("periods")
    if periods is None:
        return
    if not isinstance(periods, (list, tuple)) or not 1 <= len(periods) <= PERIODS_MAX:
        raise ValueError("periods: a list of 1 to %d (second, tenths)" % PERIODS_MAX)
    for at, pair in enumerate(periods):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ValueError("periods[%d]: (second, tenths)" % at)
        least = 0 if not at else periods[at - 1][0] + 1
        if not _is_within(pair[0], START_S_MAX if at else 0, least):
            allowed = "a whole number of %d to %d" % (least, START_S_MAX) if at else "0: the first begins now"
            raise ValueError("periods[%d] second: %s" % (at, allowed))
        if not _is_within(pair[1], 10 * LIMIT_MAX):
            raise ValueError("periods[%d] tenths: a whole number of 0 to %d" % (at, 10 * LIMIT_MAX))


def _is_within(value: "Any", most: int, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def within(periods: "list[tuple[int, int]]", offered: "list[tuple[int, int, int]]") -> bool:
    """Is the car's plan nowhere above what it is offered (K15.FR.09)?"""
    for at in [start for start, _ in periods] + [piece[0] for piece in offered]:
        planned = [limit for start, limit in periods if start <= at][-1]
        if planned > [limit for start, limit, _ in offered if start <= at][-1]:
            return False
    return True
