"""Orders of several writes: a limit, then an enable that lets loose whatever limit the device holds (rule 1).

The real `OrderProgress` of the charge controllers' driver decides what each write may make; here writes are lost one by
one, answers are echoes, and the device kept a limit from before.
"""

from ampacity.bus.profile.orders.order_progress import NONE, OrderProgress
from ampacity.bus.profile.orders.order_recipe import OrderRecipe
from tests.proof.model import STEP_MS, World
from tests.proof.plant import Box

LIMIT_WRITE = [6, 1, "u16", "order", 0, "limit", 1, 1, 0, None]
ENABLE_WRITE = [6, 2, "u16", "raw", 1, "enable", 1, 1, None, None]
DISABLE_WRITE = [6, 2, "u16", "raw", 0, "disable", 1, 1, None, None]
TABLE = {
    "charge": [LIMIT_WRITE, ENABLE_WRITE], "pause": [DISABLE_WRITE],
    "min": 60, "max": 100, "step": [1, 1], "up": 0, "tolerance": 0, "pause_da": 0,
}  # fmt: skip

WAYS = {
    # name: ((the limit is heard, acknowledged), (the enable or disable is heard, acknowledged), readings pass)
    "well": ((True, True), (True, True), True),
    "dark": ((False, False), (False, False), False),
    "limit lost": ((False, True), (True, True), True),  # its echo was taken for an answer
    "limit lost, unread": ((False, True), (True, True), False),
    "enable lost": ((True, True), (False, False), True),
}


class Switched(Box):
    """A setpoint that outlives pauses and restarts, and a switch."""

    def __init__(self, facts, now):
        self.held_da = facts["max_da"]
        self.enabled = False
        Box.__init__(self, facts, now)

    def limit_da(self, now):
        return self.held_da if self.enabled and not self.expired else 0

    def hear_write(self, write, da, now):
        before = self.limit_da(now)
        if write is LIMIT_WRITE:
            self.held_da = da
        else:
            self.enabled = write is ENABLE_WRITE
        self._feed(now)
        self.changed(before, now)

    def _restart(self, now):
        Box._restart(self, now)
        self.enabled = False

    def encode(self, now, step, rank, epochs):
        return Box.encode(self, now, step, rank, epochs) + [self.held_da, self.enabled]

    def decode(self, x, at, now, step):
        at = Box.decode(self, x, at, now, step)
        self.held_da, enabled = x[at : at + 2]
        self.enabled = enabled == 1
        return at + 2


class Partial(World):
    """The first EVSE is one with a limit and a switch, the second a secondary."""

    ordering_class = OrderProgress

    def __init__(self, *args, **options):
        self.ordering = None
        World.__init__(self, *args, **options)

    def make_device(self, facts):
        if facts["kind"] == "ampacity":
            return World.make_device(self, facts)
        self.ordering = self.ordering_class(OrderRecipe(TABLE, facts["min_da"], facts["max_da"]))
        return Switched(facts, self.now)

    ways = tuple(WAYS)

    def turns(self, i):
        if i != 0 or self.devices[0].booting:
            return World.turns(self, i)
        return self.with_targets(0, self.ways)

    def turn(self, i, label):
        if i != 0:
            World.turn(self, i, label)
            return
        label, _, target = label.partition(">")
        if target:
            self.guard.want_da[0] = int(target)
        limit, switch, reads = WAYS[label]
        self.unlike = False
        heard = self.look(reads)
        heard |= self.give_order(limit, switch)
        heard |= self.look(reads)
        if not heard:
            self.ordering.forget()
            self.guard.lost(0, self.now)

    unlike = False  # it was just read that the device is not as ordered

    def look(self, passes):
        if not passes:
            return False
        ordering, device = self.ordering, self.devices[0]
        self.read(0, True, True)
        if ordering.written_ms != NONE:
            ordering.limit_shown(device.held_da)
        if ordering.done() and ordering.target_da != NONE and not ordering.proven:
            shown = device.limit_da(self.now)
            self.unlike = shown < ordering.target_da
            if device.enabled == (ordering.target_da > 0) and shown <= ordering.target_da and device.obeys(self.now):
                self.guard.proven(0, ordering.order_id, shown, self.now)
                ordering.as_proven()
        return True

    def prove(self, i, limit):
        if i != 0:
            World.prove(self, i, limit)

    def give_order(self, limit, switch):
        """The writes of the target, each asked of the guard; True: something was acknowledged."""
        guard, ordering, heard = self.guard, self.ordering, False
        want = 0 if guard.ledger.evse_states[0].silent else guard.want_da[0]
        if want != ordering.target_da:
            ordering.start(want)
        elif ordering.done() and self.unlike:
            ordering.again()
        elif ordering.done():
            ordering.repeat()
        while not ordering.done():
            write = ordering.next_write()
            if ordering.ends(write):
                ordering.acknowledged()
                break
            if ordering.wants_limit_shown(write) and not self.limit_read():
                break
            order_id = self.send(guard, 0, ordering.most_da(write))
            if order_id is None:
                ordering.at = 0
                break
            ordering.sent(write, order_id, self.now)
            arrives, answered = limit if write is LIMIT_WRITE else switch
            if arrives:
                self.devices[0].hear_write(write, ordering.target_da, self.now)
            if not answered:
                break
            guard.answered(0, order_id, self.now)
            ordering.acknowledged()
            heard = True
        return heard

    def limit_read(self):
        """The limit is read between the two writes; what it shows decides what the enable counts as."""
        if self.reading and self.ordering.written_ms != NONE:
            self.ordering.limit_shown(self.devices[0].held_da)
        return self.reading

    reading = True

    def apply(self, label):
        way = label.partition(">")[0]
        self.reading = WAYS[way][2] if way in WAYS else True
        return World.apply(self, label)

    def encode_more(self):
        o = self.ordering
        return [o.target_da, o.at, o.enabled, o.proven, o.written_ms != NONE, o.held_most_da, o._limit_most_da, self.place_of(o.order_id), o.lowering]

    def place_of(self, order_id):
        """The newest order of the book, or none: no other can be proven."""
        orders = self.guard.ledger.evse_states[0].book.orders
        return 1 if orders and orders[-1].first_id <= order_id <= orders[-1].id and order_id else 0

    def decode_more(self, x, at):
        o = self.ordering
        o.target_da, o.at, enabled, proven, written, o.held_most_da, o._limit_most_da, self.newest, lowering = x[at : at + 9]
        o.enabled, o.proven, o.lowering = enabled == 1, proven == 1, lowering == 1
        o.written_ms = self.now - STEP_MS if written else NONE
        o.writes = o.recipe.writes(o.target_da) if o.target_da != NONE else []
        return at + 9

    def decode(self, key):
        World.decode(self, key)
        orders = self.guard.ledger.evse_states[0].book.orders
        self.ordering.order_id = orders[-1].id if self.newest and orders else 0


class TrustingOrdering(OrderProgress):
    """Counts an enable as the limit that was ordered, whatever the device holds."""

    def most_da(self, write):
        return self.recipe.most_da(self.target_da) if write[5] == "enable" else OrderProgress.most_da(self, write)

    def wants_limit_shown(self, write):
        return False
