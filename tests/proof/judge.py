"""The judge's own geometry: which circuits and phases a current loads, and what each of them may carry. And its own view of who is paused.

It reads the compiled site as it stands in the file and imports nothing of the firmware, so that a tree that the guard
counts wrongly is not judged by the same wrong tree. Which terminals are closed is for the plant to say, and so is who rests.
"""


class Wiring:
    """The circuits of one site. A place is (circuit, phase), a key its flat index."""

    def __init__(self, facts):
        self.phases = facts["phases"]
        self.names = [circuit["name"] for circuit in facts["circuits"]]
        self.feeds_from = [circuit["parent"] for circuit in facts["circuits"]]
        self.ratings = [da for circuit in facts["circuits"] for da in self._each_phase(circuit["rating_da"])]

    def _each_phase(self, value):
        return [value] * self.phases if isinstance(value, int) else list(value)

    def keys(self, circuit, terminals):
        """Every key that one ampere on each of these terminals loads; one that two of them share stands there twice."""
        found, hops = [], 0
        while circuit >= 0:
            found += [circuit * self.phases + line for terminal in terminals for line in terminal]
            circuit, hops = self.feeds_from[circuit], hops + 1
            if hops > len(self.names):
                raise ValueError("circuits feed each other in a ring")
        return found

    def worst(self, loads, allowed):
        """The first key that carries more than its rating, as a text, where `allowed(key, excess_da)` does not excuse it; else None."""
        for key, da in enumerate(loads):
            if da > self.ratings[key] and not allowed(key, da - self.ratings[key]):
                return "%s L%d: %d da of %d" % (self.names[key // self.phases], key % self.phases + 1, da, self.ratings[key])
        return None


class Paused:
    """Who was shown paused to this life of the primary: its device answered while it held that life's order of 0, and its car has settled.

    devices: of the plant. `shown`, `rested`: a bit for each.
    """

    def __init__(self, devices):
        self.devices = devices
        self.shown = self.rested = 0

    def answered(self, i, epoch, now):
        """A frame of this device has arrived."""
        lease = self.devices[i].lease
        if lease.epoch == epoch and lease.remaining_ms(now) > 0 and self.devices[i].limit_da(now) == 0:
            self.shown |= 1 << i

    def look(self, now):
        for i, device in enumerate(self.devices):
            if device.limit_da(now):
                self.shown &= ~(1 << i)
            elif self.shown >> i & 1 and device.draw_da(now) == 0:
                self.rested |= 1 << i

    def everybody(self):
        return self.rested == (1 << len(self.devices)) - 1

    def forget(self):
        self.shown = self.rested = 0
