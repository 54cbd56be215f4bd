"""What the limits on an EVSE, or on the whole station, come to: in amperes or watts, now or over a time (K08).

Amperes are per phase, watts the sum over the phases; both in tenths. A limit in watts on an EVSE is divided by the numberPhases of its
period (K01.FR.50). A period without numberPhases means 3 (K01.FR.49); an EVSE with fewer phases is divided by these, for its current flows in
no other phase. A limit on the station in watts is the sum of all EVSEs and is divided by the phases that are there.
"""

from ampacity.ocpp.smart_charging.profile import NEVER, leading, running

if False:  # for the type checker
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from ampacity.ocpp.evse import OcppEvse
    from ampacity.ocpp.smart_charging.profile import Profile, Term

    Outside = tuple[int, Profile, int]  # (EVSE or 0, a Relative profile, second at which it began): of no CSMS
    Piece = tuple[int, int, int]  # (seconds from the start, limit, phases)

    class GroupFace(Protocol):
        """EVSEs under the same profiles (in_force.py)."""

        def terms(self, t: int, tx_start: "int | None", clock: bool) -> "tuple[list[Term], int]": ...


STEPS_MAX = 96
PHASES = 3  # of a period that names none (K01.FR.49)


def converted(limit: int, unit: str, wanted: str, phases: int, voltage_v: int) -> int:
    """A limit in the wanted unit ("A" or "W"), rounded down."""
    if unit == wanted:
        return limit
    watts_per_ampere = voltage_v * phases
    return limit * watts_per_ampere if wanted == "W" else limit // watts_per_ampere


def on_evse(term: "Term", wanted: str, evse: "OcppEvse", voltage_v: int) -> int:
    """A limit on one EVSE in the wanted unit, rounded down."""
    limit, number, unit = term
    number = number or PHASES
    if unit == "W" and wanted == "W":
        return limit if number <= evse.phases else limit * evse.phases // number
    return converted(limit, unit, wanted, number if unit == "W" else min(number, evse.phases), voltage_v)


class Scene:
    """What applies, taken down at one moment, so that a schedule can be computed in pieces while the store changes.

    groups: [(group, EVSEs of it that are meant, second from which a Relative profile counts)]; whole: the ChargingStationMaxProfiles;
    outside: limits that no CSMS has set; config: of the station. evse_id 0: all of it together.
    """

    def __init__(
        self, evse_id: int, groups: "list[tuple[GroupFace, list[OcppEvse], int]]", whole: "Sequence[Profile]", outside: "list[Outside]",
        voltage_v: int, max_da: "int | None", clock: bool,
    ) -> None:
        self.evse_id = evse_id
        self._groups = groups
        self._whole = whole
        self._outside = outside
        self._voltage_v = voltage_v
        self._max_da = max_da
        self._clock = clock
        self._phases = max([evse.phases for _, evses, _ in groups for evse in evses] or [3])

    def at(self, t: int, unit: str) -> "tuple[int, int, int]":
        """(limit, phases, second until which this holds) of the EVSE, or of the grid connection."""
        terms, until = leading(self._whole, t, None, self._clock)
        phases = self._phases
        total, fewest, change = self._sum(t, unit)
        until = min(until, change)
        more, change = self._from_outside(0, t)
        terms = terms + more
        until = min(until, change)
        if self.evse_id == 0 and self._max_da:
            terms.append((self._max_da, None, "A"))
        for limit, number, its_unit in terms:
            total = min(total, converted(limit, its_unit, unit, min(number or phases, phases) if its_unit == "A" else phases, self._voltage_v))
            fewest = min(fewest, number or fewest)
        return total, fewest, until

    def _sum(self, t: int, unit: str) -> "tuple[int, int, int]":
        """Of each EVSE the lowest of its limits, added; the most phases that one of them uses."""
        total, most_phases, until = 0, 1, NEVER
        for group, evses, start in self._groups:
            terms, change = group.terms(t, start, self._clock)
            until = min(until, change)
            for evse in evses:
                more, change = self._from_outside(evse.id, t, evse.phases)
                until = min(until, change)
                least, fewest = converted(evse.max_da, "A", unit, evse.phases, self._voltage_v), evse.phases
                for term in terms + more:
                    least = min(least, on_evse(term, unit, evse, self._voltage_v))
                    fewest = min(fewest, term[1] or fewest)
                total += least
                most_phases = max(most_phases, fewest)
        return total, most_phases, until

    def _from_outside(self, evse_id: int, t: int, its_phases: "int | None" = None) -> "tuple[list[Term], int]":
        terms: "list[Term]" = []
        until = NEVER
        for its_id, profile, start in self._outside:
            if its_id == evse_id:
                limit, phases, change = running(profile, t, start)
                until = min(until, change)
                if limit is not None:
                    terms.append((limit, phases or its_phases, profile.unit))
        return terms, until


class Composite:
    """A schedule under computation, a step at a time: equal neighbours are one period.

    After periods_max periods, or STEPS_MAX steps, it ends early: the work is bounded whatever duration is asked for.
    """

    def __init__(self, limit_at: "Callable[[int], tuple[int, int, int]]", t: int, duration_s: int, periods_max: int) -> None:
        self.pieces: "list[Piece]" = []
        self.done = False
        self._limit_at = limit_at
        self._start = self._at = t
        self._end = t + duration_s
        self._periods_max = periods_max
        self._steps = 0

    def covered_s(self) -> int:
        """How much of the time is computed."""
        return self._at - self._start

    def step(self) -> None:
        """One evaluation."""
        limit, phases, until = self._limit_at(self._at)
        if not self.pieces or self.pieces[-1][1:] != (limit, phases):
            if len(self.pieces) == self._periods_max:
                self.done = True
                return
            self.pieces.append((self._at - self._start, limit, phases))
        self._at = min(max(until, self._at + 1), self._end)
        self._steps += 1
        self.done = self._at >= self._end or self._steps == STEPS_MAX

    def run(self) -> "tuple[list[Piece], int]":
        """(periods, seconds covered), all at once."""
        while not self.done:
            self.step()
        return self.pieces, self.covered_s()
