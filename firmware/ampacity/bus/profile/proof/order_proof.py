"""Does what a device shows prove its order? The proof, and the limit in force, go to the guard.

A proof is a read asked after the last write, which shows a limit no higher than ordered in a mode that obeys; or of a device that shows
no limit a car that draws, no more than ordered, after it has settled.
"""

from ampacity.bus.device_facts import DRAWS_DA
from ampacity.bus.profile.evse_device import IMPOSSIBLE_DA, ONLINE
from ampacity.bus.profile.proof.conditions import fields_of, holds

if False:  # for the type checker
    from ampacity.bus.profile.evse_device import EvseDevice
    from ampacity.bus.profile.proof.pause_proof import PauseProof

REWRITE_MS = 5000         # not as ordered, or not trusted, for so long: order again
NO_LIMIT = 1 << 30


class OrderProof:
    """`not_as_ordered_ms`: since when it shows something else than was ordered, -1: it does not. `resend`: its order must be repeated."""

    not_as_ordered_ms = -1
    resend = False

    def __init__(self, device: "EvseDevice", pause: "PauseProof") -> None:
        self._device = device
        self._pause = pause

    def written(self) -> None:
        """A write of the order leaves: what the device shows is judged again."""
        self.not_as_ordered_ms = -1
        self.resend = False

    def ask_guard(self, now_ms: int) -> None:
        """Does the guard want it audited again, or its order repeated, or does it still wait for a proof?"""
        device, order = self._device, self._device.order
        if device.link == ONLINE and device.guard.audit_due(device.index):
            device.recheck(now_ms)
        waits = now_ms - order.written_ms > REWRITE_MS and device.guard.state(device.index) == "returning"
        self.resend = order.proven and (waits or device.guard.resend_due(device.index))
        if order.proven and not self.resend:
            device.write_limiter.worked("resend")

    # ---- the limit in force

    def report_limit(self, now_ms: int) -> None:
        """The limit that it shows goes to order and guard, where it is evidence of anything."""
        device = self._device
        index = device.limit_index()
        if index < 0:
            return
        order, recipe, readings = device.order, device.recipe, device.readings
        shown_da = readings.values[index]
        rows = device.table["proof"]["pause"]
        off = bool(rows) and holds(rows, readings.values, recipe.most_da(0), device.targets)
        off = off or self._pause.off_by_ack()
        if device.limit_seen() and (off or not (self._pause.off_shows and order.acked_off)):
            seen_off = off and readings.asked_since(fields_of(rows), order.written_ms)
            order.limit_shown(0 if shown_da is None else shown_da, seen_off)
        if off:
            limit_da = recipe.most_da(0)
        elif shown_da is None or shown_da > max(IMPOSSIBLE_DA, 2 * recipe.max_da):
            return  # no number that a limit could be
        elif self._pause.limit_says_nothing(index):
            return
        else:
            limit_da = min(shown_da, recipe.max_da) if recipe.table["full"] else max(0, shown_da)
        device.facts.limit_da = limit_da
        device.guard.reported(device.index, limit_da, now_ms)

    # ---- proof

    def check(self, now_ms: int) -> None:
        """Do the registers of a device that shows its limit prove the order?"""
        device, order = self._device, self._device.order
        if device.table["proof"]["kind"] != "limit" or not order.done():
            return
        rows, recipe = device.table["proof"]["charge" if order.target_da else "pause"], device.recipe
        if not device.readings.asked_since(fields_of(rows), order.written_ms):
            return
        most_da = recipe.max_da if order.counted_at_max else recipe.most_da(order.target_da)
        full = recipe.table["full"] and most_da >= recipe.max_da  # watts of all phases: more than it can
        limit_da = NO_LIMIT if full or order.counted_at_max else most_da
        proven = holds(rows, device.readings.values, limit_da, device.targets, order.counted_at_max)
        proven = proven or (not order.target_da and self._pause.off_by_ack())
        order.shown(proven and not order.counted_at_max)
        if proven and not order.proven:
            device.guard.proven(device.index, order.order_id, most_da if order.counted_at_max else min(self._shown_da(), most_da), now_ms)
            order.as_proven()
        alike = proven and (order.counted_at_max or self._shown_da() >= order.target_da) and not self._latched()
        if not alike and self.not_as_ordered_ms < 0:
            self.not_as_ordered_ms = now_ms
        elif alike:
            self.not_as_ordered_ms = -1
            device.write_limiter.worked("order")

    def _latched(self) -> bool:
        """Its watchdog may have fired: some remain in that state until every write of an order was repeated."""
        return bool(self._device.table["watchdog"]["latched"]) and self._device.facts.fault is not None

    def _shown_da(self) -> int:
        device = self._device
        index, target_da = device.limit_index(), device.order.target_da
        if not target_da:
            return device.recipe.most_da(0)
        if index < 0:
            return 0
        shown_da = device.readings.values[index]
        return device.recipe.most_da(target_da) if shown_da is None else shown_da

    def check_measured(self, now_ms: int) -> None:
        """A device that cannot show its limit: a car that draws, no more than ordered, after it has settled; or a pause that it has
        acknowledged, and that its state shows."""
        device, order, amps_da = self._device, self._device.order, self._device.facts.amps_da
        if device.table["proof"]["kind"] != "measured" or not order.done() or not amps_da:
            return
        settled = device.settled(order.written_ms)
        most_da = device.recipe.most_da(order.target_da)
        if settled and max(amps_da) > most_da + max(DRAWS_DA, most_da // 10) and self.not_as_ordered_ms < 0:
            self.not_as_ordered_ms = now_ms  # it lost the order, or never accepted it: repeat it
        draws = DRAWS_DA <= max(amps_da) <= most_da
        if settled and not order.proven and (draws or not order.target_da and self._pause.off_by_ack()):
            device.guard.proven(device.index, order.order_id, most_da, now_ms)
            order.as_proven()
