"""Limits of the guarantee: the allowances under which an overload is not a violation (safety.md 3.5 and 9).

The printed budget of a circuit is meter age + decide + bus + device + car, as the check computes it from the site's facts;
nothing here reads the controller. The time to detect a dead or frozen meter is granted only while there is one; the time for
which a path may delay an order is never granted: no line of the bench is that slow.
"""

DECIDE_MS = 200
METER_MS = 300     # the meter's own delay behind the truth
ALLOWED = (  # (source, greatest current, greatest duration), as in the safety case
    ("a step of other load", "the step", "the budget that `ampacity check` prints"),
    ("one disobeying EVSE", "what is beyond its order", "three settle times, three rounds of its bus and 2 s"),
    ("other load above its declaration (assumptions M2, I1), where no meter is trusted or the EVSEs are at their reserves",
     "the other load", "until it is within the declaration"),
)
FRAME_CHARS = 70  # a long request and its answer, with the gaps


def cycle_ms(site, bus):
    """A rough upper estimate of one poll cycle of a whole bus, in ms."""
    facts = site["buses"][bus]
    members = [item for item in site["evses"] + site["meters"] if item["bus"] == bus]
    per_member_ms = 30 if facts["kind"] == "tcp" else FRAME_CHARS * 11_000 // facts["baud"] + 20
    slowest_ms = max([item.get("latency_ms") or 0 for item in members] or [0])
    return len(members) * (per_member_ms + min(slowest_ms, 500))


class OverloadAllowance:
    """One circuit and phase: the allowed duration of an overload after a step, and the excused currents."""

    def __init__(self, plant, circuit, phase):
        self._plant = plant
        self._circuit = circuit
        self._phase = phase
        self._points = [point for point in plant.points if circuit in plant.circuits[point.circuit].path
                        and phase in point.loads]
        self._reserve_da = sum(point.reserve_da * point.loads[phase] for point in self._points)
        self._meters = [plant.meters[one.meter] for one in plant.circuits
                        if one.meter >= 0 and (one in circuit.path or circuit in one.path)]
        self._settle_ms = max([point.settle_ms for point in self._points] or [0])
        self.budget_ms_max = self._budget_ms(True)

    def _budget_ms(self, late):
        """late: a fault of a meter may have to be detected first."""
        if not self._meters:
            return 0
        if self._plant.budgets_ms is not None:
            return self._printed_ms(late)
        return self._estimate_ms() + METER_MS + (max(meter.timeout_ms for meter in self._meters) if late else 0)

    def _printed_ms(self, late):
        plant = self._plant
        return max(plant.budgets_ms[one.index][1 if late else 0] for one in plant.circuits
                   if one is self._circuit or one.meter >= 0 and plant.meters[one.meter] in self._meters)

    def _estimate_ms(self):
        plant = self._plant
        buses = {point.bus for point in self._points if point.bus >= 0}
        bus_ms = max([cycle_ms(plant.site, bus) for bus in buses] or [0])
        return 1_000 + DECIDE_MS + bus_ms + self._settle_ms

    def budget_ms(self, now_ms):
        """After a step of the other load; 0 if it is not measured."""
        return self._budget_ms(any(meter.troubled(now_ms) for meter in self._meters))

    def beyond_promise(self, ours_da, other_da):
        """No control is possible (the EVSEs are at their reserves), or the installer's declaration was wrong."""
        if ours_da <= self._reserve_da:
            return True
        blind = not any(meter.trusted for meter in self._meters)
        return blind and other_da > self._circuit.assumed_other_da[self._phase]

    def excused_da(self, now_ms):
        """The current of disobeying EVSEs beyond their order, and of cars on previously unused phases, until they must have
        been detected.
        """
        excess_da = sum(point.excess_da(now_ms) * point.loads[self._phase] for point in self._points
                        if point.disobeying_since_ms is not None)
        return excess_da + sum(point.again_da(self._circuit, self._phase, now_ms) for point in self._points)


def attach_allowances(plant):
    """Gives every account of the plant its OverloadAllowance."""
    for point in plant.points:
        if point.bus >= 0:
            point.turn_ms = cycle_ms(plant.site, point.bus)
    for circuit in plant.circuits:
        for phase, account in enumerate(circuit.accounts):
            account.allowance = OverloadAllowance(plant, circuit, phase)
            account.budget_ms_max = account.allowance.budget_ms_max
