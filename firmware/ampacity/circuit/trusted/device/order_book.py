"""The orders that may be in force in one device: live, proven, gone, settled.

An order is live from the instant before its first byte leaves. It is *gone* when a proof shows that
a later order is in force and that this one cannot arrive any more; it stays in the book until the
car had its settle time after that (rule 3). A frame that was never answered may still be on its way
for `transit_ms`: an order above a later one is gone only when the proof excludes its late arrival,
because the proven frame was sent, or the proof was asked, more than transit_ms after it.
"""

READ_MS_MAX = 5000  # no driver waits longer for the answer of a read
ORDERS_MAX = 12
NONE_DA = 1 << 20  # above every current: there is no order, no limit, no cap
UNKNOWN = 0  # id of an order before the start: it may be in force, without a possible proof


class Order:
    """What the device may make of one sent frame, or of several of the same value."""

    answered = False  # the last frame was
    loose_ms = -1  # when the last of the frames before it left that was never answered
    proven = False
    gone_ms = -1  # since when it is known not to be in force

    def __init__(self, order_id: int, da: int, now_ms: int) -> None:
        self.first_id = order_id
        self.id = order_id
        self.da = da
        self.first_ms = now_ms  # of the first frame, compared with earlier orders
        self.sent_ms = now_ms  # of the last frame, compared with later orders

    def repeat(self, order_id: int, now_ms: int) -> None:
        """Another frame of the same value leaves now. When an earlier one left that was never answered is kept in loose_ms."""
        loose_ms = self.unanswered_ms()
        if loose_ms != self.loose_ms:
            self.loose_ms = loose_ms
        self.id = order_id
        self.sent_ms = now_ms
        self.answered = False

    def unanswered_ms(self) -> int:
        """When the last frame left that was never answered, or -1."""
        return self.loose_ms if self.answered else self.sent_ms

    def sent_as_ms(self, order_id: int) -> int:
        """When the frame with this id left, in ms. Of several frames all but the last count as sent with the first."""
        return self.sent_ms if order_id == self.id else self.first_ms


class OrderBook:
    """All live orders of one EVSE, oldest first."""

    def __init__(self, settle_ms: int, transit_ms: int) -> None:
        self.settle_ms = settle_ms
        self.transit_ms = transit_ms
        self.orders: list[Order] = []

    def add(self, order_id: int, da: int, now_ms: int) -> None:
        """Record a frame of `da` that leaves now (rule 1)."""
        if self.orders:
            last = self.orders[-1]
            if last.da == da and last.id != UNKNOWN:
                last.repeat(order_id, now_ms)
                return
        self.orders.append(Order(order_id, da, now_ms))
        if len(self.orders) > ORDERS_MAX:
            self._merge_oldest()

    def add_unknown(self, da: int, now_ms: int) -> None:
        """An order of `da` from any source may be in force, or in transit."""
        self.orders = [order for order in self.orders if order.id != UNKNOWN]
        for order in self.orders:
            order.proven = False
        self.orders.append(Order(UNKNOWN, da, now_ms))

    def _merge_oldest(self) -> None:
        """Merges the two oldest orders since the start, or one of them and the unknown after it, into one that is no more optimistic."""
        a, b = self.orders[0], self.orders[1]
        if a.id == UNKNOWN:
            a, b = self.orders[1], self.orders[2]
        self.orders.remove(a)
        if a.da > b.da:
            b.da, b.proven = a.da, False
        b.loose_ms = max(b.loose_ms, a.unanswered_ms())
        b.gone_ms = -1 if a.gone_ms < 0 or b.gone_ms < 0 else max(a.gone_ms, b.gone_ms)

    def find(self, order_id: int) -> "Order | None":
        """The live order to which the frame with this id belongs; None: there is none, or the id is UNKNOWN."""
        if order_id <= UNKNOWN:
            return None
        for order in self.orders:
            if order.first_id <= order_id <= order.id:
                return order
        return None

    def answered(self, order_id: int) -> None:
        """The device acknowledged this frame. Counts only for the last frame of an order; any other id is ignored."""
        order = self.find(order_id)
        if order is not None and order.id == order_id:
            order.answered = True

    def prove(self, order_id: int, now_ms: int) -> bool:
        """A read asked after order_id was sent shows it in force. False: no such live order."""
        proven = self.find(order_id)
        if proven is None:
            return False
        proven.proven = True
        sent_ms = proven.sent_as_ms(order_id)
        for order in self.orders:
            if order is proven:
                break
            if order.gone_ms < 0 and self._excluded(order, sent_ms, now_ms):
                order.gone_ms = now_ms
        return True

    def seen(self, now_ms: int) -> bool:
        """The value of the newest order was read again, in the mode proven before."""
        return bool(self.orders) and self.orders[-1].proven and self.prove(self.orders[-1].id, now_ms)

    def _excluded(self, order: Order, sent_ms: int, now_ms: int) -> bool:
        """Section 1, "live": can `order` not come into force any more after this proof?

        An order that is not above the proven one is harmless now, but it may arrive after the next lower order.
        """
        unanswered_ms = order.unanswered_ms()
        if unanswered_ms < 0:
            return True
        late_ms = unanswered_ms + self.transit_ms
        return sent_ms > late_ms or now_ms - READ_MS_MAX > late_ms

    def settle(self, now_ms: int) -> bool:
        """Drop what is gone and settled (rule 3). True if something was dropped."""
        for order in self.orders:
            if 0 <= order.gone_ms <= now_ms - self.settle_ms:
                break
        else:
            return False
        settled_ms = now_ms - self.settle_ms
        self.orders = [order for order in self.orders if not 0 <= order.gone_ms <= settled_ms]
        return True

    def drop_all(self) -> int:
        """Silence ran its time (rule 5): the highest value that the device may remember, in da."""
        most_da = self.most_da()
        self.orders = []
        return most_da

    def most_da(self) -> int:
        """The highest live order in da, those included that are gone and not settled yet (rule 3); 0: none."""
        most = 0
        for order in self.orders:
            if order.da > most:
                most = order.da
        return most

    def least_da(self) -> int:
        """The smallest order that may be in force, or -1 while no live order is proven."""
        least, proven = -1, False
        for order in self.orders:
            proven = proven or order.proven
            if order.gone_ms < 0 and (least < 0 or order.da < least):
                least = order.da
        return least if proven else -1

    def least_known_da(self) -> int:
        """The smallest order since the start that may be in force, proven or not; NONE_DA without one."""
        return self._least_da(len(self.orders), -1)

    def passed_da(self, since_ms: int) -> int:
        """The smallest order before the last one that may have been in force since then; NONE_DA without one. Its EVSE may have drawn
        no more than that for a moment that no reading shows."""
        return self._least_da(len(self.orders) - 1, since_ms)

    def _least_da(self, count: int, since_ms: int) -> int:
        least = NONE_DA
        for order in self.orders[:count] if count > 0 else ():
            if order.da < least and order.id != UNKNOWN and (order.gone_ms < 0 or 0 <= since_ms <= order.gone_ms):
                least = order.da
        return least

    def last_da(self) -> int:
        """The value of the last frame that was sent, or -1."""
        return self.orders[-1].da if self.orders and self.orders[-1].id != UNKNOWN else -1

    def is_unknown(self, settling: bool = True) -> bool:
        """True if an order before the start may be in force. settling: also while a replaced one settles."""
        for order in self.orders:
            if order.id == UNKNOWN and (settling or order.gone_ms < 0):
                return True
        return False

    def blocked(self) -> bool:
        """A proof is there, yet an older frame could still arrive: the last order should be sent again."""
        if not self.orders or not self.orders[-1].proven:
            return False
        for order in self.orders:
            if order.gone_ms < 0 and order is not self.orders[-1]:
                return True
        return False
