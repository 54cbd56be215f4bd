"""What stands at the far end of the path: devices that obey what reaches them, and cars that draw all they may.

Nothing here knows the ledger. `draw_da` is the truth: the most that the car may be drawing now, which after a
lower is the old current until its settle time (one step) is over.
"""

from ampacity.bus.leases.lease import Lease

NONE = -99
FINE_MS = 500  # a lease may end between two steps


def rel(time_ms, now, step, oldest):
    """A time as steps from now, no older than `oldest` steps."""
    return NONE if time_ms is None else max(-oldest, (time_ms - now) // step)


class Device:
    """The common half: the car's old current, a start that takes a step, a car above its order."""

    oldest = 4
    follow_da = 0  # its car makes so much more of an order
    slow = False  # its car settles in two steps
    older_da = 0  # the step before the last

    def __init__(self, facts):
        self.facts = facts
        self.old_da = 0
        self.booting = False
        self.boost_da = 0  # what it draws whatever it is told (rule 10)
        self.open = False  # its contactor was opened by force
        self.max_da = facts["max_da"]

    def draw_da(self, now):
        if self.open:
            return 0
        told_da = max(self.limit_da(now), self.old_da, self.older_da)
        return max(told_da + self.follow_da if told_da else 0, self.boost_da)

    def changed(self, before, now):
        """Its limit was `before`: a car may draw that for its settle time."""
        if before > self.limit_da(now):
            self.old_da = max(self.old_da, before)

    def restart(self, now):
        before = self.limit_da(now)
        self._restart(now)
        self.changed(before, now)
        self.booting = True

    def advance(self, now):
        """A step has passed: cars have settled, the device's own timers run out (as late as they may)."""
        self.older_da = self.old_da if self.slow else 0
        self.old_da = 0
        self.booting = False
        before = self.last_limit
        self._expire(now)
        self.changed(before, now)

    def before_advance(self, now):
        self.last_limit = self.limit_da(now)


class Secondary(Device):
    """One of our own, with the lease that its firmware runs."""

    lease_class = Lease

    def __init__(self, facts, now):
        Device.__init__(self, facts)
        self.lease = self._new()

    def _new(self):
        facts = self.facts
        return self.lease_class(facts["fallback_da"], facts["max_da"], facts["power_on_da"])

    def limit_da(self, now):
        return self.lease.limit_da(now)

    def hear_order(self, frame, now):
        before = self.limit_da(now)
        taken = self.lease.grant(frame.identity, frame.epoch, frame.id, self.facts["watchdog_ms"], frame.da, now)
        self.changed(before, now)
        return taken

    def hear_read(self, now):
        """A read renews nothing."""

    def obeys(self, now):
        return True

    def audited(self):
        """Its settings are its own."""

    def settings(self):
        facts = self.facts
        return (("watchdog_ms", facts["watchdog_ms"]), ("fallback_da", facts["fallback_da"]), ("power_on_da", facts["power_on_da"]))

    def _restart(self, now):
        self.lease = self._new()

    def _expire(self, now):
        self.lease.limit_da(now)

    def encode(self, now, step, rank, epochs):
        lease = self.lease
        until = (lease._until_ms - now) // FINE_MS if lease._leased else NONE
        return [lease.identity, epochs[lease.epoch], rank[lease.sequence], lease._granted_da if lease._leased else 0, until,
                lease._leased, self.old_da, self.older_da, self.booting, self.boost_da, self.open]  # fmt: skip

    def decode(self, x, at, now, step):
        lease = self.lease
        lease.identity, lease.epoch, lease.sequence, lease._granted_da, until, leased = x[at : at + 6]
        self.old_da, self.older_da, booting, self.boost_da, is_open = x[at + 6 : at + 11]
        lease._until_ms = -1 if until == NONE else now + until * FINE_MS
        lease._leased, self.booting, self.open = leased == 1, booting == 1, is_open == 1
        return at + 11

    def ids(self):
        return (self.lease.sequence,)

    def epochs(self):
        return (self.lease.epoch,)


class Box(Device):
    """A charge controller with registers: a setpoint that it keeps, a watchdog of some kind or none.

    facts, beside those of the site: "rounds_da": what it makes of a value above it; "loses": a restart loses its
    settings, and its watchdog is off after it; "power_on_da". After its watchdog ran out a feeding frame revives
    what it kept.
    """

    def __init__(self, facts, now):
        Device.__init__(self, facts)
        self.stored_da = facts["true_power_on_da"] if "true_power_on_da" in facts else facts["power_on_da"]
        self.fed_ms = None  # its watchdog runs since; None: not running
        self.expired = False
        self.armed = facts["watchdog_ms"] > 0
        self.swapped = False

    def limit_da(self, now):
        return self.facts["fallback_da"] if self.expired else self.stored_da

    def hear_order(self, frame, now):
        before = self.limit_da(now)
        self.stored_da = min(self.max_da, frame.da + self.facts.get("rounds_da", 0) if frame.da else 0)
        self._feed(now)
        self.changed(before, now)
        return True

    def hear_read(self, now):
        if self.facts["poll_feeds"]:
            before = self.limit_da(now)
            self._feed(now)
            self.changed(before, now)

    def hear_refused(self, now):
        """A write that it refuses: it was heard, so it feeds."""
        before = self.limit_da(now)
        self._feed(now)
        self.changed(before, now)

    def _feed(self, now):
        self.expired = False
        if self.armed:
            self.fed_ms = now

    def obeys(self, now):
        return not self.expired

    def settings(self):
        facts = self.facts
        found = []
        if facts["watchdog_ms"] and not facts["watchdog_fixed"]:
            found += [("watchdog_ms", facts["watchdog_ms"] if self.armed else 0), ("fallback_da", facts["fallback_da"])]
        if facts["power_on_source"] == "settings":
            found.append(("power_on_da", facts["power_on_da"]))
        if facts.get("fingerprint"):
            found.append(("fingerprint", "other" if self.swapped else facts["fingerprint"]))
        return found

    def audited(self):
        """What was lost is written again after it was read; the next reading shows it."""
        self.armed = self.facts["watchdog_ms"] > 0 and not self.swapped

    def _restart(self, now):
        facts = self.facts
        self.stored_da = facts["power_on_da"]
        self.expired = False
        self.fed_ms = None
        if facts.get("loses"):
            self.armed = False

    def _expire(self, now):
        if self.fed_ms is not None and now - self.fed_ms >= self.facts["watchdog_ms"] + self.facts["watchdog_tolerance_ms"]:
            self.expire(now)

    def may_expire(self, now):
        return self.fed_ms is not None and now - self.fed_ms >= self.facts["watchdog_ms"]

    def expire(self, now):
        before = self.limit_da(now)
        self.expired = True
        self.fed_ms = None
        self.changed(before, now)

    def encode(self, now, step, rank, epochs):
        return [self.stored_da, rel(self.fed_ms, now, step, self.oldest), self.expired, self.armed, self.swapped, self.max_da,
                self.old_da, self.older_da, self.booting, self.boost_da, self.open]  # fmt: skip

    def decode(self, x, at, now, step):
        self.stored_da, fed, expired, armed, swapped, self.max_da, self.old_da, self.older_da, booting, self.boost_da, is_open = x[at : at + 11]
        self.fed_ms = None if fed == NONE else now + fed * step
        self.expired, self.armed, self.swapped, self.booting, self.open = expired == 1, armed == 1, swapped == 1, booting == 1, is_open == 1
        return at + 11

    def ids(self):
        return ()

    def epochs(self):
        return ()
