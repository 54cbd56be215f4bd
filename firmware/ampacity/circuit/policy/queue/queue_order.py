"""The queue's order, kept from one share to the next: sorted again only where it changed, without allocation.

MicroPython's sort takes n² comparisons for what is sorted already. So what is still in order is left alone, and what is
not goes to the sort in an order that has nothing to do with it.
"""

from ampacity.circuit.policy.allocator import gcd

BANDS = 16  # of slack: none left, below one hour, below two, … more
STRIDE_PARTS, STRIDE_OF = 610, 987  # the golden section: far from every small fraction


class QueueOrder:
    """Per EVSE its rank (a larger one goes first) and its key; `order`: EVSE indexes, first of the queue first."""

    def __init__(self, count: int) -> None:
        self.order = list(range(count))
        self.rank = [0] * count
        self.band = [0] * count
        self.keys = [[0, 0, 0, e] for e in range(count)]
        self.rows = list(self.keys)

    def put(self, evse: int, priority: int, idle: bool, band: int) -> None:
        """Its class; within that idle EVSEs last; then by band, 0 first."""
        self.band[evse] = band
        self.rank[evse] = priority * (BANDS + 1) + (0 if idle else BANDS - band)

    def key(self, evse: int, place: int, ticket: int) -> None:
        """Its place among its rank: by `place`, then by ticket, then by index."""
        key = self.keys[evse]
        key[0] = -self.rank[evse]
        key[1] = place
        key[2] = ticket

    def sort(self) -> None:
        """Brings `order` in line with the keys; nothing is sorted where the former order still holds."""
        rows = self.rows
        before = None
        for row in rows:
            if before is not None and row < before:
                self._sort()
                return
            before = row

    def _sort(self) -> None:
        keys, rows, order = self.keys, self.rows, self.order
        count = len(keys)
        stride = count * STRIDE_PARTS // STRIDE_OF or 1
        while gcd(stride, count) != 1:
            stride += 1
        at = 0
        for place in range(count):
            rows[place] = keys[at]
            at += stride
            if at >= count:
                at -= count
        rows.sort()
        for place in range(count):
            order[place] = rows[place][3]
