"""Who wants to charge, since when, and how much of it is used: the queue and the give-back (section 6)."""

from ampacity.circuit.ledger import Ledger
from ampacity.circuit.standing import LONG_AGO_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ampacity.circuit.needs import Needs
    from ampacity.circuit.sleep import Sleepers

HEADROOM_DA = 20
ASLEEP_DA = 10
PROBE_MS = 60000
NO_CAP_DA = 1 << 20


class Demand:
    """Per EVSE: its wish, its ticket in the queue, and the cap of one that does not use what it has."""

    def __init__(self, ledger: Ledger) -> None:
        site = ledger.site
        count = len(site.evses)
        self.ledger = ledger
        self.slot_ms = 1000 * site.setting("slot_s", 900)
        self.idle_ms = site.setting("idle_ms", 300000)
        self.wake_ms = site.setting("wake_ms", 900000)
        self.wants = [False] * count
        self.plugged = [False] * count
        self.ticket = [0] * count
        self.next_ticket = 1
        self.slot_since_ms = [-1] * count  # admitted since; -1: not
        self.waits_since_ms = [-1] * count  # wants and is not admitted since
        self.served = [False] * count  # had its slot, and charges on because nobody else could
        self.idle_since_ms = [-1] * count
        self.idle_cap_da = [NO_CAP_DA] * count
        self.paused_ms = [LONG_AGO_MS] * count  # by us, while it wanted
        self.changed_ms = [LONG_AGO_MS] * count
        self.waiting = 0  # one bit for each priority class in which somebody waits
        self.needs: "Needs | None" = None
        self.sleepers: "Sleepers | None" = None
        self.order: list[int] = list(range(count))
        self.changed = True

    def put(self, evse: int, wants: bool) -> None:
        if wants == self.wants[evse]:
            return
        self.wants[evse] = wants
        self.changed = True
        self.slot_since_ms[evse] = -1
        self.paused_ms[evse] = LONG_AGO_MS
        self.wake(evse)
        self._wake_up(evse)
        if wants:
            self._to_the_back(evse)

    def wake(self, evse: int) -> None:
        self.idle_since_ms[evse] = -1
        self.idle_cap_da[evse] = NO_CAP_DA

    def _wake_up(self, evse: int) -> None:
        if self.sleepers is not None:
            self.sleepers.wake(evse)

    def asleep(self, evse: int, now_ms: int) -> bool:
        """It gave back all that it did not use, for others wait."""
        return self.sleepers is not None and self.sleepers.asleep(evse, now_ms)

    def _to_the_back(self, evse: int) -> None:
        self.ticket[evse] = self.next_ticket
        self.next_ticket += 1

    def sort(self, now_ms: int) -> "list[int]":
        """All EVSEs: larger priority first; then who has no time to lose; then who charges within its slot, unless
        one of its class has waited for a whole slot; then by ticket, then by index."""
        evses, needs = self.ledger.site.evses, self.needs
        if needs is not None:
            needs.tick(self.ledger, now_ms)
        overdue = [evses[e].priority for e in range(len(evses)) if self._waited_ms(e, now_ms) >= self.slot_ms]
        keyed = []
        for e in range(len(evses)):
            keeps = self.slot_since_ms[e] >= 0 and not self.served[e] and self.ledger.want_da[e] > 0
            late = evses[e].priority in overdue
            haste, slack_ms = (1, 0) if needs is None else self._haste(needs, e, now_ms)
            keyed.append((-evses[e].priority, haste, 0 if keeps and not late else 1, slack_ms, self.ticket[e], e))
        keyed.sort()
        self.order = [row[5] for row in keyed]
        return self.order

    def _haste(self, needs: "Needs", e: int, now_ms: int) -> "tuple[int, int]":
        """(-1: its turn, for it waited a whole slot; 0: no time to lose; 1: as ever; slack in ms among the hasty)."""
        if self._waited_ms(e, now_ms) >= self.slot_ms:
            needs.turn[e] = True
        if needs.turn[e]:
            return -1, 0
        return (0, needs.slack_ms[e]) if needs.urgent(e, self.slot_ms) else (1, 0)

    def _waited_ms(self, e: int, now_ms: int) -> int:
        return now_ms - self.waits_since_ms[e] if self.waits_since_ms[e] >= 0 else 0

    def rotate(self, admitted: "list[bool]", now_ms: int) -> None:
        """Who had a slot while others of its class wait goes to the back of the queue."""
        evses = self.ledger.site.evses
        waiting = [evses[e].priority for e in range(len(evses)) if self.wants[e] and not admitted[e] and not self.asleep(e, now_ms)]
        self.waiting = 0
        for priority in waiting:
            self.waiting |= 1 << priority
        for e in self.order:
            if self.needs is not None and (not self.wants[e] or 0 <= self.slot_since_ms[e] <= now_ms - self.slot_ms):
                self.needs.turn[e] = False
            if not admitted[e]:
                self.slot_since_ms[e] = -1
                self.served[e] = False
                if not self.wants[e] or self.asleep(e, now_ms):
                    self.waits_since_ms[e] = -1
                elif self.waits_since_ms[e] < 0:
                    self.waits_since_ms[e] = now_ms
                continue
            self.waits_since_ms[e] = -1
            if self.slot_since_ms[e] < 0:
                self.slot_since_ms[e] = now_ms
            elif now_ms - self.slot_since_ms[e] >= self.slot_ms and evses[e].priority in waiting:
                self._to_the_back(e)
                self.slot_since_ms[e] = now_ms
                self.served[e] = True

    def watch_use(self, evse: int, want_da: int, now_ms: int) -> None:
        """A car asleep or full gives back what it does not draw, keeping headroom to wake."""
        s = self.ledger.standings[evse]
        if want_da == 0 or now_ms - s.measured_ms > 5000:
            self.wake(evse)
            return
        used = s.measured_da
        if used >= ASLEEP_DA:
            self._wake_up(evse)
        if used + HEADROOM_DA >= want_da:
            if used + HEADROOM_DA // 2 >= self.idle_cap_da[evse]:
                self.wake(evse)
            elif self.idle_cap_da[evse] == NO_CAP_DA:
                self.idle_since_ms[evse] = -1
            return
        if self.idle_since_ms[evse] < 0:
            self.idle_since_ms[evse] = now_ms
        elif now_ms - self.idle_since_ms[evse] >= self._patience_ms(evse):
            self.idle_cap_da[evse] = max(s.evse.min_da, used + HEADROOM_DA)
            if used < ASLEEP_DA and self.waiting & (1 << s.evse.priority):
                self._send_to_sleep(evse, now_ms)

    def _patience_ms(self, evse: int) -> int:
        probing = self.sleepers is not None and self.sleepers.probing[evse]
        return min(self.idle_ms, PROBE_MS) if probing else self.idle_ms

    def _send_to_sleep(self, evse: int, now_ms: int) -> None:
        """It drew nothing for long and others of its class wait: it is paused, and tried again in a while."""
        if self.sleepers is None:
            from ampacity.circuit.sleep import Sleepers

            self.sleepers = Sleepers(len(self.wants))
        self.sleepers.send(evse, now_ms + self.wake_ms)
        self.wake(evse)
        self._to_the_back(evse)
        self.changed = True
