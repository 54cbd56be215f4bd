"""Is a device off by its own answer to the pause, where its limit register shows nothing then (safety.md, "proof")?

Its word counts with all else that it shows, and no longer once current flowed after an earlier pause that it acknowledged.
"""

from ampacity.bus.device_facts import DRAWS_DA
from ampacity.bus.profile.proof.conditions import fields_of, holds

if False:  # for the type checker
    from typing import Any

    from ampacity.bus.profile.evse_device import EvseDevice

NOISE_DA = 5              # what a meter may show where none draws
CURRENTS = ("current_l1", "current_l2", "current_l3")


class PauseProof:
    """`off_shows`: what the limit of this unit shows while it is off: "0", "least", "max" or "last"; None: as its profile has it.

    `ack_fields`: the fields that, with its answer, show that it is off; [] where its answer is no proof.
    """

    _no_current_ms = 0  # it feeds nothing since
    off_shows: "str | None" = None

    def __init__(self, device: "EvseDevice") -> None:
        self._device = device
        self.declare(device.site.get("off_shows"))

    def declare(self, shows: "str | None") -> None:
        """What this unit shows as its limit while it is off, by the site file or its commissioning; None: as its profile has it."""
        device = self._device
        proof = device.table["proof"]
        shows = shows if proof.get("told") else None
        if shows and not self.off_shows:
            device.order.ack_disproved = False  # what it showed while it was off belied nothing
        self.off_shows = shows
        self.ack_fields = fields_of(proof["told"] if shows else self._rows())
        if shows:
            self.ack_fields += device.readings.indexes(CURRENTS[: device.terminals]) + [device.limit_index()]

    def _rows(self) -> "Any":
        """Conditions that show, with its answer to the pause, that it is off."""
        return self._device.table["proof"].get("word") or ()

    def off_by_ack(self) -> bool:
        """Is it off by its own answer to the pause, and by all else that it shows? For one whose limit shows nothing then."""
        device = self._device
        amps_da, rows = device.facts.amps_da, self._rows()
        if not device.order.off_believed or not self.ack_fields or not self.ack_read() or (amps_da and max(amps_da) > NOISE_DA):
            return False
        by_state = bool(rows) and holds(rows, device.readings.values, 0, device.targets)
        return by_state or bool(self.off_shows and self._off_as_declared())

    def _off_as_declared(self) -> bool:
        """Of this unit alone it is known what it shows while it is off. Its state may be that of one that waits for its car: what
        its limit shows has to be just that, too, and no current may flow on any phase."""
        device = self._device
        amps_da, values, recipe = device.per_terminal("current"), device.readings.values, device.recipe
        shown_da = values[device.limit_index()]
        if shown_da is None or (self.off_shows == "last" and shown_da > recipe.max_da):
            return False
        if shown_da > recipe.most_da(0):
            if (self.off_shows == "max" and shown_da < recipe.max_da) or (self.off_shows == "least" and shown_da > recipe.min_da):
                return False
        still = max(amps_da) <= NOISE_DA if amps_da else False
        return still and holds(device.table["proof"]["told"], values, 0, device.targets)

    def check_ack(self, now_ms: int) -> None:
        """Does it feed its vehicle although it acknowledged the pause, and although that had its time?"""
        device = self._device
        order, rows, amps_da = device.order, self._rows(), device.facts.amps_da
        shown_on = device.facts.charging and not (rows and holds(rows, device.readings.values, 0, device.targets))
        draws = max(amps_da) > DRAWS_DA if amps_da else shown_on
        if draws or not order.off_disproved:
            self._no_current_ms = now_ms
        else:
            order.no_current_for(now_ms - self._no_current_ms)
        if draws and self.ack_fields and order.off_believed and self._off_settled():
            order.drawn_while_off()

    def _off_settled(self) -> bool:
        """Was the last reading asked after the pause had its time? Saying it again gives it no more."""
        return self._device.settled(self._device.order.off_ms)

    def read_due(self) -> bool:
        """Does it say that it is off, and is the rest that shows it still to be read?"""
        return bool(self.ack_fields) and self._device.order.off_believed and not self.ack_read()

    def ack_read(self) -> bool:
        """Was all else read since the pause took effect?"""
        device = self._device
        return device.readings.asked_since(self.ack_fields, device.order.written_ms + device.table["latency_ms"])

    def limit_says_nothing(self, index: int) -> bool:
        """Does this limit say nothing: asked while it was off, or before its state was read again?"""
        device = self._device
        order, amps_da = device.order, device.facts.amps_da
        if self.ack_fields and order.acked_off:
            if self.off_shows and order.off_disproved:
                return True
            draws = max(amps_da) > NOISE_DA if amps_da else False
            if (draws and (self.off_shows or not self._off_settled())) or not self.ack_read():
                return True  # a slow vehicle; rule 10 judges one that does not stop
        return bool(self.ack_fields or device.recipe.off_shown) and 0 <= device.readings.asked_ms[index] < order.written_ms
