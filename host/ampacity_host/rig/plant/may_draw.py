"""What the car of an EVSE may draw at once, whatever it draws now (safety.md 9, C3): the judge counts this, not the current alone.

A car may use what it is offered, and what it was offered until its deadline, also one that was just unplugged. An order is held by
the device: its offer, and what its controller asked for last. Nothing here reads the primary.
"""

from collections import deque

from ampacity_host.rig.fault_injection.rogue_client import WRITTEN_A
from ampacity_host.rig.plant.stray import AGAIN, LARGE, ROUNDED_DA, SMALL, SMALL_DA, Since

SETTLE_MS = 5_000  # from a lower offer on (IEC 61851-1, Annex A), unless the device declares more
PLUGGED_MS = 10_000  # what a device holds is offered within this time to a car that comes: no order rose
RECORDED = 1_000  # moves of each power path: more than a minute of ramps


class MayDraw:
    """Of one power path. update() after each change of the path; moves() before each change of its current."""

    def __init__(self, plant, point, facts):
        self._plant, self._point = plant, point
        self._deadline_ms = max(SETTLE_MS, facts.get("settle_ms", 0))
        self._measured = _measured(plant.site, facts)
        self._older = []           # (until when, offer) of the offers that a car may still follow
        self._used = 0             # terminals that its car uses, or used
        self._known = 0            # … of which it, or the car before it, was seen to use these
        self._may_da = 0           # what it may draw at once
        self._ordered_da = 0       # … without what is above its order
        self._car, self._plugged_ms = None, plant.now_ms
        self.raised_ms = plant.now_ms  # when its order rose last, for a car that was there
        self._counted = {}         # circuit → phase → what is counted there
        self._attacks = []         # (attack, how much of the current of a terminal it excuses, from which terminal on)
        self._moved = deque([], RECORDED)  # (when, phase → by how much its current rose)

    def moves(self, by_da):
        """Its current is about to rise (or fall) by this much."""
        self._plant.touch(self._point.circuit)  # until now it drew the old one
        now_ms, amps_da = self._plant.now_ms, self._point.amps_da
        rises = self._moved.pop()[1] if self._moved and self._moved[-1][0] == now_ms else {}
        for sign, loads in ((-1, self._on(amps_da, 0)), (1, self._on(amps_da + by_da, 0, self._point.used()))):
            for phase, da in loads.items():
                rises[phase] = rises.get(phase, 0) + sign * da
        self._moved.append((now_ms, rises))

    def replaced(self, offer_da):
        """The path no longer offers this; until its deadline a car may follow it."""
        if not offer_da:
            return
        now_ms = self._plant.now_ms
        self._older = [one for one in self._older if one[0] > now_ms]
        self._older.append((now_ms + self._deadline_ms, offer_da))
        self._plant.time.at_ms(now_ms + self._deadline_ms, self.update)

    def risen_da(self, phase, from_ms, until_ms):
        """By how much its current rose there in that time, from a trough."""
        level_da = least_da = most_da = 0
        for at_ms, rises in self._moved:
            if from_ms <= at_ms <= until_ms:
                level_da += rises.get(phase, 0)
                least_da = min(least_da, level_da)
                most_da = max(most_da, level_da - least_da)
        return most_da

    def fallen_da(self, phase, from_ms, until_ms):
        """By how much its current fell there in that time, and did not rise again until now."""
        rises = [(at_ms, rises.get(phase, 0)) for at_ms, rises in self._moved if at_ms >= from_ms]
        return max(0, min(sum(max(0, -da) for at_ms, da in rises if at_ms <= until_ms), -sum(da for _, da in rises)))

    def counted_da(self, circuit, phase):
        """(what is counted there, how much of it flows)."""
        return self._counted.get(circuit, {}).get(phase, 0), self._on(self._point.amps_da, 0).get(phase, 0)

    def attacks(self, circuit, phase):
        """(attack, how much it excuses of what is counted there, how much of that flows) of each."""
        idle_da = self._may_da - self._point.amps_da
        unseen_da = 0 if self._counts(self._plant.circuits[circuit]) else idle_da
        return [(attack, self._on(max(0, da - unseen_da), first).get(phase, 0), self._on(max(0, da - idle_da), first).get(phase, 0))
                for attack, da, first in self._attacks]

    def _offered_da(self):
        now_ms = self._plant.now_ms
        return max([self._point.offer_da] + [da for until_ms, da in self._older if until_ms > now_ms])

    def ordered_da(self, circuit, phase):
        """What is counted there, without what is above its order."""
        counted_da = self._counted.get(circuit, {}).get(phase, 0)
        return min(counted_da, self._on(self._ordered_da, 0).get(phase, 0))

    def update(self):
        """Counts what its car may draw from now on."""
        point = self._point
        if point.car is not self._car:
            self._car, self._plugged_ms = point.car, self._plant.now_ms
        if point.car is not None:
            self._used, self._known = self._uses(), point.known_phases
        offered_da = self._offered_da() if self._plant.regulated and not point.feeder_open else 0
        may_da = max(point.amps_da, offered_da)
        counted = {circuit.index: self._on(may_da if self._counts(circuit) else point.amps_da, 0)
                   for circuit in self._plant.circuits[point.circuit].path}
        written_da = WRITTEN_A * 10 if offered_da <= WRITTEN_A * 10 else 0
        attacks = [(attack, min(may_da, da), first) for attack, da, first in (
            (point.stray, self._above_da(may_da, offered_da), 0), (point.foreign, written_da, 0), (point.again, may_da, self._known))
            if attack is not None]
        if (counted, may_da, offered_da, attacks) == (self._counted, self._may_da, self._ordered_da, self._attacks):
            return
        if offered_da > self._ordered_da and self._plant.now_ms - self._plugged_ms >= PLUGGED_MS:
            self.raised_ms = self._plant.now_ms
        self._plant.touch(point.circuit)  # until now the old ones held
        self._plant.shift_may(self._counted, counted)
        self._counted, self._may_da, self._ordered_da, self._attacks = counted, may_da, offered_da, attacks

    def _counts(self, circuit):
        """Does what it may draw count there? Where a meter shows what an EVSE without measurement draws, only that: it is other load (3.1)."""
        return self._measured or circuit.meter < 0

    def _uses(self):
        """Terminals; further ones than it, or the car before it, had used count from its first current on (rule 14)."""
        point = self._point
        used, known = point.used(), point.known_phases
        if known is None or used <= known:
            return used
        if point.again is None and point.amps_da:
            point.again = Since(AGAIN, self._plant.now_ms)
        return used if point.again is not None else known

    def _on(self, da, first, used=None):
        """Phase → current, where each terminal from `first` on carries so much. used: terminals; None: those that its car uses, or used."""
        loads = {}
        for lines in self._point.terminals[first:self._used if used is None else used] if da else ():
            for phase in lines:
                loads[phase] = loads.get(phase, 0) + da
        return loads

    def _above_da(self, may_da, offered_da):
        """How much of it is above its order, if an attack may be the cause."""
        point, attack = self._point, self._point.stray
        if attack is None:
            return 0
        if attack.kind == SMALL and self._larger():
            attack.kind = LARGE  # something more is wrong there than what began it
        above_da = may_da - offered_da
        if "ignore_writes" in (attack.fault, *point.faults):
            above_da = may_da - point.asked_da
        elif attack.fault == "round_up":
            above_da = max(above_da, ROUNDED_DA)
        return max(0, min(above_da, SMALL_DA) if attack.kind == SMALL else above_da)

    def _larger(self):
        """Can its car be above its order by more than a small attack?"""
        point = self._point
        if point.car is None or "ignore_writes" in point.faults:
            return "ignore_writes" in point.faults
        return point._rebel() or point.overdraw().most_above_da(point.max_da) > SMALL_DA


def _measured(site, facts):
    """Does the device show the current of each of its terminals? Where a meter shows it instead, it is a part of other load (3.1)."""
    profile = site.get("profiles", {}).get(facts["profile"])
    if profile is None:
        return True
    fields = {row[0] for row in profile["fields"]}
    return all("current_l%d" % (at + 1) in fields for at in range(len(facts["terminals"])))
