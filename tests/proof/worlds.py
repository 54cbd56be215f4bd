"""One small world for each kind of attack. Each has so few moves that all its reachable states are closed; the
last has them all at once.

`WORLDS[name](guard_class, deep)` builds one. Amperes: a car needs 8 A (80 da) or takes 10 A; a circuit carries 16 A.
"""

from ampacity.circuit.guard import Guard
from tests.proof import awaited, edges
from tests.proof.below import Below
from tests.proof.metered import Hung, Metered
from tests.proof.model import World
from tests.proof.partial import Partial
from tests.proof.pumped import MAKERS as PUMPED
from tests.proof.settled import Change, Death, Disobeying, Foreign, Joint, Left, Phases, Swap
from tests.proof.sites import box, circuit, evse, mute, site
from tests.proof.unused import Unused

HALF = (("well", "dark", "mute"), ("well", "dark"))
FULL = (("well", "dark", "mute"), ("well", "dark", "mute"))
METER = ({"name": "m", "phases": [0]},)
ENDLESS = -1  # moves of the adversary beside the frames. Where each is remembered for long, only so many are searched to the end


def lost(guard=Guard, deep=False):
    """Frames and answers are lost, watchdogs expire, the primary restarts."""
    return World("lost frames", site([evse(0), evse(1)], [circuit(160)]), guard, outcomes=FULL if deep else HALF, attacks=("reboot",))


def fallback(guard=Guard, deep=False):
    """One falls back to 8 A and starts there; devices restart."""
    facts = site([evse(0, fallback_da=80, power_on_da=80), evse(1)], [circuit(160)])
    return World("fallback", facts, guard, outcomes=FULL if deep else HALF, attacks=("restart",) + (("reboot",) if deep else ()))


def any_order(guard=Guard, deep=False):
    """No plan: the adversary picks every order, and only the ledger says no."""
    outcomes = (("well", "dark", "mute"), ("well", "dark")) if deep else (("well", "dark"), ("well",))
    targets = ((0, 100), (0, 100)) if deep else ((0, 100), (100,))
    return World("any order", site([evse(0), evse(1)], [circuit(160)]), guard, outcomes=outcomes, any_plan=targets)


def held(guard=Guard, deep=False):
    """Orders are held for as long as the path can, or come twice; the primary restarts with one on its way."""
    facts = site([evse(0, transit_ms=5000), evse(1)], [circuit(160)])
    first = ("well", "held", "copied") + (("dark", "held dark") if deep else ())
    return World("held and copied", facts, guard, outcomes=(first, ("well", "dark")[: 1 + deep]), attacks=("deliver", "reboot", "car"), copies_late=2)


def gateway(guard=Guard, deep=False):
    """A charge controller behind a gateway that holds orders, and answers for older ones."""
    facts = site([box(0, transit_ms=5000, survives=True), evse(1)], [circuit(160)])
    first = ("well", "held", "stale") + (("dark",) if deep else ())
    more = dict(attacks=("deliver", "car"), cars_of=(0, 1) if deep else (0,), stays=deep)
    return World("held by a gateway", facts, guard, outcomes=(first, ("well",)), frames_max=2, **more)


def kept(guard=Guard, deep=False):
    """A controller keeps its setpoint through its watchdog's time, and any frame brings it back; echoes."""
    facts = site([box(0, poll_feeds=True, survives=True), evse(1)], [circuit(160)])
    first = ("well", "dark", "lost order") + (("echo", "mute") if deep else ())
    return World("kept setpoint", facts, guard, outcomes=(first, ("well",)), feeds=True, attacks=("car",))


def refused(guard=Guard, deep=False):
    """A device that hears a probe, refuses it, and is kept alive by it."""
    facts = site([box(0, survives=True), evse(1)], [circuit(160)])
    first = ("well", "dark", "refused")
    # the other one is lowered at once, or where its path is cut as well by its watchdog
    return World("refused probe", facts, guard, outcomes=(first, ("well", "dark")[: 1 + deep]), feeds=True, excused_da=100, excuse_steps=2 + 2 * deep)


def rounding(guard=Guard, deep=False):
    """A device that makes more of an order than was ordered."""
    facts = site([box(0, rounds_da=20, survives=True, min_da=60), evse(1, min_da=60)], [circuit(160)])
    return World("rounding up", facts, guard, outcomes=HALF if deep else (("well", "dark"), ("well", "dark")))


def partial(guard=Guard, deep=False):
    """A limit and an enable are two writes: one is lost, its echo passes for an answer, an older limit is still held."""
    facts = site([box(0, survives=True), evse(1)], [circuit(160)])
    more = dict(attacks=("blink",)) if deep else dict(ways=("well", "dark", "limit lost, unread"))
    return Partial("partial orders", facts, guard, outcomes=("well", "dark")[: 1 + deep], **more)


def settings(guard=Guard, deep=False):
    """A restart that nobody notices takes the settings, and the watchdog is off."""
    facts = site([box(0, loses=True), evse(1)], [circuit(160)])
    first = ("well", "dark", "unread") + (("mute",) if deep else ())
    return World("lost settings", facts, guard, outcomes=(first, ("well", "dark")[: 1 + deep]), attacks=("blink",))


def broadcast(guard=Guard, deep=False):
    """One frame for two secondaries is heard by some."""
    return Joint("broadcast heard by some", site([evse(0), evse(1)], [circuit(160)]), guard)


def without_watchdog(guard=Guard, deep=False):
    """A device without watchdog that holds its last order in silence, beside one with a lease."""
    facts = site([mute(0, survives=True), evse(1)], [circuit(160)])
    return World("no watchdog", facts, guard, outcomes=FULL if deep else HALF, attacks=("restart", "reboot") if deep else ("restart",))


def death(guard=Guard, deep=False):
    """The primary dies for good while one without watchdog charges, and other load rises to what was assumed."""
    facts = site([mute(0, survives=True), evse(1, min_da=100)], [circuit(190, other=100, meter=0)], meters=METER)
    return Death("death of the primary", facts, guard, outcomes=(("well", "dark"), ("well",)), attacks=("die", "step"), tries=ENDLESS if deep else 3)


def foreign(guard=Guard, deep=False):
    """Another client writes to a device, seen on the line or only by a read, and once more while the line is not clean."""
    facts = site([mute(0, survives=True), evse(1)], [circuit(160)])
    more = dict(attacks=("foreign", "again"), writes=1 + deep, slip_steps=2 + deep)
    return Foreign("foreign client", facts, guard, outcomes=(("well", "dark"), ("well", "dark")[: 1 + deep]), **more)


def disobeying(guard=Guard, deep=False):
    """A car draws above its order: a little, then more than its hardware should, in bursts. Its contactor is welded."""
    facts = site([evse(0, limit_da=85), evse(1)], [circuit(200)])
    outcomes = (("well",), ("well", "dark")[: 1 + deep])
    return Disobeying("a car above its order", facts, guard, outcomes=outcomes, attacks=("boost",), excuse_steps=4 + 2 * deep)


def swapped(guard=Guard, deep=False):
    """With its feeder open a device is swapped for one without a watchdog, which obeys, and starts anew at its maximum."""
    facts = site([box(0, survives=True, watchdog_fixed=True, fingerprint="S1"), evse(1)], [circuit(180)])
    outcomes, attacks = (("well", "dark"), ("well", "dark")[: 1 + deep]), ("swap", "surge")
    return Swap("swapped device", facts, guard, outcomes=outcomes, attacks=attacks, shown_steps=3 + deep)


def phases(guard=Guard, deep=False):
    """A device switches between one and two phases and falls back to both."""
    facts = site([evse(0, terminals=((0,), (1,)), fallback_da=80, power_on_da=80), evse(1, terminals=((1,),))], [circuit(160, phases=2)], phases=2)
    return Phases("phase switch", facts, guard, outcomes=(("well", "dark"), ("well", "dark")[: 1 + deep]), attacks=("switch",))


def unused(guard=Guard, deep=False):
    """A car uses one of two phases, the other is given away without a meter, by the site file; then it uses both."""
    main = dict(circuit(160, phases=2), frees_phases=True)
    facts = site([evse(0, terminals=((0,), (1,))), evse(1, terminals=((1,),))], [main], phases=2)
    outcomes = (("well", "dark")[: 1 + deep], ("well", "dark")[: 1 + deep])
    return Unused("phases not used", facts, guard, outcomes=outcomes, attacks=("more", "replug", "hide") + ("less",) * deep, excuse_steps=3 + deep)


def hidden(guard=Guard, deep=False):
    """The same beside a meter, and the device does not show that its car uses both."""
    main = dict(circuit(160, phases=2, meter=0), frees_phases=True)
    facts = site([evse(0, terminals=((0,), (1,))), evse(1, terminals=((1,),))], [main], phases=2, meters=[{"name": "m", "phases": [0, 1]}])
    outcomes = (("well", "dark")[: 1 + deep], ("well",))
    more = dict(excuse_steps=5 + deep, tries=ENDLESS if deep else 6)
    return Unused("phases used unseen", facts, guard, outcomes=outcomes, attacks=("more", "hide"), **more)


def unwitnessed(guard=Guard, deep=False):
    """The same with one EVSE and other load that jumps, and the meter is silent as long as the device hides it."""
    main = dict(circuit(160, phases=2, meter=0), frees_phases=True, assumed_other_da=[100, 0])
    facts = site([evse(0, terminals=((1,), (0,)))], [main], phases=2, meters=[{"name": "m", "phases": [0, 1]}])
    outcomes = (("well", "dark")[: 1 + deep],)
    return Unused("phases used unwitnessed", facts, guard, outcomes=outcomes, attacks=("more", "blind", "step"), excuse_steps=5 + deep)


def change(guard=Guard, deep=False):
    """An EVSE was moved to another circuit in the site file; the primary restarts, once and again."""
    return Change("changed site", guard, outcomes=(("well", "dark"), ("well", "dark")[: 1 + deep]), attacks=("reboot",))


def left(guard=Guard, deep=False):
    """An EVSE without watchdog left the site file and holds its last order; the primary restarts, once and again."""
    facts = site([evse(1, fallback_da=80, power_on_da=80)], [circuit(180)])
    return Left("one that left", facts, guard, outcomes=(("well", "dark", "mute")[: 2 + deep],), attacks=("reboot", "car"))


def hung(guard=Guard, deep=False):
    """The safety loop hangs while its drivers live on, and other load rises."""
    facts = site([evse(0, min_da=100), evse(1, min_da=100)], [circuit(200, other=100, meter=0)], meters=METER, slot_s=25)
    return Hung("hung loop", facts, guard, outcomes=(("well",), ("well",)), attacks=("hang", "step"), tries=ENDLESS if deep else 6)


def metered(guard=Guard, deep=False):
    """Other load behind a meter jumps; frames of the meter are lost, or it freezes."""
    facts = site([evse(0, min_da=100), evse(1, min_da=100)], [circuit(200, other=100, meter=0)], meters=METER, slot_s=25)
    outcomes, attacks = (("well", "dark")[: 1 + deep], ("well",)), ("step", "silence", "freeze")
    # wide a frame more may be lost
    return Metered("other load", facts, guard, outcomes=outcomes, attacks=attacks, excuse_steps=3 + deep, tries=ENDLESS if deep else 6)


def mirrored(guard=Guard, deep=False):
    """The meter was installed the wrong way round."""
    facts = site([evse(0)], [circuit(180, other=100, meter=0)], meters=METER)
    return Metered("wrong sign", facts, guard, outcomes=("well",), attacks=("step",), sign=-1)


def tree(guard=Guard, deep=False):
    """Three EVSEs, one without watchdog, on two circuits."""
    circuits = [circuit(240), circuit(160, "sub", 0)]
    facts = site([evse(0, circuit=1), mute(1, circuit=1, survives=True), evse(2)], circuits)
    outcomes = (("well", "dark"), ("well", "dark"), ("well",))
    return World("tree of three", facts, guard, outcomes=FULL + (("well", "dark"),) if deep else outcomes, attacks=("reboot",) if deep else ())


def below(guard=None, deep=False):
    """A primary grants to a primary, and that to its own charging point."""
    ways = ("well", "dark", "mute")[: 2 + deep]
    more = dict(own_ways=ways, attacks=("car",), cars_of=(0, 1)[1 - deep :])
    return Below(guard, outcomes=(ways, ("well", "dark")[: 1 + deep]), **more)


def everything(guard=Guard, deep=False):
    """Three EVSEs on two circuits, one without watchdog, behind a meter: paths, power, cars, meter and primary attacked at once."""
    sub, root = circuit(200, "sub", 0), circuit(340, other=100, meter=0)
    facts = site([evse(0, circuit=1, transit_ms=5000), mute(1, circuit=1, survives=True), box(2, survives=True)], [root, sub], meters=METER)
    outcomes = (("well", "dark", "mute", "held", "copied"), ("well", "dark", "mute"), ("well", "dark", "mute"))
    attacks = ("deliver", "restart", "blink", "expire", "reboot", "car", "step", "silence", "freeze")
    return Metered("everything at once", facts, guard, outcomes=outcomes, attacks=attacks, copies_late=2, excuse_steps=6)


MAKERS = (
    lost, fallback, any_order, held, gateway, kept, refused, rounding, partial, settings, broadcast, without_watchdog, death,
    foreign, disobeying, swapped, phases, unused, hidden, unwitnessed, change, left, hung, metered, mirrored, tree, below, everything,
    *edges.MAKERS, *PUMPED, *awaited.MAKERS,
)  # fmt: skip
UNBOUNDED = ("everything",)  # searched as deep as time allows
WORLDS = {make.__name__: make for make in MAKERS}
