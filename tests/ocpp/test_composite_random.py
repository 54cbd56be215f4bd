"""Composite schedules and limits in force against an evaluator that looks at each second by itself, on random stacks of profiles."""

from station_bench import NOON_MS, Bench

from ampacity.base.rng import Rng
from ampacity.base.strict_json import floor_da
from ampacity.base.wallclock import format_iso, parse_iso

NOON = NOON_MS // 1000
SPAN_S = 7200
STACKS = 40
VOLTAGE_V = 230
EVSES = [{"id": 1, "max_da": 320}, {"id": 2, "max_da": 160, "phases": 1, "phase_names": ["L2"]}, {"id": 3, "max_da": 320}]
SITE_DA = 630


class Dice:
    def __init__(self, seed):
        self._rng = Rng(seed)

    def of(self, least, most):
        return least + self._rng.next32() % (most - least + 1)

    def chance(self, percent):
        return self.of(1, 100) <= percent

    def one(self, choices):
        return choices[self.of(0, len(choices) - 1)]


def schedule(dice, kind, number):
    unit = dice.one(("A", "W"))
    starts = sorted(set([0] + [dice.of(1, SPAN_S) for _ in range(dice.of(0, 5))]))
    periods = []
    for start in starts:
        limit = dice.of(0, 400) / 10 if unit == "A" else dice.of(0, 300000) / 10
        period = {"startPeriod": start, "limit": limit}
        if dice.chance(40):
            period["numberPhases"] = 3
        periods.append(period)
    result = {"id": number, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    if kind != "Relative":
        back = dice.of(-SPAN_S // 2, SPAN_S // 2) if kind == "Absolute" else dice.of(0, 200000)
        result["startSchedule"] = format_iso((NOON - back) * 1000)
    if dice.chance(50):
        result["duration"] = dice.of(1, SPAN_S)
    return result


def document(dice, number, purpose):
    kind = dice.one(("Absolute", "Recurring") if purpose == "ChargingStationMaxProfile" else ("Absolute", "Recurring", "Relative"))
    result = {"id": number, "stackLevel": dice.of(0, 3), "chargingProfilePurpose": purpose, "chargingProfileKind": kind}
    if kind == "Recurring":
        result["recurrencyKind"] = dice.one(("Daily", "Weekly"))
    if dice.chance(30):
        result["validFrom"] = format_iso((NOON + dice.of(-1000, SPAN_S // 2 - 1)) * 1000)
    if dice.chance(30):
        result["validTo"] = format_iso((NOON + dice.of(SPAN_S // 2, 2 * SPAN_S)) * 1000)
    result["chargingSchedule"] = [schedule(dice, kind, number)]
    return result


def installed(seed):
    """A station under a random stack; the documents that it accepted as (EVSE, document), limits from outside as (EVSE, tenths, unit, end)."""
    dice = Dice(seed)
    bench = Bench(evses=0, config={"identity": "A", "serial": "S", "max_da": SITE_DA, "profiles_max": 40})
    bench.evses = EVSES
    bench.start()
    bench.booted()
    charging = dice.chance(50)
    if charging:
        bench.charging(1)
    kept = []
    for number in range(1, dice.of(2, 9)):
        evse = dice.of(0, 3)
        purposes = ["TxDefaultProfile"] + (["ChargingStationMaxProfile"] if evse == 0 else []) + (["TxProfile"] if charging and evse == 1 else [])
        made = document(dice, number, dice.one(purposes))
        if made["chargingProfilePurpose"] == "TxProfile":
            made["transactionId"] = bench.station.transaction(1)
        answer = bench.call("SetChargingProfile", {"evseId": evse, "chargingProfile": made})
        if answer["status"] == "Accepted":
            kept.append((evse, made))
        else:
            assert answer["statusInfo"]["reasonCode"] == "DuplicateProfile", answer
    outside = []
    for evse in range(4):
        if dice.chance(25):
            unit = dice.one(("A", "W"))
            end_s = dice.of(1, SPAN_S) if dice.chance(50) else None
            outside.append((evse, dice.of(0, 700) if unit == "A" else dice.of(0, 300000), unit, end_s))
    rows = [("EMS", evse, value, unit, None if end is None else bench.now_ms + end * 1000) for evse, value, unit, end in outside]
    bench.station.outside_limits(rows, bench.now_ms)
    bench.pump()
    return bench, kept, outside, charging


# the evaluator: nothing of the firmware but the reading of dates and tenths


def says(made, at):
    """(tenths, phases or None, unit) of a profile at a second, or None."""
    plan = made["chargingSchedule"][0]
    if "validFrom" in made and at < parse_iso(made["validFrom"]) // 1000 or "validTo" in made and at >= parse_iso(made["validTo"]) // 1000:
        return None
    offset = at - (NOON if made["chargingProfileKind"] == "Relative" else parse_iso(plan["startSchedule"]) // 1000)
    if offset < 0:
        return None
    if made["chargingProfileKind"] == "Recurring":
        offset %= 86400 if made["recurrencyKind"] == "Daily" else 604800
    if offset >= plan.get("duration", offset + 1):
        return None
    found = None
    for period in plan["chargingSchedulePeriod"]:
        if period["startPeriod"] <= offset:
            found = period
    return floor_da(found["limit"]), found.get("numberPhases"), plan["chargingRateUnit"]


def first(documents, at):
    best = None
    for made in documents:
        said = says(made, at)
        if said is not None and (best is None or made["stackLevel"] > best[0]):
            best = (made["stackLevel"], said)
    return [] if best is None else [best[1]]


def value(said, wanted, phases, divided):
    """A limit in a unit; divided: watts go by the numberPhases that were said, else by 3 (K01.FR.49)."""
    tenths, number, unit = said
    number = number or 3
    if unit == "A":
        return tenths if wanted == "A" else tenths * VOLTAGE_V * min(number, phases)
    if not divided:
        return tenths if wanted == "W" else tenths // (VOLTAGE_V * phases)
    return tenths // (VOLTAGE_V * number) if wanted == "A" else tenths * min(number, phases) // number


def expected(kept, outside, charging, evse_id, unit, at):
    total = 0
    of_site = [] if evse_id else [(SITE_DA, None, "A")]
    of_site += first([made for evse, made in kept if made["chargingProfilePurpose"] == "ChargingStationMaxProfile"], at)
    for evse in EVSES:
        if evse_id not in (0, evse["id"]):
            continue
        phases = evse.get("phases", 3)
        mine = first([made for e, made in kept if made["chargingProfilePurpose"] == "TxProfile" and e == evse["id"] and charging], at)
        default = first([made for e, made in kept if made["chargingProfilePurpose"] == "TxDefaultProfile" and e in (0, evse["id"])], at)
        least = evse["max_da"] if unit == "A" else evse["max_da"] * VOLTAGE_V * phases
        for said in mine or default:
            least = min(least, value(said, unit, phases, True))
        for said in by_others(outside, evse["id"], at):
            least = min(least, value(said, unit, phases, False))
        total += least
    phases = 3 if evse_id != 2 else 1
    for said in of_site + by_others(outside, 0, at):
        total = min(total, value(said, unit, phases, False))
    return total


def by_others(outside, evse_id, at):
    return [(tenths, None, unit) for evse, tenths, unit, end in outside if evse == evse_id and (end is None or at < NOON + end)]


def compare(seed):
    bench, kept, outside, charging = installed(seed)
    for evse_id in (0, 1, 2):
        for unit in ("A", "W"):
            answer = bench.call("GetCompositeSchedule", {"evseId": evse_id, "duration": SPAN_S, "chargingRateUnit": unit})["schedule"]
            periods = answer["chargingSchedulePeriod"]
            looks = {0, answer["duration"] - 1}
            for period in periods[1:]:
                looks.add(period["startPeriod"])
                looks.add(period["startPeriod"] - 1)
            dice = Dice(seed + evse_id)
            for _ in range(12):
                looks.add(dice.of(0, answer["duration"] - 1))
            for offset in sorted(looks):
                said = [p["limit"] for p in periods if p["startPeriod"] <= offset][-1]
                wanted = expected(kept, outside, charging, evse_id, unit, NOON + offset)
                assert floor_da(said) == wanted, (seed, evse_id, unit, offset, said, wanted)
            for before, after in zip(periods, periods[1:]):
                assert (before["limit"], before["numberPhases"]) != (after["limit"], after["numberPhases"])


def test_random_stacks_as_second_by_second():
    for seed in range(1, STACKS + 1):
        compare(seed)


def test_the_limits_in_force_are_those_of_the_composite_schedule():
    compared = 0
    for seed in range(1, 13):
        bench, kept, outside, charging = installed(seed)
        for step in range(6):
            bench.advance_only(977000 if step else 0)
            bench.pump()
            rows = {row[0]: row for row in bench.station.limits(bench.now_ms)}
            at = bench.unix_ms // 1000
            for evse in EVSES:
                of_evses = [row for row in kept if row[1]["chargingProfilePurpose"] != "ChargingStationMaxProfile"]
                own = expected(of_evses, [], charging, evse["id"], "A", at)
                limit_da = (rows.get(evse["id"]) or (0, None, evse["max_da"], None))[2]
                if charging and evse["id"] == 1 or not any([made["chargingProfileKind"] == "Relative" for _, made in kept]):
                    compared += 1
                    assert min(limit_da, evse["max_da"]) == own, (seed, step, evse["id"])
    assert compared > 60
