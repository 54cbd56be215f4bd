"""Slots: their end, and the place of a newly connected car. They are measured by energy, not by the clock.

A slot is the energy of an EVSE at its minimum during `slot_s`; a higher current shortens it. An interrupted slot,
because a limit fell or a grant ended, continues later at its place; the EVSE moves to the back when
the slot is used up, in any number of pieces. No EVSE therefore keeps its place permanently, and equal cars get equal energy.

A newly connected car is admitted before waiting ones for a quarter of a slot, then takes its turn like the others. Where
the last one to begin was such a one, the next of the queue goes first. One slot after the other ends, not all at once.
"""

from ampacity.circuit.trusted.device.evse_state import LONG_AGO_MS, EvseState

if False:  # for the type checker
    from typing import Protocol

    from ampacity.circuit.trusted.ledger import Ledger

    class Queue(Protocol):
        """The demanding EVSEs, and their tickets (demand.py)."""

        ledger: Ledger
        ticket: "list[int]"
        next_ticket: int
        wants: "list[bool]"
        in_slot: "list[bool]"


TICK_MS = 100  # what was used is counted in da times this
STEP_MS_MAX = 5000
PARTS = 4  # a first slot is one of them; swaps are spread over one


class SlotRotation:
    """Per EVSE what it had of its slot, and whether it is new."""

    def __init__(self, count: int, slot_ms: int) -> None:
        self.slot_ms = slot_ms
        self.had = [0] * count
        self.fresh = [False] * count  # plugged in, and had no slot yet
        self.guest = False  # the last one to begin was new
        self.booked_ms = LONG_AGO_MS
        self.swapped_ms = LONG_AGO_MS

    def step(self, now_ms: int) -> int:
        """How many ticks are to be booked, at most those of a few seconds."""
        ticks = min(STEP_MS_MAX, now_ms - self.booked_ms) // TICK_MS
        self.booked_ms = max(self.booked_ms + ticks * TICK_MS, now_ms - STEP_MS_MAX)
        return ticks

    def book(self, s: EvseState, want_da: int, used_da: int, ticks: int) -> None:
        """Time at the target want_da; used_da: its current, -1: unknown. Its place costs others its minimum at least."""
        if s.book.most_da():
            slot = self._slot(s)
            most = self._due(s) + slot // PARTS
            self.had[s.index] = min(most, self.had[s.index] + max(s.evse.min_da, want_da if used_da < 0 else used_da) * ticks)

    def _slot(self, s: EvseState) -> int:
        return self.slot_ms // TICK_MS * s.evse.min_da

    def _due(self, s: EvseState) -> int:
        return self._slot(s) // PARTS if self.fresh[s.index] else self._slot(s)

    def over(self, s: EvseState) -> bool:
        """Has this EVSE used up its slot, or the quarter of a slot that a newly connected car has?"""
        return self.had[s.index] >= self._due(s)

    def may_swap(self, charging: int, now_ms: int) -> bool:
        """Is the last swap long enough ago?"""
        return now_ms - self.swapped_ms >= self.slot_ms // PARTS // (charging + 1)

    def end(self, s: EvseState, now_ms: int) -> None:
        """Its slot is over; what it had beyond it counts for the next one."""
        e = s.index
        self.had[e] = max(0, min(self.had[e] - self._due(s), self._slot(s) // PARTS))
        self.fresh[e] = False
        if self.slot_ms:
            self.swapped_ms = now_ms

    def arrive(self, demand: "Queue", e: int) -> None:
        """The place in the queue of a new demand: the last, except for a newly connected car."""
        evses, ticket = demand.ledger.site.evses, demand.ticket
        first = second = demand.next_ticket
        for other in range(len(ticket)) if self.fresh[e] else ():
            waits = demand.wants[other] and not demand.in_slot[other] and not self.fresh[other]
            if waits and evses[other].priority == evses[e].priority:
                if ticket[other] < first:
                    first, second = ticket[other], first
                elif ticket[other] < second:
                    second = ticket[other]
        place = second if self.guest else first
        for other in range(len(ticket)):
            if ticket[other] >= place:
                ticket[other] += 1
        ticket[e] = place
        demand.next_ticket += 1
