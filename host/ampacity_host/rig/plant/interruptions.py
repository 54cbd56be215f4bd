"""Faults on the ways by which orders and readings pass: which, since when, and for how long they may still have effects."""

from collections import namedtuple

TROUBLED_MS = 30_000  # a fault that has ended may still have consequences for so long
TOTAL = ("cut", "cut_rx", "late", "network_down")  # nothing reaches a device, so its own watchdog runs
GAP_MS = 1_000  # between two faults: no order need pass in it
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

    def lasting(self, way, at_ms):
        """Those that are there, or ended so recently that they may still have had consequences at that moment."""
        all_ = [*self._ended.get(way, ()), *(Interruption(fault, since_ms, None) for fault, since_ms in self._present.get(way, {}).items())]
        return [one for one in all_ if one.until_ms is None or at_ms - one.until_ms < TROUBLED_MS]

    def held_until_ms(self, ways, now_ms, step_ms, sent_ms, held_ms):
        """Until when a device may hold an order that a step of other load at step_ms made too high; `now_ms`: it does not.

        ways: by which its orders pass; sent_ms: within this time the lower orders are sent, and no fault that begins later is an excuse,
        unless it continues one; held_ms: for so long a device may hold an order since that step, or since an earlier moment from
        which on nothing reaches it.
        """
        last_ms, until_ms = step_ms + sent_ms, now_ms
        for one in sorted((one for way in ways for one in self.lasting(way, step_ms)), key=since):
            if one.since_ms > last_ms:
                break
            end_ms = (min(one.since_ms, step_ms) if one.fault[0] in TOTAL else step_ms) + held_ms
            until_ms = max(until_ms, end_ms if one.until_ms is None else min(end_ms, one.until_ms + TROUBLED_MS))
            last_ms = max(last_ms, (now_ms if one.until_ms is None else one.until_ms) + GAP_MS)
        return until_ms


def since(one):
    return one.since_ms
