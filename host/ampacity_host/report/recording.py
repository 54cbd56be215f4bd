"""A run of a rig as a list of samples: the truth per circuit and EVSE, and the view of the primary."""


class Sample:
    """One answer of `state`, flattened. amps, other: circuit → [A per phase]; evses: EVSE → facts (below); mode: the
    primary's, None while it is down. Facts of an EVSE: amps [A per phase], order_a (obeyed now), energy_wh, plugged,
    bound_a ([A per phase] that the primary counts, None while it is down), status, sent_a (last order sent, or None)."""

    def __init__(self, state):
        self.t_ms = state["t_ms"]
        circuits, primary = state["truth"]["circuits"], state["primary"]
        self.rating = {name: one["rating"] for name, one in circuits.items()}
        self.amps = {name: one["amps"] for name, one in circuits.items()}
        self.other = {name: one["other"] for name, one in circuits.items()}
        self.mode = primary["mode"] if primary else None
        views = primary["evses"] if primary else {}
        self.evses = {name: _evse(one, views.get(name)) for name, one in state["truth"]["evses"].items()}


def _evse(truth, view):
    return {"amps": truth["amps"], "order_a": truth["order_a"], "energy_wh": truth["energy_wh"], "plugged": truth["plugged"],
            "bound_a": view["bound_a"] if view else None, "status": view["status"] if view else None,
            "sent_a": view["order_a"] if view else None}


class Recording:
    """samples in order of time; marks: (t_ms, short text) of what was done to the site."""

    def __init__(self):
        self.samples = []
        self.marks = []

    def take(self, state):
        """Adds an answer of `state`; the Sample."""
        self.samples.append(Sample(state))
        return self.samples[-1]

    def mark(self, t_ms, text):
        self.marks.append((t_ms, text))

    @property
    def circuits(self):
        return list(self.samples[-1].amps) if self.samples else []

    @property
    def evses(self):
        return list(self.samples[-1].evses) if self.samples else []

    def seconds(self):
        return [sample.t_ms / 1000 for sample in self.samples]

    def energy_wh(self, evse):
        """What that EVSE has delivered since the start."""
        return self.samples[-1].evses[evse]["energy_wh"] if self.samples else 0

    def longest_shed_ms(self, evse):
        """The longest stretch without any offer to a car that had charged before and still waits for more."""
        longest = 0
        since_ms = None
        charged = False
        for sample in self.samples:
            one = sample.evses[evse]
            charged = charged and one["plugged"] or any(one["amps"])
            ended = one["status"] in ("Ended", "Available")
            if charged and one["plugged"] and one["order_a"] == 0 and not ended:
                since_ms = sample.t_ms if since_ms is None else since_ms
                longest = max(longest, sample.t_ms - since_ms)
            else:
                since_ms = None
        return longest

    def tightest(self, circuit):
        """(phase index, least margin in A) over all samples."""
        margins = [min((sample.rating[circuit][phase] - sample.amps[circuit][phase] for sample in self.samples), default=0.0)
                   for phase in range(len(self.samples[-1].rating[circuit]))]
        least = min(margins)
        return margins.index(least), least
