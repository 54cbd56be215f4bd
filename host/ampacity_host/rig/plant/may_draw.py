"""What the car of an EVSE may draw at once, whatever it draws now (safety.md 9, C3): the judge counts this, not the current alone.

A car may use what it is offered, and what it was offered until its deadline, also one that was just unplugged. An order is held by
the device: its offer, and what its controller asked for last. Nothing here reads the primary.
"""

from collections import deque

from ampacity_host.rig.fault_injection.rogue_client import WRITTEN_A
from ampacity_host.rig.plant.stray import AGAIN, ROUNDED_DA, Since

SETTLE_MS = 5_000  # from a lower offer on (IEC 61851-1, Annex A), unless the device declares more
FOREVER_MS = 2**60
MOVES_KEPT = 1_000  # of each power path: more than a minute of ramps


class MayDraw:
    """Of one power path. `excess`, `again`, `foreign`: phase → how much of it attacks excuse. update() after each change of the path."""

    def __init__(self, plant, point, facts):
        self._plant, self._point = plant, point
        self._deadline_ms = max(SETTLE_MS, facts.get("settle_ms", 0))
        self._measured = _measured(plant.site, facts)
        self._older = []           # (until when, offer) of the offers that a car may still follow
        self._used = 0             # terminals that its car uses, or used
        self._may = {}             # phase → what it may draw
        self._counted = {}         # circuit → phase → what is counted there
        self.excess, self.again, self.foreign = {}, {}, {}
        self._moves = deque([], MOVES_KEPT)  # (when, by how much its current rose, how much of a fall its offer did, phase → 1)

    def moves(self, by_da):
        """Its current is about to rise (or fall) by this much."""
        amps_da, offer_da = self._point.amps_da, self._point.offer_da
        ordered_da = max(0, min(amps_da, self._offered_da()) - max(amps_da + by_da, offer_da))
        self._moves.append((self._plant.now_ms, by_da, ordered_da, self._on(1, 0)))

    def replaced(self, offer_da):
        """The path no longer offers this; until its deadline a car may follow it."""
        if not offer_da:
            return
        now_ms = self._plant.now_ms
        self._older = [one for one in self._older if one[0] > now_ms]
        self._older.append((now_ms + self._deadline_ms, offer_da))
        self._plant.time.at_ms(now_ms + self._deadline_ms, self.update)

    def rose(self, phase, from_ms, until_ms):
        """Did its current rise there in that time?"""
        return any(by_da > 0 and phase in loads for _, by_da, _, loads in self._moved(from_ms, until_ms))

    def fell(self, from_ms, until_ms):
        """Did its current fall in that time although its offer allowed it?"""
        return any(-by_da > ordered_da for _, by_da, ordered_da, _ in self._moved(from_ms, until_ms))

    def lowered_da(self, phase, from_ms, until_ms):
        """By how much its current fell there with its offer in that time, and did not rise again."""
        ordered_da = sum(ordered_da * loads.get(phase, 0) for _, _, ordered_da, loads in self._moved(from_ms, until_ms))
        return max(0, min(ordered_da, -sum(by_da * loads.get(phase, 0) for _, by_da, _, loads in self._moved(from_ms))))

    def _moved(self, from_ms, until_ms=FOREVER_MS):
        return [one for one in self._moves if from_ms <= one[0] <= until_ms]

    def idle_da(self, circuit, phase):
        """What is counted there and not drawn."""
        return max(0, self._counted.get(circuit, {}).get(phase, 0) - self._drawn_da(phase))

    def of_attack_da(self, loads, circuit, phase):
        """(what is counted there of this attack, what flows of it). loads: `excess`, `again` or `foreign`."""
        da, may_da = loads.get(phase, 0), self._may.get(phase, 0)
        counted_da = self._counted.get(circuit, {}).get(phase, 0)
        return max(0, da - max(0, may_da - counted_da)), max(0, da - max(0, may_da - self._drawn_da(phase)))

    def _drawn_da(self, phase):
        return self._on(self._point.amps_da, 0).get(phase, 0)

    def _offered_da(self):
        now_ms = self._plant.now_ms
        return max([self._point.offer_da] + [da for until_ms, da in self._older if until_ms > now_ms])

    def update(self):
        """Counts what its car may draw from now on."""
        point = self._point
        if point.car is not None:
            self._used = self._uses()
        offered_da = self._offered_da() if self._plant.regulated and not point.feeder_open else 0
        may_da = max(point.amps_da, offered_da)
        may = self._on(may_da, 0)
        counted = {circuit.index: may if self._measured or circuit.meter < 0 else self._on(point.amps_da, 0)
                   for circuit in self._plant.circuits[point.circuit].path}
        excess = self._on(min(may_da, self._above_da(may_da, offered_da)), 0)
        again = self._on(may_da, point.known_phases) if point.again is not None else {}
        written = point.foreign is not None and offered_da <= WRITTEN_A * 10
        foreign = self._on(min(may_da, WRITTEN_A * 10), 0) if written else {}
        if (may, counted, excess, again, foreign) == (self._may, self._counted, self.excess, self.again, self.foreign):
            return
        self._plant.touch(point.circuit)  # until now the old ones held
        self._plant.shift_may(self._counted, counted)
        self._may, self._counted, self.excess, self.again, self.foreign = may, counted, excess, again, foreign

    def _uses(self):
        """Terminals; further ones than it, or the car before it, had used count from its first current on (rule 14)."""
        point = self._point
        used, known = point.used(), point.known_phases
        if known is None or used <= known:
            return used
        if point.again is None and point.amps_da:
            point.again = Since(AGAIN, self._plant.now_ms)
        return used if point.again is not None else known

    def _on(self, da, from_terminal):
        loads = {}
        for lines in self._point.terminals[from_terminal:self._used] if da else ():
            for phase in lines:
                loads[phase] = loads.get(phase, 0) + da
        return loads

    def _above_da(self, may_da, offered_da):
        """How much of it is above its order, if an attack may be the cause."""
        point, attack = self._point, self._point.stray
        if attack is None:
            return 0
        above_da = may_da - offered_da
        if attack.fault == "ignore_writes":
            above_da = may_da - point.asked_da
        elif attack.fault == "round_up":
            above_da = max(above_da, ROUNDED_DA)
        return max(0, above_da)


def _measured(site, facts):
    """Does the device show the current of each of its terminals? Where a meter shows it instead, it is a part of other load (3.1)."""
    profile = site.get("profiles", {}).get(facts["profile"])
    if profile is None:
        return True
    fields = {row[0] for row in profile["fields"]}
    return all("current_l%d" % (at + 1) in fields for at in range(len(facts["terminals"])))
