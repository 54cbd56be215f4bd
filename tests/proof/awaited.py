"""Worlds in which somebody who waits too long is a violation like an overload, so that a mend undone is found by its trace: reserves
below a primary, numbers of grants that run on while a secondary is cut off, another unit after a lock-out. And three levels of primaries.
"""

from ampacity.bus.leases.grant_numbers import EPOCH_NUMBERS, GrantNumbers
from ampacity.bus.leases.lease import Lease
from ampacity.circuit.guard import Guard
from tests.proof.below import BELOW_MS, LEASE_MS, Below, primary_site
from tests.proof.model import IDENTITY, World
from tests.proof.settled import Disobeying
from tests.proof.sites import circuit, evse, site

FAR = 0xA000  # numbers of grants: more than half of the range of a sequence, and less than all of it


class Awaited:
    """Beside a World: whoever may charge has charged after so many steps in a row without an attack."""

    patience_steps = 12
    calm = 0  # such steps since all had charged; -1: an attack in this step
    served = 0  # a bit for each that has charged in them

    def apply(self, label):
        if label != self.choices()[0]:
            self.calm, self.served = -1, 0
        found = super().apply(label)
        if self.pc == 0:
            self.count()
        return found or self.broken

    def count(self):
        if self.any_plan:  # nobody says that anybody shall charge
            return
        self.calm += 1
        for i in range(len(self.evses)):
            if not self.well(i) or self.charges(i):
                self.served |= 1 << i
        if self.served == (1 << len(self.evses)) - 1:
            self.calm = self.served = 0
        if self.calm > self.patience_steps:
            self.broken = "somebody has waited for %d steps in which nobody attacked" % self.calm

    def encode_more(self):
        return [self.calm, self.served, *super().encode_more()]

    def decode_more(self, x, at):
        self.calm, self.served = x[at : at + 2]
        return super().decode_more(x, at + 2)


class Reserves(Awaited, Below):
    """A primary below has an EVSE with a reserve and without a car, and one with a car that could take more than is left beside it."""


class FarLease(Lease):
    """One whose newest number may be FAR behind. Nearer ones are compared as they are."""

    behind = False
    takes_far = True

    def _acceptable(self, identity, epoch, sequence):
        return self.takes_far if self.behind else Lease._acceptable(self, identity, epoch, sequence)

    def grant(self, *given):
        taken = Lease.grant(self, *given)
        self.behind = self.behind and not taken
        return taken


def takes_far(numbers):
    """Does a real lease that has lapsed take the grant that these numbers give FAR grants later?"""
    lease, first = Lease(0, 100, 0), numbers.next()
    lease.grant(IDENTITY, first >> 16, first & 0xFFFF, 1000, 100, 0)
    for given in range(numbers.used, numbers.used + FAR, EPOCH_NUMBERS):
        numbers.used += min(EPOCH_NUMBERS, FAR - given)
        epoch = numbers.epoch_to_keep()
        if epoch is not None:
            numbers.kept(epoch)
        last = numbers.next()
    return lease.grant(IDENTITY, last >> 16, last & 0xFFFF, 1000, 100, 60000)


class Hours(Awaited, World):
    """While the first secondary is cut off the primary gives FAR grants to others: hours of them."""

    numbers_class = GrantNumbers

    def make_device(self, facts):
        device = World.make_device(self, facts)
        device.lease_class = FarLease
        device.lease = device._new()
        return device

    def moves_hours(self):
        lease = self.devices[0].lease
        return [] if lease.behind or lease.remaining_ms(self.now) or not lease.identity else ["hours"]

    def do_hours(self):
        lease = self.devices[0].lease
        lease.behind, lease.takes_far = True, takes_far(self.numbers_class(IDENTITY, 1))

    def encode_more(self):
        lease = self.devices[0].lease
        return [lease.behind, lease.takes_far, *super().encode_more()]

    def decode_more(self, x, at):
        lease = self.devices[0].lease
        lease.behind, lease.takes_far = x[at] == 1, x[at + 1] == 1
        return super().decode_more(x, at + 2)


class Accepted(Awaited, Disobeying):
    """Once the first one is locked out it obeys; a person accepts it, or replaces it, or the primary restarts."""

    guilty = False  # this unit has drawn above its order
    out = 0  # steps since it was locked out for that, as far as they matter

    def moves_boost(self):
        """None begins once it is locked out."""
        return [move for move in super().moves_boost() if not self.out or move == "boost 0"]

    def do_boost(self, da):
        super().do_boost(da)
        self.guilty = self.guilty or da > 0

    def moves_accept(self):
        return ["accept"] if self.out else []

    def do_accept(self):
        """The installer accepts the device that answers."""
        self.guard.accept_device(0)

    def moves_replace(self):
        return ["replace"] if self.out else []

    def do_replace(self):
        """Another unit hangs in its place, which obeys, and a person says so."""
        self.devices[0].restart(self.now)
        self.devices[0].boost_da = self.spent = 0
        self.guilty, self.out = False, 0
        self.guard.accept_device(0, True)

    def moves_reboot(self):
        return ["reboot"] if self.out else []

    def on_advance(self):
        super().on_advance()
        limit_da = self.devices[0].limit_da(self.now)
        if self.out == self.LAPSED_STEPS and limit_da and not self.any_plan:  # what holds its orders at 0 A is the policy; the sum counts them
            self.broken = "one that was locked out may draw %d da" % limit_da
        if self.out or self.guilty and self.guard.locked_out(0):
            self.out = min(self.LAPSED_STEPS, self.out + 1)

    LAPSED_STEPS = 4  # its order or its lease has ended by then

    def well(self, i):
        """One that is locked out waits for a person, and another unit for nobody."""
        return i != 0 or not (self.devices[0].boost_da or self.out)

    def encode_more(self):
        return [self.guilty, self.out, *super().encode_more()]

    def decode_more(self, x, at):
        self.guilty, self.out = x[at] == 1, x[at + 1]
        return super().decode_more(x, at + 2)


def reserves(guard=None, deep=False):
    """A primary below has one EVSE with a reserve and no car, and another with a car: what is granted is less than both could draw."""
    own = [evse(0, min_da=60, max_da=120, limit_da=120, feeder_da=120), evse(1, min_da=60, fallback_da=60, power_on_da=60, idle=True)]
    child = dict(fallback_da=60, power_on_da=60, max_da=160, limit_da=160, feeder_da=160)
    facts = site([evse(0, primary=True, watchdog_ms=LEASE_MS + BELOW_MS, below=primary_site(own, 180, 60), **child)], [circuit(160)])
    ways = ("well", "dark", "mute")[: 2 + deep]
    return Reserves(guard, "reserves below", facts, outcomes=(ways,), own_ways=(ways, ways[: 1 + deep]))


def levels(guard=None, deep=False):
    """Three levels of primaries: grants of the first and orders of the last are lost, and a neighbour of the first takes what is free."""
    last = evse(0, primary=True, watchdog_ms=LEASE_MS + BELOW_MS, below=primary_site([evse(0)], 100))
    first = evse(0, primary=True, watchdog_ms=2 * (LEASE_MS + BELOW_MS), below=primary_site([last], 100))
    ways, mute = ("well", "dark"), ("well", "dark", "mute")
    more = dict(outcomes=(ways, ways[: 1 + deep]), own_ways=(ways[: 1 + deep], mute[: 2 + deep]), attacks=("car",) * deep, cars_of=(1,))
    return Below(guard, "three levels", site([first, evse(1)], [circuit(160)]), **more)


def hours(guard=Guard, deep=False):
    """A secondary is cut off while the primary gives as many grants as hours have, and returns."""
    outcomes = (("well", "dark", "mute")[: 2 + deep], ("well", "dark")[: 1 + deep])
    return Hours("cut off for hours", site([evse(0), evse(1)], [circuit(160)]), guard, outcomes=outcomes, attacks=("hours", "car"))


def accepted(guard=Guard, deep=False):
    """An EVSE is locked out; a person accepts it, or replaces the unit; the primary restarts."""
    facts = site([evse(0, limit_da=85), evse(1)], [circuit(200)])
    attacks, outcomes = ("boost", "accept", "replace", "reboot"), (("well",), ("well", "dark")[: 1 + deep])
    return Accepted("accepted or replaced", facts, guard, outcomes=outcomes, attacks=attacks, excuse_steps=4 + 2 * deep)


MAKERS = (reserves, levels, hours, accepted)
