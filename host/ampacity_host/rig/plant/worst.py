"""The answer to `worst`: the least margins and the overloads, from the plant's accounts."""


def amps(value_da):
    return round(value_da / 10, 1)


def worst_circuits(plant, since_ms=None):
    """{"main": {"min_margin_a": […], "over_ms": […], "over_as": […], "violation_ms": […]}} since that time, or since the start."""
    plant.close()
    return {circuit.name: _circuit(circuit, since_ms) for circuit in plant.circuits}


def _circuit(circuit, since_ms):
    rows = [_phase(account, since_ms) for account in circuit.accounts]
    names = ("min_margin_a", "over_ms", "over_as", "violation_ms")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _phase(account, since_ms):
    margin_da, before = account.min_margin_da, (0, 0, 0)
    if since_ms is not None and account.history is not None:
        margin_da = account.history.min_margin_da(since_ms)
        before = account.history.totals(since_ms)
    return (amps(margin_da), account.over_ms - before[0], round((account.over_das - before[1]) / 10_000, 1),
            account.violation_ms - before[2])


def worst_evses(plant):
    for point in plant.points:
        point.settle()
    return {point.name: {"overshoot_a": amps(point.overshoot_da), "overshoot_ms": point.overshoot_ms}
            for point in plant.points}
