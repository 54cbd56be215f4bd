"""What a perfect allocator would have delivered: one linear program over all sessions with perfect knowledge (HiGHS).

It knows every session, its car and all other load in advance. Time is divided into slots of a quarter of an hour. A session
takes any current from 0 to what its car and its EVSE can, equal on all of the car's phases, during its stay. Cars that load
the same phases of a circuit take together at most the mean, over the slot's minutes, of what its rating less its other load
leaves on the fullest of these phases, less the reserves of all others, except on phases that the present car does not use; a
minute in which that is below the minimum of every one of them carries nothing. What an EVSE may draw without asking costs
nothing, as in the firmware. The model omits that an EVSE charges with at least its minimum or not at all, that a car needs
time to follow a lower current, and that slots rotate slowly. Each of these makes the true optimum smaller, so the result is
never below it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

SLOT_S = 900
MINUTE_S = 60


@dataclass(frozen=True)
class Stay:
    """One stay: evse is an index of the site's list, amps_da the current of its car on each of its phases."""

    evse: int
    arrival_s: int
    departure_s: int
    energy_wh: int
    phases: int
    amps_da: int


def possible_wh(site: dict[str, Any], stay: Stay) -> float:
    """What this stay could have taken alone, at most what it requested."""
    hours = (stay.departure_s - stay.arrival_s) / 3600
    return min(stay.energy_wh, hours * watts_of(site, stay, most_da(site, stay)))


def optimum_wh(site: dict[str, Any], stays: Sequence[Stay], start_s: int, other_da: "Callable[[int, int, int], Sequence[float]]") -> list[float]:
    """The energy of each stay in the schedule with the greatest total.

    other_da(circuit, from_s, until_s): the mean other load of a circuit, per phase, in dA.
    """
    import numpy
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix

    if not stays:
        return []
    slots = _Slots(site, stays, start_s)
    room = [_room(site, key, slots, other_da) for key in slots.keys]
    matrix = coo_matrix((slots.value, (slots.row, slots.column))).tocsr()
    asked = [possible_wh(site, stay) for stay in stays]
    found = linprog(-numpy.array(slots.wh_per_da), A_ub=matrix, b_ub=asked + room, bounds=list(zip([0] * len(slots.most), slots.most, strict=True)))
    if not found.success:
        raise RuntimeError("the linear program has no solution: %s" % found.message)
    energy = [0.0] * len(stays)
    for column, index in enumerate(slots.stay_of):
        energy[index] += float(found.x[column]) * slots.wh_per_da[column]
    return energy


class _Slots:
    """The columns (two per stay and slot: up to its reserve, and above it) and the rows: first the stays, then circuit, phases and slot."""

    def __init__(self, site: dict[str, Any], stays: Sequence[Stay], start_s: int) -> None:
        self.start_s = start_s
        self.row: list[int] = []
        self.column: list[int] = []
        self.value: list[float] = []
        self.most: list[float] = []
        self.wh_per_da: list[float] = []
        self.stay_of: list[int] = []
        self.keys: list[tuple[int, tuple[int, ...], int]] = []
        place: dict[tuple[int, tuple[int, ...], int], int] = {}
        self._standing: set[tuple[int, int]] = set()  # EVSE and slot
        self._used: set[tuple[int, int, int]] = set()  # EVSE, supply phase, slot
        sets = _phase_sets(site, stays)
        for index, stay in enumerate(stays):
            loads = _loads(site, stay, sets)
            for slot in range((stay.arrival_s - start_s) // SLOT_S, (stay.departure_s - start_s - 1) // SLOT_S + 1):
                self._standing.add((stay.evse, slot))
                self._used.update((stay.evse, phase, slot) for phase in used_phases(site, stay))
                reserve_da = min(_reserve_da(site["evses"][stay.evse]), most_da(site, stay))
                if reserve_da:
                    self._column(site, index, stay, slot, reserve_da)
                self._column(site, index, stay, slot, most_da(site, stay) - reserve_da)
                for (circuit, phases), times in loads.items():
                    key = (circuit, phases, slot)
                    if key not in place:
                        place[key] = len(stays) + len(self.keys)
                        self.keys.append(key)
                    self._put(place[key], times)

    def _column(self, site: dict[str, Any], index: int, stay: Stay, slot: int, most_da: int) -> None:
        from_s = max(stay.arrival_s, self.start_s + slot * SLOT_S)
        until_s = min(stay.departure_s, self.start_s + (slot + 1) * SLOT_S)
        part = (until_s - from_s) / SLOT_S
        self.stay_of.append(index)
        self.most.append(most_da * part)  # a mean over the whole slot
        self.wh_per_da.append(watts_of(site, stay, 1) * SLOT_S / 3600)
        self._put(index, self.wh_per_da[-1])

    def idle(self, evse: int, phase: int, slot: int) -> bool:
        """Is there a car in that slot, and none that uses this phase?"""
        return (evse, slot) in self._standing and (evse, phase, slot) not in self._used

    def _put(self, row: int, value: float) -> None:
        self.row.append(row)
        self.column.append(len(self.most) - 1)
        self.value.append(value)


def _room(
    site: dict[str, Any], key: "tuple[int, tuple[int, ...], int]", slots: _Slots, other_da: Callable[[int, int, int], Sequence[float]]
) -> float:
    """The mean, over the minutes of the slot, of the current left on the fullest of these phases."""
    circuit, phases, slot = key
    from_s = slots.start_s + slot * SLOT_S
    rating_da = site["circuits"][circuit]["rating_da"]
    below = [_below(site, circuit, phase, lambda evse, phase=phase: slots.idle(evse, phase, slot)) for phase in phases]
    held_da = [sum(_reserve_da(evse) * times for evse, times in loading) for loading in below]
    least_da = min(0 if _reserve_da(evse) else evse.get("min_da", 0) for loading in below for evse, _ in loading)
    total = 0.0
    for minute_s in range(from_s, from_s + SLOT_S, MINUTE_S):
        other = other_da(circuit, minute_s, minute_s + MINUTE_S)
        left = min(float(rating_da[phase]) - other[phase] - held for phase, held in zip(phases, held_da, strict=True))
        total += left if left >= least_da else 0.0
    return max(0.0, total * MINUTE_S / SLOT_S)


def _reserve_da(evse: dict[str, Any]) -> int:
    """The current that it may draw without an order (safety.md, section 1)."""
    return max(int(evse.get("fallback_da") or 0), int(evse.get("power_on_da") or 0))


def _below(site: dict[str, Any], circuit: int, phase: int, idle: "Callable[[int], bool]") -> "list[tuple[dict[str, Any], int]]":
    """EVSEs that may load this phase of this circuit, and with how many terminals, except those where it is idle."""
    found = []
    for index, evse in enumerate(site["evses"]):
        times = sum(terminal.count(phase) for terminal in evse["terminals"])
        if times and circuit in path_of(site, evse["circuit"]) and not idle(index):
            found.append((evse, times))
    return found


def path_of(site: dict[str, Any], circuit: int) -> "list[int]":
    """A circuit and all circuits above it."""
    path = []
    while circuit >= 0:
        path.append(circuit)
        circuit = site["circuits"][circuit]["parent"]
    return path


def used_phases(site: dict[str, Any], stay: Stay) -> "dict[int, int]":
    """Supply phase -> number of the car's terminals that load it: as many as it has phases, counted from the first."""
    used: dict[int, int] = defaultdict(int)
    for terminal in site["evses"][stay.evse]["terminals"][: stay.phases]:
        for phase in terminal:
            used[phase] += 1
    return used


def _phase_sets(site: dict[str, Any], stays: Sequence[Stay]) -> "list[tuple[int, ...]]":
    """The sets of phases that cars load, and each single phase."""
    found = {tuple(sorted(used_phases(site, stay))) for stay in stays}
    return sorted(found | {(phase,) for phases in found for phase in phases})


def _loads(site: dict[str, Any], stay: Stay, sets: "list[tuple[int, ...]]") -> "dict[tuple[int, tuple[int, ...]], int]":
    """(circuit, phases) -> how often one dA of this stay loads the least loaded of them, if it loads all of them."""
    used = used_phases(site, stay)
    inside = [phases for phases in sets if all(phase in used for phase in phases)]
    return {(circuit, phases): min(used[phase] for phase in phases)
            for circuit in path_of(site, site["evses"][stay.evse]["circuit"]) for phases in inside}  # fmt: skip


def most_da(site: dict[str, Any], stay: Stay) -> int:
    """The maximum current of its car there."""
    return min(stay.amps_da, int(site["evses"][stay.evse]["limit_da"]))


def watts_of(site: dict[str, Any], stay: Stay, amps_da: float) -> float:
    """The power of its car at that current on each of its phases."""
    return amps_da / 10 * float(site["voltage_v"]) * min(stay.phases, len(site["evses"][stay.evse]["terminals"]))
