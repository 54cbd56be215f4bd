"""What a perfect allocator would have delivered: one linear program over all sessions with perfect knowledge (HiGHS).

Time is cut into slots of a quarter of an hour. A session takes any current from 0 to what its car and its EVSE can,
equal on all of the car's phases, while it stands there; each circuit carries on each phase at most its rating less the
mean of its other load in the slot and less the reserves of all others. That an EVSE charges with at least its minimum
or not at all, that a car needs its time to follow, and that nobody knows the future only make the true optimum smaller:
the result is never below it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

SLOT_S = 900


@dataclass(frozen=True)
class Stay:
    """A session as it stood: evse is an index of the site's list, amps_da what its car takes on each of its phases."""

    evse: int
    arrival_s: int
    departure_s: int
    energy_wh: int
    phases: int
    amps_da: int


def possible_wh(site: dict, stay: Stay) -> float:
    """What this stay could have taken if it had been alone, at most what was asked."""
    hours = (stay.departure_s - stay.arrival_s) / 3600
    return min(stay.energy_wh, hours * _watts(site, stay, _most_da(site, stay)))


def optimum_wh(site: dict, stays: Sequence[Stay], start_s: int, other_da: "Callable[[int, int, int], Sequence[float]]") -> list[float]:
    """The energy of each stay in the schedule that delivers the most in all.

    other_da(circuit, from_s, until_s): the mean other load of a circuit, per phase, in da.
    """
    slots = _Slots(site, stays, start_s)
    room = [_room(site, key, slots, other_da) for key in slots.keys]
    matrix = coo_matrix((slots.value, (slots.row, slots.column))).tocsr()
    asked = [possible_wh(site, stay) for stay in stays]
    found = linprog(-numpy.array(slots.wh_per_da), A_ub=matrix, b_ub=asked + room, bounds=list(zip([0] * len(slots.most), slots.most, strict=True)))
    if not found.success:
        raise RuntimeError("the linear program has no solution: %s" % found.message)
    energy = [0.0] * len(stays)
    for column, index in enumerate(slots.stay_of):
        energy[index] += found.x[column] * slots.wh_per_da[column]
    return energy


class _Slots:
    """The columns (one a stay and slot) and the rows of the program: first the stays, then circuit, phase and slot."""

    def __init__(self, site: dict, stays: Sequence[Stay], start_s: int) -> None:
        self.start_s = start_s
        self.row: list[int] = []
        self.column: list[int] = []
        self.value: list[float] = []
        self.most: list[float] = []
        self.wh_per_da: list[float] = []
        self.stay_of: list[int] = []
        self.keys: list[tuple[int, int, int]] = []
        place: dict[tuple[int, int, int], int] = {}
        for index, stay in enumerate(stays):
            loads = _loads(site, stay)
            for slot in range((stay.arrival_s - start_s) // SLOT_S, (stay.departure_s - start_s - 1) // SLOT_S + 1):
                self._column(site, index, stay, slot)
                for (circuit, phase), times in loads.items():
                    key = (circuit, phase, slot)
                    if key not in place:
                        place[key] = len(stays) + len(self.keys)
                        self.keys.append(key)
                    self._put(place[key], times)

    def _column(self, site: dict, index: int, stay: Stay, slot: int) -> None:
        from_s = max(stay.arrival_s, self.start_s + slot * SLOT_S)
        until_s = min(stay.departure_s, self.start_s + (slot + 1) * SLOT_S)
        part = (until_s - from_s) / SLOT_S
        self.stay_of.append(index)
        self.most.append(_most_da(site, stay) * part)  # a mean over the whole slot
        self.wh_per_da.append(_watts(site, stay, 1) * SLOT_S / 3600)
        self._put(index, self.wh_per_da[-1])

    def _put(self, row: int, value: float) -> None:
        self.row.append(row)
        self.column.append(len(self.most) - 1)
        self.value.append(value)


def _room(site: dict, key: "tuple[int, int, int]", slots: _Slots, other_da: Callable[[int, int, int], Sequence[float]]) -> float:
    circuit, phase, slot = key
    from_s = slots.start_s + slot * SLOT_S
    return max(0.0, float(site["circuits"][circuit]["rating_da"][phase]) - other_da(circuit, from_s, from_s + SLOT_S)[phase])


def _loads(site: dict, stay: Stay) -> "dict[tuple[int, int], int]":
    """(circuit, phase) -> how many of its terminals load it."""
    loads: dict[tuple[int, int], int] = defaultdict(int)
    evse = site["evses"][stay.evse]
    circuit = evse["circuit"]
    while circuit >= 0:
        for terminal in evse["terminals"][: stay.phases]:
            for phase in terminal:
                loads[circuit, phase] += 1
        circuit = site["circuits"][circuit]["parent"]
    return loads


def _most_da(site: dict, stay: Stay) -> int:
    return min(stay.amps_da, int(site["evses"][stay.evse]["limit_da"]))


def _watts(site: dict, stay: Stay, amps_da: float) -> float:
    return amps_da / 10 * float(site["voltage_v"]) * min(stay.phases, len(site["evses"][stay.evse]["terminals"]))
