"""Limits of the guarantee: what may exceed a rating, by how much and how long, without being a violation (safety.md 3.5 and 9).

ALLOWED is all that there is: the judge takes each time from its row, and the table of the safety case has the same words
(tests/drawn/test_judge.py). Each attack has its time once for what cars draw, and once for what they may draw and do not. Nothing
here reads the controller: the printed budgets are what the check computes from the site's facts. The time for which a path may delay
an order is never granted: no line of the bench is that slow. Other load above its declaration that no meter shows, or that leaves no
room for the reserves (assumptions M2, I1), has no row.
"""

from collections import namedtuple

from ampacity_host.rig.fault_injection.rogue_client import WRITTEN_A
from ampacity_host.rig.plant.interruptions import TROUBLED_MS
from ampacity_host.rig.plant.power_path import SETTLES, SWITCHED_MS
from ampacity_host.rig.plant.stray import AGAIN, FOREIGN, LARGE, LIE, SMALL, SMALL_DA

DECIDE_MS = 200
CLOSED_MS = 1_000   # whether a meter lies or a primary is stopped is asked at the end of a piece
SUSPECTED_MS = 60_000  # safety.md 3.2: a suspicion that was urgent for so long is a failure
METER_MS = 300      # the meter's own delay behind the truth
FRAME_MS = 1_000    # between two frames of a meter
FRAME_CHARS = 70    # a long request and its answer, with the gaps
STEP, LATE, CUT_OFF, STOPPED, REST, HIDDEN, IDLE = "step", "late", "cut_off", "stopped", "rest", "hidden", "idle"
REST_DA = 20        # of a step: what the readings of cars hid whose currents rose or fell
BEFORE_MS = 3_000   # a car's reading may be so old in the frame that shows a step
FALLEN_MS = FRAME_MS + METER_MS    # after a step: until its frame; later falls hide nothing of it
RISEN_MS = FALLEN_MS + BEFORE_MS   # … and the readings that this frame waits for: later rises hide nothing of it
DETECTIONS = 3      # a pause opens the contactor: the last locks it out (rule 10)
Allowed = namedtuple("Allowed", "what amperes lasts ms")  # the cells of the table, and (allowance, power path) → ms
ONE = "%d x (settle time + one round of its bus) + %g s" % (SETTLES, SWITCHED_MS / 1000)
WHERE = "on each circuit and phase"
ROSE, FELL = ["from %g s before it to %g s after it" % (BEFORE_MS / 1000, ms / 1000) for ms in (RISEN_MS, FALLEN_MS)]
ALLOWED = {
    STEP: Allowed("other load steps up where a meter sees it", "the step", "`well_ms` of the circuit",
                  lambda allowance, _: allowance.budget_ms(False)),
    LATE: Allowed("the same while a fault of a meter or its bus lasts, and for %g s after it" % (TROUBLED_MS / 1000), "the step",
                  "`well_ms` - `meter_well_ms` + `meter_age_ms`", lambda allowance, _: allowance.budget_ms(True)),
    CUT_OFF: Allowed("the same where lower orders do not reach EVSEs, because of a fault that began before they were to be in force, and for "
                     "%g s after it" % (TROUBLED_MS / 1000),
                     "the step, and no more than what these EVSEs were ordered; in the last part, the exposure, only while all others are at 0 A",
                     "`well_ms` - `meter_well_ms` + `meter_age_ms` + the longest `exposure_ms` of the site's EVSEs; where nothing reaches them "
                     "since an earlier moment, from then on",
                     lambda allowance, _: allowance.budget_ms(True) + allowance.exposure_ms()),
    STOPPED: Allowed("the same while a primary is stopped or hangs, and for %g s after it" % (TROUBLED_MS / 1000), "the step",
                     "`well_ms` - `meter_well_ms` + `meter_age_ms` + the longest `exposure_ms` of the site's EVSEs",
                     lambda allowance, _: allowance.budget_ms(True) + allowance.exposure_ms()),
    REST: Allowed("the rest of such a step, hidden by cars whose currents rose %s, or fell %s" % (ROSE, FELL),
                  "%g A, and no more than what these currents rose or fell by" % (REST_DA / 10),
                  "`well_ms` once more", lambda allowance, _: allowance.budget_ms(False)),
    HIDDEN: Allowed("such a step, hidden by cars whose currents fell %s, while no current above the rating flows" % FELL,
                    "what these currents fell by, and did not rise again", "`well_ms` once more", lambda allowance, _: allowance.budget_ms(False)),
    IDLE: Allowed("such a step, as long as no current above the rating flows, or younger steps explain it",
                  "what cars may draw and do not", "`reading_ms` of the circuit more; while a fault hinders readings of a primary below, and for "
                  "%g s after it, and the longest `exposure_ms` of the site's EVSEs" % (TROUBLED_MS / 1000),
                  lambda allowance, _: allowance.reading_ms()),
    LIE: Allowed("a meter shows something else than the truth", "the other load there",
                 "`well_ms` - `meter_well_ms` + `meter_age_ms` + %g s + one settle time, from the first use on" % (SUSPECTED_MS / 1000),
                 lambda allowance, _: allowance.budget_ms(True) + SUSPECTED_MS + allowance.settle_ms),
    SMALL: Allowed("a car or a device above its order by at most %g A" % (SMALL_DA / 10), "what it is above",
                   "one detection in all %s: %s" % (WHERE, ONE), lambda _, point: point.detect_ms),
    LARGE: Allowed("a car above its order by more, up to its maximum, or a device that ignores orders", "what it is above",
                   "%d detections in all %s: the last locks it out" % (DETECTIONS, WHERE), lambda _, point: DETECTIONS * point.detect_ms),
    FOREIGN: Allowed("a second client writes to a device, and for %g s after it" % (TROUBLED_MS / 1000),
                     "the %g A that it writes, where the device holds no more" % WRITTEN_A, "one detection in all " + WHERE,
                     lambda _, point: point.detect_ms),
    AGAIN: Allowed("a car uses phases that it, or the car before it, had not used", "what it draws on these",
                   "`again_ms` of the circuit, from the first use on", lambda allowance, _: allowance.again_ms()),
}


def ways_to(site, circuit, evse):
    """The ways (interruptions.py) by which the primary of a circuit reaches an EVSE below it: to the EVSE, and to each primary between."""
    ways = [evse["bus"], evse["name"]] if evse["bus"] >= 0 else []
    at = evse.get("owner")
    while at != circuit.get("owner"):
        ways += [site["primaries"][at]["bus"], at]
        at = site["primaries"][at]["above"]
    return ways


def cycle_ms(site, bus):
    """A rough upper estimate of one poll cycle of a whole bus, in ms."""
    facts = site["buses"][bus]
    members = [item for item in site["evses"] + site["meters"] if item["bus"] == bus]
    per_member_ms = 30 if facts["kind"] == "tcp" else FRAME_CHARS * 11_000 // facts["baud"] + 20
    slowest_ms = max([item.get("latency_ms") or 0 for item in members] or [0])
    return len(members) * (per_member_ms + min(slowest_ms, 500))


class OverloadAllowance:
    """One circuit and phase: what is excused there, and for how long."""

    def __init__(self, plant, circuit, phase):
        self._plant = plant
        self._circuit = circuit
        self._phase = phase
        self._place = circuit.index, phase
        self._points = [point for point in plant.points if circuit in plant.circuits[point.circuit].path]
        facts = plant.site
        self._ways = [ways_to(facts, facts["circuits"][circuit.index], facts["evses"][point.index]) for point in self._points]
        below = [(facts["evses"][point.index], ways) for point, ways in zip(self._points, self._ways, strict=True)]
        self._buses_below = {way for evse, ways in below if evse.get("owner") != facts["circuits"][circuit.index].get("owner")
                             for way in ways if isinstance(way, int)}
        self._meters = [plant.meters[one.meter] for one in plant.circuits
                        if one.meter >= 0 and (one in circuit.path or circuit in one.path)]
        self.settle_ms = max([point.settle_ms for point in self._points if phase in point.loads] or [0])
        self.budget_ms_max = self.budget_ms(True) + self.budget_ms(False) + self.exposure_ms()

    def excused_until_ms(self, account, until_ms):
        """Until when the overload that lasts from `account.since_ms` to `until_ms` is excused. The time of these excuses is spent."""
        at_ms = account.since_ms
        while at_ms < until_ms:
            reach_ms, attacks = self._reach(account, at_ms)
            if reach_ms <= at_ms:
                break
            for attack in attacks:
                attack.spend(self._spends(account), at_ms, min(reach_ms, until_ms) - at_ms)
            at_ms = min(reach_ms, until_ms)
        return at_ms

    def _spends(self, account):
        """Where an attack's time is spent: what cars draw and what they may draw and do not have each their own."""
        return (*self._place, account.amps_da > account.rating_da)

    def _reach(self, account, at_ms):
        """(until when it is excused at most, the attacks that this needs): as few as possible, those with the most time left."""
        over_da = account.may_da - account.rating_da
        reach_ms, needed, rooms, taken = self._step_over_ms(account, 0, 0, at_ms), [], {}, []
        for left_ms, whose, most, room, attack in sorted(self._open(account, at_ms), key=lambda one: -one[0]):
            rooms[whose] = [min(da, before_da + more_da) for da, before_da, more_da in zip(most, rooms.get(whose, (0, 0)), room, strict=True)]
            room_da, flows_da = [sum(one[at] for one in rooms.values()) for at in (0, 1)]
            taken.append(attack)
            last_ms = at_ms + left_ms
            if room_da < over_da:  # a lie is all of the other load already: no step
                last_ms = min(last_ms, at_ms if LIE in rooms else self._step_over_ms(account, room_da, flows_da, at_ms))
            if last_ms > reach_ms:
                reach_ms, needed = last_ms, list(taken)
        return reach_ms, needed

    def _step_over_ms(self, account, room_da, attack_da, at_ms):
        """Until when a step of other load explains all but `room_da` of the overload, of which `attack_da` flow: what cars may draw now
        was none with the other load before it."""
        if not self._meters:
            return at_ms
        ours_da = account.may_da - account.other_da - room_da
        over_da = account.may_da - room_da - account.rating_da
        step_ms = account.last_at_most(account.rating_da - ours_da)
        well_ms = self._well_ms(at_ms, step_ms, ours_da, over_da)
        flows_da = account.amps_da - attack_da
        from_ms = step_ms - BEFORE_MS
        fallen_da = self._fallen_da(from_ms, step_ms + FALLEN_MS)
        hides = {REST: min(REST_DA, max(self._risen_da(account, from_ms, step_ms + RISEN_MS), fallen_da)),
                 HIDDEN: fallen_da if flows_da <= account.rating_da else 0}
        more_ms = max([ALLOWED[kind].ms(self, None) for kind, da in hides.items()
                       if 0 < da >= over_da] or [0])
        return max(step_ms + well_ms + more_ms, self._idle_over_ms(account, flows_da, step_ms + well_ms, well_ms))

    def _idle_over_ms(self, account, flows_da, until_ms, well_ms):
        """The same where a part of it is what cars may draw and do not: as long as steps that are not older than `well_ms` explain the
        other part, the current that flows above the rating."""
        until_ms += ALLOWED[IDLE].ms(self, None) if account.may_da > account.amps_da else 0
        if flows_da > account.rating_da:
            until_ms = min(until_ms, account.last_at_most(account.rating_da - flows_da + account.other_da) + well_ms)
        return until_ms

    def _risen_da(self, account, from_ms, until_ms):
        """By how much currents of cars rose here in that time."""
        return sum(point.may.risen_da(self._phase, from_ms, until_ms) for point in self._points) if account.rose_ms >= from_ms else 0

    def _fallen_da(self, from_ms, until_ms):
        """By how much currents of cars fell here in that time, and did not rise again."""
        return sum(point.may.fallen_da(self._phase, from_ms, until_ms) for point in self._points)

    def _well_ms(self, at_ms, step_ms, ours_da, over_da):
        """For how long a step is excused. ours_da: what cars may draw, over_da: of which so much is too much."""
        if self._plant.unattended():
            return ALLOWED[STOPPED].ms(self, None)
        sent_ms = ALLOWED[LATE if any(meter.troubled(at_ms) for meter in self._meters) else STEP].ms(self, None)
        cut_off_da, until_ms = self._cut_off(at_ms, step_ms, sent_ms)
        if over_da > cut_off_da:
            return sent_ms
        alone = ours_da <= cut_off_da  # what orders reach is at 0
        return max(ALLOWED[LATE].ms(self, None), until_ms - step_ms if alone else 0)

    def _cut_off(self, at_ms, step_ms, sent_ms):
        """(what EVSEs were ordered that a lower order does not reach after this step, until when the first of them may hold it)."""
        held, da = [], 0
        for point, ways in zip(self._points, self._ways, strict=True):
            until_ms = self._plant.interruptions.held_until_ms(ways, at_ms, step_ms, sent_ms, ALLOWED[CUT_OFF].ms(self, None))
            if until_ms > at_ms and point.may.raised_ms <= step_ms + sent_ms:  # a later order reached it
                held.append(until_ms)
                da += point.may.ordered_da(*self._place)
        return da, min(held, default=at_ms)

    def _open(self, account, at_ms):
        """(ms left, whose, the most that all of the same may excuse, what it excuses, attack) of each attack whose time is not spent; amperes
        as (counted, flowing)."""
        other = (account.other_da, account.other_da)
        found = [(meter.lie(at_ms), LIE, other, other, None) for meter in self._meters]
        for point in self._points:
            most = point.may.counted_da(*self._place)
            found += [(attack, point.index, most, room, point) for attack, *room in point.may.attacks(*self._place)]
        open_ = [(attack.left_ms(self._spends(account), at_ms, ALLOWED[attack.kind].ms(self, point)), whose, most, room, attack)
                 for attack, whose, most, room, point in found if attack is not None and room[0] > 0]
        return [one for one in open_ if one[0] > 0]

    def again_ms(self):
        """Printed: for this time a car may use previously unused phases (safety.md, rule 14); 0: unused phases count."""
        return self._plant.budgets_ms[self._circuit.index][2] if self._plant.budgets_ms is not None else 0

    def reading_ms(self):
        """Printed: how much later a step is certain for what cars may draw and do not. A primary below reports no sum of what it cannot read."""
        unread_ms = self.exposure_ms() if any(self._plant.bus_troubled(bus) for bus in self._buses_below) else 0
        return self._plant.budgets_ms[self._circuit.index][3] + unread_ms if self._plant.budgets_ms is not None else 0

    def exposure_ms(self):
        """Printed: for so long an EVSE may hold its last order without a primary."""
        return self._plant.budgets_ms[self._circuit.index][4] if self._plant.budgets_ms is not None else 0

    def budget_ms(self, late):
        """After a step of the other load; 0 if it is not measured. late: a fault of a meter may have to be detected first."""
        if not self._meters:
            return 0
        if self._plant.budgets_ms is not None:
            return self._printed_ms(late)
        return self._estimate_ms() + METER_MS + (max(meter.timeout_ms for meter in self._meters) if late else 0)

    def _printed_ms(self, late):
        plant = self._plant
        return max(plant.budgets_ms[one.index][1 if late else 0] for one in plant.circuits
                   if one is self._circuit or one.meter >= 0 and plant.meters[one.meter] in self._meters)

    def _estimate_ms(self):
        plant = self._plant
        buses = {point.bus for point in self._points if point.bus >= 0}
        bus_ms = max([cycle_ms(plant.site, bus) for bus in buses] or [0])
        return 1_000 + DECIDE_MS + bus_ms + self.settle_ms


def attach_allowances(plant):
    """Gives every account of the plant its OverloadAllowance."""
    for point in plant.points:
        if point.bus >= 0:
            point.turn_ms = cycle_ms(plant.site, point.bus)
    for circuit in plant.circuits:
        for phase, account in enumerate(circuit.accounts):
            account.allowance = OverloadAllowance(plant, circuit, phase)
            account.budget_ms_max = account.allowance.budget_ms_max
    _close(plant)


def _close(plant):
    for circuit in plant.circuits:
        circuit.close(plant.now_ms)
    plant.time.at_ms(plant.now_ms + CLOSED_MS, _close, plant)
