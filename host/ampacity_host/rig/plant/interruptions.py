"""Faults on the ways by which orders and readings pass: which, since when, and for how long they may still have effects."""

from collections import namedtuple

TROUBLED_MS = 30_000  # a fault that has ended may still have consequences for so long
TOTAL = ("cut", "cut_rx", "network_down")  # nothing reaches a device, so its own watchdog runs
KEPT = 100  # of each way: more than can end within TROUBLED_MS
Interruption = namedtuple("Interruption", "fault since_ms until_ms")  # fault: (kind, target); until_ms: None while it lasts


class Interruptions:
    """way → its faults. A way is a bus (its index), or the connection of one device or of a primary below (its name)."""

    def __init__(self):
        self._present = {}  # way → fault → since when
        self._ended = {}    # way → those that have ended, the last one last

    def note(self, way, fault, on, now_ms):
        """A fault begins or ends. The end of one that was not there is nothing."""
        present = self._present.setdefault(way, {})
        if on:
            present.setdefault(fault, now_ms)
        elif fault in present:
            self._ended[way] = [*self._ended.get(way, ())[1 - KEPT:], Interruption(fault, present.pop(fault), now_ms)]

    def lasting(self, way, now_ms):
        """Those that are there, or ended so recently that they may still have consequences."""
        present = [Interruption(fault, since_ms, None) for fault, since_ms in self._present.get(way, {}).items()]
        return present + [one for one in self._ended.get(way, ()) if now_ms - one.until_ms < TROUBLED_MS]

    def held_until_ms(self, ways, now_ms, step_ms, sent_ms, held_ms):
        """Until when a device may hold an order that a step of other load at step_ms made too high; `now_ms`: it does not.

        ways: by which its orders pass; sent_ms: within this time the lower orders are sent, and no fault that begins later is an excuse;
        held_ms: for so long a device may hold an order since that step, or since an earlier moment from which on nothing reaches it.
        """
        ends_ms = [now_ms]
        for way in ways:
            for fault, since_ms, until_ms in self.lasting(way, now_ms):
                if since_ms <= step_ms + sent_ms:
                    end_ms = (min(since_ms, step_ms) if fault[0] in TOTAL else step_ms) + held_ms
                    ends_ms.append(end_ms if until_ms is None else min(end_ms, until_ms + TROUBLED_MS))
        return max(ends_ms)
