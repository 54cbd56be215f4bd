"""Room that is kept free: for which EVSE, how much, why, until when; and what each EVSE is planned with (safety.md section 6).

A reservation is no state of its own: before each pass it is rebuilt from the ledger, so none outlives its
reason. Shed and raise plan with one number per EVSE: what its order will make of it, what it is measured to draw, its
reserve and its reservation, whichever is most. A share begins with the last two, and sets the order; what others gave
for one that waits to start is only held back from those after it.
"""

from ampacity.circuit.trusted.bounds import OVER_DA
from ampacity.circuit.trusted.device.evse_state import EvseState
from ampacity.circuit.trusted.ledger import Ledger
from ampacity.circuit.trusted.metering.other_load import OtherLoad

STUCK = "does not follow orders"
LOST = "no answer"
DENIED = "order waits for margin"
RETURNS = "returning"
BEGINS = "waiting to start"
DENIED_MS = 5000  # an order that lacks its margin for so long is made room for
KEPT_MS = 30000  # so is one that may begin, once what others were lowered to has had time to show
IN_VAIN_MS = 30000  # and paused, where that room was not enough: its own current may be what takes it
RETURN_MS = 10000  # time for which capacity is reserved for an EVSE that lacks the margin to be read


class Reservations:
    """By EVSE what is kept for it (the most, where there are several), why, and until when; reason "": nothing."""

    def __init__(self, ledger: Ledger, other: OtherLoad, kept_since_ms: "list[int]") -> None:
        self.ledger = ledger
        self.other = other
        self.kept_since_ms = kept_since_ms  # of each EVSE that has its share and lacks the margin to begin; -1: it does not
        self.da = [0] * len(ledger.evse_states)
        self.reasons = [""] * len(self.da)
        self.until_ms = [0] * len(self.da)
        self.lacking: "list[int]" = []  # circuits and phases on which an order lacks its margin
        self.kept: "list[int]" = []  # the same of one that could begin
        self.sure_da: "dict[int, int]" = {}  # what a car draws above its order, as it was known when that was the only one

    def renew(self, now_ms: int) -> None:
        """Rebuilds all reservations, before each pass."""
        del self.lacking[:]
        del self.kept[:]
        for s in self.ledger.evse_states:
            e = s.index
            if not s.overdraw_da:
                self.sure_da.pop(e, None)
            elif len(s.book.orders) == 1:
                self.sure_da[e] = s.overdraw_da
            if self.reasons[e]:
                self.da[e], self.reasons[e] = 0, ""
            # it follows no order, or nothing shows what it makes of one
            if not s.ok or s.disobeys or s.locked or s.lower_ms >= 0 and self._late(s, now_ms) or s.evse.by_measure and s.book.is_unknown():
                self.put(e, s.bound_da, LOST if s.silent else STUCK, now_ms)
                if now_ms - s.needs_room_ms < RETURN_MS:
                    self.put(e, self._room_to_return(s), RETURNS, s.needs_room_ms + RETURN_MS)
            if s.denied_ms >= 0 and self.ledger.want_da[e] and now_ms - s.denied_ms >= DENIED_MS:
                self.put(e, s.bound_da, DENIED, now_ms)
                self.lacking += s.on_keys
            elif self.kept_since_ms[e] >= 0 and now_ms - self.kept_since_ms[e] >= KEPT_MS:
                self.kept += s.on_keys

    def put(self, evse: int, da: int, reason: str, until_ms: int) -> None:
        """So much is kept for it, until then at least."""
        if da > self.da[evse] or not self.reasons[evse]:
            self.da[evse], self.reasons[evse], self.until_ms[evse] = da, reason, until_ms

    def stuck(self, evse: int) -> bool:
        """No order of ours moves it now."""
        return self.reasons[evse] in (STUCK, LOST, RETURNS)

    def in_vain(self, s: EvseState, now_ms: int) -> bool:
        """Its order has lacked its margin for so long that only a pause, which needs none, helps."""
        return self.reasons[s.index] == DENIED and now_ms - s.denied_ms >= IN_VAIN_MS

    def text(self, evse: int, now_ms: int) -> str:
        """Why it is kept, and for how long where that is known."""
        left_s = -(-(self.until_ms[evse] - now_ms) // 1000)
        return self.reasons[evse] if left_s <= 0 else "%s, %d s left" % (self.reasons[evse], left_s)

    def base_da(self, s: EvseState) -> int:
        """What it is planned with before it has a share, in da: its reserve, or what is kept for it."""
        return max(s.reserve_da, self.da[s.index])

    def planned_da(self, s: EvseState, want_da: int) -> int:
        """What it will draw at most once this target has done its work, in da: that base, what it makes of the target, and what it
        is measured to draw while no order that is out would make it less. What a car draws above its orders may be seen in part only while
        they change: where it is more than was known before, all that it may draw is planned until then."""
        most_da = self.ledger.permits.most_of(s, want_da)
        if s.overdraw_da > self.sure_da.get(s.index, 0) and want_da:
            most_da = max(most_da, want_da + self.ledger.bounds.allowed_above_da(s))
        planned_da = max(most_da, self.base_da(s))
        if s.measured_da > planned_da and s.lower_ms < 0 and want_da >= s.book.last_da():
            return s.measured_da
        return planned_da

    def _late(self, s: EvseState, now_ms: int) -> bool:
        """A lower was sent long ago, and its bound has not fallen since."""
        patience_ms = s.evse.settle_ms + 2 * s.evse.transit_ms + max(5000, s.evse.watchdog_ms // 2)
        return now_ms - max(s.lower_ms, s.fell_ms) > patience_ms

    def _room_to_return(self, s: EvseState) -> int:
        """Rule 5: a reachable EVSE may be read only with the margin for the current that a read may revive.

        No capacity is freed where all together could not free enough.
        """
        revives = self.ledger.permits.revives_da(s)
        for key in s.on_keys:
            beside = sum([t.reserve_da * t.on_keys.count(key) for t in self.ledger.evse_states if t is not s])
            if revives * s.on_keys.count(key) + beside + self.other.shown_da[key] > self.ledger.cap_da[key]:
                return 0
        return revives


def within_da(s: EvseState, da: int) -> int:
    """The highest target of which device and car make no more than this, in da; it may be 0 or less."""
    order_da = max(da - s.overdraw_da, min(da - OVER_DA, (10 * da + 9) // 11)) if s.overdraw_da else da
    return order_da - s.rounding_da
