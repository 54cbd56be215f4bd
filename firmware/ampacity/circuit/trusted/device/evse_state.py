"""What the primary knows of one EVSE at this moment: orders, reports, measurements, silence."""

from ampacity.circuit.trusted.device.evidence import Evidence
from ampacity.circuit.trusted.device.order_book import OrderBook
from ampacity.circuit.trusted.site.tree import Evse

LONG_AGO_MS = -(1 << 40)
FRESH_MS = 5000  # an EVSE's reading older than this says nothing
OVERDRAW_STEP_DA = 5


class EvseState:
    """The mutable half of an EVSE; only the ledger writes it.

    Rare states are class attributes with their initial value, and become attributes of the object when set:
    on a board each one costs 8 bytes for every EVSE.
    """

    reserve_da = 0
    hearing_ms = LONG_AGO_MS  # an order <= its reserve was answered last
    off_keys: tuple[int, ...] = ()  # open now, closed again at the reserve
    old_keys: tuple[int, ...] = ()  # of the site before its change (rule 15)
    set_terminals: "list[int] | None" = None
    set_gone_ms = -1  # a narrower phase set is proven since then
    unused: tuple[int, ...] = ()  # terminals that its car was steadily seen not to use (unused_phases.py)
    leak_da = 0  # the most that flows on one of them
    isolated = False
    barred = False  # a safety load sheds it for two settle times by now (3.6)
    lapsed = False  # its silence ran its time
    watchdog_under_test = False  # its watchdog is under test: nothing is released for its silence meanwhile
    memory_da = 0  # what a frame may revive after that
    reported_old_da = 0  # a higher report that has not settled
    reported_until_ms = LONG_AGO_MS
    paused_proven = False  # was proven and settled at its smallest order since the start
    above_da = 0  # draws so much above its order, and that is more than it may (rule 10)
    elsewhere_da = 0  # shows so much on a terminal that the site file does not name
    disobeys_elsewhere = False  # it was that by which it disobeyed last
    excess = 0  # da·ms of that, less what has leaked
    watched_ms = 0
    overdraw_da = 0  # its car makes so much more of an order than was ordered, within what it may
    no_car_ms = -1  # none is plugged in since then
    disobeys = False
    disobeyed_da = 0
    disobeyed_ms: "list[int] | tuple[()]" = ()
    welded = False  # drew current again after its contactor was ordered to open
    escalation_level = 0  # of the ladder of rule 10
    escalated_ms = -1
    feeder_open = False  # its feeder was ordered to open, confirmed by feedback
    contactor_open = False  # confirmed by feedback since it was ordered to open
    locked = ""  # why it stays out until a person resets it
    dirty_version = 0  # of what must be durable (journal_barrier.py): its own evidence got worse last
    swap_kept = False  # locked for another unit in an earlier life
    needs_room_ms = LONG_AGO_MS  # a read was refused for want of margin
    denied_ms = -1  # an order of it was refused for want of margin, and none has left since
    refusals = 0
    rounding_da = 0  # what the device makes of an order beyond what was wanted
    backoff_until_ms = LONG_AGO_MS
    lower_ms = -1  # a row of orders below the bound is out since, and the bound has not come down to the last
    lowered_ms = LONG_AGO_MS  # an order below the one before it left last
    fell_ms = -1  # that row is followed: the bound fell last

    def __init__(self, evse: Evse, phases: int, now_ms: int) -> None:
        self.evse = evse
        self.index = evse.index
        self.evidence = Evidence(evse)
        self.book = OrderBook(evse.settle_ms, evse.transit_ms)
        self.on_keys: tuple[int, ...] = evse.keys  # loaded by the present order (rule 14)
        self.bound_da = 0
        self.silent = True
        self.heard_ever = False
        self.proved = False  # since start or since it was last lost
        self.ok = False  # may be raised: it answers, was audited and proven
        self.last_feed_ms = now_ms  # the last frame that may keep more than the reserve alive
        self.reported_da = 0
        self.measured_da = 0
        self.measured_ms = LONG_AGO_MS
        self.sent_da = -1  # the last order of this life
        self.phase_da = [0] * phases
        self.zero_ms = -1  # draws nothing since

    def overdraw_kept_da(self) -> int:
        """overdraw_da as the journal holds it: rounded up to 0.5 A, for less it is not written again."""
        return -(-self.overdraw_da // OVERDRAW_STEP_DA) * OVERDRAW_STEP_DA
