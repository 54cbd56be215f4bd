"""Worlds with a meter: other load that jumps, frames that are missing or freeze, a loop that hangs."""

from tests.proof.model import World

OTHER_DA = 100


class Metered(World):
    """Other load of 0 or OTHER_DA on the root. What it does to the sum is excused for the printed time (3.5)."""

    sign = 1
    excused_da = OTHER_DA
    excuse_steps = 3
    mark = 0
    tries = -1  # moves of the adversary that are to come in this life; -1: without end

    def measure(self, i):
        self.guard.measured(i, [self.devices[i].draw_da(self.now)] * len(self.evses[i]["terminals"]), self.now, self.now)

    def before_tick(self, label):
        if label in ("silence", "hidden"):
            return
        if label != "freeze":
            self.mark = 1 - self.mark
            self.shown_da = self.sign * (self.other_da[0] + sum([d.draw_da(self.now) for d in self.devices]))
        self.guard.meter(0, [self.shown_da], self.now, self.mark)

    shown_da = 0

    def moves(self):
        return World.moves(self) if self.tries else []

    def move(self, label):
        self.tries -= self.tries > 0 and label != "-"
        World.move(self, label)

    def moves_step(self):
        """One step and what follows it is over before the next (section 9: no two faults within one another's time)."""
        return [] if self.excused else ["step"]

    def do_step(self):
        """Other load comes or goes."""
        if self.other_da[0] == 0:
            self.excuse()
        self.other_da[0] = OTHER_DA - self.other_da[0]

    def moves_hidden(self):
        return [] if self.excused else ["hidden"]

    def do_hidden(self):
        """The same, and no frame of the meter in this step."""
        self.do_step()

    def moves_silence(self):
        return ["silence"]

    def do_silence(self):
        """No frame of the meter in this step."""

    def moves_freeze(self):
        return ["freeze"]

    def do_freeze(self):
        """The meter repeats its last frame."""

    def encode_more(self):
        return [self.mark, self.shown_da, self.tries]

    def decode_more(self, x, at):
        self.mark, self.shown_da, self.tries = x[at : at + 3]
        return at + 3


class Hung(Metered):
    """The safety loop stops; drivers do not. A hardware watchdog resets the primary when nobody attacks."""

    def moves(self):
        if not self.ticking and self.tries:
            return ["stay"] + Metered.moves(self)
        return Metered.moves(self)

    def moves_hang(self):
        return ["hang"] if self.ticking else []

    def do_hang(self):
        self.ticking = False

    def heal(self):
        if not self.ticking:
            self.ticking = True
            self.do_reboot()

    def before_tick(self, label):
        if self.ticking:
            Metered.before_tick(self, label)


