"""Whose slot is over, and where a newcomer stands: turns by what was used, not by the clock.

A slot is what an EVSE takes at its minimum within `slot_s`; who takes more has a shorter one. What it had of its slot stays
its own when it is cut short, because a limit fell or a grant went: it goes on where it stood, and goes to the back once
the slot is used up, however many pieces that took. So nobody keeps its place for ever, and equals get equal energy.

Who was plugged in a moment ago comes before those who wait and has a quarter of a slot, then its turn as all others. Where
the last one to begin was such a one, the next of the queue goes first. One slot after the other ends, not all at once.
"""

from ampacity.circuit.trusted.device.evse_state import LONG_AGO_MS, EvseState

if False:  # for the type checker
    from typing import Protocol

    from ampacity.circuit.trusted.ledger import Ledger

    class Queue(Protocol):
        """Who wants, and the tickets (demand.py)."""

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
        """It stood at want_da for so long; used_da: what it draws, -1: not known. Its place costs others its minimum at least."""
        if s.book.most_da():
            slot = self._slot(s)
            most = self._due(s) + slot // PARTS
            self.had[s.index] = min(most, self.had[s.index] + max(s.evse.min_da, want_da if used_da < 0 else used_da) * ticks)

    def _slot(self, s: EvseState) -> int:
        return self.slot_ms // TICK_MS * s.evse.min_da

    def _due(self, s: EvseState) -> int:
        return self._slot(s) // PARTS if self.fresh[s.index] else self._slot(s)

    def over(self, s: EvseState) -> bool:
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
        """The place in the queue of one that begins to want: the last, but for a newcomer."""
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
