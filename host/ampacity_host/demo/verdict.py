"""Was a rule broken? By the rig's own books (`worst`), and by what we sampled ourselves."""

SLACK_A = 0.5          # samples of truth and of the primary's view are not of the same instant
SLACK_SAMPLES = 3


class Verdict:
    """budgets_ms: circuit → how long it may be above its rating after a step of other load or a meter's loss."""

    def __init__(self, budgets_ms):
        self.budgets_ms = budgets_ms
        self.broken = []
        self._over_since = {}
        self._unbound = {}

    def take(self, sample):
        """One Sample of the recording."""
        for name, rating in sample.rating.items():
            for phase, limit in enumerate(rating):
                self._circuit(name, phase, sample.amps[name][phase] - limit, sample.other[name][phase], sample.t_ms)
        for name, one in sample.evses.items():
            self._evse(name, one)

    def _circuit(self, name, phase, over_a, other_a, t_ms):
        key = name, phase
        if over_a <= 0:
            self._over_since.pop(key, None)
            return
        since_ms = self._over_since.setdefault(key, t_ms)
        if other_a == 0:
            self._add("%s L%d is %.1f A above its rating, and only EVSEs draw current there" % (name, phase + 1, over_a))
        elif t_ms - since_ms > self.budgets_ms[name]:
            self._add("%s L%d is above its rating for longer than %.1f s" % (name, phase + 1, self.budgets_ms[name] / 1000))

    def _evse(self, name, one):
        """What is drawn must be in the primary's ledger."""
        excess_a = 0.0
        if one["bound_a"] is not None:
            excess_a = max(amps - bound for amps, bound in zip(one["amps"], one["bound_a"], strict=True))
        self._unbound[name] = self._unbound.get(name, 0) + 1 if excess_a > SLACK_A else 0
        if self._unbound[name] >= SLACK_SAMPLES:
            self._add("%s draws more than the primary counts for it" % name)

    def _add(self, text):
        if text.split(" is ")[0] not in [one.split(" is ")[0] for one in self.broken]:
            self.broken.append(text)

    def all(self, worst):
        """Every broken rule as a sentence, those of the rig's books first. worst: the rig's last answer."""
        books = ["%s L%d: %.1f s above its rating that no rule allows" % (name, phase + 1, ms / 1000)
                 for name, one in worst["circuits"].items() for phase, ms in enumerate(one["violation_ms"]) if ms > 0]
        return books + self.broken
