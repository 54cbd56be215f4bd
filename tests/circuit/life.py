"""A ledger whose clock begins at 0, with the calls of a driver that does all it should."""

from helper_circuit import circuit, site

from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.site.tree import Site

LAPSE_MS = 16050  # of an EVSE of helper_circuit


class Life(Ledger):
    """A ledger whose clock begins at 0, and the first EVSE of it."""

    def __init__(self, *evses, circuits=None, **more):
        Ledger.__init__(self, Site(site(list(evses), circuits or [circuit(**more)])), 0)
        self.s = self.evse_states[0]
        self.now_ms = 0
        self.pass_at(0)

    def pass_at(self, now_ms):
        self.now_ms = now_ms
        self.bounds.refresh(now_ms)
        self.margin.check(now_ms)
        self.permits.tick_ms, self.permits.feed_ok, self.permits.mode = now_ms, True, "regulating"
        return self

    def audit(self, e=0):
        for key, value in (("watchdog_ms", 10000), ("fallback_da", self.evse_states[e].evse.fallback_da),
            ("power_on_da", self.evse_states[e].evse.power_on_da)):
            self.intake.put_evidence(e, key, value, self.now_ms)
        return self

    def order(self, da, e=0):
        """Audited, sent, answered and proven at once, when nothing of an earlier life can arrive any more."""
        if self.now_ms < 100:
            self.pass_at(100)
        self.audit(e)
        order_id = self.permits.send(e, da, self.now_ms)
        assert order_id is not None
        self.intake.answered(e, order_id, self.now_ms)
        self.intake.proven(e, order_id, da, self.now_ms)
        return self

    def stand(self, da, e=0):
        """At da alone, settled; the others as they are."""
        self.order(0, e).pass_at(self.now_ms + 6000)
        return self.order(da, e).pass_at(self.now_ms + 6000)

    def lapse(self):
        """Lost, and its silence ran its time."""
        self.intake.lost(0, self.now_ms)
        self.pass_at(self.now_ms + LAPSE_MS + 6000)
        assert self.s.lapsed
        return self

    def told(self):
        return [kind for _, kind, _ in self.events.kept]
