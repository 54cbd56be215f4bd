"""The tree of circuits with their real currents, per supply phase, in deci-amperes."""

from ampacity_host.rig.plant.breaker import Breaker, parse_breaker
from ampacity_host.rig.plant.overload_accounting import PhaseAccount


class Circuit:
    """One node: its accounts (one per phase) and the path to the root, itself first."""

    def __init__(self, index, facts, phases, now_ms, keep_history=True):
        self.index = index
        self.name = facts["name"]
        self.parent = facts["parent"]
        self.meter = facts.get("meter", -1)
        self.rating_da = list(facts["rating_da"])
        self.assumed_other_da = list(facts["assumed_other_da"])
        self.path = [self]
        self.background_da = [0] * phases
        self.accounts = []
        for phase in range(phases):
            curve, rated_da = parse_breaker(facts.get("breaker"), self.rating_da[phase])
            breaker = Breaker(curve, max(1, rated_da))
            self.accounts.append(PhaseAccount(self.rating_da[phase], now_ms, breaker, keep_history))

    @property
    def amps_da(self):
        return [account.amps_da for account in self.accounts]

    @property
    def other_da(self):
        return [account.other_da for account in self.accounts]

    def shift(self, phase, by_da, other_by_da, now_ms):
        """Adds this current to this phase, here and in every circuit above."""
        for circuit in self.path:
            circuit.accounts[phase].change(by_da, other_by_da, now_ms)

    def close(self, now_ms):
        for account in self.accounts:
            account.close(now_ms)

    def trips(self):
        return any(account.breaker.would_trip for account in self.accounts)


def build_circuits(site, now_ms, keep_history=True):
    """The site's circuits in file order, each with its `path` to the root."""
    circuits = [Circuit(index, facts, site["phases"], now_ms, keep_history)
                for index, facts in enumerate(site["circuits"])]
    for circuit in circuits:
        above = circuit.parent
        while above >= 0:
            circuit.path.append(circuits[above])
            above = circuits[above].parent
    return circuits
