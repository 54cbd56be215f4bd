"""What a perfect fair allocator delivers: equal shares each minute, without loss and without foresight.

It knows the other load of each minute, which cars still take energy, and on how many phases: a car loads the supply phases of
as many terminals as it has phases, counted from the first, and no other (water-filling on the phases in use). It has no delay
of raises, settling or communication, no reserve and no faults. It shares as safety.md section 6 does: a charging EVSE gets at
least its minimum, and the energy delivered so far decides where not every minimum fits.

The rows `energy/mixed`, `energy/one-phase` and `energy/unmeasured` (tools/bench/unused.py) compare the firmware with it and
show the cost of rule 14, by which an order counts on phases that its car may leave idle. `energy/unmeasured/known` has no knowledge
that a controller cannot have (`knows_phases` False): what a car uses is known only where its EVSE measures, and counts only on
circuits whose breaker holds a car that uses more again (`frees_phases`); elsewhere a car loads all terminals that its EVSE can close.
`energy/…-equal-shares` does the same for cars that use all phases of their EVSE. This is the upper bound for a fair firmware
that knows no departures; tools/bench/optimum.py has the bound with perfect foresight.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ampacity_host.configure.analysis.unmeasured import measures
from tools.bench.optimum import MINUTE_S, Stay, most_da, path_of, used_phases, watts_of

Key = tuple[int, int]  # circuit, phase
SMALL_DA = 1e-6


def fair_wh(
    site: dict[str, Any],
    stays: Sequence[Stay],
    from_s: int,
    until_s: int,
    other_da: "Callable[[int, int, int], Sequence[float]]",
    knows_phases: bool = True,
) -> list[float]:
    """The energy of each stay between two instants. other_da(circuit, from_s, until_s): its mean other load per phase, in dA.

    knows_phases False: a car's phases are known only where a controller may use them, as the module says.
    """
    cars = [_Car(site, stay, knows_phases) for stay in stays]
    coming = sorted(cars, key=lambda car: -car.stay.arrival_s)
    here: list[_Car] = []
    for at_s in range(from_s, until_s, MINUTE_S):
        while coming and coming[-1].stay.arrival_s <= at_s:
            here.append(coming.pop())
        here = [car for car in here if car.stay.departure_s > at_s and car.got_wh < car.stay.energy_wh]
        if here:
            _share(here, _room(site, at_s, other_da))
        for car in here:
            car.got_wh = min(car.stay.energy_wh, car.got_wh + watts_of(site, car.stay, car.share_da) * MINUTE_S / 3600)
    return [car.got_wh for car in cars]


class _Car:
    def __init__(self, site: dict[str, Any], stay: Stay, knows_phases: bool) -> None:
        evse = site["evses"][stay.evse]
        self.stay = stay
        self.least_da = float(evse["min_da"])
        self.most_da = float(most_da(site, stay))
        self.got_wh = 0.0
        self.share_da = 0.0
        used = used_phases(site, stay)
        closed = used if knows_phases else used_phases(site, replace(stay, phases=len(evse["terminals"])))
        shown = knows_phases or measures(evse, site)
        self.loads: dict[Key, int] = {}
        for circuit in path_of(site, evse["circuit"]):
            frees = shown and (knows_phases or bool(site["circuits"][circuit].get("frees_phases")))
            self.loads.update({(circuit, phase): times for phase, times in (used if frees else closed).items()})


def _room(site: dict[str, Any], at_s: int, other_da: "Callable[[int, int, int], Sequence[float]]") -> dict[Key, float]:
    room = {}
    for index, circuit in enumerate(site["circuits"]):
        others = other_da(index, at_s, at_s + MINUTE_S)
        for phase, rating_da in enumerate(circuit["rating_da"]):
            room[index, phase] = rating_da - others[phase]
    return room


def _share(here: "list[_Car]", room: dict[Key, float]) -> None:
    """Minimums first, to the stays with the least energy so far; then all rise together, each until it or one of its rows is full."""
    rising = []
    for car in sorted(here, key=lambda car: car.got_wh):
        fits = car.most_da >= car.least_da and all(room[key] >= car.least_da * times for key, times in car.loads.items())
        car.share_da = car.least_da if fits else 0.0
        if fits:
            _take(car, car.least_da, room)
            rising.append(car)
    while rising := [car for car in rising if car.share_da < car.most_da - SMALL_DA and all(room[key] > SMALL_DA for key in car.loads)]:
        loads: dict[Key, int] = {}
        for car in rising:
            for key, times in car.loads.items():
                loads[key] = loads.get(key, 0) + times
        step = min(min(room[key] / times for key, times in loads.items()), min(car.most_da - car.share_da for car in rising))
        for car in rising:
            car.share_da += step
            _take(car, step, room)


def _take(car: _Car, da: float, room: dict[Key, float]) -> None:
    for key, times in car.loads.items():
        room[key] -= da * times
