"""Worlds in which a car uses one of its two phases, the other one is given away, and it uses both again."""

from tests.proof.metered import Metered

MORE_DA = 100
KEPT = ("mark", "tries", "both", "hides", "drew_da", "found", "raised", "unseen")
RAISED_STEPS = 2  # a frame that shows an excess so soon after a raise gives a device away that hides


def tried_soon(phases):
    """After a hint of the meter a phase is tried again after a minute, not after 16 min and then 256: so long is no state here."""
    phases.__class__ = type("TriedSoon", (type(phases),), {"_is_tried": lambda *_: True})


class Unused(Metered):
    """The first device closes two phases; its car uses the first, or both. From one to two is excused for the printed time, and so
    are raises of a device that hides what its car uses, until a frame of the meter has shown one: to the meter that is a step of
    other load."""

    excused_da = MORE_DA
    excuse_steps = 3
    both = False
    hides = False
    drew_da = 0
    found = False
    unseen = False  # no reading has shown yet that its car uses both
    raised = 0

    def make_guard(self, evidence):
        guard = Metered.make_guard(self, evidence)
        tried_soon(guard.ledger.bounds.unused_phases)
        return guard

    def before_tick(self, label):
        if self.guard.other.metered and label not in ("silence", "blind"):
            self.mark = 1 - self.mark
            loads = list(self.other_da)
            for device in self.devices:
                for key, draw in self.loads_of(device):
                    loads[key] += draw
            self.guard.meter(0, loads, self.now, self.mark)
            self.found = self.found or self.raised > 0 and max(loads) > self.facts["circuits"][0]["rating_da"][0]

    def measure(self, i):
        draw = self.devices[i].draw_da(self.now)
        if i:
            self.guard.measured(i, [draw], self.now, self.now)
        elif self.hides and not self.guard.other.metered:
            self.guard.measured(i, None, self.now, self.now)
        else:
            self.guard.measured(i, [draw, draw if self.both and not self.hides else 0], self.now, self.now)
            if self.unseen and draw and not self.hides:
                self.unseen = False
                self.excuse()

    def loads_of(self, device):
        draw = device.draw_da(self.now)
        terminals = device.facts["terminals"]
        if device is self.devices[0] and not self.both:
            terminals = terminals[:1]
        return [(key, draw) for key in self.wiring.keys(device.facts["circuit"], terminals)] if draw else ()

    def moves_more(self):
        """Its car uses both phases."""
        return [] if self.both or self.excused else ["more"]

    def do_more(self):
        self.both = self.unseen = True
        self.excuse()

    def moves_less(self):
        return ["less"] if self.both else []

    def do_less(self):
        """Its car uses one phase again: it reduces what it takes, or another car came that nobody saw."""
        self.both = False

    def moves_replug(self):
        return [] if self.excused else ["replug"]

    def do_replug(self):
        """Another car, which uses both."""
        self.guard.plugged(0, not self.guard.demands.plugged[0])
        if not self.both:
            self.do_more()

    def moves_hide(self):
        return ["hide"]

    def do_hide(self):
        """While the adversary moves its device shows 0 for the second phase, whatever flows; where no meter would see that, nothing."""
        self.hides = True

    def over(self):
        if self._hidden_da() > self.drew_da and not self.found:
            self.excuse()
            self.raised = RAISED_STEPS
        return Metered.over(self)

    def _hidden_da(self):
        return self.devices[0].draw_da(self.now) if self.both and (self.hides or self.unseen) else 0

    def on_advance(self):
        self.drew_da = self._hidden_da()
        self.raised = max(0, self.raised - 1)

    def moves_blind(self):
        return ["blind"]

    def do_blind(self):
        """The same, and no frame of the meter in this step."""
        self.hides = True

    def well(self, i):
        """A device that hid its use and shows it now looks like a step that the meter did not follow: for up to a day there may be
        no room for the step that would clear the meter."""
        return not self.guard.other.metered and Metered.well(self, i)

    def heal(self):
        self.unseen = self.unseen or self.hides and self.both
        self.hides = False

    def encode_more(self):
        return [int(getattr(self, name)) for name in KEPT]

    def decode_more(self, x, at):
        for place, name in enumerate(KEPT):
            setattr(self, name, x[at + place])
        return at + len(KEPT)
