"""An EVSE that cannot charge because another one takes its room, and one that does not follow: said after a minute, and upstream.

The same text is what `why` answers at once. It is a problem of the EVSE that waits, too, because the car is connected there.
"""

from ampacity.circuit.uncontrolled_load import blocked_by, ignores_order, remedy
from ampacity.roles.optional.part import OptionalPart

if False:  # for the type checker
    from ampacity.base.log import Log
    from ampacity.circuit.guard import Guard

LOOK_MS = 5000
PATIENT_MS = 60000  # settling, a watchdog's time and the audit of a returning device are not reported


class Starvation(OptionalPart):
    """`texts`: by EVSE index, whose room it lacks for so long; None: it lacks none."""

    def __init__(self, guard: "Guard", names: "list[str]", log: "Log") -> None:
        self._guard = guard
        self._names = names
        self._log = log
        self._due_ms = 0
        self._since_ms = [-1] * len(names)
        self.texts: "list[str | None]" = [None] * len(names)

    def step(self, now_ms: int) -> None:
        """Housekeeping: each 5 s, what an EVSE has lacked for a minute."""
        if now_ms < self._due_ms:
            return
        self._due_ms = now_ms + LOOK_MS
        guard = self._guard
        for index in range(len(self._names)):  # behind them the ledger has those that left the site file
            s, text = guard.ledger.evse_states[index], ""
            if ignores_order(guard, s):
                text = remedy(guard, s)
            elif guard.demands.wants[index] and not guard.want_da[index]:
                text = blocked_by(guard, index)
            self._see(index, text, now_ms)

    def _see(self, index: int, text: str, now_ms: int) -> None:
        since_ms = self._since_ms[index]
        if not text:
            self._since_ms[index] = -1
            if self.texts[index] is not None:
                self._log.add("info", "evse %s: no longer blocked" % self._names[index], now_ms)
            self.texts[index] = None
        elif since_ms < 0:
            self._since_ms[index] = now_ms
        elif now_ms - since_ms >= PATIENT_MS and text != self.texts[index]:
            self.texts[index] = text
            self._log.add("warning", "evse %s: %s" % (self._names[index], text), now_ms)
