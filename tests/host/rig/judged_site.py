"""A site whose judge has printed times, and a car on it."""

from small_site import evse, run_ms, site

from ampacity_host.rig.base.timeline import Timeline
from ampacity_host.rig.plant.plant import Plant

BUDGETS_MS = [(7_000, 12_000, 4_000, 3_000, 30_000), (7_000, 12_000, 4_000, 3_000, 30_000)]
WELL_MS, LATE_MS, AGAIN_MS, READING_MS, EXPOSURE_MS = BUDGETS_MS[0]
LONG_MS = 900_000


def judged(cars, main_da=630, row_da=2_000, metered=True, offers=(), each=(), **changes):
    """(plant, its timeline): an EVSE for each car, which has followed its offer (permille; 15.9 A). each: terminals of the first EVSEs;
    changes: of all."""
    facts = site([evse("evse-%d" % (at + 1), **changes) for at in range(len(cars))])
    for one, terminals in zip(facts["evses"], each, strict=False):
        one["terminals"] = terminals
    facts["circuits"][0]["rating_da"], facts["circuits"][1]["rating_da"] = [main_da] * 3, [row_da] * 3
    if not metered:
        facts["circuits"][0]["meter"] = -1
    time = Timeline()
    plant = Plant(facts, time, budgets_ms=BUDGETS_MS)
    for at, (point, car) in enumerate(zip(plant.points, cars, strict=True)):
        point.plug(car)
        point.drive("pwm", offers[at] if offers else 266, True)
    run_ms(time, 20_000)
    return plant, time


def needs(point, most_da):
    """Its car draws at most this much from now on, whatever it is offered."""
    point.car.max_da = most_da
    point.want(False)
    point.want(True)


def other(plant, da, circuit="main"):
    plant.set_background(plant.circuit[circuit], [da] * 3)


def excused_ms(plant, time, ms, circuit="main", phase=1):
    """How long of the next ms what cars may draw is above the rating and excused."""
    plant.close()
    account = plant.circuit[circuit].accounts[phase]
    before_ms, over_ms = account.violation_ms, 0
    for _ in range(ms // 50):
        over_ms += 50 if account.may_da > account.rating_da else 0
        run_ms(time, 50)
    plant.close()
    return over_ms - (account.violation_ms - before_ms)
