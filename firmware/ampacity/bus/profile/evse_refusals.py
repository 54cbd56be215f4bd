"""A device that does not answer, or is there and says no: to an order, a setting, a reading. A part of its driver.

What is refused is said again ever more seldom. A block that it will not show as a whole is asked for value by value.
"""

from ampacity.bus.client.request import Request
from ampacity.bus.profile.evse_answers import DENIED_MS, PROOF_MS, SILENT
from ampacity.bus.profile.evse_contact import EvseContact
from ampacity.bus.profile.orders.write_limiter import REFUSED_MS

FAILURES_MAX = 3  # unanswered requests in a row until the device counts as silent
PROBE_MS = 1000  # from one probe of a silent device to the next
BUSY = ("exception:5", "exception:6")
NOT_SO = ("exception:2", "exception:3")  # address or length


class EvseRefusals(EvseContact):
    """What EvseDriver needs for that."""

    _refused_at = None  # (group, span) of the last read that was refused, until it is shown

    def failed(self, request: Request, reason: str, now_ms: int) -> None:
        """No answer that counts. reason: "timeout", "crc", "unexpected", "duplicate", "gateway" or "exception:N"; "alone": an
        answer of one that was two before, which is believed again after so many that it is not to be asked seldom."""
        self._idle_until_ms = 0
        if reason.startswith("exception"):
            self._refused(request, reason, now_ms)
            return
        if request.tag[0] == "wake":
            self._woken = True
            return
        self._failures += 1
        self._liveness.broken()
        self._presence_due = False
        if request.tag[0] == "order":
            self._write_limiter.lost("order")
        if request.tag[0] == "read" and request.tag[1] != "proof":
            self._cycles[request.tag[1]].at = 0
            self._settings_timing.cut()
        if reason == "alone":
            self._hold_ms["probe"] = min(self._hold_ms["probe"], now_ms + PROBE_MS)
        if self._failures >= FAILURES_MAX and self.link != SILENT:
            self._lost(now_ms)

    def _refused(self, request: Request, reason: str, now_ms: int) -> None:
        """The device is there, and says no."""
        self._failures = 0
        self._guard.heard(self._index, now_ms)
        kind = request.tag[0]
        if kind in ("order", "probe"):
            self._guard.refused(self._index, request.tag[2], now_ms)
            self._order_refused(request, reason, now_ms)
        elif kind == "feed":
            self._write_limiter.sent("feed", None, now_ms, REFUSED_MS)
            self._hold_ms["feed"] = self._write_limiter.ready_ms("feed", None, now_ms, True)
        elif kind == "wake":
            self._woken = True  # who says no is awake
        elif kind == "recipe":
            self._audit.skip()
        elif kind == "feature":
            request.tag[1].refused(request, now_ms)
        elif kind == "read":
            self._read_refused(request.tag[1], request.tag[2], reason, now_ms)

    def _order_refused(self, request: Request, reason: str, now_ms: int) -> None:
        """The same write goes again ever more seldom; another order does not wait for that."""
        order, pdu = self._order, bytes(request.pdu)
        self._write_limiter.sent("refused", pdu, now_ms, REFUSED_MS)
        lowers = order.lowering or not order.target_da or request.tag[0] == "probe"
        self._hold_ms["order"] = self._write_limiter.ready_ms("refused", pdu, now_ms, lowers)
        if request.tag[0] == "probe":
            self._hold_ms["probe"] = max(self._hold_ms["probe"], self._hold_ms["order"])
        self._refused_target = order.target_da
        self._refusal_text = "order refused: %s by register %d; repeated at growing intervals" % (reason, pdu[1] << 8 | pdu[2])
        self.facts.fault = "order refused: " + reason

    def _read_refused(self, group: str, at: int, reason: str, now_ms: int) -> None:
        """It was not shown, so nothing follows from what was shown before. A busy device is asked for the whole round again."""
        self._hold_ms["proof"] = max(self._hold_ms["proof"], now_ms + PROOF_MS)
        if group == "settings":
            self._hold_ms["order"] = max(self._hold_ms["order"], now_ms + DENIED_MS)
        if reason in BUSY:
            self._cycles[group].at = 0
            self._settings_timing.cut()
        elif reason in NOT_SO and (self._refused_at != (group, at) or self._split(group, at)):
            self._refused_at = (group, at)  # once may be a device that starts
            self._cycles[group].at = at
        else:
            self._readings.refused(group, at)
            self._step(group, now_ms)

    def _split(self, group: str, at: int) -> bool:
        """Ask for each value of that block by itself. What it does not show even then is not known."""
        more = self._readings.split(group, at)
        self._cycles[group].spans += more
        return more > 0
