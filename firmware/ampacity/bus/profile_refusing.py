"""A device that is there and says no: to an order, a setting, a reading. A part of its driver.

What is refused is said again ever more seldom. A block that it will not show as a whole is asked for value by value.
"""

from ampacity.bus.profile_answers import DENIED_MS, PROOF_MS
from ampacity.bus.profile_governor import REFUSED_MS
from ampacity.bus.profile_reaching import Reaching
from ampacity.bus.request import Request

BUSY = ("exception:5", "exception:6")
NOT_SO = ("exception:2", "exception:3")  # address or length


class Refusing(Reaching):
    """What ProfileDriver needs for that."""

    def _refused(self, request: Request, reason: str, now_ms: int) -> None:
        """The device is there, and says no."""
        self._failures = 0
        self._judge.heard(self._index, now_ms)
        kind = request.tag[0]
        if kind in ("order", "probe"):
            self._judge.refused(self._index, request.tag[2], now_ms)
            self._order_refused(request, reason, now_ms)
        elif kind == "feed":
            self._governor.sent("feed", None, now_ms, REFUSED_MS)
            self._hold_ms["feed"] = self._governor.ready_ms("feed", None, now_ms, True)
        elif kind == "wake":
            self._woken = True  # who says no is awake
        elif kind == "recipe":
            self._audit.skip()
        elif kind == "errand":
            request.tag[1].refused(request, now_ms)
        elif kind == "read":
            self._read_refused(request.tag[1], request.tag[2], reason, now_ms)

    def _order_refused(self, request: Request, reason: str, now_ms: int) -> None:
        """The same write goes again ever more seldom; another order does not wait for that."""
        order, pdu = self._order, bytes(request.pdu)
        self._governor.sent("refused", pdu, now_ms, REFUSED_MS)
        self._hold_ms["order"] = self._governor.ready_ms("refused", pdu, now_ms, order.lowering)
        if request.tag[0] == "probe":
            self._hold_ms["probe"] = max(self._hold_ms["probe"], self._hold_ms["order"])
        self._held_for = order.target_da
        self._refusal = "order refused: %s by register at %d; it is told so again ever more seldom" % (reason, pdu[1] << 8 | pdu[2])
        self.facts.fault = "order refused: " + reason

    def _read_refused(self, group: str, at: int, reason: str, now_ms: int) -> None:
        """It was not shown, so nothing follows from what was shown before. A busy device is asked for the whole round again."""
        self._hold_ms["proof"] = max(self._hold_ms["proof"], now_ms + PROOF_MS)
        if group == "settings":
            self._hold_ms["order"] = max(self._hold_ms["order"], now_ms + DENIED_MS)
        if reason in BUSY:
            self._cycles[group].at = 0
            self._pace.cut()
        elif reason in NOT_SO and self._split(group, at):
            self._cycles[group].at = at
        else:
            self._readings.refused(group, at)
            self._step(group, now_ms)

    def _split(self, group: str, at: int) -> bool:
        """Ask for each value of that block by itself. What it does not show even then is not known."""
        more = self._readings.split(group, at)
        self._cycles[group].spans += more
        return more > 0
